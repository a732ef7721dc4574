package eventjson

import (
	"strings"

	"github.com/taskroot/taskroot/loader/winevent"
)

// What Get-WinEvent's objects become by ConvertTo-Json: Id, LogName, MachineName,
// ProviderName, TimeCreated, ProcessId (of the logging service) and Properties,
// the event's values in the order of its template and without names.

func fillGetWinEvent(d *doc, r int, e *winevent.Event) error {
	e.ExecPID = pid(d, d.firstOf(r, "ProcessId"))
	v := d.get(r, "Properties")
	if v == 0 || d.nodes[v].kind != kindArray {
		return nil
	}
	var values []string
	for i := v + 1; i < int(d.nodes[v].next); i = int(d.nodes[i].next) {
		value, ok, err := property(d, i)
		if err != nil || !ok {
			return err
		}
		values = append(values, value)
	}
	e.Data = winevent.ByPosition(e.Channel, e.ID, values)
	return nil
}

// property is the text of {"Value": …}; a SID is an object with its text under
// Value once more, nothing is null. Not ok is an element that was cut off at the
// depth that ConvertTo-Json goes to: then none can be told from another.
func property(d *doc, v int) (text string, ok bool, err error) {
	if d.nodes[v].kind != kindObject {
		return "", false, nil
	}
	value := d.get(v, "Value")
	for value != 0 && d.nodes[value].kind == kindObject {
		value = d.firstOf(value, "Value", "value")
	}
	if value == 0 || d.nodes[value].kind == kindNull {
		return "", true, nil
	}
	text, _, err = d.text(value)
	return text, true, err
}

// isDotNet says whether a time was written by PowerShell's older ConvertTo-Json:
// thousandths of a second since 1970, true UTC whatever the machine's zone.
func isDotNet(s string) bool { return strings.HasPrefix(s, "/Date(") }
