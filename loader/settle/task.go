package settle

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// TaskFact is one record about a task's registration.
type TaskFact struct {
	Change    graph.Change `json:"change"`
	At        time.Time    `json:"at"`
	Channel   string       `json:"channel"`
	Path      string       `json:"path"`
	User      string       `json:"user,omitempty"` // key
	UserName  string       `json:"userName,omitempty"`
	SID       string       `json:"sid,omitempty"`
	Unknown   bool         `json:"clock,omitempty"`
	Plan      string       `json:"plan,omitempty"` // key of the definition
	Does      string       `json:"does,omitempty"` // hash of its actions
	Author    string       `json:"author,omitempty"`
	Principal string       `json:"principal,omitempty"`
	RunLevel  string       `json:"runLevel,omitempty"`
	Hidden    bool         `json:"hidden,omitempty"`
	Off       bool         `json:"off,omitempty"` // the definition says it is not enabled
	Listing   *Listing     `json:"listing,omitempty"`
	Trace     *Trace       `json:"trace,omitempty"`
	Asked
}

// Asked is from where a change was asked for, as its own record says.
type Asked struct {
	Remote bool   `json:"remote,omitempty"` // by a process on another machine
	Local  bool   `json:"local,omitempty"`  // by a process on this one
	Logon  uint64 `json:"logon,omitempty"`  // session of the account
}

func compareAsked(a, b Asked) int {
	return cmp.Or(compareFlags(a.Remote, b.Remote), compareFlags(a.Local, b.Local), cmp.Compare(a.Logon, b.Logon))
}

// Task is a scheduled task on a host.
type Task struct {
	Key      string
	Host     string
	RunPath  string // path as runs write it; "" where only registrations were seen
	Facts    []TaskFact
	Seen     Span
	Evidence Evidences
	Stored   string // fingerprint of what the database has; "" for a new one
	settled  bool   // its definitions are in force as they were
}

// keepUpdates bounds the updates without a definition that a task remembers,
// which only tell who did it and when, and its listings.
const keepUpdates = 1024

// rank orders changes that carry one time.
var rank = map[graph.Change]int{
	graph.Created: 0, graph.Updated: 1, graph.Enabled: 2, graph.Disabled: 3, graph.Listed: 4, graph.Deleted: 5,
}

func compareTaskFacts(a, b TaskFact) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(rank[a.Change], rank[b.Change]), strings.Compare(a.Channel, b.Channel),
		strings.Compare(a.Plan, b.Plan), strings.Compare(a.User, b.User), strings.Compare(a.Path, b.Path),
		strings.Compare(a.UserName, b.UserName), strings.Compare(a.SID, b.SID), strings.Compare(a.Author, b.Author),
		strings.Compare(a.Principal, b.Principal), compareAsked(a.Asked, b.Asked), compareListings(a.Listing, b.Listing),
		compareTraces(a.Trace, b.Trace))
}

// Add adds facts once.
func (t *Task) Add(facts ...TaskFact) {
	t.Facts = append(t.Facts, facts...)
	slices.SortFunc(t.Facts, compareTaskFacts)
	t.Facts = slices.CompactFunc(t.Facts, func(a, b TaskFact) bool { return compareTaskFacts(a, b) == 0 })
	t.forget((*TaskFact).bare)
	t.forget((*TaskFact).isListing)
}

// forget keeps the newest of a kind of facts.
func (t *Task) forget(kind func(*TaskFact) bool) {
	drop := -keepUpdates
	for i := range t.Facts {
		if kind(&t.Facts[i]) {
			drop++
		}
	}
	t.Facts = slices.DeleteFunc(t.Facts, func(f TaskFact) bool {
		if drop > 0 && kind(&f) {
			drop--
			return true
		}
		return false
	})
}

func (f *TaskFact) bare() bool {
	return f.Change == graph.Updated && f.Plan == "" && (f.Trace == nil || f.Trace.NoSD == nil && f.Trace.Index == nil)
}

func (f *TaskFact) isListing() bool { return f.Listing != nil }

// InForce is a definition while it was in force; To is zero for the last.
type InForce struct {
	Plan     string
	From, To time.Time
	// Seen is when an inventory showed it; zero where a log told of it at From.
	Seen     time.Time
	Assumed  bool // nothing says since when: From is the beginning of time
	Unlogged bool // no log tells how it came to do this
	does     string
	asked    bool // only a command line tells of it
}

func (p InForce) same(o InForce) bool {
	return p.Plan == o.Plan && p.From.Equal(o.From) && p.To.Equal(o.To)
}

// TaskState is what follows from a task's facts.
type TaskState struct {
	Path       string
	Author     string
	Principal  string
	RunLevel   string
	Hidden     *bool
	Enabled    *bool
	CreatedAt  time.Time
	DeletedAt  time.Time
	Registered bool
	Listed     bool    // an inventory has it
	SDMissing  *bool   // its SD value is missing from the registry
	TreeIndex  *uint32 // its Index there
	Plans      []InForce

	past past
}

// echo is how far apart two channels tell of one creation or deletion.
const echo = 2 * time.Second

// State derives the task's state. Facts whose clock is unknown tell that
// something was done, not when; command lines what somebody asked for.
func (t *Task) State() TaskState {
	s := TaskState{Path: t.RunPath}
	var path string
	var last TaskFact
	for _, f := range t.effective() {
		if f.Channel == ChannelCommand {
			if f.Plan != "" && !t.recorded(f.At) {
				s.inForce(f)
			}
			continue
		}
		if f.Trace != nil {
			s.trace(f)
			path = cmp.Or(path, f.Path)
			continue
		}
		s.Registered = s.Registered || f.Change == graph.Created
		if f.Change == graph.Created || path == "" {
			path = max(path, f.Path)
		}
		if s.late(f, last) {
			continue
		}
		s.apply(f, last)
		if !f.Unknown && (f.Change == graph.Created || f.Change == graph.Deleted) {
			last = f
		}
	}
	if path != "" {
		s.Path = path
	}
	if s.Path == "" && len(t.Facts) > 0 {
		s.Path = t.Facts[0].Path
	}
	s.finish()
	return s
}

// ChannelCommand is the channel of what a command line asked for.
const ChannelCommand = "command line"

// recorded says that a record of the service's own tells of the definition that
// a command line asked for at that time.
func (t *Task) recorded(at time.Time) bool {
	return slices.ContainsFunc(t.Facts, func(f TaskFact) bool {
		return f.Channel != ChannelCommand && f.Change != graph.Listed && f.Plan != "" && !f.At.Before(at.Add(-echo)) && !f.At.After(at.Add(asked))
	})
}

// asked is how long after a command line the service may take to make the task.
const asked = 15 * time.Second

// inForce puts a definition in force.
func (s *TaskState) inForce(f TaskFact) {
	if f.Unknown {
		return
	}
	command := f.Channel == ChannelCommand
	if !command {
		s.past.hinted, s.past.told = time.Time{}, f.At
	}
	if now := s.current(); now != nil {
		if now.Plan == f.Plan {
			return
		}
		now.To = f.At
	}
	s.Plans = append(s.Plans, InForce{Plan: f.Plan, From: f.At, does: f.Does, asked: command})
}

// current is the definition that is in force so far, nil if there is none.
func (s *TaskState) current() *InForce {
	if n := len(s.Plans); n > 0 && s.Plans[n-1].To.IsZero() {
		return &s.Plans[n-1]
	}
	return nil
}

// late says that f is the other channel's echo of a creation, logged only after
// the deletion that followed it.
func (s *TaskState) late(f, last TaskFact) bool {
	return f.Change == graph.Created && last.Change == graph.Deleted && last.Channel != f.Channel &&
		f.At.Sub(last.At) <= echo && f.Plan == "" && !f.Unknown && !s.CreatedAt.IsZero()
}

func (s *TaskState) apply(f, last TaskFact) {
	yes, no := true, false
	repeated := last.Change == f.Change && last.Channel != f.Channel && f.At.Sub(last.At) <= echo
	switch f.Change {
	case graph.Created:
		s.Enabled = &yes
		if f.Unknown {
			break
		}
		if s.CreatedAt.IsZero() || !s.DeletedAt.IsZero() {
			s.CreatedAt = f.At
		}
		s.DeletedAt, s.past.dated = time.Time{}, time.Time{}
	case graph.Deleted:
		if f.Unknown {
			break
		}
		if !repeated || s.DeletedAt.IsZero() {
			s.DeletedAt = f.At
		}
		s.closePlan(f.At)
		s.past.hinted = time.Time{}
	case graph.Listed:
		s.list(f)
		return
	case graph.Enabled:
		s.Enabled = &yes
	case graph.Disabled:
		s.Enabled = &no
	}
	if f.Plan != "" && f.Change != graph.Deleted {
		s.plan(f)
		return
	}
	s.hint(f)
}

func (s *TaskState) closePlan(at time.Time) {
	if now := s.current(); now != nil {
		now.To = at
	}
}

func (s *TaskState) plan(f TaskFact) {
	hidden, enabled := f.Hidden, !f.Off
	s.Author, s.Principal, s.RunLevel, s.Hidden = f.Author, f.Principal, f.RunLevel, &hidden
	if f.Change != graph.Enabled && f.Change != graph.Disabled {
		s.Enabled = &enabled
	}
	s.inForce(f)
}

// Deed is that a user did something to a task, over all times.
type Deed struct {
	Change graph.Change
	User   string // key
	Name   string
	SIDs   []string
	Times  []int64 // epoch seconds, ascending, distinct
}

// Deeds are the facts by who and what.
func (t *Task) Deeds() []Deed {
	var out []Deed
	for _, f := range t.Facts {
		if f.User == "" {
			continue
		}
		i := slices.IndexFunc(out, func(d Deed) bool { return d.Change == f.Change && d.User == f.User })
		if i < 0 {
			out = append(out, Deed{Change: f.Change, User: f.User})
			i = len(out) - 1
		}
		d := &out[i]
		d.Name = max(d.Name, f.UserName)
		if f.SID != "" && !slices.Contains(d.SIDs, f.SID) {
			d.SIDs = append(d.SIDs, f.SID)
			slices.Sort(d.SIDs)
		}
		if second := f.At.Unix(); len(d.Times) == 0 || d.Times[len(d.Times)-1] != second {
			d.Times = append(d.Times, second)
		}
	}
	return out
}

// UserKey is the identity of an account: the well-known ones of a host's own
// by SID, the others by name, and by SID where no name is known.
func UserKey(host, name, sid string) string {
	switch sid {
	case "S-1-5-18", "S-1-5-19", "S-1-5-20":
		return host + graph.Sep + sid
	}
	if name != "" {
		return strings.ToLower(name)
	}
	return sid
}
