package evtx

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/loader/winevent"
)

// The reasons of damage, for counting.
const (
	ReasonRecord    = "evtx record"          // a record, or bytes between records, that cannot be decoded
	ReasonMagic     = "evtx chunk magic"     // a chunk that does not begin as one
	ReasonChecksum  = "evtx chunk checksum"  // a chunk that was changed after it was written
	ReasonTruncated = "evtx truncated chunk" // the log ends early
)

// Damage is a part of a log that could not be read, or not be trusted.
type Damage struct {
	Chunk  int    // from 0; -1 is the file's header
	Offset int64  // of the damaged bytes in the log
	Record string // which bytes and, where known, by which record, for a person
	Reason string // one of the reasons above
	Detail string // what exactly was wrong
	Count  int    // records it stands for, at least 1
	Raw    []byte // the whole chunk, with the first damage in it; else nil
}

// Handler takes what [Decode] finds, in the order of the log, from one
// goroutine. An error ends the decoding and is returned as it is.
type Handler interface {
	// Event is a wanted record. The event and its Data are used again for the
	// next record; its texts are not, and may be kept.
	Event(e *winevent.Event) error
	// Skipped is n records that were not wanted.
	Skipped(channel string, id uint32, n int) error
	// Damaged is a part of the log that gave up no record. Where a chunk's
	// checksum is wrong its whole records come as events as well.
	Damaged(d Damage) error
}

// Sniff says whether data begins as an event log does, or as a chunk of one.
func Sniff(head []byte) bool {
	return bytes.HasPrefix(head, fileMagic) || bytes.HasPrefix(head, chunkMagic)
}

// Decode reads a log and gives each of its records to the handler: wanted ones
// as events, all others as skipped. Memory is bounded by one chunk.
func Decode(ctx context.Context, r io.Reader, name string, want func(channel string, id uint32) bool, h Handler) error {
	return DecodeGated(ctx, r, name, want, func(string, uint32) *winevent.Gate { return nil }, h)
}

// DecodeGated is [Decode] for a handler that has no use for most records of some
// wanted events: what a gate stops is skipped before its fields are copied.
func DecodeGated(
	ctx context.Context, r io.Reader, name string,
	want func(channel string, id uint32) bool, gate func(channel string, id uint32) *winevent.Gate, h Handler,
) error {
	return read(ctx, r, name, &eventVisitor{want: want, gate: gate, h: h, event: winevent.Event{Source: name}})
}

// Since says which of a log's records are new.
type Since struct {
	After uint64 // records up to this id are passed over in silence
	Chunk int    // number of the first chunk that the reader gives, for places in damage
}

// DecodeSince is [DecodeGated] of a log, or of a header and some of its chunks, for
// what is new in it. Last is the highest id of a record that was met, 0 for none.
func DecodeSince(
	ctx context.Context, r io.Reader, name string, since Since,
	want func(channel string, id uint32) bool, gate func(channel string, id uint32) *winevent.Gate, h Handler,
) (last uint64, err error) {
	v := &eventVisitor{want: want, gate: gate, h: h, event: winevent.Event{Source: name}, since: since, gaps: gaps{last: since.After}}
	err = read(ctx, r, name, v)
	return v.last, err
}

type eventVisitor struct {
	want  func(channel string, id uint32) bool
	gate  func(channel string, id uint32) *winevent.Gate
	h     Handler
	event winevent.Event
	since Since
	last  uint64
	gaps  gaps
}

func (v *eventVisitor) record(d *decoder, rec record) error {
	v.event.Ordinal++
	v.last = max(v.last, rec.id)
	v.gaps.meet(rec.id)
	if rec.id <= v.since.After && v.since.After > 0 {
		return nil
	}
	o, err := d.openEvent(rec.start+recordHeader, rec.end-4)
	if err != nil {
		return err
	}
	channel := d.shared(o.refs.channel, o.system)
	id := uint32(d.number(o.refs.eventID, o.system))
	if d.err != nil {
		return d.err
	}
	if !v.want(channel, id) {
		return v.h.Skipped(channel, id, 1)
	}
	if g := v.gate(channel, id); g != nil && d.useless(o, g) {
		return v.h.Skipped(channel, id, 1)
	}
	v.event.Channel, v.event.ID = channel, id
	if err := d.fill(&v.event, o, rec); err != nil {
		return err
	}
	v.event.Missing, v.event.MissingMore = v.gaps.missing, v.gaps.more
	v.gaps.missing, v.gaps.more = v.gaps.missing[:0], false
	return v.h.Event(&v.event)
}

func (v *eventVisitor) damaged(d Damage) error {
	if n := v.since.Chunk; n > 0 && d.Chunk >= 0 {
		d.Chunk += n
		d.Offset += int64(n) * chunkSize
		d.Record = strings.Replace(d.Record, "chunk "+strconv.Itoa(d.Chunk-n), "chunk "+strconv.Itoa(d.Chunk), 1)
	}
	return v.h.Damaged(d)
}

func (v *eventVisitor) chunkDone(*decoder) error {
	v.gaps.chunkDone()
	return nil
}

// DumpJSON writes every record of a log as one line of JSON, in the shape of
// evtx_dump: {"Event":{"System":{…},"EventData":{…}}}, with attributes under
// #attributes and text beside them under #text. Records that cannot be decoded
// are left out; if there was any damage, the error at the end says how much.
func DumpJSON(ctx context.Context, r io.Reader, w io.Writer) error {
	v := &jsonVisitor{w: w}
	if err := read(ctx, r, "the log", v); err != nil {
		return err
	}
	if v.count > 0 {
		return fault.New(fault.Invalid, "%d records are damaged, the first at offset %d: %s: %s",
			v.count, v.first.Offset, v.first.Reason, v.first.Detail)
	}
	return nil
}

type jsonVisitor struct {
	w     io.Writer
	each  func(rec record, line []byte) // for tests; nil otherwise
	count int
	first Damage
}

func (v *jsonVisitor) record(d *decoder, rec record) error {
	start := len(d.out)
	if err := d.jsonRecord(rec.start+recordHeader, rec.end-4); err != nil {
		return err
	}
	if v.each != nil {
		v.each(rec, d.out[start:])
	}
	if d.out = append(d.out, '\n'); len(d.out) >= chunkSize {
		return v.chunkDone(d)
	}
	return nil
}

func (v *jsonVisitor) damaged(d Damage) error {
	if v.count == 0 {
		v.first = d
		v.first.Raw = nil
	}
	v.count += d.Count
	return nil
}

func (v *jsonVisitor) chunkDone(d *decoder) error {
	_, err := v.w.Write(d.out)
	d.out = d.out[:0]
	return err
}
