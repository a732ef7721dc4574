package settle

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// talkAll works out the network edges of every process that has new or moved
// contacts or questions.
func (s *settling) talkAll(ctx context.Context) error {
	s.retell()
	keys := sortedKeys(s.talkers)
	var stored []string
	for _, key := range keys {
		if p := s.procs[key]; p != nil && p.Stored != nil {
			stored = append(stored, key)
		}
	}
	if err := s.readTalks(ctx, stored); err != nil {
		return err
	}
	for _, key := range keys {
		if s.gone[key] {
			for id := range s.storedEdges(key) {
				_, endpoint, _ := strings.Cut(id, " ")
				s.recount[endpoint] = true
			}
			if old := s.loaded[key]; old != nil {
				s.noteTalk(old.Host, key)
			}
			continue // its edges go with it
		}
		p, t := s.procs[key], s.stored[key]
		if t == nil {
			t = NewTalk()
		}
		for id := range t.known() {
			s.created["!"+key+" "+id] = true
		}
		names := t.names()
		t.add(s.talkers[key])
		s.noteTalk(p.Host, key, s.changedSeconds(p, t, names)...)
		p.PIDTalk = t.byPID()
		s.diffEdges(p, t)
	}
	return nil
}

func (s *settling) storedEdges(key string) map[string]string {
	if t := s.stored[key]; t != nil {
		return t.Edges
	}
	return nil
}

func (s *settling) diffEdges(p *Process, t *Talk) {
	wanted := map[string]bool{}
	for _, e := range t.RelationshipsBy(s.proxies, p.CommandLine()) {
		wanted[e.ID()] = true
		had, exists := t.Edges[e.ID()]
		if print := e.Fingerprint(); !exists || had != print {
			s.edges = append(s.edges, EdgeChange{Process: p.Key, Edge: e, New: !exists})
			if exists && s.hasMoved(p) {
				s.recount[e.Endpoint] = true
			}
		}
	}
	for _, id := range sortedKeys(t.Edges) {
		if !wanted[id] {
			kind, endpoint, _ := strings.Cut(id, " ")
			s.recount[endpoint] = true
			s.edges = append(s.edges, EdgeChange{Process: p.Key, Edge: &Edge{Type: kind, Endpoint: endpoint}, Gone: true})
		}
	}
}

// mergeTasks merges tasks and runs with the stored ones.
func (s *settling) mergeTasks(ctx context.Context) error {
	if len(s.tasks) > 0 {
		stored, err := s.store.Tasks(ctx, sortedKeys(s.tasks))
		if err != nil {
			return err
		}
		for _, old := range stored {
			t := s.tasks[old.Key]
			t.Stored = old.Stored
			t.Add(old.Facts...)
			t.settled = slices.EqualFunc(t.State().Plans, old.State().Plans, InForce.same)
			t.RunPath = max(t.RunPath, old.RunPath)
			t.Seen.Widen(old.Seen)
			t.Evidence = t.Evidence.Join(old.Evidence)
		}
	}
	if len(s.runs) == 0 {
		return nil
	}
	stored, err := s.store.Runs(ctx, sortedKeys(s.runs), nil)
	if err != nil {
		return err
	}
	for _, old := range stored {
		r := s.runs[old.Key]
		r.Stored = old.Stored
		for _, t := range old.Ticks {
			r.Add(t)
		}
		r.Evidence = r.Evidence.Join(old.Evidence)
	}
	return nil
}

// The margins around what changed: roots and launches within a few seconds
// compete for each other, and a run's records may lie minutes before its launch.
const (
	linkMargin = 10 * time.Second
	runMargin  = logMargin + linkMargin
)

// link works out which tasks started what, on the hosts and in the stretches of
// time where anything that bears on it changed.
func (s *settling) link(ctx context.Context) error {
	changed := s.linkWindows()
	if len(changed) == 0 {
		return nil
	}
	var rootsIn, runsIn []Window
	hosts := sortedKeys(changed)
	for _, h := range hosts {
		rootsIn = append(rootsIn, Window{h, widen(changed[h], linkMargin)})
		runsIn = append(runsIn, Window{h, widen(changed[h], runMargin)})
	}
	stored, err := s.store.Roots(ctx, rootsIn)
	if err != nil {
		return err
	}
	runs, err := s.store.Runs(ctx, nil, runsIn)
	if err != nil {
		return err
	}
	plans, err := s.store.Plans(ctx, hosts)
	if err != nil {
		return err
	}
	b := s.byHost(stored, runs)
	matches, err := s.matchers(ctx, plans)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		s.linkHost(h, changed[h], b, s.mergePlans(plans[h], b.tasks[h], matches))
	}
	return nil
}

// matchers are what the definitions in force start, by key. One may be in force
// again that was not, and that the round does not hold: a change that came late
// lies between it and the one that took its place.
func (s *settling) matchers(ctx context.Context, stored map[string][]StoredPlan) (map[string]Matcher, error) {
	all := map[string]Matcher{}
	for _, plans := range stored {
		for _, p := range plans {
			all[p.Plan] = p.Matches
		}
	}
	for key, node := range s.plans {
		all[key] = node.Matches
	}
	missing := map[string]bool{}
	for _, t := range s.tasks {
		for _, in := range t.State().Plans {
			if all[in.Plan] == nil {
				missing[in.Plan] = true
			}
		}
	}
	if len(missing) == 0 {
		return all, nil
	}
	found, err := s.store.Definitions(ctx, sortedKeys(missing))
	maps.Copy(all, found)
	return all, err
}

// byHost is what linking looks at, dealt out by host once.
type byHost struct {
	stored map[string][]StoredRoot
	roots  map[string][]*Process // of the round
	runs   map[string][]*Run
	tasks  map[string][]*Task // of the round
}

func (s *settling) byHost(stored []StoredRoot, runs []*Run) *byHost {
	b := &byHost{
		stored: map[string][]StoredRoot{}, roots: map[string][]*Process{}, runs: map[string][]*Run{}, tasks: map[string][]*Task{},
	}
	for _, r := range stored {
		b.stored[r.Host] = append(b.stored[r.Host], r)
	}
	for key, p := range s.procs {
		if !s.gone[key] && s.isRoot(p) {
			b.roots[p.Host] = append(b.roots[p.Host], p)
		}
	}
	for _, r := range runs {
		if s.runs[r.Key] == nil {
			b.runs[r.Host] = append(b.runs[r.Host], r)
		}
	}
	for _, r := range s.runs {
		b.runs[r.Host] = append(b.runs[r.Host], r)
	}
	for _, t := range s.tasks {
		b.tasks[t.Host] = append(b.tasks[t.Host], t)
	}
	return b
}

func widen(s Span, d time.Duration) Span {
	if s.First.IsZero() {
		return s
	}
	return Span{s.First.Add(-d), s.Last.Add(d)}
}

// linkWindows are the stretches of time to look at, by host. The zero span
// means all of the host's time: a definition or the scheduler itself changed.
func (s *settling) linkWindows() map[string]Span {
	windows, whole := map[string]Span{}, map[string]bool{}
	add := func(host string, at time.Time) {
		w := windows[host]
		w.Add(at)
		windows[host] = w
	}
	for key := range s.gone {
		// What it was tied to may be left without any process.
		if old := s.loaded[key]; old != nil && old.Stored.Root && !old.Stored.At.IsZero() {
			add(old.Host, old.Stored.At)
		}
	}
	for key, p := range s.procs {
		if s.gone[key] {
			continue
		}
		if s.isRoot(p) || p.Stored != nil && p.Stored.Root {
			if at, ok := p.Started(); ok && s.rootChanged(p) {
				add(p.Host, at)
			}
		}
		if name := p.Name(); p.Stored != nil && p.Stored.Starts != p.Image()+graph.Sep+p.CommandLine() &&
			(name == "svchost.exe" || name == "taskeng.exe") {
			whole[p.Host] = true // what its children are may have changed
		}
	}
	for _, r := range s.runs {
		for _, t := range r.Ticks {
			add(r.Host, t.At)
		}
	}
	for _, t := range s.tasks {
		if !t.settled && len(t.State().Plans) > 0 {
			whole[t.Host] = true
		}
	}
	for host := range whole {
		windows[host] = Span{}
	}
	return windows
}

func (s *settling) rootChanged(p *Process) bool {
	return p.Stored == nil || p.changed || s.touched[p.Unit()] || s.children[p.Key] != nil
}

// isRoot says that p may have been started by a task: a launch names it, or its
// parent starts tasks, or is a service host.
func (s *settling) isRoot(p *Process) bool {
	if len(p.Launches) > 0 {
		return true
	}
	image, _ := p.ParentNamed()
	name := graph.BaseName(image)
	if q := s.procs[p.Parent.Key]; name == "" && q != nil {
		name = q.Name()
	}
	return name == "svchost.exe" || name == "taskeng.exe"
}

func (s *settling) mergePlans(stored []StoredPlan, tasks []*Task, matches map[string]Matcher) []Plan {
	var out []Plan
	for _, p := range stored {
		if s.tasks[p.Task] == nil {
			out = append(out, Plan{Task: p.Task, From: p.From, To: p.To, Matches: p.Matches})
		}
	}
	for _, t := range tasks {
		for _, in := range t.State().Plans {
			if match := matches[in.Plan]; match != nil {
				out = append(out, Plan{Task: t.Key, From: in.From, To: in.To, Matches: match})
			}
		}
	}
	return out
}

// linkHost links one host and notes what differs from the stored edges. Only
// roots well inside the window count: those at its edge may lack rivals.
func (s *settling) linkHost(host string, window Span, b *byHost, plans []Plan) {
	had := map[string]map[string]string{}
	for _, r := range b.stored[host] {
		had[r.Root.Key] = r.Spawns
	}
	roots := s.roots(window, b.stored[host], b.roots[host])
	inner := widen(window, linkMargin/2)
	byKey := map[string]*Root{}
	for _, r := range roots {
		byKey[r.Key] = r
	}
	wanted := map[string]bool{}
	for _, spawn := range Link(host, roots, b.runs[host], plans) {
		r := byKey[spawn.Process]
		if !within(r.At, inner) {
			continue
		}
		wanted[spawn.Process+" "+spawn.ID()] = true
		old, exists := had[spawn.Process][spawn.ID()]
		if !exists || old != spawn.Fingerprint() {
			s.spawns = append(s.spawns, SpawnChange{Spawn: spawn, New: !exists, Evidence: r.Evidence})
		}
	}
	for key, spawns := range had {
		r := byKey[key]
		for id := range spawns {
			kind, task, _ := strings.Cut(id, " ")
			switch {
			case s.gone[key]:
				s.noteUnnamed(host, task)
			case !wanted[key+" "+id] && (r == nil || within(r.At, inner)):
				s.spawns = append(s.spawns, SpawnChange{
					Spawn: Spawn{Task: task, Process: key, May: kind == graph.RelMayHaveSpawned}, Gone: true,
				})
				s.noteUnnamed(host, task)
			}
		}
	}
}

// roots are a host's stored ones, with the round's in their place.
func (s *settling) roots(window Span, stored []StoredRoot, fresh []*Process) []*Root {
	parents := map[string]ParentOf{}
	var roots []*Root
	for _, r := range stored {
		parents[r.Root.Key] = r.Root.Parent
		if !s.gone[r.Root.Key] && s.procs[r.Root.Key] == nil {
			roots = append(roots, r.Root)
		}
	}
	for _, p := range fresh {
		if at, ok := p.Started(); ok && within(at, widen(window, linkMargin)) {
			roots = append(roots, s.rootOf(p, at, parents[p.Key]))
		}
	}
	for _, r := range roots {
		if q := s.procs[r.Parent.Key]; q != nil {
			r.Parent = ParentOf{Key: q.Key, Image: q.Image(), Command: q.CommandLine(), PID: q.PID}
		}
		r.Parent = r.Parent.Completed(r.own)
	}
	return roots
}

func (s *settling) noteUnnamed(host, task string) {
	if strings.HasPrefix(task, host+graph.Sep+"?") {
		s.unnamed[task] = true
	}
}

func within(at time.Time, w Span) bool {
	return w.First.IsZero() || !at.Before(w.First) && !at.After(w.Last)
}

func (s *settling) rootOf(p *Process, at time.Time, parent ParentOf) *Root {
	if parent.Key != p.Parent.Key {
		parent = ParentOf{Key: p.Parent.Key}
	}
	return NewRoot(p, at, parent)
}
