package eventjson

import (
	"bytes"
	"encoding/xml"
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

// Velociraptor's artifacts about event logs (Windows.EventLogs.ScheduledTasks and
// its like) make rows of their own: EventTime, Computer, Channel, EventID and the
// event's EventData, beside columns for people. EventTime is made from the log's
// own time, in whole seconds and UTC. A definition comes parsed, as an object.

func isVelociraptor(d *doc, r int) bool {
	v := d.get(r, "EventData")
	if v == 0 || d.nodes[v].kind != kindObject || d.get(r, "EventTime") == 0 || d.get(r, "Computer") == 0 {
		return false
	}
	return d.firstOf(r, "OSPath", "_Source", "ClientId", "FlowId", "Fqdn", "TaskAction", "FullPath") != 0
}

// velociraptorData reads what the event itself says; the other columns of a row
// repeat it, or hold N/A.
func velociraptorData(d *doc, r int, e *winevent.Event) error {
	data := d.get(r, "EventData")
	for _, name := range []string{"TaskContent", "TaskContentNew"} {
		v := d.get(data, name)
		if v == 0 || d.nodes[v].kind != kindObject {
			continue
		}
		put(e, name, remade(d, v))
	}
	if err := dumpData(d, data, e); err != nil {
		return err
	}
	e.ExecPID = pid(d, d.firstOf(r, "System.Execution.ProcessID"))
	return nil
}

// remade is a task's definition that was made an object of, as XML again. Names
// of attributes are marked with Attr; the order of unlike elements is that of the
// object's members, of like ones that of their array.
func remade(d *doc, v int) string {
	if inner := d.get(v, "Task"); inner != 0 && d.nodes[inner].kind == kindObject {
		v = inner
	}
	var w bytes.Buffer
	element(d, v, "Task", &w)
	return w.String()
}

const attributeMark = "Attr"

func element(d *doc, v int, name string, w *bytes.Buffer) {
	if !isXMLName(name) {
		return
	}
	if d.nodes[v].kind == kindArray {
		for i := v + 1; i < int(d.nodes[v].next); i = int(d.nodes[i].next) {
			if d.nodes[i].kind != kindArray {
				element(d, i, name, w)
			}
		}
		return
	}
	w.WriteString("<" + name)
	d.members(v, func(key []byte, value int) bool {
		if attr, ok := strings.CutPrefix(string(key), attributeMark); ok && isXMLName(attr) {
			w.WriteString(" " + attr + `="`)
			escape(w, d.str(value))
			w.WriteByte('"')
		}
		return true
	})
	w.WriteByte('>')
	d.members(v, func(key []byte, value int) bool {
		switch k := string(key); {
		case strings.HasPrefix(k, attributeMark):
		case k == "#text" || k == "Text":
			escape(w, d.str(value))
		default:
			element(d, value, k, w)
		}
		return true
	})
	escape(w, d.str(v))
	w.WriteString("</" + name + ">")
}

func escape(w *bytes.Buffer, s string) {
	_ = xml.EscapeText(w, []byte(s)) // a buffer takes all
}

func isXMLName(s string) bool {
	for i, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c != '-' && c != '.' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// eventTimeTrust is what a flat record's own time deserves where it has a zone.
func eventTimeTrust(d *doc, r int) graph.Trust {
	if isVelociraptor(d, r) {
		return graph.Honest
	}
	return graph.Zoned
}
