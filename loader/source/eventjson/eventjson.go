// Package eventjson reads Windows events out of JSON, in the shapes that the
// tools of the field write.
//
// It looks at a record twice. The first look finds out only which event it is,
// from spans of the record's bytes, so that the nine in ten which nobody wants
// cost little; the second copies the values of those that are wanted. The
// tokenizer is our own: the libraries that were weighed (sonic, go-json, gjson,
// fastjson, jsontext) either build values for all that they read, or can't go
// on after a damaged record, which here is the ordinary case.
//
// Message texts are written for people and translated: they are read only where
// a record holds nothing else.
package eventjson

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
	"github.com/taskroot/taskroot/loader/winmessage"
)

// Handler takes what [Decode] finds, from one goroutine; an error stops the
// reading. Each record of the input is given to exactly one of its methods.
type Handler interface {
	// Event is a record that was wanted. The record is good during the call.
	Event(e *winevent.Event, record Record) error
	// Said is what a wanted record of another kind says: a row of Defender's
	// tables. All of it is one record; the record is good during the call.
	Said(first graph.Observation, further []graph.Observation, record Record) error
	// Skipped is n records of an event that is not wanted.
	Skipped(channel string, id uint32, n int) error
	// Passed is a record that is left alone for another reason, in a few fixed
	// words.
	Passed(reason string) error
	// Rejected is a record that could not be read.
	Rejected(b Bad) error
	// Reject is a record of a reject file, to be read again.
	Reject(r Inner) error
}

// Record is a record as it was.
type Record struct {
	Place string // which one it is, for a person
	Raw   []byte
}

// Bad is a record that could not be read.
type Bad struct {
	Record
	Reason string
	Detail string
}

// The reasons of a [Bad].
const (
	BadJSON      = "bad json"
	UnknownShape = "unknown shape"
	TooLong      = "too long"
	NoHost       = "no host"
	BadRecord    = "bad record"
	BadXML       = "bad xml" // of an event that a record carries
)

// OtherJSON is the reason to skip a file that is one JSON document and no event:
// settings, an index, a truth file. It is not of this program's kind, as a
// picture is not; among events such a record is rejected.
const OtherJSON = "unknown format: json without events"

// MessageOnly is the reason to skip a wanted record that holds nothing but its
// message text.
const MessageOnly = "message only"

// Options is what the input itself cannot say.
type Options struct {
	Host string // for records that name no host; "" rejects them
	Want func(channel string, id uint32) bool
	// Gate is what tells of some wanted events' records, by a look at a field or
	// two, that they are of no use: they are skipped. It may be nil, and say nil.
	Gate func(channel string, id uint32) *winevent.Gate
	// Ordinal is what to add to the position of a record in the source.
	Ordinal uint64
	// Offset is what to add to the bytes before a record, where the input is a
	// later part of the source.
	Offset int64
	// Again says that the input was rejected once: what is still not understood
	// is rejected, not skipped.
	Again bool
}

// Sniff says whether head, the start of a file, is the start of JSON records:
// it begins with a brace or bracket, or some later line of it is a whole object
// with an event in it, as in a file that lost its first bytes.
func Sniff(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF"))
	trimmed := bytes.TrimLeft(head, " \t\r\n")
	if len(trimmed) == 0 {
		return false
	}
	if trimmed[0] == '{' || trimmed[0] == '[' {
		return startsJSON(trimmed)
	}
	var t tape
	for line := range bytes.Lines(trimmed) {
		if bytes.HasPrefix(line, []byte(`{"`)) {
			if _, err := t.parse(line); err == nil {
				d := doc{b: line, nodes: t.nodes}
				_, event := detect(&d, shapes())
				_, _, row := defenderRow(&d)
				return event || row
			}
		}
	}
	return false
}

// startsJSON tells JSON from the other things that begin with a brace or a
// bracket, such as settings files and templates.
func startsJSON(b []byte) bool {
	rest := bytes.TrimLeft(b[1:], " \t\r\n")
	if len(rest) == 0 {
		return true
	}
	if b[0] == '{' {
		return rest[0] == '"' || rest[0] == '}'
	}
	return bytes.IndexByte([]byte(`{["]`), rest[0]) >= 0 || isNumber(rest[0])
}

// Decode reads all records of r and gives each to h. The name is the source's.
func Decode(ctx context.Context, r io.Reader, name string, opt Options, h Handler) error {
	return decode(ctx, newFrame(r, maxRecord), name, opt, h)
}

func decode(ctx context.Context, f *frame, name string, opt Options, h Handler) error {
	d := &decoder{name: name, opt: opt, h: h, shapes: shapes(), channels: map[string]string{}}
	for n := opt.Ordinal + 1; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return fmt.Errorf("reading %s: %w", name, ctx.Err())
		}
		rec, err := f.next()
		if err != nil {
			break
		}
		if err := d.release(); err != nil {
			return err
		}
		place := place{n, opt.Offset + rec.offset}
		if rec.bad != "" {
			err = d.bad(rec, place)
		} else {
			d.doc, d.raw = doc{b: rec.raw, nodes: f.tape.nodes}, rec.raw
			err = d.record(place)
		}
		if err != nil {
			return err
		}
	}
	if f.err != nil {
		return errors.Join(fmt.Errorf("reading %s: %w", name, f.err), d.release())
	}
	if d.only != nil {
		return h.Passed(OtherJSON)
	}
	return nil
}

// unknown keeps a first record that is no event until it is clear whether it is
// the only one.
func (d *decoder) unknown(p place) error {
	const detail = "holds no Windows event in a shape that is known"
	if p.ordinal > 1 || d.opt.Again {
		return d.reject(p, UnknownShape, detail)
	}
	d.only = &Bad{Record: Record{Place: p.String(), Raw: bytes.Clone(d.raw)}, Reason: UnknownShape, Detail: detail}
	return nil
}

// release rejects the record that was kept, as another follows.
func (d *decoder) release() error {
	if d.only == nil {
		return nil
	}
	b := *d.only
	d.only = nil
	return d.h.Rejected(b)
}

// place is where a record is; it becomes text only for those that need it.
type place struct {
	ordinal uint64
	offset  int64
}

func (p place) String() string {
	return "record " + strconv.FormatUint(p.ordinal, 10) + " at byte " + strconv.FormatInt(p.offset, 10)
}

type decoder struct {
	name     string
	opt      Options
	h        Handler
	doc      doc
	raw      []byte // the record as it was, where doc is what it carries
	depth    int    // records around doc
	shapes   []shape
	channels map[string]string // one copy of each name met
	only     *Bad              // a first record that is no event
}

func (d *decoder) bad(rec record, p place) error {
	b := Bad{Record: Record{Place: p.String(), Raw: rec.raw}, Reason: BadJSON, Detail: rec.bad}
	if rec.long {
		b.Reason = TooLong
		b.Detail = fmt.Sprintf("%s (%d MiB); split it or take it out", rec.bad, maxRecord>>20)
	}
	return d.h.Rejected(b)
}

func (d *decoder) reject(p place, reason, detail string) error {
	return d.h.Rejected(Bad{Record: Record{Place: p.String(), Raw: d.raw}, Reason: reason, Detail: detail})
}

// record decides what one object is.
func (d *decoder) record(p place) error {
	if inner := d.doc.get(0, rejectKey); inner != 0 {
		r, err := readInner(&d.doc, inner)
		if err != nil {
			return d.reject(p, BadRecord, err.Error())
		}
		return d.h.Reject(r)
	}
	found, ok := detect(&d.doc, d.shapes)
	if !ok || found.shape.name == flatName && d.doc.get(0, "_raw") != 0 {
		if v := carried(&d.doc); v != 0 && d.depth < maxCarried {
			return d.carrier(p, v)
		}
	}
	if !ok {
		if root, table, is := defenderRow(&d.doc); is {
			return d.defender(p, root, table)
		}
		if reason := otherKind(&d.doc); reason != "" {
			return d.h.Passed(reason)
		}
		return d.unknown(p)
	}
	channel := d.intern(found)
	if !d.opt.Want(channel, found.id) || d.useless(channel, found.id) {
		return d.h.Skipped(channel, found.id, 1)
	}
	return d.wanted(p, found, channel)
}

// useless says whether a record of a wanted event can be told to be of no use.
// It looks for the gate's fields anywhere in the record, so that it holds for
// every shape that keeps the fields' names; a name is one only before a colon.
func (d *decoder) useless(channel string, id uint32) bool {
	if d.opt.Gate == nil {
		return false
	}
	g := d.opt.Gate(channel, id)
	if g == nil {
		return false
	}
	found := false
	nodes := d.doc.nodes
	for i := 1; i+1 < len(nodes); i++ {
		if nodes[i].kind != kindString || !g.Reads(d.doc.span(i)) || !d.doc.isKey(i) {
			continue
		}
		i++
		switch nodes[i].kind {
		case kindString, kindNumber:
		default:
			return false
		}
		if g.Opens(d.doc.span(i)) {
			return false
		}
		found = true
	}
	return found
}

// intern is the channel's name without a new copy for each record.
func (d *decoder) intern(f found) string {
	if f.channel == 0 {
		return f.deduced
	}
	b := d.doc.span(f.channel)
	if s, ok := d.channels[string(b)]; ok {
		return s
	}
	s := d.doc.str(f.channel)
	if len(d.channels) < 10000 {
		d.channels[string(b)] = s
	}
	return s
}

func (d *decoder) wanted(p place, f found, channel string) error {
	e := &winevent.Event{Channel: channel, ID: f.id, Source: d.name, Ordinal: p.ordinal}
	err := f.shape.fill(&d.doc, f, e)
	message := d.doc.firstOf(f.root, "Message", "message")
	if err != nil {
		return d.reject(p, BadJSON, err.Error())
	}
	if len(e.Data) == 0 && message != 0 && !e.SaysAll() {
		if e.Data, err = winmessage.Parse(e.Channel, e.ID, d.doc.str(message)); err != nil {
			return d.reject(p, BadRecord, err.Error())
		}
		if len(e.Data) == 0 {
			return d.h.Passed(MessageOnly)
		}
	}
	if e.NeedsMessage() {
		e.Message = d.doc.str(message)
	}
	return d.complete(p, e)
}

// complete hands an event on that has what it needs.
func (d *decoder) complete(p place, e *winevent.Event) error {
	if e.Computer == "" {
		e.Computer = e.Get("FQDN") // 4698 to 4702 say it once more
	}
	switch {
	case e.Time.IsZero():
		return d.reject(p, BadRecord, "has no time that can be read")
	case e.Computer == "" && d.opt.Host == "":
		return d.reject(p, NoHost, "names no host; load it with --host NAME")
	case e.Computer == "":
		e.Computer = d.opt.Host
	}
	return d.h.Event(e, Record{Place: p.String(), Raw: d.raw})
}
