// Package settle decides identity: which sightings are one process, which
// instance of a PID a record speaks of, which name a connection goes by, which
// task started what. It is pure: facts in, graph out, no I/O.
//
// The rule it keeps: the graph is a function of the set of facts. A process
// node stores the facts about it ([Facts]); settling takes a unit's facts
// apart, stored and new alike, and puts the unit together afresh. So neither
// the order of files nor their split over runs can matter.
//
// What was tried and dropped: joining in Cypher after each batch (the rules
// could not be tested without a database, and moving a sighting from one node
// to another took five statements), and a journal of raw facts beside the
// graph (twice the disk, and every load read a host's whole past again).
package settle

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Start is a sighting of a process's creation.
type Start struct {
	At        time.Time `json:"at"`
	PID       uint32    `json:"pid,omitempty"`
	Image     string    `json:"image,omitempty"`
	Command   string    `json:"cmd,omitempty"`
	User      string    `json:"user,omitempty"`
	Integrity string    `json:"integrity,omitempty"`
	Hashes    string    `json:"hashes,omitempty"`
	// Parent, as the record names it.
	ParentGUID    string `json:"pguid,omitempty"`
	ParentPID     uint32 `json:"ppid,omitempty"`
	ParentImage   string `json:"pimage,omitempty"`
	ParentCommand string `json:"pcmd,omitempty"`
	ParentUser    string `json:"puser,omitempty"`
	// ParentAt is when the parent was created, where the record says so: with
	// its PID it names one instance.
	ParentAt time.Time `json:"pat,omitzero"`
	Logon    uint64    `json:"logon,omitempty"` // logon session
	StartKey uint64    `json:"key,omitempty"`   // Windows' process start key
	// Mentioned says that no record of the creation was seen: others named the
	// process together with the time of it.
	Mentioned bool `json:"mentioned,omitempty"`
	// Unknown says that the clock could not be corrected: nothing is linked
	// by this time.
	Unknown bool `json:"clock,omitempty"`
}

// End is a sighting of a process's end. ByPID says that the record named the
// process by PID and image only.
type End struct {
	At    time.Time `json:"at"`
	ByPID bool      `json:"pid,omitempty"`
	Image string    `json:"image,omitempty"`
}

// Mention is what other records said of a process they named by its GUID.
type Mention struct {
	PID     uint32    `json:"pid,omitempty"`
	Image   string    `json:"image,omitempty"`
	Command string    `json:"cmd,omitempty"`
	User    string    `json:"user,omitempty"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// Launch is a sighting of a process's creation by TaskScheduler/Operational:
// a 129, or a 200 that has no 129.
type Launch struct {
	At     time.Time `json:"at"`
	Task   string    `json:"task"` // key
	Image  string    `json:"image,omitempty"`
	Action bool      `json:"action,omitempty"` // from a 200: Image may be a description
}

// Span is a pair of instants.
type Span struct {
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// Facts are all that is known of a process; the node's other properties are
// computed from them. They are stored with the node as JSON.
type Facts struct {
	Sysmon   *Start   `json:"sysmon,omitempty"`
	Security *Start   `json:"security,omitempty"`
	Defender *Start   `json:"defender,omitempty"`
	Launches []Launch `json:"launches,omitempty"`
	Ends     []End    `json:"ends,omitempty"`
	Mention  *Mention `json:"mention,omitempty"`
	// Stub is the base name of a process known by PID only, from references.
	Stub string `json:"stub,omitempty"`
}

// Process is one process instance.
type Process struct {
	Key  string
	Host string
	GUID string
	PID  uint32
	Facts

	Seen     Span // over everything that speaks of it
	Evidence Evidences
	PIDTalk  bool // some of its contacts are bound by PID only
	Parent   Parent
	Stored   *Stored // as the database has it; nil for a new one

	changed bool // the round added to its start, end, name or PID
	refSeen Span // references by PID
}

// Stored is what the database holds of a process, to write only differences.
type Stored struct {
	Unit   string    // the unit it belonged to
	At     time.Time // its start
	Row    string    // fingerprint of the written row
	Parent Parent
	Seen   Span
	Shape  string // its line of the unit's shape; "" for a stub
	Starts string // its image and command line
	Root   bool   // it was a candidate for having been started by a task
	Sketch Sketch // what it said of itself
}

// starts are the sightings of its creation, the one to believe first.
func (p *Process) starts() []*Start {
	all := make([]*Start, 0, 3)
	for _, s := range []*Start{p.Sysmon, p.Security, p.Defender} {
		if s != nil {
			all = append(all, s)
		}
	}
	return all
}

// start is the best sighting of its creation, or of its description by a record
// that knew when it was created; nil for a stub.
func (p *Process) start() *Start {
	if all := p.starts(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// Observed says that the creation of the process was seen.
func (p *Process) Observed() bool {
	return slices.ContainsFunc(p.starts(), func(s *Start) bool { return !s.Mentioned })
}

// Described says that a record tells when the process was created.
func (p *Process) Described() bool { return p.start() != nil }

// Started is when the process was created, and whether that is known.
func (p *Process) Started() (time.Time, bool) {
	if s := p.start(); s != nil {
		return s.At, !s.Unknown
	}
	if t, ok := graph.GUIDTime(p.GUID); ok {
		return t, true
	}
	if len(p.Launches) > 0 {
		return p.Launches[0].At, true
	}
	return time.Time{}, false
}

// Ended is when the process ended; zero where no record says so.
func (p *Process) Ended() time.Time {
	var last time.Time
	for _, e := range p.Ends {
		if e.At.After(last) {
			last = e.At
		}
	}
	return last
}

// Image is the full path where one is known, else the base name.
func (p *Process) Image() string {
	candidates := make([]string, 0, 5)
	for _, s := range p.starts() {
		candidates = append(candidates, s.Image)
	}
	if p.Mention != nil {
		candidates = append(candidates, p.Mention.Image)
	}
	for _, l := range p.Launches {
		if !l.Action {
			candidates = append(candidates, l.Image)
		}
	}
	candidates = append(candidates, p.Stub)
	best := ""
	for _, c := range candidates {
		// A path says more than the base name that some records give.
		if best == "" || !strings.Contains(best, `\`) && strings.Contains(c, `\`) && graph.BaseName(c) == graph.BaseName(best) {
			best = c
		}
	}
	return best
}

// Name is the lower-case base name of the image.
func (p *Process) Name() string { return graph.BaseName(p.Image()) }

// CommandLine is the command line, from the best source that has one.
func (p *Process) CommandLine() string {
	return p.first(func(s *Start) string { return s.Command }, func(m *Mention) string { return m.Command })
}

// User is the account it ran as, from the best source that has one.
func (p *Process) User() string {
	return p.first(func(s *Start) string { return s.User }, func(m *Mention) string { return m.User })
}

// Integrity is its integrity level.
func (p *Process) Integrity() string {
	return p.first(func(s *Start) string { return s.Integrity }, nil)
}

// Hashes are those of its image, as Sysmon wrote them.
func (p *Process) Hashes() string { return p.first(func(s *Start) string { return s.Hashes }, nil) }

// LogonID is the logon session that it runs in; 0 where no record says.
func (p *Process) LogonID() uint64 { return p.number(func(s *Start) uint64 { return s.Logon }) }

// StartKey is Windows' process start key; 0 where no record says.
func (p *Process) StartKey() uint64 { return p.number(func(s *Start) uint64 { return s.StartKey }) }

func (p *Process) number(of func(*Start) uint64) uint64 {
	for _, s := range p.starts() {
		if n := of(s); n != 0 {
			return n
		}
	}
	return 0
}

func (p *Process) first(start func(*Start) string, mention func(*Mention) string) string {
	for _, s := range p.starts() {
		if start(s) != "" {
			return start(s)
		}
	}
	if p.Mention != nil && mention != nil {
		return mention(p.Mention)
	}
	return ""
}

// OwnPID is the PID that records gave together with its GUID or its start; a
// PID that was only borrowed from a 4688 is not its own.
func (p *Process) OwnPID() uint32 {
	switch {
	case p.GUID == "":
		return p.PID
	case p.Sysmon != nil && p.Sysmon.PID != 0:
		return p.Sysmon.PID
	case p.Mention != nil:
		return p.Mention.PID
	}
	return 0
}

// Unit is the unit that the process belongs to; "" where its PID is unknown.
func (p *Process) Unit() string { return UnitKey(p.Host, p.PID) }

// UnitKey names the set of processes of a host that had one PID.
func UnitKey(host string, pid uint32) string {
	if pid == 0 {
		return ""
	}
	return host + graph.Sep + strconv.FormatUint(uint64(pid), 10)
}

// GUIDKey is the key of a process that a record names by its GUID.
func GUIDKey(host, guid string) string { return host + graph.Sep + guid }

const stamp = "20060102T150405.0000000Z"

func pidKey(host string, pid uint32, kind, rest string) string {
	return UnitKey(host, pid) + graph.Sep + kind + graph.Sep + rest
}

// Merge adds m to what is known by mention. It is commutative: of different
// texts the greater wins, so that order cannot matter.
func (p *Process) Merge(m Mention) {
	if p.Mention == nil {
		p.Mention = &m
		return
	}
	have := p.Mention
	have.PID = max(have.PID, m.PID)
	have.Image = max(have.Image, m.Image)
	have.Command = max(have.Command, m.Command)
	have.User = max(have.User, m.User)
	s := Span{have.First, have.Last}
	s.Add(m.First)
	s.Add(m.Last)
	have.First, have.Last = s.First, s.Last
}

// Add widens the span to hold t; the zero time adds nothing.
func (s *Span) Add(t time.Time) {
	if t.IsZero() {
		return
	}
	if s.First.IsZero() || t.Before(s.First) {
		s.First = t
	}
	if t.After(s.Last) {
		s.Last = t
	}
}

// Widen adds both ends of o.
func (s *Span) Widen(o Span) {
	s.Add(o.First)
	s.Add(o.Last)
}

// sameName says whether two base names may be one program; "" fits anything.
func sameName(a, b string) bool {
	if a == "" || b == "" {
		return true
	}
	return strings.TrimSuffix(a, ".exe") == strings.TrimSuffix(b, ".exe")
}

func sortEnds(ends []End) []End {
	slices.SortFunc(ends, func(a, b End) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		if a.ByPID != b.ByPID {
			if a.ByPID {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Image, b.Image)
	})
	return slices.CompactFunc(ends, func(a, b End) bool {
		return a.At.Equal(b.At) && a.ByPID == b.ByPID && a.Image == b.Image
	})
}

func sortLaunches(ls []Launch) []Launch {
	slices.SortFunc(ls, func(a, b Launch) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		if c := strings.Compare(a.Task, b.Task); c != 0 {
			return c
		}
		if a.Action != b.Action {
			if a.Action {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Image, b.Image)
	})
	return slices.CompactFunc(ls, func(a, b Launch) bool {
		return a.At.Equal(b.At) && a.Task == b.Task && a.Image == b.Image && a.Action == b.Action
	})
}
