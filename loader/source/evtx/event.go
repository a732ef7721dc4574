package evtx

import (
	"encoding/binary"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

// opened is a record whose System element was found, before anything else of
// it is looked at.
type opened struct {
	root   *placed
	refs   *systemRefs
	system *placed // whose values fill refs
}

// openEvent parses a record as far as its System element.
func (d *decoder) openEvent(pos, end int) (opened, error) {
	f, err := d.begin(pos, end)
	if err != nil {
		return opened{}, err
	}
	var o opened
	if len(f.nodes) == 1 && f.nodes[0].kind == nodeElement {
		d.root = placed{e: f.nodes[0].elem, slots: f.slots, array: -1}
	} else {
		d.collect(f.nodes, f.slots, 0)
		if d.err != nil || len(d.placed) == 0 {
			d.fail(corruptf("record has no element"))
			return opened{}, d.err
		}
		d.root = d.placed[0]
		d.placed = d.placed[:0]
	}
	o.root = &d.root
	o.refs, o.system = o.root.e.system, o.root
	if o.refs == nil {
		o.refs, o.system = d.findSystem(o.root)
	}
	return o, d.err
}

// findSystem finds a System element that lies in a value of BinXML. An event
// without one has no channel, no id and no time, like any other without them.
func (d *decoder) findSystem(root *placed) (*systemRefs, *placed) {
	defer func() { d.placed = d.placed[:0] }()
	d.collect(root.e.kids, root.slots, 0)
	for _, k := range d.placed {
		if k.e.name == "System" {
			return newSystemRefs(k.e), &k
		}
	}
	return &systemRefs{}, &placed{array: -1}
}

// fill makes the event of an opened record. Its text is its own: nothing of it
// points into the chunk.
func (d *decoder) fill(e *winevent.Event, o opened, rec record) error {
	r, s := o.refs, o.system
	e.Provider = d.shared(r.provider, s)
	e.Version = uint8(d.number(r.version, s))
	e.Computer = d.shared(r.computer, s)
	if e.RecordID = d.number(r.recordID, s); e.RecordID == 0 {
		e.RecordID = rec.id
	}
	e.ExecPID = uint32(d.number(r.pid, s))
	e.Activity = d.own(r.activity, s)
	e.Time, e.Trust = d.systemTime(r.time, s, rec), graph.Honest
	e.Data = e.Data[:0]
	d.collect(o.root.e.kids, o.root.slots, 0)
	for i, n := 0, len(d.placed); i < n && d.err == nil; i++ {
		switch k := &d.placed[i]; k.e.name {
		case "System", "RenderingInfo":
		default:
			if d.fields(e, k, 0); len(e.Data) > maxRecordNodes {
				d.fail(corruptf("record has more than %d fields", maxRecordNodes))
			}
		}
	}
	d.chunkText -= maxRecordText - d.textLeft
	return d.err
}

// useless says whether a gate stops the record: it looks at the named data that
// the gate reads and copies nothing. A record that is broken is left to fill.
func (d *decoder) useless(o opened, g *winevent.Gate) bool {
	defer func() { d.placed = d.placed[:0] }()
	found := false
	d.collect(o.root.e.kids, o.root.slots, 0)
	for i, n := 0, len(d.placed); i < n; i++ {
		if !d.placed[i].e.container {
			continue
		}
		first := len(d.placed)
		d.collect(d.placed[i].e.kids, d.placed[i].slots, 0)
		for j := first; j < len(d.placed) && d.err == nil; j++ {
			p := &d.placed[j]
			if name, _ := d.dataName(p); !p.e.data || !g.Reads([]byte(name)) {
				continue
			}
			d.scratch = d.text(d.scratch[:0], p.e.kids, p, false)
			if g.Opens(d.scratch) {
				return false
			}
			found = true
		}
		d.placed = d.placed[:first]
	}
	return found && d.err == nil
}

// systemTime is the event's own time; where it has none, the time at which the
// log service wrote it, which is UTC as well.
func (d *decoder) systemTime(parts []node, p *placed, rec record) time.Time {
	if len(parts) == 1 {
		if s := parts[0].at(p); s.typ == typeFileTime && len(s.data) >= 8 {
			return fileTime(binary.LittleEndian.Uint64(s.data))
		}
	}
	if t, err := time.Parse(time.RFC3339Nano, d.own(parts, p)); err == nil {
		return t.UTC()
	}
	return fileTime(rec.written)
}

// fields appends the fields below an element: named Data under their names,
// nameless ones as "Data", and any other element that holds no element under
// its own name.
func (d *decoder) fields(e *winevent.Event, p *placed, depth int) {
	first := len(d.placed)
	d.collect(p.e.kids, p.slots, depth)
	last := len(d.placed)
	if first == last && (!p.e.container || hasText(p.e.kids, p)) {
		name := p.e.name
		if p.e.data {
			if named, _ := d.dataName(p); named != "" {
				name = named
			}
		}
		e.Data = append(e.Data, winevent.Field{Name: name, Value: d.value(p)})
	}
	for i := first; i < last && d.err == nil; i++ {
		d.fields(e, &d.placed[i], depth+1)
	}
	d.placed = d.placed[:first]
}

// value is the text of an element, counted against the record's budget.
func (d *decoder) value(p *placed) string {
	s := d.own(p.e.kids, p)
	if d.textLeft -= len(s); d.textLeft < 0 {
		d.fail(corruptf("record unfolds to more than %d bytes", maxRecordText))
	}
	return s
}
