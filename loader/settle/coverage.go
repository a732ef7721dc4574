package settle

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Coverage is what kinds of records a host gave on a day. It holds sets only, no
// counts, so that what is loaded twice changes nothing.
type Coverage struct {
	Host   string
	Day    string          // 2006-01-02, UTC
	Events map[string]bool // "channel/id"; the channel alone where it has no ids
	Kinds  map[string]bool // what the records were about: see the constants
	Notes  map[string]bool // what else is to be said of them: see the constants
	Gaps   map[string]bool // missing records, "log:from-to"
	// MoreGaps says that there were more than are kept.
	MoreGaps bool
	Seen     Span
}

// The kinds of records, whatever source they come from.
const (
	KindStart        = "start"
	KindEnd          = "end"
	KindContact      = "contact"
	KindQuestion     = "question"
	KindRegistration = "registration"
	KindDefinition   = "definition" // a registration that brings what the task does
	KindRun          = "run"
	KindListing      = "listing"
	KindLogon        = "logon"
	KindPipe         = "pipe"
	KindTrace        = "trace"
	KindFlow         = "flow"
)

// The notes. Those that end in a colon go on.
const (
	NoteCommandLine   = "command-line"    // some start without it would have been noticed: one has it
	NoteNoCommandLine = "no-command-line" // some start lacks it
	NoteNoLaunchPID   = "no-launch-pid"   // some launch lacks its process id
	NoteCapped        = "capped"          // of equal events only some were reported
	NoteClockUnknown  = "clock-unknown"   // some record's clock could not be corrected
	NoteClock         = "clock:"          // the offset that was added to some record's time, as +05:00
	NoteCleared       = "cleared:"        // the log that was cleared
	NoteOff           = "off:"            // the log that was switched off
)

// mostGaps bounds the gaps that are kept of a host and day; the loader's
// statement keeps as many. Which are kept does not depend on the order: the
// least texts.
const mostGaps = 32

// longestLog bounds the name of a log, which a sender chooses.
const longestLog = 120

// dayKey finds a host's coverage of a day without making texts.
type dayKey struct {
	host string
	day  int64 // since 1970
}

const secondsADay = 24 * 60 * 60

// covered is the coverage that a record adds to; nil where it has no host or time.
func (r *Round) covered(h *graph.Header) *Coverage {
	at := h.Clock.At
	if h.Host == "" || at.IsZero() {
		return nil
	}
	day := at.Unix() / secondsADay
	if at.Unix() < 0 {
		day = (at.Unix() - secondsADay + 1) / secondsADay
	}
	key := dayKey{h.Host, day}
	c := r.coverage[key]
	if c == nil {
		c = &Coverage{
			Host: h.Host, Day: at.UTC().Format(time.DateOnly), Events: map[string]bool{}, Kinds: map[string]bool{},
			Notes: map[string]bool{}, Gaps: map[string]bool{},
		}
		r.coverage[key] = c
	}
	c.Seen.Add(at)
	return c
}

// cover notes that a record was there, and what it is about.
func (r *Round) cover(o graph.Observation) {
	h := o.Head()
	c := r.covered(h)
	if c == nil {
		return
	}
	if lost, ok := o.(*graph.RecordsMissing); ok {
		c.lost(lost)
		return
	}
	c.Events[r.event(h.Evidence)] = true
	for _, kind := range kindsOf(o) {
		c.Kinds[kind] = true
	}
	if note := noteOf(o); note != "" {
		c.Notes[note] = true
	}
	if note := clockNote(&h.Clock); note != "" {
		c.Notes[note] = true
	}
}

// eventID is a kind of event without making a text of it.
type eventID struct {
	channel string
	id      uint32
}

func (r *Round) event(e graph.Evidence) string {
	key := eventID{e.Channel, e.EventID}
	name, ok := r.events[key]
	if !ok {
		name = e.Channel
		if e.EventID != 0 {
			name += "/" + strconv.FormatUint(uint64(e.EventID), 10)
		}
		r.events[key] = name
	}
	return name
}

var (
	onlyStart        = []string{KindStart}
	onlyEnd          = []string{KindEnd}
	onlyContact      = []string{KindContact}
	onlyQuestion     = []string{KindQuestion}
	onlyRegistration = []string{KindRegistration}
	withDefinition   = []string{KindRegistration, KindDefinition}
	onlyRun          = []string{KindRun}
	onlyListing      = []string{KindListing}
	onlyLogon        = []string{KindLogon}
	onlyPipe         = []string{KindPipe}
	onlyTrace        = []string{KindTrace}
	onlyFlow         = []string{KindFlow}
)

func kindsOf(o graph.Observation) []string {
	switch o := o.(type) {
	case *graph.ProcessStarted:
		return onlyStart
	case *graph.ProcessEnded:
		return onlyEnd
	case *graph.Contacted:
		return onlyContact
	case *graph.Asked:
		return onlyQuestion
	case *graph.TaskChanged:
		if o.XML != "" {
			return withDefinition
		}
		return onlyRegistration
	case *graph.TaskRan:
		return onlyRun
	case *graph.TaskListed:
		return onlyListing
	case *graph.LoggedOn:
		return onlyLogon
	case *graph.PipeOpened:
		return onlyPipe
	case *graph.TaskTraced:
		return onlyTrace
	case *graph.FlowSeen, *graph.AnswerSeen:
		return onlyFlow
	}
	return nil
}

// defender is the source of what Microsoft Defender reports: of connections that
// are alike it reports only some.
const defender = "defender"

func noteOf(o graph.Observation) string {
	switch o := o.(type) {
	case *graph.ProcessStarted:
		if o.Process.CommandLine != "" {
			return NoteCommandLine
		}
		return NoteNoCommandLine
	case *graph.Contacted:
		if o.Source == defender {
			return NoteCapped
		}
	case *graph.TaskRan:
		if o.Stage == graph.Launched && o.PID == 0 {
			return NoteNoLaunchPID
		}
	case *graph.LogTampered:
		if o.Off {
			return NoteOff + logName(o.Log)
		}
		return NoteCleared + logName(o.Log)
	}
	return ""
}

func logName(log string) string {
	if len(log) > longestLog {
		return log[:longestLog] + "…"
	}
	return log
}

// zones is the step in which clocks are off: quarters of an hour.
const zones = 15 * time.Minute

func clockNote(k *graph.Clock) string {
	switch {
	case k.Unknown:
		return NoteClockUnknown
	case k.Claimed.IsZero() || k.At.Sub(k.Claimed).Abs() < zones/2:
		return ""
	}
	minutes := int(k.At.Sub(k.Claimed).Round(zones) / time.Minute)
	sign := '+'
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Sprintf("%s%c%02d:%02d", NoteClock, sign, minutes/60, minutes%60)
}

// lost takes missing records, and keeps the least texts where they are many.
func (c *Coverage) lost(o *graph.RecordsMissing) {
	if o.More {
		c.MoreGaps = true
		return
	}
	c.Gaps[fmt.Sprintf("%s:%d-%d", logName(o.Log), o.From, o.To)] = true
	if len(c.Gaps) > mostGaps {
		c.MoreGaps = true
		delete(c.Gaps, slices.Max(slices.Collect(maps.Keys(c.Gaps))))
	}
}

func (r *Round) coverages() []*Coverage {
	keys := slices.SortedFunc(maps.Keys(r.coverage), func(a, b dayKey) int {
		if a.host != b.host {
			if a.host < b.host {
				return -1
			}
			return 1
		}
		return int(a.day - b.day)
	})
	out := make([]*Coverage, len(keys))
	for i, k := range keys {
		out[i] = r.coverage[k]
	}
	return out
}
