package settle

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Tick is one TaskScheduler record about a run.
type Tick struct {
	Stage   graph.Stage `json:"stage"`
	At      time.Time   `json:"at"`
	PID     uint32      `json:"pid,omitempty"`
	Image   string      `json:"image,omitempty"`
	Result  string      `json:"result,omitempty"`
	Trigger string      `json:"trigger,omitempty"`
	User    string      `json:"user,omitempty"`
	Writer  uint32      `json:"writer,omitempty"` // PID of the service that logged it
	Unknown bool        `json:"clock,omitempty"`
}

// Run is what TaskScheduler/Operational says of one run of a task: the records
// that share an instance id, or a 129, which has none, by itself.
type Run struct {
	Key      string
	Host     string
	Task     string // key
	Instance string
	Ticks    []Tick
	Evidence Evidences
	Stored   string // fingerprint of what the database has; "" for a new one
}

// Add adds a record once.
func (r *Run) Add(t Tick) {
	r.Ticks = append(r.Ticks, t)
	slices.SortFunc(r.Ticks, func(a, b Tick) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(string(a.Stage), string(b.Stage)), cmp.Compare(a.PID, b.PID),
			strings.Compare(a.Image, b.Image), strings.Compare(a.Result, b.Result),
			strings.Compare(a.Trigger, b.Trigger), strings.Compare(a.User, b.User), cmp.Compare(a.Writer, b.Writer))
	})
	r.Ticks = slices.CompactFunc(r.Ticks, func(a, b Tick) bool {
		same := a
		same.At = b.At
		return a.At.Equal(b.At) && same == b
	})
}

// At is when the run began: its earliest record.
func (r *Run) At() time.Time { return r.Ticks[0].At }

// find is the first record of a stage.
func (r *Run) find(stages ...graph.Stage) *Tick {
	for i := range r.Ticks {
		if slices.Contains(stages, r.Ticks[i].Stage) {
			return &r.Ticks[i]
		}
	}
	return nil
}

// Root is a process that a task may have started: one that a launch claims, or
// a child of something that starts tasks.
type Root struct {
	Key      string
	At       time.Time
	Known    bool // At can be trusted
	PID      uint32
	Image    string
	Command  string
	Launches []Launch // claimed by PID
	Parent   ParentOf
	Evidence Evidences
	own      *Process // what it is made of
}

// NewRoot is a process as linking looks at it; at is its start.
func NewRoot(p *Process, at time.Time, parent ParentOf) *Root {
	return &Root{
		Key: p.Key, At: at, Known: true, PID: p.PID, Image: p.Image(), Command: p.CommandLine(),
		Launches: p.Launches, Parent: parent, Evidence: p.Evidence, own: p,
	}
}

// ParentOf is what linking needs to know of a root's parent.
type ParentOf struct {
	Key     string
	Image   string
	Command string
	PID     uint32
}

// Launcher says what a root's parent is to tasks.
type Launcher int

// The launchers. A service host that also runs other services proves nothing
// by itself; the PID in the scheduler's own log, or -s Schedule on the command
// line, does.
const (
	NoLauncher  Launcher = iota
	SharedHost           // svchost -k netsvcs without -s
	ScheduleLog          // the process that wrote the TaskScheduler log, its command line unknown
	Schedule             // svchost … -s Schedule
	Engine               // taskeng.exe
)

// Fit says whether a process comes from a definition.
type Fit uint8

// The fits.
const (
	NoFit       Fit = iota
	FitsCommand     // an Exec action starts it
	FitsHandler     // it is the task host of a COM handler: the handler's data is its command line
)

// Matcher says whether a process with that image and command line comes from a
// definition.
type Matcher func(image, command string) Fit

// Plan is the definition of a task while it was in force.
type Plan struct {
	Task    string // key
	From    time.Time
	To      time.Time // zero: still
	Matches Matcher
}

// Spawn is an edge from a task to a process it started, or may have started.
type Spawn struct {
	Task       string // key
	Process    string // key
	May        bool
	At         time.Time
	Via        string
	Confidence float64 // of SPAWNED; the weight of MAY_HAVE_SPAWNED
	Instance   string
	Ended      time.Time
	Result     string
	Trigger    string
	Unnamed    bool // the task is only inferred
}
