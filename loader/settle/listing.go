package settle

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Listing is what an inventory says of a task beside its definition.
type Listing struct {
	Date    string  `json:"date,omitempty"` // of registration, as the definition has it
	Enabled *bool   `json:"enabled,omitempty"`
	NoSD    *bool   `json:"noSD,omitempty"`
	Index   *uint32 `json:"index,omitempty"`
	Loose   bool    `json:"loose,omitempty"` // only what the definition does can be compared
	Scant   bool    `json:"scant,omitempty"` // its principal and settings are missing
}

// past is what the facts so far leave for a listing to build on.
type past struct {
	hinted time.Time // of the newest change that did not show the definition
	told   time.Time // of the newest that did
	dated  time.Time // registration by the date in a listed definition
}

// taken is how long before a change is logged its file may have been written:
// an inventory's time is often that of the file, in whole seconds or two.
const taken = 5 * time.Second

// effective are the facts in the order in which they count. A listing from just
// before a change is one of what that change left; a loose one takes the place
// of the nearest whole definition that does the same.
func (t *Task) effective() []TaskFact {
	if !slices.ContainsFunc(t.Facts, func(f TaskFact) bool { return f.Listing != nil }) {
		return t.Facts
	}
	facts := slices.Clone(t.Facts)
	for i := range facts {
		f := &facts[i]
		if f.Listing == nil {
			continue
		}
		at := f.At
		for _, g := range t.Facts {
			registers := g.Change == graph.Created || g.Change == graph.Updated
			if registers && !g.Unknown && g.At.After(at) && g.At.Sub(at) <= taken {
				f.At = g.At // of several the last
			}
		}
		if f.Listing.Loose && f.Plan != "" {
			f.Plan = whole(t.Facts, *f)
		}
	}
	slices.SortFunc(facts, compareTaskFacts)
	return facts
}

// whole is the key of the whole definition that does what f does and was seen
// nearest to it, or f's own.
func whole(facts []TaskFact, f TaskFact) string {
	plan, distance := f.Plan, time.Duration(-1)
	for _, g := range facts {
		if g.Plan == "" || g.Does != f.Does || g.Unknown || g.Channel == ChannelCommand || g.Change == graph.Deleted || g.Listing != nil && g.Listing.Loose {
			continue
		}
		if d := g.At.Sub(f.At).Abs(); distance < 0 || d < distance {
			plan, distance = g.Plan, d
		}
	}
	return plan
}

// hint remembers a change that does not show the definition, unless it is the
// other channel's word of one that did.
func (s *TaskState) hint(f TaskFact) {
	changes := f.Change == graph.Created || f.Change == graph.Updated
	if changes && !f.Unknown && (s.past.told.IsZero() || f.At.Sub(s.past.told) > echo) {
		s.past.hinted = f.At
	}
}

// list takes a listing: the task exists then, with that definition.
func (s *TaskState) list(f TaskFact) {
	l := f.Listing
	s.Listed = true
	if l.NoSD != nil {
		s.SDMissing = l.NoSD
	}
	if l.Index != nil {
		s.TreeIndex = l.Index
	}
	if f.Plan != "" {
		s.describe(f)
	}
	if l.Enabled != nil {
		s.Enabled = l.Enabled
	}
	if f.Unknown {
		return
	}
	dated, since := registration(l.Date)
	if since.After(f.At) {
		dated, since = time.Time{}, time.Time{}
	}
	gone := s.DeletedAt
	if !gone.IsZero() {
		s.DeletedAt, s.CreatedAt, s.past.dated = time.Time{}, time.Time{}, time.Time{}
	}
	if since.After(gone) {
		s.past.dated = dated
	}
	if f.Plan != "" {
		s.listPlan(f, since, gone)
	}
}

// describe takes over what a listed definition says, as far as it does.
func (s *TaskState) describe(f TaskFact) {
	s.Author = cmp.Or(f.Author, s.Author)
	if f.Listing.Scant {
		return
	}
	hidden, enabled := f.Hidden, !f.Off
	s.Author, s.Principal, s.RunLevel, s.Hidden, s.Enabled = f.Author, f.Principal, f.RunLevel, &hidden, &enabled
}

// listPlan puts a listed definition in force: since the newest change that may
// have brought it, else since the task's registration by its own date, else, if
// nothing is known of before, for ever. One that replaces another and that no
// change can have brought is in force from the listing on.
func (s *TaskState) listPlan(f TaskFact, since, gone time.Time) {
	in := InForce{Plan: f.Plan, From: f.At, Seen: f.At, does: f.Does}
	now := s.current()
	switch {
	case now != nil && (now.Plan == f.Plan || f.Listing.Loose && now.does == f.Does):
		return
	case now != nil && now.asked:
		in.From = now.From // what the command asked for, as it was made
		s.Plans = s.Plans[:len(s.Plans)-1]
	case !s.past.hinted.IsZero():
		in.From = s.past.hinted
	case now != nil:
		in.Unlogged = now.does != f.Does
	case !gone.IsZero():
		in.Unlogged = true
		if since.After(gone) {
			in.From = since
		}
	case !since.IsZero():
		in.From = since
	default:
		in.From, in.Assumed = time.Unix(0, 0).UTC(), true
	}
	s.closePlan(in.From)
	s.Plans = append(s.Plans, in)
	s.past.hinted, s.past.told = time.Time{}, f.At
}

// finish fills in what a date in a definition tells where no log does.
func (s *TaskState) finish() {
	if s.CreatedAt.IsZero() && s.Listed {
		s.CreatedAt = s.past.dated
	}
	s.past = past{}
	for i := range s.Plans {
		s.Plans[i].does, s.Plans[i].asked = "", false
	}
}

// ahead is how far local time may be ahead of UTC.
const ahead = 14 * time.Hour

// registration reads a definition's date: when that was, to the day where it
// names no zone, and the earliest instant that it can mean. Both are zero where
// it can't be read or lies before 1970, as made-up ones do.
func registration(date string) (dated, since time.Time) {
	if t, err := time.Parse(time.RFC3339Nano, date); err == nil && t.Unix() > 0 {
		return t.UTC(), t.UTC()
	}
	t, err := time.Parse("2006-01-02T15:04:05.999999999", date)
	if err != nil || t.Unix() <= int64(ahead/time.Second) {
		return time.Time{}, time.Time{}
	}
	return t.Truncate(24 * time.Hour), t.Add(-ahead).Truncate(24 * time.Hour)
}

func compareListings(a, b *Listing) int {
	if a == nil || b == nil {
		return compareFlags(a != nil, b != nil)
	}
	return cmp.Or(strings.Compare(a.Date, b.Date), comparePointers(a.Index, b.Index, cmp.Compare[uint32]),
		comparePointers(a.Enabled, b.Enabled, compareFlags), comparePointers(a.NoSD, b.NoSD, compareFlags),
		compareFlags(a.Loose, b.Loose), compareFlags(a.Scant, b.Scant))
}

func compareFlags(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func comparePointers[T any](a, b *T, compare func(a, b T) int) int {
	if a == nil || b == nil {
		return compareFlags(a != nil, b != nil)
	}
	return compare(*a, *b)
}
