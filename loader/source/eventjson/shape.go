package eventjson

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

// shape is one way of writing an event as JSON.
type shape struct {
	name string
	// find says whether the record has this shape, and which event it is. It
	// sees every record, so it only looks names up.
	find func(d *doc, k *keys) (found, bool)
	// fill copies what a wanted record says into the event. Its error is one
	// of the JSON, not of the event.
	fill func(d *doc, f found, e *winevent.Event) error
}

// found is what the first look at a record tells.
type found struct {
	shape   *shape
	root    int // the object that holds the event, under an envelope or not
	body    int // the object that holds the shape's own members
	channel int // its value; 0 where the record names none
	deduced string
	id      uint32
}

const flatName = "flat"

// shapes are tried in this order: what wraps its members first, as the flat one
// takes any record that has an event id.
func shapes() []shape {
	return []shape{
		{"evtx_dump", findDump, fillDump},
		{"winlogbeat 7", findBeat7, fillBeat7},
		{"winlogbeat 6", findBeat6, fillBeat6},
		{flatName, findFlat, fillFlat},
	}
}

// keys are the members that tell shapes apart, looked up in one pass because
// every record is asked for all of them.
type keys struct {
	event, system, winlog, beat6ID, logName, eventData int
	eventID, id, channel, source, root                 int
	beat6Host, dotted                                  bool
}

func (k *keys) note(key []byte, v int) bool {
	switch string(key) {
	case "Event":
		k.event = v
	case "System":
		k.system = v
	case "winlog":
		k.winlog = v
	case "event_id":
		k.beat6ID = v
	case "log_name":
		k.logName = v
	case "computer_name":
		k.beat6Host = true
	case "event_data":
		k.eventData = v
	case "EventID", "EventId":
		k.eventID = v
	case "Id":
		k.id = v
	case "Channel", "EventLog", "LogName", "channel":
		k.channel = v
	case "_source":
		k.source = v
	default:
		if !k.dotted && len(key) > 7 && string(key[:7]) == "winlog." {
			k.dotted = true
		}
	}
	return true
}

// detect finds the shape of a record.
func detect(d *doc, table []shape) (found, bool) {
	root := 0
	var k keys
	d.members(0, k.note)
	if k.source != 0 && d.nodes[k.source].kind == kindObject { // a row of Elasticsearch's answers
		root = k.source
		k = keys{root: root}
		d.members(root, k.note)
	}
	for i := range table {
		f, ok := table[i].find(d, &k)
		if ok {
			f.shape, f.root = &table[i], root
			if f.body == 0 {
				f.body = root
			}
			return f, true
		}
	}
	return found{}, false
}

// otherKind names a record that is known to be no Windows event; "" where it
// is not known.
func otherKind(d *doc) string {
	if d.get(0, "taskrootTruth") != 0 {
		return "taskroot's own truth file"
	}
	if d.get(0, "category") != 0 && (d.get(0, "resourceId") != 0 || d.get(0, "tenantId") != 0) {
		return "unknown format: Azure log" // another category than Defender's
	}
	if set, ok := strings.CutPrefix(d.str(d.firstOf(0, "event.dataset", "data_stream.dataset", "_source.event.dataset")), "endpoint.events."); ok {
		return elasticDefend(set)
	}
	if d.get(0, "preview") != 0 && d.get(0, "result") == 0 && d.get(0, "lastrow") != 0 {
		return "splunk: end of the results"
	}
	if d.firstOf(0, "Message", "message") != 0 {
		return MessageOnly
	}
	return ""
}

// elasticDefend is the reason to skip what Elastic's own sensor saw: its processes
// have ids of its own in place of GUIDs, and it is no Windows event.
func elasticDefend(set string) string {
	switch set {
	case "process", "network", "file", "registry", "library", "security", "api":
		return "unknown format: Elastic Defend " + set
	}
	return "unknown format: Elastic Defend"
}

// clock sets the event's time from the first of the named members that holds
// one. Trust is what the carrier deserves where it writes a zone; a time
// without zone is [graph.Naive], unless the carrier's format fixes UTC.
func clock(d *doc, e *winevent.Event, v int, trust graph.Trust) bool {
	if v == 0 {
		return false
	}
	t, hasZone, ok := parseTime(d.str(v))
	if !ok {
		return false
	}
	e.Time, e.Trust = t, trust
	if !hasZone && trust != graph.Honest {
		e.Trust = graph.Naive
	}
	return true
}

// add appends the scalar members of an object to the event's data, without
// those that drop says and those that are there already.
func add(d *doc, obj int, e *winevent.Event, prefix string, drop func(string) bool) error {
	var failed error
	d.members(obj, func(key []byte, v int) bool {
		name, err := unescape(key)
		if err != nil {
			failed = err
			return false
		}
		name, ok := strings.CutPrefix(name, prefix)
		if !ok || drop != nil && drop(name) {
			return true
		}
		value, ok, err := d.scalar(v)
		if err != nil {
			failed = err
			return false
		}
		if ok {
			put(e, name, value)
		}
		return true
	})
	return failed
}

// put adds a field unless the event has one of that name.
func put(e *winevent.Event, name, value string) {
	for i := range e.Data {
		if e.Data[i].Name == name {
			return
		}
	}
	e.Data = append(e.Data, winevent.Field{Name: name, Value: value})
}

// scalar is a value's text; of an object with attributes, the text beside them.
func (d *doc) scalar(v int) (string, bool, error) {
	if d.nodes[v].kind == kindObject {
		v = d.firstOf(v, "#text", "Value")
		if v == 0 {
			return "", false, nil
		}
	}
	return d.text(v)
}

// host is the first of the named members that names a machine.
func host(d *doc, i int, names ...string) string {
	for _, name := range names {
		if s := strings.TrimSpace(d.str(d.find(i, name))); s != "" && s != "-" {
			return s
		}
	}
	return ""
}

func pid(d *doc, v int) uint32 {
	n, ok := d.number(v)
	if !ok || n > 1<<32-1 {
		return 0
	}
	return uint32(n)
}

func eventID(d *doc, v int) (uint32, bool) {
	n, ok := d.number(v)
	return uint32(n), ok && n <= 1<<32-1
}
