package settle

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Round is one bounded batch of observations on its way into the graph. Add
// them, Settle it against what is stored, then write what it says.
type Round struct {
	procs map[string]*Process // by key: first the new facts, then merged with the stored
	units map[string]*Unit
	talks map[string]*Talk // new talk bound by GUID, by process key
	refs  map[string][]*ref
	tasks map[string]*Task
	runs  map[string]*Run
	plans map[string]*PlanNode
	hosts map[string]*Host

	proxies   *Proxies            // may be nil
	given     map[string][]string // addresses of hosts, by the user's word
	accesses  map[string]*Access
	addresses map[string]*Address
	coverage  map[dayKey]*Coverage
	events    map[eventID]string // names of kinds of events
	sights    map[string]*Sight  // what the network saw, by its id
	others    int                // records that make no process, contact, run or task

	touched  map[string]bool // units to cluster again
	moved    map[string]bool // units whose shape changed
	children map[string]*Process
	gone     map[string]bool // keys of stored processes that no longer exist
	claims   []*claim

	Ambiguous int // sightings without a PID that fit more than one process
}

// Host is a machine.
type Host struct {
	Key     string
	Name    string
	Seen    Span
	Pidless bool // it has Sysmon starts without a PID
	Skewed  bool // some parent's GUID is not older than its child's
}

// viaDNS is the event that most DNS questions come from.
const viaDNS = "sysmon22"

func viaOf(o *graph.Asked) string { return cmp.Or(o.Source, viaDNS) }

// ref is something that speaks of a process by PID.
type ref struct {
	at       time.Time
	known    bool
	name     string // base name, "" where the record gives none; of ByStart the creation time
	contact  *Contact
	question *Question
	act      *Act
	bound    Bound
	via      string
	reverse  string
	evidence Evidences
	claim    *claim // nil where the record is counted elsewhere
}

// claim remembers what a record is about, to tell records that made something
// from those that added to it.
type claim struct {
	kind string // P process, S 4688, D Defender's, E end by PID, C contact, Q question, L launch, T task
	key  string // of the process, where it is known
	unit string // of the process, where only its PID is
	at   time.Time
	name string
	rest string
}

// NewRound makes an empty round.
func NewRound() *Round {
	return &Round{
		procs: map[string]*Process{}, units: map[string]*Unit{}, talks: map[string]*Talk{}, refs: map[string][]*ref{},
		tasks: map[string]*Task{}, runs: map[string]*Run{}, plans: map[string]*PlanNode{}, hosts: map[string]*Host{},
		touched: map[string]bool{}, moved: map[string]bool{}, children: map[string]*Process{}, gone: map[string]bool{},
		accesses: map[string]*Access{}, addresses: map[string]*Address{}, sights: map[string]*Sight{},
		coverage: map[dayKey]*Coverage{}, events: map[eventID]string{},
	}
}

func (r *Round) host(h *graph.Header) {
	if h.Host == "" {
		return // the network's own records name addresses only
	}
	host := r.hosts[h.Host]
	if host == nil {
		host = &Host{Key: h.Host, Name: h.HostName}
		r.hosts[h.Host] = host
	}
	host.Name = min(host.Name, h.HostName)
	host.Seen.Add(h.Clock.At)
	for _, ip := range r.given[h.Host] {
		r.address(h, ip)
	}
}

func (r *Round) unit(host string, pid uint32) *Unit {
	key := UnitKey(host, pid)
	u := r.units[key]
	if u == nil {
		u = &Unit{Host: host, PID: pid}
		r.units[key] = u
	}
	return u
}

// guid is the process that a record names by GUID, with what it says of it.
func (r *Round) guid(host string, p graph.ProcessRef, at time.Time) *Process {
	key := GUIDKey(host, p.GUID)
	proc := r.procs[key]
	if proc == nil {
		proc = &Process{Key: key, Host: host, GUID: p.GUID}
		r.procs[key] = proc
	}
	proc.Merge(Mention{PID: p.PID, Image: p.Image, Command: p.CommandLine, User: p.User, First: at, Last: at})
	return proc
}

// Add takes one observation; its clock has been corrected.
func (r *Round) Add(o graph.Observation) {
	r.host(o.Head())
	r.cover(o)
	switch o := o.(type) {
	case *graph.ProcessStarted:
		r.started(o)
	case *graph.ProcessMentioned:
		r.mentioned(o)
	case *graph.ProcessEnded:
		r.ended(o)
	case *graph.Contacted:
		r.contacted(o)
	case *graph.Asked:
		r.asked(o)
	case *graph.TaskRan:
		r.ran(o)
	case *graph.TaskTraced:
		r.traced(o)
	case *graph.LoggedOn:
		r.loggedOn(o)
	case *graph.PipeOpened:
		r.pipe(o)
	case *graph.FlowSeen:
		r.flowed(o)
	case *graph.AnswerSeen:
		r.answered(o)
	default:
		r.further(o.Head())
	}
}

// claim counts a record, once for all that it says.
func (r *Round) claim(h *graph.Header, c *claim) {
	if !h.Further {
		r.claims = append(r.claims, c)
	}
}

func (r *Round) started(o *graph.ProcessStarted) {
	if named(o.Process) {
		r.defenderStarted(o)
		return
	}
	at := o.Clock.At
	s := Start{
		At: at, PID: o.Process.PID, Image: o.Process.Image, Command: o.Process.CommandLine, User: o.Process.User,
		Integrity: o.Integrity, Hashes: o.Hashes, ParentGUID: o.Parent.GUID, ParentPID: o.Parent.PID,
		ParentImage: o.Parent.Image, ParentCommand: o.Parent.CommandLine, ParentUser: o.Parent.User, Unknown: o.Clock.Unknown,
		Logon: o.Process.LogonID, StartKey: o.Process.StartKey,
	}
	if o.Parent.GUID != "" {
		r.guid(o.Host, o.Parent, at).see(o.Evidence, at)
	}
	if o.Process.GUID == "" {
		u := r.unit(o.Host, o.Process.PID)
		u.Security = append(u.Security, s)
		r.touched[UnitKey(o.Host, o.Process.PID)] = true
		r.evidence(u, s, o.Evidence)
		r.claim(o.Head(), &claim{kind: "S", unit: UnitKey(o.Host, o.Process.PID), at: at, name: graph.BaseName(s.Image)})
		return
	}
	if t, ok := graph.GUIDTime(o.Process.GUID); ok && s.Unknown {
		s.At, s.Unknown = t, false
		at = t
	}
	p := r.guid(o.Host, graph.ProcessRef{GUID: o.Process.GUID}, at)
	if p.Sysmon != nil {
		s = MergeStart(*p.Sysmon, s)
	}
	p.Sysmon = &s
	p.see(o.Evidence, at)
	r.claim(o.Head(), &claim{kind: "P", key: p.Key})
}

// evidence keeps the record of a 4688 until it is known whose it is.
func (r *Round) evidence(u *Unit, s Start, e graph.Evidence) { r.evidenceOf(u, startID(s), e) }

func (r *Round) evidenceOf(u *Unit, id string, e graph.Evidence) {
	if u.evidence == nil {
		u.evidence = map[string]Evidences{}
	}
	u.evidence[id] = u.evidence[id].Add(e, "")
}

func startID(s Start) string { return s.At.UTC().Format(stamp) + graph.BaseName(s.Image) }

func (p *Process) see(e graph.Evidence, at time.Time) {
	p.Evidence = p.Evidence.Add(e, "")
	p.Seen.Add(at)
}

func (r *Round) ended(o *graph.ProcessEnded) {
	at := o.Clock.At
	if o.Process.GUID != "" {
		p := r.guid(o.Host, o.Process, at)
		p.Ends = sortEnds(append(p.Ends, End{At: at}))
		p.see(o.Evidence, at)
		r.claim(o.Head(), &claim{kind: "P", key: p.Key})
		return
	}
	key := UnitKey(o.Host, o.Process.PID)
	if named(o.Process) {
		r.sight(o.Head(), o.Process, graph.ProcessRef{}, "", "", true)
	}
	if o.Clock.Unknown {
		r.byPID(o.Head(), o.Process, &ref{evidence: Evidences{}.Add(o.Evidence, "")}, claim{kind: "P"})
		return
	}
	u := r.unit(o.Host, o.Process.PID)
	u.Ends = append(u.Ends, End{At: at, ByPID: true, Image: o.Process.Image})
	r.touched[key] = true
	r.claim(o.Head(), &claim{kind: "E", unit: key, at: at, name: graph.BaseName(o.Process.Image)})
}

func (r *Round) ran(o *graph.TaskRan) {
	task := graph.TaskKey(o.Host, o.Path)
	t := r.task(task, o.Host)
	t.RunPath = max(t.RunPath, graph.TaskPath(o.Path))
	t.Seen.Add(o.Clock.At)
	t.Evidence = t.Evidence.Add(o.Evidence, "")
	key := task + graph.Sep + o.Instance
	if o.Instance == "" {
		key = task + graph.Sep + string(o.Stage) + o.Clock.At.UTC().Format(stamp) + strconv.Itoa(int(o.PID))
	}
	run := r.runs[key]
	if run == nil {
		run = &Run{Key: key, Host: o.Host, Task: task, Instance: o.Instance}
		r.runs[key] = run
	}
	run.Add(Tick{
		Stage: o.Stage, At: o.Clock.At, PID: o.PID, Image: o.Image, Result: o.Result,
		Trigger: o.Trigger, User: o.User, Writer: o.SchedulerPID, Unknown: o.Clock.Unknown,
	})
	run.Evidence = run.Evidence.Add(o.Evidence, "")
	r.claim(o.Head(), &claim{kind: "L", rest: key})
	if o.PID == 0 || o.Clock.Unknown || o.Stage != graph.Launched && o.Stage != graph.ActionStart {
		return
	}
	u := r.unit(o.Host, o.PID)
	u.Launches = append(u.Launches, Launch{At: o.Clock.At, Task: task, Image: o.Image, Action: o.Stage == graph.ActionStart})
	r.touched[UnitKey(o.Host, o.PID)] = true
}

func (r *Round) task(key, host string) *Task {
	t := r.tasks[key]
	if t == nil {
		t = &Task{Key: key, Host: host}
		r.tasks[key] = t
	}
	return t
}

// Change takes a change of a task's registration, with its parsed definition
// where the record had one.
func (r *Round) Change(o *graph.TaskChanged, f TaskFact, plan *PlanNode) {
	r.cover(o)
	f.Change = o.Change
	f.Remote, f.Logon, f.Local = o.Remote, o.LogonID, o.Client.PID != 0 || o.Client.GUID != ""
	if f.Local {
		r.Act(o.Head(), o.Client, o.Change, graph.TaskKey(o.Host, o.Path), clientVia(o))
	}
	r.fact(o.Head(), o.Path, f, plan)
}

// List takes a task as an inventory has it, with its parsed definition where the
// inventory has one.
func (r *Round) List(o *graph.TaskListed, f TaskFact, plan *PlanNode) {
	r.cover(o)
	f.Change = graph.Listed
	f.Listing.Enabled, f.Listing.NoSD, f.Listing.Index = o.Enabled, o.NoSD, o.Index
	f.Listing.Loose, f.Listing.Scant = o.Origin.Loose(), o.Origin.Scant()
	r.fact(o.Head(), o.Path, f, plan)
}

func (r *Round) fact(h *graph.Header, path string, f TaskFact, plan *PlanNode) {
	r.host(h)
	key := graph.TaskKey(h.Host, path)
	t := r.task(key, h.Host)
	f.At, f.Unknown = h.Clock.At, h.Clock.Unknown
	f.Channel, f.Path = h.Evidence.Channel, graph.TaskPath(path)
	if plan != nil {
		f.Plan, f.Does = r.plan(plan, h.Clock.At), plan.Does
	}
	t.Add(f)
	t.Seen.Add(h.Clock.At)
	t.Evidence = t.Evidence.Add(h.Evidence, "")
	r.claim(h, &claim{kind: "T", rest: key})
}

// plan notes a definition that was seen at that time, and gives its key.
func (r *Round) plan(plan *PlanNode, at time.Time) string {
	if have := r.plans[plan.Key]; have != nil {
		have.XML = least(have.XML, plan.XML)
	} else {
		r.plans[plan.Key] = plan
	}
	r.plans[plan.Key].Seen.Add(at)
	return plan.Key
}

// least is the lesser of two texts, where "" is none.
func least(a, b string) string {
	if a == "" || b == "" {
		return max(a, b)
	}
	return min(a, b)
}

// Len is how many observations the round holds.
func (r *Round) Len() int { return len(r.claims) + r.others }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Settle merges the round with what is stored and works out the graph.
func (r *Round) Settle(ctx context.Context, store Store) (*Changes, error) {
	s := newSettling(r, store)
	steps := []func(context.Context) error{
		s.load, s.cluster, s.reopen, s.resolve, s.parents, s.talkAll, s.mergeTasks, s.link,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return s.changes(), nil
}
