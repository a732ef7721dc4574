package loader

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Clocks are corrected by contract section 2, rule 5. A carrier that fixes UTC
// is believed. Of any other, a record's own UTC field decides; else what the
// Sysmon starts and ends of the same host in the same source show; else the
// receive time; else the caller's word; else a zone that nothing contradicts;
// else the clock is unknown.

const (
	zoneStep = 15 * time.Minute
	// near is how far a Sysmon record's UtcTime may lie from the time it was
	// logged: look-ups delay it by a minute or so, a resumed machine by days.
	near = 5 * time.Minute
	// farthest is the largest zone plus twelve hours for a clock that lost AM/PM.
	farthest = 26 * time.Hour
	// held is how many records wait in memory for their source's clock; more
	// go to a temporary file.
	held = 20000
)

// clocks corrects the records of one source at a time.
type clocks struct {
	given   *time.Duration
	hosts   map[string]*hostClock
	waiting []graph.Observation
	spill   *spill
	// live says that the source is still being written, so that no record waits
	// for its end once its host's clock is known; unknown are the hosts of
	// records that wait for that.
	live    bool
	unknown map[string]bool
}

// hostClock is what a source shows of one host's clock.
type hostClock struct {
	offsets     map[time.Duration]bool // from Sysmon starts and ends
	first, last time.Time              // UTC span of those
	received    *time.Duration         // least offset against receive times
	zoned       bool
	decided     bool // of a live source: its records were not made to wait any longer
}

func newClocks(given *time.Duration) *clocks {
	return &clocks{given: given, hosts: map[string]*hostClock{}, unknown: map[string]bool{}}
}

// take corrects o's clock where the record itself suffices; otherwise it keeps
// o until the source ends and says that it is not ready.
func (c *clocks) take(o graph.Observation) (ready bool, err error) {
	h := o.Head()
	if h.Clock.Trust == graph.Honest {
		h.Clock.At = h.Clock.Claimed
		if close(h.Clock.UTC, h.Clock.Claimed) {
			h.Clock.At = h.Clock.UTC
		}
		return true, nil
	}
	hc := c.host(h)
	switch o.(type) {
	case *graph.ProcessStarted, *graph.ProcessEnded:
		if offset, ok := own(&h.Clock); ok {
			hc.show(offset, h.Clock.UTC)
			h.Clock.At = h.Clock.UTC
			return true, nil
		}
	}
	if c.live && hc.known() {
		c.settle(&h.Clock, hc)
		return true, nil
	}
	c.unknown[h.Host] = true
	return false, c.wait(o)
}

func (hc *hostClock) known() bool { return len(hc.offsets) > 0 || hc.decided }

func close(utc, t time.Time) bool { return !utc.IsZero() && utc.Sub(t).Abs() <= near }

// own is the offset that a record's own UTC field shows.
func own(k *graph.Clock) (time.Duration, bool) {
	if k.UTC.IsZero() {
		return 0, false
	}
	d := k.UTC.Sub(k.Claimed)
	offset := d.Round(zoneStep)
	return offset, offset.Abs() <= farthest && (d-offset).Abs() <= near
}

func (c *clocks) host(h *graph.Header) *hostClock {
	hc := c.hosts[h.Host]
	if hc == nil {
		hc = &hostClock{offsets: map[time.Duration]bool{}, zoned: true}
		c.hosts[h.Host] = hc
	}
	hc.zoned = hc.zoned && h.Clock.Trust == graph.Zoned
	if r := h.Clock.Received; !r.IsZero() {
		// A collector is late, never early but for a minute of drift.
		late := r.Sub(h.Clock.Claimed) + time.Minute
		offset := late.Truncate(zoneStep)
		if offset > late {
			offset -= zoneStep
		}
		if hc.received == nil || offset < *hc.received {
			hc.received = &offset
		}
	}
	return hc
}

func (hc *hostClock) show(offset time.Duration, utc time.Time) {
	hc.offsets[offset] = true
	if hc.first.IsZero() || utc.Before(hc.first) {
		hc.first = utc
	}
	if utc.After(hc.last) {
		hc.last = utc
	}
}

func (c *clocks) wait(o graph.Observation) error {
	c.waiting = append(c.waiting, o)
	if len(c.waiting) < held {
		return nil
	}
	if c.spill == nil {
		var err error
		if c.spill, err = newSpill(); err != nil {
			return err
		}
	}
	err := c.spill.put(c.waiting)
	c.waiting = c.waiting[:0]
	return err
}

// release corrects and hands over what waited, now that the source has ended.
func (c *clocks) release(each func(graph.Observation) error) error {
	give := func(o graph.Observation) error {
		c.settle(&o.Head().Clock, c.hosts[o.Head().Host])
		shift(o)
		return each(o)
	}
	if c.spill != nil {
		if err := c.spill.drain(give); err != nil {
			return err
		}
	}
	for _, o := range c.waiting {
		if err := give(o); err != nil {
			return err
		}
	}
	c.waiting, c.unknown = nil, map[string]bool{}
	if !c.live {
		c.hosts = map[string]*hostClock{}
	}
	return nil
}

// settle corrects a clock by what the source shows of its host.
func (c *clocks) settle(k *graph.Clock, hc *hostClock) {
	offset, known := c.offset(k, hc)
	k.At = k.Claimed.Add(offset)
	k.Unknown = !known
	if known && close(k.UTC, k.At) {
		k.At = k.UTC
	}
}

func (c *clocks) offset(k *graph.Clock, hc *hostClock) (time.Duration, bool) {
	if len(hc.offsets) > 0 {
		return hc.pick(k.Claimed)
	}
	switch {
	case hc.received != nil:
		return *hc.received, true
	case !k.UTC.IsZero():
		// Sysmon 3 and 22 of a resumed machine are days off, so they come late,
		// and where they show no zone they say nothing.
		if offset, ok := own(k); ok {
			return offset, true
		}
	}
	switch {
	case c.given != nil:
		return *c.given, true
	}
	return 0, hc.zoned && !c.liar()
}

// pick chooses among the offsets that the host's Sysmon records show. There is
// more than one where a twelve-hour clock lost AM and PM: then the one that puts
// the record into the span of the others, if only one does.
func (hc *hostClock) pick(claimed time.Time) (time.Duration, bool) {
	var fit []time.Duration
	for offset := range hc.offsets {
		at := claimed.Add(offset)
		if len(hc.offsets) == 1 || !at.Before(hc.first.Add(-zoneStep)) && !at.After(hc.last.Add(zoneStep)) {
			fit = append(fit, offset)
		}
	}
	if len(fit) != 1 {
		return 0, false
	}
	return fit[0], true
}

// liar says that some host of the source shows a zone that was a lie.
func (c *clocks) liar() bool {
	for _, hc := range c.hosts {
		for offset := range hc.offsets {
			if offset != 0 {
				return true
			}
		}
	}
	return false
}

func (c *clocks) close() error {
	if c.spill == nil {
		return nil
	}
	return c.spill.close()
}

// spill keeps observations in a temporary file.
type spill struct {
	file *os.File
	enc  *gob.Encoder
	n    int
}

// kept is an observation as the temporary file holds it.
type kept struct{ Observation graph.Observation }

// observations are all types that may be kept.
func observations() []graph.Observation {
	return []graph.Observation{
		&graph.ProcessStarted{}, &graph.ProcessMentioned{}, &graph.ProcessEnded{}, &graph.Contacted{}, &graph.Asked{},
		&graph.TaskChanged{}, &graph.TaskRan{}, &graph.LoggedOn{}, &graph.UsedCredentials{}, &graph.PipeOpened{},
		&graph.TaskTraced{}, &graph.ModuleLoaded{}, &graph.ClassChanged{}, &graph.Injected{}, &graph.LogTampered{},
		&graph.PolicyChanged{}, &graph.TaskListed{}, &graph.FlowSeen{}, &graph.AnswerSeen{}, &graph.RecordsMissing{},
	}
}

func newSpill() (*spill, error) {
	for _, o := range observations() {
		gob.Register(o)
	}
	f, err := os.CreateTemp("", "taskroot-load-*")
	if err != nil {
		return nil, fmt.Errorf("keep records until their clock is known: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &spill{file: f, enc: gob.NewEncoder(f)}, nil
}

func (s *spill) put(all []graph.Observation) error {
	for _, o := range all {
		if err := s.enc.Encode(kept{o}); err != nil {
			return fmt.Errorf("keep records until their clock is known: %w", err)
		}
		s.n++
	}
	return nil
}

// drain reads everything back and empties the file.
func (s *spill) drain(each func(graph.Observation) error) error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read records back: %w", err)
	}
	dec := gob.NewDecoder(s.file)
	for range s.n {
		var k kept
		if err := dec.Decode(&k); err != nil {
			return fmt.Errorf("read records back: %w", err)
		}
		if err := each(k.Observation); err != nil {
			return err
		}
	}
	s.n = 0
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read records back: %w", err)
	}
	s.enc = gob.NewEncoder(s.file)
	return s.file.Truncate(0)
}

func (s *spill) close() error { return s.file.Close() }
