// Package eventxml reads Windows events out of text in the log's own XML, as
// wevtutil, Event Viewer, PowerShell's ToXml, Splunk's raw export and evtx_dump
// write it: one event after another, with or without an element around them,
// each on a line or over many.
//
// It only finds where events begin and end; what is in one is read by
// [winxml.Event]. A damaged event costs nothing but itself. It leaves XML of
// other kinds alone, such as definitions of tasks.
package eventxml

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/taskroot/taskroot/loader/winevent"
	"github.com/taskroot/taskroot/loader/winxml"
)

// Handler takes what [Decode] finds, from one goroutine; an error stops the
// reading. Each event of the input is given to exactly one of its methods.
type Handler interface {
	// Event is an event that was wanted. The record is good during the call.
	Event(e *winevent.Event, record Record) error
	// Skipped is n events that are not wanted.
	Skipped(channel string, id uint32, n int) error
	// Rejected is an event, or other input, that could not be read.
	Rejected(b Bad) error
}

// Record is an event as it was.
type Record struct {
	Place string // which one it is, for a person
	Raw   []byte
}

// Bad is input that could not be read.
type Bad struct {
	Record
	Reason string
	Detail string
}

// The reasons of a [Bad].
const (
	BadXML    = "bad xml"
	TooLong   = "too long"
	NoHost    = "no host"
	BadRecord = "bad record"
	Between   = "between events" // input that is no event
)

// maxEvent is how long an event may be; longer ones are rejected rather than
// held in memory. The longest real ones stay under 1 MiB.
const maxEvent = 16 << 20

// Options is what the input itself cannot say.
type Options struct {
	Host string // for events that name no host; "" rejects them
	Want func(channel string, id uint32) bool
	// Gate is what tells of some wanted events that they are of no use; it may
	// be nil, and say nil.
	Gate func(channel string, id uint32) *winevent.Gate
	// Ordinal is what to add to the position of an event in the source.
	Ordinal uint64
}

// Sniff says whether head, the start of a file, is the start of events as XML:
// after a declaration and comments their own element or one around them; after
// one line's prefix or evtx_dump's number; or, where a file begins in the middle
// of an event, the next one's opening tag.
func Sniff(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF"))
	text := bytes.TrimLeft(head, " \t\r\n-")
	if len(text) == 0 || text[0] == '{' || text[0] == '[' {
		return false
	}
	if first := firstElement(text); first != "" {
		return first == "Event" || first == "Events"
	}
	at := eventStart(text, 0)
	if at < 0 {
		return false
	}
	before := text[:at]
	if bytes.Count(before, []byte("\n")) == 0 {
		return len(prefix(before)) == at && !quoted(before) && schema(text[at:])
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	last := bytes.TrimRight(before, " \t\r\n")
	return (isPassed(before) || bytes.ContainsAny(line, "<>") && last[len(last)-1] == '>') && schema(text[at:])
}

// quoted says whether what follows is a field of a table.
func quoted(before []byte) bool {
	return len(before) > 0 && bytes.IndexByte([]byte(`",;|\`), before[len(before)-1]) >= 0
}

// schema says whether an opening tag names the schema of events.
func schema(b []byte) bool {
	tag, _, _ := bytes.Cut(b, []byte(">"))
	return bytes.Contains(tag, []byte("schemas.microsoft.com/win/2004/08/events"))
}

// firstElement is the name of the element that a document begins with, "" where
// it begins with anything else.
func firstElement(b []byte) string {
	for {
		b = bytes.TrimLeft(b, " \t\r\n-")
		end := ""
		switch {
		case bytes.HasPrefix(b, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(b, []byte("<!--")):
			end = "-->"
		}
		if end == "" {
			break
		}
		_, after, found := bytes.Cut(b, []byte(end))
		if !found {
			return ""
		}
		b = after
	}
	if len(b) < 2 || b[0] != '<' {
		return ""
	}
	n := 1
	for n < len(b) && !isEnd(b[n]) {
		if c := b[n] | 0x20; c < 'a' || c > 'z' {
			return ""
		}
		n++
	}
	return string(b[1:n])
}

// Decode reads all events of r and gives each to h. The name is the source's.
func Decode(ctx context.Context, r io.Reader, name string, opt Options, h Handler) error {
	return decode(ctx, newFrame(r, maxEvent), name, opt, h)
}

func decode(ctx context.Context, f *frame, name string, opt Options, h Handler) error {
	d := &decoder{name: name, opt: opt, h: h}
	for n := opt.Ordinal; ; {
		p, err := f.next()
		if err != nil {
			break
		}
		if p.event {
			n++
		}
		if n%1024 == 0 && ctx.Err() != nil {
			return fmt.Errorf("reading %s: %w", name, ctx.Err())
		}
		if err := d.piece(p, n); err != nil {
			return err
		}
	}
	if f.err != nil {
		return fmt.Errorf("reading %s: %w", name, f.err)
	}
	return nil
}

type decoder struct {
	name string
	opt  Options
	h    Handler
	xml  winxml.Event
}

func (d *decoder) piece(p piece, ordinal uint64) error {
	at := "byte " + strconv.FormatInt(p.offset, 10)
	if p.event {
		at = "record " + strconv.FormatUint(ordinal, 10) + " at " + at
	}
	r := Record{Place: at, Raw: p.raw}
	switch {
	case p.long:
		detail := fmt.Sprintf("%s (%d MiB); split it or take it out", p.bad, maxEvent>>20)
		return d.h.Rejected(Bad{Record: r, Reason: TooLong, Detail: detail})
	case !p.event:
		return d.h.Rejected(Bad{Record: r, Reason: Between, Detail: p.bad})
	case p.bad != "":
		return d.h.Rejected(Bad{Record: r, Reason: BadXML, Detail: p.bad})
	}
	return d.event(r, ordinal)
}

func (d *decoder) event(r Record, ordinal uint64) error {
	reject := func(reason, detail string) error {
		return d.h.Rejected(Bad{Record: r, Reason: reason, Detail: detail})
	}
	if err := d.xml.Open(r.Raw); err != nil {
		return reject(BadXML, err.Error())
	}
	channel, id := d.xml.Channel(), d.xml.ID()
	if !d.opt.Want(channel, id) {
		return d.h.Skipped(channel, id, 1)
	}
	if d.opt.Gate != nil {
		useless, err := d.xml.Useless(d.opt.Gate(channel, id))
		switch {
		case err != nil:
			return reject(BadXML, err.Error())
		case useless:
			return d.h.Skipped(channel, id, 1)
		}
	}
	e := &winevent.Event{Source: d.name, Ordinal: ordinal}
	if err := d.xml.Fill(e); err != nil {
		return reject(BadXML, err.Error())
	}
	if e.Computer == "" {
		e.Computer = e.Get("FQDN") // 4698 to 4702 say it once more
	}
	switch {
	case e.Time.IsZero():
		return reject(BadRecord, "has no time that can be read")
	case e.Computer == "" && d.opt.Host == "":
		return reject(NoHost, "names no host; load it with --host NAME")
	case e.Computer == "":
		e.Computer = d.opt.Host
	}
	return d.h.Event(e, r)
}
