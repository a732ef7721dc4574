package evtx

import (
	"encoding/binary"
	"strconv"
)

// systemRefs says where an Event's System element has what, so that an
// unwanted record costs two look-ups.
type systemRefs struct {
	provider, eventID, version, time, recordID, activity, pid, channel, computer []node
}

// newSystemRefs looks the places up in a System element.
func newSystemRefs(system *element) *systemRefs {
	r := &systemRefs{}
	for i := range system.kids {
		e := system.kids[i].elem
		if e == nil {
			continue
		}
		switch e.name {
		case "Provider":
			r.provider = e.attr("Name")
		case "EventID":
			r.eventID = e.kids
		case "Version":
			r.version = e.kids
		case "TimeCreated":
			r.time = e.attr("SystemTime")
		case "EventRecordID":
			r.recordID = e.kids
		case "Correlation":
			r.activity = e.attr("ActivityID")
		case "Execution":
			r.pid = e.attr("ProcessID")
		case "Channel":
			r.channel = e.kids
		case "Computer":
			r.computer = e.kids
		}
	}
	return r
}

func (e *element) attr(name string) []node {
	for i := range e.attrs {
		if e.attrs[i].name == name {
			return e.attrs[i].parts
		}
	}
	return nil
}

// number is the parts as an unsigned number, 0 where they are none.
func (d *decoder) number(parts []node, p *placed) uint64 {
	if len(parts) == 1 {
		if s := parts[0].at(p); len(s.data) == fixedSize(s.typ) {
			switch s.typ {
			case typeUInt8:
				return uint64(s.data[0])
			case typeUInt16:
				return uint64(binary.LittleEndian.Uint16(s.data))
			case typeUInt32:
				return uint64(binary.LittleEndian.Uint32(s.data))
			case typeUInt64:
				return binary.LittleEndian.Uint64(s.data)
			}
		}
	}
	d.scratch = d.text(d.scratch[:0], parts, p, false)
	n, err := strconv.ParseUint(string(d.scratch), 0, 64)
	if err != nil {
		return 0
	}
	return n
}

// shared is the parts as text that many records share.
func (d *decoder) shared(parts []node, p *placed) string {
	if len(parts) == 1 {
		switch n := &parts[0]; {
		case n.kind == nodeText:
			return n.text
		case n.at(p).typ == typeString:
			return d.intern(n.at(p).data)
		}
	}
	return d.own(parts, p)
}

// own is the parts as text of its own.
func (d *decoder) own(parts []node, p *placed) string {
	if len(parts) == 1 && parts[0].kind == nodeText {
		return parts[0].text
	}
	d.scratch = d.text(d.scratch[:0], parts, p, false)
	return string(d.scratch)
}
