package eventjson

import (
	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

// The XML of an event as JSON: {"Event":{"System":{…},"EventData":{…}}}. The
// tools differ in where they put attributes: evtx_dump under #attributes, or
// with --separate-json-attributes beside the element under its name and
// _attributes; converters of XML under @name; Go's libraries as plain members.

func findDump(d *doc, k *keys) (found, bool) {
	body := 0
	switch {
	case k.event != 0 && d.get(k.event, "System") != 0:
		body = k.event
	case k.system == 0 || d.nodes[k.system].kind != kindObject:
		return found{}, false
	}
	system := k.system
	if body != 0 {
		system = d.get(body, "System")
	}
	if d.nodes[system].kind != kindObject {
		return found{}, false
	}
	f := found{body: body, channel: notNull(d, d.get(system, "Channel"))}
	f.id, _ = eventID(d, inner(d, d.get(system, "EventID")))
	if f.channel == 0 {
		f.deduced = winevent.ChannelOf(d.str(attribute(d, system, "Provider", "Name")))
	}
	return f, true
}

func notNull(d *doc, v int) int {
	if v != 0 && d.nodes[v].kind == kindNull {
		return 0
	}
	return v
}

// inner is the value of an element, which is an object where it has attributes.
func inner(d *doc, v int) int {
	if v != 0 && d.nodes[v].kind == kindObject {
		return d.firstOf(v, "#text", "Value")
	}
	return v
}

// attribute is an attribute of a member of System, wherever the tool put it.
func attribute(d *doc, system int, element, name string) int {
	if v := d.get(system, element); v != 0 && d.nodes[v].kind == kindObject {
		if a := d.firstOf(v, "#attributes."+name, "@"+name, name); a != 0 {
			return a
		}
	}
	if v := d.get(system, element+"_attributes"); v != 0 {
		return d.firstOf(v, name)
	}
	return 0
}

func fillDump(d *doc, f found, e *winevent.Event) error {
	system := d.get(f.body, "System")
	e.Provider = d.str(attribute(d, system, "Provider", "Name"))
	version, _ := d.number(inner(d, d.get(system, "Version")))
	e.Version = uint8(version)
	e.Computer = d.str(inner(d, d.get(system, "Computer")))
	e.RecordID, _ = d.number(inner(d, d.get(system, "EventRecordID")))
	e.ExecPID = pid(d, attribute(d, system, "Execution", "ProcessID"))
	e.Activity = d.str(attribute(d, system, "Correlation", "ActivityID"))
	clock(d, e, attribute(d, system, "TimeCreated", "SystemTime"), graph.Honest)
	if v := d.get(f.body, "EventData"); v != 0 {
		if err := dumpData(d, v, e); err != nil {
			return err
		}
	}
	return userData(d, d.get(f.body, "UserData"), e)
}

// dumpData reads EventData: members by name, or a list of Data elements that
// carry their names.
func dumpData(d *doc, v int, e *winevent.Event) error {
	if d.nodes[v].kind != kindObject {
		return textData(d, v, e)
	}
	if list := d.get(v, "Data"); list != 0 && d.nodes[list].kind == kindArray {
		if err := dataList(d, list, e); err != nil {
			return err
		}
	}
	return add(d, v, e, "", isAttributes)
}

func isAttributes(name string) bool {
	return name == "#attributes" || name == "xmlns" || len(name) > 0 && name[0] == '@'
}

// dataList reads [{"@Name": "Image", "#text": "…"}, …].
func dataList(d *doc, list int, e *winevent.Event) error {
	for v := list + 1; v < int(d.nodes[list].next); v = int(d.nodes[v].next) {
		if d.nodes[v].kind != kindObject {
			continue
		}
		name := d.firstOf(v, "#attributes.Name", "@Name", "Name")
		if name == 0 {
			continue
		}
		text := d.firstOf(v, "#text", "Value", "Text")
		if text == 0 {
			continue
		}
		value, ok, err := d.text(text)
		if err != nil {
			return err
		}
		if ok {
			put(e, d.str(name), value)
		}
	}
	return nil
}

// userData reads the members of the one element that UserData holds.
func userData(d *doc, v int, e *winevent.Event) error {
	if v == 0 || d.nodes[v].kind != kindObject {
		return nil
	}
	var failed error
	d.members(v, func(_ []byte, element int) bool {
		failed = add(d, element, e, "", isAttributes)
		return failed == nil
	})
	return failed
}
