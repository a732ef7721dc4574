// Package table reads telemetry out of tables with a header: CSV and its kin
// with tabs or semicolons, as portals, SIEMs, PowerShell and Event Viewer
// export them.
//
// A table is told by its header. Rows of events go the way of the same tool's
// JSON; columns that nobody knows are named by a mapping file (docs/mapping.md).
// A row that is damaged costs that row.
package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

// Handler takes what [Decode] finds, from one goroutine; an error stops the
// reading. Each row is given to exactly one of its methods.
type Handler interface {
	// Event is a row that is an event which was wanted. The record is good
	// during the call.
	Event(e *winevent.Event, r Record) error
	// Observation is a row that says what it says without being an event.
	Observation(o graph.Observation, further ...graph.Observation) error
	// Skipped is n rows of an event that is not wanted.
	Skipped(channel string, id uint32, n int) error
	// Passed is a row, or for an unknown file all of it, that is left alone for
	// another reason.
	Passed(reason string) error
	// Rejected is a row that could not be read.
	Rejected(b Bad) error
}

// Record is a row as it was: its place for a person, and its bytes behind those
// of the header, so that it can be read alone.
type Record struct {
	Place string
	Raw   func() []byte
}

// Bad is a row that could not be read.
type Bad struct {
	Place  string
	Reason string
	Detail string
	Raw    []byte
}

// The reasons of a [Bad].
const (
	BadRow     = "bad row"     // damaged, or with another number of columns than the header
	BadRecord  = "bad record"  // without a time, or with values that don't fit
	NoHost     = "no host"     // names no machine
	TooLong    = "too long"    // see maxRow
	BadMapping = "bad mapping" // the mapping given for the file does not fit it
)

// The reasons of rows that are left alone.
const (
	MessageOnly = "message only"          // an event whose message is not taken apart
	NotPicked   = "not picked by mapping" // no mapping's where fits the row
	Repeated    = "repeated header"       // files that were put together
	Unknown     = "unknown format: csv; write a mapping (taskroot load --help)"
)

// Options is what the input itself cannot say.
type Options struct {
	Host string // for rows that name no machine; "" rejects them
	Want func(channel string, id uint32) bool
	// Mappings are tried before the headers that are known by themselves; the
	// first that picks a row has it.
	Mappings []*Mapping
	// Ordinal is what to add to the position of a row in the source.
	Ordinal uint64
}

// reader reads one table.
type reader struct {
	name   string
	opt    Options
	h      Handler
	head   *header
	frame  *frame
	row    row
	number uint64 // of the row, from 1, the header not counted
	rowFor func(r *reader) error
}

// Decode reads all rows of r and gives each to h. The name is the source's.
func Decode(ctx context.Context, in io.Reader, name string, opt Options, h Handler) error {
	r := &reader{name: name, opt: opt, h: h, frame: newFrame(in, 0), number: opt.Ordinal}
	if err := r.header(); err != nil || r.rowFor == nil {
		return err
	}
	for n := 1; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return fmt.Errorf("reading %s: %w", name, ctx.Err())
		}
		row, err := r.frame.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		r.row = row
		r.number++
		if err := r.take(); err != nil {
			return err
		}
	}
}

// header reads the file's first row and decides how the others are read.
func (r *reader) header() error {
	var comma byte
	for {
		line, _, err := r.frame.readLine()
		if err != nil {
			return nil //nolint:nilerr // a file without a line has no rows
		}
		r.frame.line++
		named, before := preamble(line)
		if before {
			if named != 0 {
				comma = named
			}
			continue
		}
		head := string(line) + "\n"
		if comma != 0 {
			head = "sep=" + string(comma) + "\n" + head
		}
		if r.head, _ = headerOf([]byte(head)); r.head == nil {
			return r.h.Passed("unknown format: csv whose header is damaged")
		}
		break
	}
	r.frame.comma, r.frame.width = r.head.comma, len(r.head.columns)
	return r.choose()
}

// choose decides what the rows are.
func (r *reader) choose() error {
	fitting, near, err := fitting(r.opt.Mappings, r.head)
	switch {
	case err != nil:
		return r.reject(BadMapping, err.Error())
	case len(fitting) > 0:
		r.rowFor = mappedRow(fitting)
		return nil
	}
	switch kindOf(r.head) {
	case defenderRows:
		r.rowFor = defenderRow
	case viewerRows:
		r.frame.width = viewerColumns
		r.rowFor = viewerRow
	case messageRows:
		r.rowFor = messageRow
	case eventRows:
		r.rowFor = newEvents(r).row
	default:
		if near != nil {
			return r.reject(BadMapping, near.Error())
		}
		return r.h.Passed(Unknown + ": " + someNames(r.head.names()))
	}
	return nil
}

// someNames lists a file's columns, as many as fit into a line.
func someNames(names []string) string {
	text := ""
	for i, name := range names {
		if len(name) > 40 {
			name = strings.ToValidUTF8(name[:40], "") + "…"
		}
		if len(text)+len(name) > 160 {
			return text + fmt.Sprintf(" and %d more", len(names)-i)
		}
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}

// take checks a row's form and passes it on.
func (r *reader) take() error {
	switch {
	case r.row.long:
		return r.reject(TooLong, r.row.bad)
	case r.row.bad != "":
		return r.reject(BadRow, r.row.bad)
	case r.isHeader():
		return r.h.Passed(Repeated)
	}
	r.row.fields = r.row.fields[:filled(r.row.fields, r.frame.width)]
	if n := len(r.row.fields); n != r.frame.width {
		return r.reject(BadRow, fmt.Sprintf("has %d columns and should have %d", n, r.frame.width))
	}
	return r.rowFor(r)
}

// isHeader says whether a row repeats the header.
func (r *reader) isHeader() bool {
	return len(r.row.fields) >= len(r.head.columns) && string(bytes.TrimRight(r.row.raw, "\r")) == string(r.head.raw)
}

func (r *reader) place() string { return fmt.Sprintf("row %d at line %d", r.number, r.row.line) }

// maxKept bounds the header that is kept with each rejected row, so that a huge
// one does not multiply.
const maxKept = 16 << 10

// raw is the row behind the header.
func (r *reader) raw() []byte {
	if len(r.head.raw) > maxKept {
		return bytes.Clone(r.row.raw)
	}
	out := make([]byte, 0, len(r.head.raw)+len(r.row.raw)+2)
	if r.head.comma != separator(r.head.raw) {
		out = append(out, "sep="+string(r.head.comma)+"\n"...)
	}
	out = append(append(out, r.head.raw...), '\n')
	return append(append(out, r.row.raw...), '\n')
}

func (r *reader) record() Record { return Record{Place: r.place(), Raw: r.raw} }

func (r *reader) reject(reason, detail string) error {
	b := Bad{Place: r.place(), Reason: reason, Detail: detail, Raw: r.raw()}
	if r.row.raw == nil { // the whole file
		b.Place, b.Raw = "all of it", nil
	}
	return r.h.Rejected(b)
}

// event hands on an event that was put together here, if it is complete.
func (r *reader) event(e *winevent.Event) error {
	if !r.opt.Want(e.Channel, e.ID) {
		return r.h.Skipped(e.Channel, e.ID, 1)
	}
	e.Source, e.Ordinal = r.name, r.number
	if e.Computer == "" {
		e.Computer = r.opt.Host
	}
	if e.Computer == "" {
		return r.reject(NoHost, "names no host; load it with --host NAME")
	}
	return r.h.Event(e, r.record())
}
