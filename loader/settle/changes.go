package settle

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Changes are the differences between the graph as it should be and as it is
// stored, in the order in which they are to be written.
type Changes struct {
	Hosts     []*Host
	Processes []ProcessChange
	Gone      []string   // keys of processes to delete
	Left      []Sketched // the same, as they were stored
	Renamed   map[string]string
	Parents   []ParentChange
	Edges     []EdgeChange
	Plans     []*PlanNode
	Tasks     []*Task
	Runs      []*Run
	Spawns    []SpawnChange
	Unnamed   []string          // unnamed tasks that lost an edge, and may be left without any
	TakenBy   map[string]string // unnamed tasks to the named one that took a process over
	Orphans   []string          // stubs that lost a child: their span shrinks, or they go
	Recount   []string          // endpoints that lost contacts: their span shrinks, or they go
	Accesses  []*Access
	Addresses []*Address
	Coverage  []*Coverage
	Sights    []*Sight
	Talked    []Talked // where what processes said of the network changed
	Others    int      // records that can have made no more than accesses and sights
	Stored    int      // records that made something
	Merged    int      // records that added to something
	Ambiguous int
}

// Sketched is the sketch of a process of a host.
type Sketched struct {
	Host string
	Sketch
}

// ProcessChange is a process to write.
type ProcessChange struct {
	*Process
	New  bool
	Root bool // candidate for having been started by a task
}

// ParentChange is the parent edge of a process to replace.
type ParentChange struct {
	Child  string
	Parent Parent
	At     time.Time
	Had    bool
	Skewed bool // the parent's GUID is not older than the child
	Check  bool // look for a ring
}

// EdgeChange is a network edge to write, or to delete where Gone is set.
type EdgeChange struct {
	Process string
	*Edge
	New, Gone bool
}

// SpawnChange is an edge from a task to write, or to delete where Gone is set.
type SpawnChange struct {
	Spawn
	New, Gone bool
	Evidence  Evidences
}

// StoredPlan is a definition of a task as the database has it.
type StoredPlan struct {
	Task, Plan string
	From, To   time.Time
	Matches    Matcher
}

// Fingerprint tells whether an edge differs from the stored one; evidence is
// not part of it.
func (e *Edge) Fingerprint() string {
	return fmt.Sprint(strings.Join(e.Tuples, ";"), e.Confidence, e.Truncated, e.Reverse)
}

// ID tells the edges to one process apart.
func (s *Spawn) ID() string {
	if s.May {
		return graph.RelMayHaveSpawned + " " + s.Task
	}
	return graph.RelSpawned + " " + s.Task
}

// Fingerprint tells whether the edge differs from the stored one.
func (s *Spawn) Fingerprint() string {
	return fmt.Sprint(s.At.UnixMicro(), s.Via, s.Confidence, s.Instance, s.Ended.UnixMicro(), s.Result, s.Trigger)
}

// Fingerprint tells whether the process differs from the stored one.
func (p *Process) Fingerprint() string {
	facts, _ := json.Marshal(p.Facts)
	return fmt.Sprint(string(facts), p.PID, p.Seen.First.UnixNano(), p.Seen.Last.UnixNano(), p.PIDTalk, len(p.Evidence), p.Second())
}

// Fingerprint tells whether the task differs from the stored one.
func (t *Task) Fingerprint() string {
	facts, _ := json.Marshal(t.Facts)
	return fmt.Sprint(string(facts), t.RunPath, t.Seen.First.UnixNano(), t.Seen.Last.UnixNano())
}

// Fingerprint tells whether the run differs from the stored one.
func (r *Run) Fingerprint() string {
	ticks, _ := json.Marshal(r.Ticks)
	return string(ticks)
}

// seen is the span of all that speaks of p.
func (s *settling) seen(p *Process) Span {
	var span Span
	for _, start := range p.starts() {
		span.Add(start.At)
	}
	for _, l := range p.Launches {
		span.Add(l.At)
	}
	for _, e := range p.Ends {
		span.Add(e.At)
	}
	if p.Mention != nil {
		span.Widen(Span{p.Mention.First, p.Mention.Last})
	}
	span.Widen(p.refSeen)
	if p.Stored != nil && !s.hasMoved(p) {
		span.Widen(p.Stored.Seen)
	}
	return span
}

func (s *settling) changes() *Changes {
	c := &Changes{Edges: s.edges, Spawns: s.spawns, Ambiguous: s.Ambiguous, Renamed: map[string]string{}}
	for _, key := range sortedKeys(s.hosts) {
		c.Hosts = append(c.Hosts, s.hosts[key])
	}
	for _, key := range sortedKeys(s.procs) {
		if !s.gone[key] {
			s.processChange(c, s.procs[key])
		}
	}
	for _, key := range sortedKeys(s.gone) {
		if old := s.loaded[key]; old != nil {
			c.Gone = append(c.Gone, key)
			c.Left = append(c.Left, Sketched{old.Host, old.Stored.Sketch})
			c.orphan(old.Stored.Parent.Key)
		}
	}
	for _, key := range sortedKeys(s.plans) {
		c.Plans = append(c.Plans, s.plans[key])
	}
	for _, key := range sortedKeys(s.tasks) {
		if t := s.tasks[key]; t.Stored != t.Fingerprint() {
			c.Tasks = append(c.Tasks, t)
		}
	}
	for _, key := range sortedKeys(s.runs) {
		if r := s.runs[key]; r.Stored != r.Fingerprint() {
			c.Runs = append(c.Runs, r)
		}
	}
	for _, key := range sortedKeys(s.accesses) {
		c.Accesses = append(c.Accesses, s.accesses[key])
	}
	for _, key := range sortedKeys(s.addresses) {
		c.Addresses = append(c.Addresses, s.addresses[key])
	}
	c.Coverage = s.coverages()
	for _, key := range sortedKeys(s.sights) {
		c.Sights = append(c.Sights, s.sights[key])
	}
	for _, host := range sortedKeys(s.talked) {
		c.Talked = append(c.Talked, s.talked[host].finish(host))
	}
	c.Others = s.others
	c.Unnamed = sortedKeys(s.unnamed)
	c.Recount = sortedKeys(s.recount)
	c.TakenBy = takenBy(s.spawns)
	s.count(c)
	return c
}

func (s *settling) processChange(c *Changes, p *Process) {
	p.Seen = s.seen(p)
	root := s.isRoot(p)
	if p.Stored == nil || p.Stored.Row != p.Fingerprint() || p.Stored.Root != root {
		c.Processes = append(c.Processes, ProcessChange{Process: p, New: p.Stored == nil, Root: root})
	}
	had, since := Parent{}, time.Time{}
	if p.Stored != nil {
		had, since = p.Stored.Parent, p.Stored.At
	}
	if at := started(p); p.Parent != had || p.Parent.Key != "" && !at.Equal(since) {
		c.orphan(had.Key)
		host, risky := s.hosts[p.Host], skewed(p)
		if host != nil && risky {
			host.Skewed = true
		}
		c.Parents = append(c.Parents, ParentChange{
			Child: p.Key, Parent: p.Parent, At: at, Had: had.Key != "", Skewed: risky, Check: risky || host != nil && host.Skewed,
		})
	}
	if p.Stored == nil {
		s.rename(c, p)
	}
}

// rename notes that a new process was stored before, under the key of one of its
// sightings, so that what people added to that node stays.
func (s *settling) rename(c *Changes, p *Process) {
	var old []string
	if p.Defender != nil {
		old = append(old, pidKey(p.Host, p.PID, "d", p.Defender.At.Format(stamp)))
	}
	if p.Security != nil {
		old = append(old, pidKey(p.Host, p.PID, "s", p.Security.At.UTC().Format(stamp)+graph.Sep+graph.BaseName(p.Security.Image)))
	}
	for _, key := range old {
		if key != p.Key && s.loaded[key] != nil && s.gone[key] {
			c.Renamed[key] = p.Key
			return
		}
	}
}

// count deals the round's records out: the first about something new made it,
// every other one added to it.
func (s *settling) count(c *Changes) {
	owners := map[string]string{}
	for _, p := range s.procs {
		if p.Security != nil && p.PID != 0 {
			owners["S"+p.Unit()+startID(*p.Security)] = p.Key
		}
		if p.Defender != nil {
			owners["D"+p.Unit()+p.Defender.At.Format(stamp)] = p.Key
		}
		for _, e := range p.Ends {
			if e.ByPID {
				owners["E"+p.Unit()+e.At.UTC().Format(stamp)+graph.BaseName(e.Image)] = p.Key
			}
		}
	}
	made := map[string]bool{}
	for _, claim := range s.claims {
		id, isNew := s.about(claim, owners)
		if isNew && !made[id] {
			made[id] = true
			c.Stored++
			continue
		}
		c.Merged++
	}
}

func (s *settling) about(c *claim, owners map[string]string) (id string, isNew bool) {
	key := c.key
	switch c.kind {
	case "D":
		key = owners["D"+c.unit+c.at.Format(stamp)]
	case "S", "E":
		key = owners[c.kind+c.unit+c.at.UTC().Format(stamp)+c.name]
	case "C", "Q":
		return key + " " + c.rest, !s.created["!"+key+" "+c.rest]
	case "L":
		return "L" + c.rest, s.runs[c.rest].Stored == ""
	case "T":
		return "T" + c.rest, s.tasks[c.rest].Stored == ""
	}
	p := s.procs[key]
	return "P" + key, p != nil && p.Stored == nil
}

func (c *Changes) orphan(key string) {
	if strings.Contains(key, graph.Sep+"~"+graph.Sep) {
		c.Orphans = append(c.Orphans, key)
	}
}

// takenBy maps unnamed tasks that lost a process to the named task that has it now.
func takenBy(spawns []SpawnChange) map[string]string {
	now, out := map[string]string{}, map[string]string{}
	for _, s := range spawns {
		if !s.Gone && !s.Unnamed && !s.May {
			now[s.Process] = s.Task
		}
	}
	for _, s := range spawns {
		if task := now[s.Process]; s.Gone && task != "" {
			out[s.Task] = max(out[s.Task], task)
		}
	}
	return out
}
