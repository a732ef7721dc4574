// Package winxml reads one Windows event from the XML that the event log itself
// writes for it, whatever carried the text: wevtutil, Event Viewer, PowerShell's
// ToXml, Splunk's XmlWinEventLog, evtx_dump, a member of a JSON record.
//
// The form is that of Microsoft's schema of events (Event, System, EventData,
// UserData, RenderingInfo; namespace
// http://schemas.microsoft.com/win/2004/08/events/event). The parser is our own:
// encoding/xml refuses characters that real events hold, builds values for all
// that it reads, and is a tenth as fast.
package winxml

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

// Event is an event's XML while it is read; it may be used again for the next.
// Its parts point into the text that [Event.Open] was given.
type Event struct {
	b      []byte
	at     int
	nodes  []node
	open   []int // indexes of the elements that are open
	system int   // index of System; 0, the event itself, where there is none
	whole  bool  // parsed to its end
}

// Open reads an event as far as it says which event it is. The text may hold
// more than the event: a declaration before it, anything behind it.
func (x *Event) Open(b []byte) error {
	*x = Event{b: b, nodes: x.nodes[:0], open: x.open[:0]}
	return x.parse(true)
}

// Is says whether the text is an event's at all.
func (x *Event) Is() bool { return len(x.nodes) > 0 && string(x.nodes[0].name) == "Event" }

// Channel is the event's log; where it is not named, that of its provider, or "".
func (x *Event) Channel() string {
	if c := x.leaf("Channel"); c != "" {
		return c
	}
	return winevent.ChannelOf(text(x.attribute("Provider", "Name")))
}

// ID is the event's id, 0 where it has none.
func (x *Event) ID() uint32 { return uint32(number(x.leaf("EventID"), 32)) } //nolint:gosec // no more than 32 bits

// Useless says whether a gate, which may be nil, tells that the event is of no
// use, before any value is copied. The error is that of damage behind System.
func (x *Event) Useless(g *winevent.Gate) (bool, error) {
	if g == nil {
		return false, nil
	}
	if err := x.rest(); err != nil {
		return false, err
	}
	found := false
	for i := range x.nodes {
		n := &x.nodes[i]
		if string(n.name) != "Data" || !g.Reads(attr(n.attrs, "Name")) {
			continue
		}
		if bytes.IndexByte(n.inner, '<') >= 0 || g.Opens(n.inner) {
			return false, nil
		}
		found = true
	}
	return found, nil
}

// Fill sets all that the XML says of the event but for its source and ordinal.
// Its times are UTC: the log keeps no others. The error is that of damage.
func (x *Event) Fill(e *winevent.Event) error {
	if err := x.rest(); err != nil {
		return err
	}
	e.Channel, e.ID = x.Channel(), x.ID()
	e.Provider = text(x.attribute("Provider", "Name"))
	e.Version = uint8(number(x.leaf("Version"), 8)) //nolint:gosec // no more than 8 bits
	e.Computer = x.leaf("Computer")
	e.RecordID = number(x.leaf("EventRecordID"), 64)
	e.ExecPID = uint32(number(string(x.attribute("Execution", "ProcessID")), 32)) //nolint:gosec // no more than 32 bits
	e.Activity = text(x.attribute("Correlation", "ActivityID"))
	e.Time, e.Trust = parseTime(text(x.attribute("TimeCreated", "SystemTime"))), graph.Honest
	e.Data = nil
	rendered := 0
	for i := 1; i < len(x.nodes); i = x.nodes[i].next {
		switch string(x.nodes[i].name) {
		case "System":
		case "RenderingInfo":
			rendered = i
		default:
			x.fields(e, i)
		}
	}
	if rendered != 0 && e.NeedsMessage() {
		if m := x.child(rendered, "Message"); m != 0 {
			e.Message = text(x.nodes[m].inner)
		}
	}
	return nil
}

// rest parses what is behind System.
func (x *Event) rest() error {
	if x.whole {
		return nil
	}
	return x.parse(false)
}

// fields adds what is in an element, as the decoder of binary logs does: named
// Data under their names, any other that holds no element under its own. What
// was put into a Data without escapes is its text: that is a task's definition.
func (x *Event) fields(e *winevent.Event, i int) {
	n := &x.nodes[i]
	name := string(n.name)
	data := name == "Data" || name == "ComplexData"
	switch {
	case !data && x.hasKids(i):
		for k := i + 1; k < n.next; k = x.nodes[k].next {
			x.fields(e, k)
		}
		return
	case !data && isContainer(name) && len(bytes.TrimSpace(n.inner)) == 0:
		return
	case data:
		if named := attr(n.attrs, "Name"); len(named) > 0 {
			name = text(named)
		}
	}
	value := ""
	if x.hasKids(i) {
		value = strings.ToValidUTF8(string(n.inner), "\uFFFD")
	} else {
		value = text(n.inner)
	}
	e.Data = append(e.Data, winevent.Field{Name: name, Value: value})
}

func isContainer(name string) bool {
	return name == "EventData" || name == "UserData" || name == "DebugData" || name == "ProcessingErrorData"
}

// child is the index of the element of that name right below another, or 0.
func (x *Event) child(of int, name string) int {
	for i := of + 1; i < x.nodes[of].next; i = x.nodes[i].next {
		if string(x.nodes[i].name) == name {
			return i
		}
	}
	return 0
}

// leaf is the text of one of System's elements.
func (x *Event) leaf(name string) string {
	if x.system == 0 {
		return ""
	}
	i := x.child(x.system, name)
	if i == 0 {
		return ""
	}
	return strings.TrimSpace(text(x.nodes[i].inner))
}

// attribute is an attribute of one of System's elements, as written.
func (x *Event) attribute(element, name string) []byte {
	if x.system == 0 {
		return nil
	}
	i := x.child(x.system, element)
	if i == 0 {
		return nil
	}
	return attr(x.nodes[i].attrs, name)
}

// number is a whole number of that many bits, decimal or 0x…; 0 for any other.
func number(s string, bits int) uint64 {
	s = strings.TrimSpace(s)
	base := 10
	if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		s, base = hex, 16
	}
	n, err := strconv.ParseUint(s, base, bits)
	if err != nil {
		return 0
	}
	return n
}

// parseTime reads SystemTime in the ways that tools write it, with up to nine
// digits of a second. Those that leave the zone out mean UTC, as the log does.
func parseTime(s string) time.Time {
	s = strings.TrimSuffix(strings.TrimSpace(s), " UTC")
	for _, layout := range [...]string{
		time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
