package eventjson_test

import (
	"strings"
	"testing"

	"github.com/taskroot/taskroot/loader/source/eventjson"
	"github.com/taskroot/taskroot/loader/winevent"
)

// outcome is the first word of what became of one record, and what is in it.
func outcome(t *testing.T, record string) string {
	t.Helper()
	var l listing
	opt := eventjson.Options{Want: winevent.Wanted, Gate: winevent.GateOf}
	if err := eventjson.Decode(t.Context(), strings.NewReader(record), "f", opt, &l); err != nil {
		t.Fatal(err)
	}
	return l.String()
}

func TestGate(t *testing.T) {
	const (
		flat = `{"EventID":13,"Channel":"Microsoft-Windows-Sysmon/Operational","Hostname":"ws01","EventTime":"2024-03-01 09:15:00",`
		xml  = `"Event":{"System":{"EventID":13,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws01","TimeCreated":{"#attributes":{"SystemTime":"2024-03-01T09:15:00Z"}}},`
		beat = `{"@timestamp":"2024-03-01T09:15:00Z","winlog":{"channel":"Microsoft-Windows-Sysmon/Operational","event_id":13,"computer_name":"ws01",`
	)
	for _, tc := range []struct {
		name, record string
		read         bool
	}{
		{"OK flat", flat + `"TargetObject":"HKLM\\x\\Schedule\\TaskCache\\Tree\\a\\SD"}`, true},
		{"OK flat stopped", flat + `"TargetObject":"HKLM\\System\\x","Message":"taskcache"}`, false},
		{"OK flat stopped with spaces", flat + `"TargetObject" : "HKLM\\System\\x"}`, false},
		{"OK escaped", flat + `"TargetObject":"HKLM\\x\\Schedule\\\u0054askCache\\Tree\\a\\SD"}`, true},
		{"OK without the field", flat + `"Image":"a"}`, true},
		{"OK name as a value", flat + `"RuleName":"TargetObject","Image":"a"}`, true},
		{"OK not a text", flat + `"TargetObject":["a"]}`, true},
		{"OK XML in a text", flat + `"EventData":"<EventData><Data Name=\"TargetObject\">x</Data></EventData>"}`, true},
		{"OK evtx_dump", `{` + xml + `"EventData":{"TargetObject":"HKCR\\CLSID\\{x}"}}}`, true},
		{"OK evtx_dump stopped", `{` + xml + `"EventData":{"TargetObject":"HKLM\\System\\x"}}}`, false},
		{"OK list of data", `{` + xml + `"EventData":{"Data":[{"@Name":"TargetObject","#text":"HKLM\\System\\x"}]}}}`, true},
		{"OK winlogbeat", beat + `"event_data":{"TargetObject":"HKCR\\clsid\\x"}}}`, true},
		{"OK winlogbeat stopped", beat + `"event_data":{"TargetObject":"HKLM\\System\\x"}}}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := "skipped 1 Microsoft-Windows-Sysmon/Operational/13\n"
			got := outcome(t, tc.record)
			if tc.read != strings.HasPrefix(got, "event Microsoft-Windows-Sysmon/Operational/13 ") || !tc.read && got != want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// messages keeps the messages of events.
type messages struct {
	listing
	all []string
}

func (m *messages) Event(e *winevent.Event, _ eventjson.Record) error {
	m.all = append(m.all, e.Message)
	return nil
}

func TestMessage(t *testing.T) {
	const when = `"Hostname":"ws01","EventTime":"2024-03-01 09:15:00",`
	for _, tc := range []struct{ name, record, want string }{
		{"OK launch", `{"EventID":129,"Channel":"Microsoft-Windows-TaskScheduler/Operational",` + when + `"TaskName":"\\T","Message":"m\u0041"}`, "mA"},
		{"OK launch with id", `{"EventID":129,"Channel":"Microsoft-Windows-TaskScheduler/Operational",` + when + `"ProcessID":"7","Message":"m"}`, ""},
		{"OK winlogbeat", `{"@timestamp":"2024-03-01T09:15:00Z","message":"m","winlog":{"channel":"Microsoft-Windows-TaskScheduler/Operational",` +
			`"event_id":129,"computer_name":"ws01","event_data":{"TaskName":"\\T"}}}`, "m"},
		{"OK nothing but a message", `{"EventID":104,"Channel":"System",` + when + `"Message":"The System log file was cleared."}`, "The System log file was cleared."},
		{"OK other", `{"EventID":5,"Channel":"Microsoft-Windows-Sysmon/Operational",` + when + `"ProcessId":"7","Message":"m"}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var m messages
			if err := eventjson.Decode(t.Context(), strings.NewReader(tc.record), "f", eventjson.Options{Want: winevent.Wanted}, &m); err != nil {
				t.Fatal(err)
			}
			if len(m.all) != 1 || m.all[0] != tc.want {
				t.Errorf("got %q and %s, want %q", m.all, m.String(), tc.want)
			}
		})
	}
}

// TestFlatEventType: NXLog has a field of its own under the name of Sysmon's.
func TestFlatEventType(t *testing.T) {
	for value, want := range map[string]string{"INFO": "", "SetValue": ` EventType="SetValue"`, "DeleteKey": ` EventType="DeleteKey"`, "AUDIT_SUCCESS": ""} {
		got := outcome(t, `{"EventID":13,"Channel":"Microsoft-Windows-Sysmon/Operational","Hostname":"ws01","EventTime":"2024-03-01 09:15:00",`+
			`"TargetObject":"HKCR\\CLSID\\x","EventType":"`+value+`"}`)
		if !strings.Contains(got, `TargetObject="HKCR\\CLSID\\x"`+want+" [record") {
			t.Errorf("%s: %s", value, got)
		}
	}
}

// TestHostInFQDN: the audits of tasks name the machine once more.
func TestHostInFQDN(t *testing.T) {
	got := outcome(t, `{"EventID":4698,"Channel":"Security","EventTime":"2024-03-01 09:15:00","TaskName":"\\T","FQDN":"ws01.corp.example"}`)
	if !strings.Contains(got, `host="ws01.corp.example"`) {
		t.Errorf("got %s", got)
	}
}
