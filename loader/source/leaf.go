package source

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/eventjson"
	"github.com/taskroot/taskroot/loader/source/eventxml"
	"github.com/taskroot/taskroot/loader/source/evtx"
	"github.com/taskroot/taskroot/loader/winevent"
)

// begin opens a source at the sink, if it is not the one that is open. One is
// closed when the next is opened or its outermost file ends, not before: what
// is found behind a compressed file still belongs to it.
func (w *walker) begin(name string) error {
	if w.open == name {
		return nil
	}
	if err := w.end(); err != nil {
		return err
	}
	w.open = name
	return w.sink.FileStart(name, w.size)
}

// end closes the source that is open, after telling what was skipped in it.
func (w *walker) end() error {
	if w.open == "" {
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	name := w.open
	w.open = ""
	return w.sink.FileEnd(name)
}

type channelID struct {
	channel string
	id      uint32
}

// flush tells of the skipped records in one call for each event, in order.
func (w *walker) flush() error {
	tally := map[string]int{}
	for c, n := range w.skipped {
		tally[skipReason(c)] += n
	}
	clear(w.skipped)
	reasons := make([]string, 0, len(tally))
	for reason := range tally {
		reasons = append(reasons, reason)
	}
	slices.Sort(reasons)
	for _, reason := range reasons {
		if err := w.sink.Skipped(reason, tally[reason]); err != nil {
			return err
		}
	}
	return nil
}

// ofNoUse is how reasons end for records of events that are read.
const ofNoUse = ": not about tasks"

// skipReason is "channel/id", with the channels that are read spelt as Windows
// spells them, so that one event is counted under one name.
func skipReason(c channelID) string {
	end := ""
	if winevent.Wanted(c.channel, c.id) {
		end = ofNoUse
	}
	for _, known := range []string{winevent.Sysmon, winevent.Security, winevent.TaskScheduler, winevent.System} {
		if strings.EqualFold(c.channel, known) {
			c.channel = known
		}
	}
	return cmp.Or(c.channel, "no channel") + "/" + strconv.FormatUint(uint64(c.id), 10) + end
}

// reject fills in the source and tells the sink.
func (w *walker) reject(it item, r Reject) error {
	if err := w.begin(it.name); err != nil {
		return err
	}
	r.Source, r.Count = it.name, max(r.Count, 1)
	r.Raw = bytes.Clone(r.Raw)
	if it.inner != nil && r.Record == "" {
		r.Record = it.inner.record
	}
	return w.sink.Rejected(r)
}

// leaf hands one source's events on.
type leaf struct {
	ctx context.Context //nolint:containedctx // lives as long as one Decode call
	w   *walker
	it  item
}

func readJSON(ctx context.Context, w *walker, it item) error {
	opt := eventjson.Options{Host: w.opt.Host, Want: winevent.Wanted, Gate: winevent.GateOf}
	if it.inner != nil {
		opt.Ordinal, opt.Again = it.inner.ordinal, true
	}
	if it.part != nil {
		opt.Ordinal, opt.Offset = it.part.Ordinal, it.part.Offset
	}
	if err := w.begin(it.name); err != nil {
		return err
	}
	return eventjson.Decode(ctx, it.r, it.name, opt, &jsonLeaf{leaf{ctx, w, it}})
}

func readEVTX(ctx context.Context, w *walker, it item) error {
	if err := w.begin(it.name); err != nil {
		return err
	}
	in := bufio.NewReaderSize(it.r, headSize) // the one it is already
	if head, _ := in.Peek(8); !evtx.Sniff(head) {
		n, _ := in.Discard(evtxHeader) // isEVTX has seen a chunk behind it
		err := w.reject(it, Reject{Record: "header", Reason: ReasonContainer,
			Detail: fmt.Sprintf("the log's header, %d bytes, is damaged; its chunks were read", n)})
		if err != nil {
			return err
		}
	}
	it.r = in
	if it.part == nil {
		return evtx.DecodeGated(ctx, it.r, it.name, winevent.Wanted, winevent.GateOf, &evtxLeaf{leaf{ctx, w, it}})
	}
	since := evtx.Since{After: it.part.After, Chunk: int(max(0, it.part.Offset-evtxHeader) / evtx.ChunkSize)}
	last, err := evtx.DecodeSince(ctx, it.r, it.name, since, winevent.Wanted, winevent.GateOf, &evtxLeaf{leaf{ctx, w, it}})
	it.part.last = last
	return err
}

func (l *leaf) Skipped(channel string, id uint32, n int) error {
	if err := l.w.begin(l.it.name); err != nil {
		return err
	}
	l.w.skipped[channelID{channel, id}] += n
	return nil
}

// observe hands a wanted event on; raw gives its input where it can't be read.
func (l *leaf) observe(e *winevent.Event, place func() string, raw func() []byte) error {
	o, err := winevent.Observe(e)
	if errors.Is(err, winevent.ErrOfNoUse) {
		return l.Skipped(e.Channel, e.ID, 1)
	}
	if err != nil {
		return l.w.reject(l.it, Reject{Record: place(), Reason: ReasonBadRecord, Detail: err.Error(), Raw: raw()})
	}
	if err := l.w.begin(l.it.name); err != nil {
		return err
	}
	return l.w.sink.Observation(o, winevent.Missing(e)...)
}

type jsonLeaf struct{ leaf }

func (l *jsonLeaf) Event(e *winevent.Event, r eventjson.Record) error {
	return l.observe(e, func() string { return l.place(r.Place) }, func() []byte { return r.Raw })
}

func (l *jsonLeaf) Said(first graph.Observation, further []graph.Observation, _ eventjson.Record) error {
	if err := l.w.begin(l.it.name); err != nil {
		return err
	}
	return l.w.sink.Observation(first, further...)
}

func (l *jsonLeaf) Passed(reason string) error {
	if err := l.w.begin(l.it.name); err != nil {
		return err
	}
	return l.w.sink.Skipped(reason, 1)
}

func (l *jsonLeaf) Rejected(b eventjson.Bad) error {
	return l.w.reject(l.it, Reject{Record: l.place(b.Place), Reason: b.Reason, Detail: b.Detail, Raw: b.Raw})
}

func (l *jsonLeaf) Reject(r eventjson.Inner) error { return l.w.again(l.ctx, l.it, r) }

// place of a record in its first source rather than in the reject file.
func (l *leaf) place(here string) string {
	if l.it.inner != nil && l.it.inner.record != "" {
		return l.it.inner.record
	}
	return here
}

func readXML(ctx context.Context, w *walker, it item) error {
	opt := eventxml.Options{Host: w.opt.Host, Want: winevent.Wanted, Gate: winevent.GateOf}
	if it.inner != nil {
		opt.Ordinal = it.inner.ordinal
	}
	if err := w.begin(it.name); err != nil {
		return err
	}
	return eventxml.Decode(ctx, it.r, it.name, opt, &xmlLeaf{leaf{ctx, w, it}})
}

type xmlLeaf struct{ leaf }

func (l *xmlLeaf) Event(e *winevent.Event, r eventxml.Record) error {
	return l.observe(e, func() string { return l.place(r.Place) }, func() []byte { return r.Raw })
}

func (l *xmlLeaf) Rejected(b eventxml.Bad) error {
	return l.w.reject(l.it, Reject{Record: l.place(b.Place), Reason: b.Reason, Detail: b.Detail, Raw: b.Raw})
}

type evtxLeaf struct{ leaf }

func (l *evtxLeaf) Event(e *winevent.Event) error {
	return l.observe(e, func() string { return "event record " + strconv.FormatUint(e.RecordID, 10) },
		func() []byte { return dump(e) })
}

func (l *evtxLeaf) Damaged(d evtx.Damage) error {
	return l.w.reject(l.it, Reject{Record: d.Record, Reason: d.Reason, Detail: d.Detail, Count: d.Count, Raw: d.Raw})
}

// dump writes an event in evtx_dump's shape: what a rejected record of a binary
// log is kept as, so that it can be read and loaded again.
func dump(e *winevent.Event) []byte {
	type object = map[string]json.RawMessage
	quote := func(s string) json.RawMessage {
		b, _ := json.Marshal(s) //nolint:errchkjson // a string always can be
		return b
	}
	attributes := func(name, value string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"#attributes":{%q:%s}}`, name, quote(value)))
	}
	number := func(n uint64) json.RawMessage { return json.RawMessage(strconv.FormatUint(n, 10)) }
	system := object{
		"Provider": attributes("Name", e.Provider), "EventID": number(uint64(e.ID)), "Version": number(uint64(e.Version)),
		"TimeCreated":   attributes("SystemTime", e.Time.UTC().Format(time.RFC3339Nano)),
		"EventRecordID": number(e.RecordID), "Channel": quote(e.Channel), "Computer": quote(e.Computer),
		"Execution":   attributes("ProcessID", strconv.FormatUint(uint64(e.ExecPID), 10)),
		"Correlation": attributes("ActivityID", e.Activity),
	}
	data := object{}
	for _, f := range e.Data {
		data[f.Name] = quote(f.Value)
	}
	line, _ := json.Marshal(map[string]map[string]object{"Event": {"System": system, "EventData": data}}) //nolint:errchkjson // as above
	return line
}
