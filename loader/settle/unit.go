package settle

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// The tolerances of contract section 2, rule 2, and of the ladder's rungs A and B.
const (
	joinWithin    = time.Second     // two sightings of one start
	launchBefore  = 5 * time.Second // a process may be seen this long before its 129
	launchAfter   = time.Second     // and this long after
	episodeWithin = 2 * time.Second // a 129 and its 200
	endSlack      = time.Second     // clocks of two channels differ by milliseconds
)

// Unit is all that is known of one PID of one host. Cluster makes instances of it.
type Unit struct {
	Host     string
	PID      uint32
	GUIDs    []*Process // processes known by GUID that had this PID
	Security []Start    // 4688
	Defender []Start    // creations and mentions that tell the creation time
	Launches []Launch
	Ends     []End                // by PID
	evidence map[string]Evidences // of the 4688s and Defender's rows, by startID

	Instances []*Process          // after Cluster: those with a known start, in its order
	Undated   []*Process          // after Cluster: those whose clock is unknown
	stubs     map[string]*Process // made by Resolve
}

// Take moves the facts that can move between instances out of a stored process
// and into its unit; what is bound by GUID stays.
func (u *Unit) Take(p *Process) {
	if p.Security != nil {
		u.Security = append(u.Security, *p.Security)
		p.Security = nil
	}
	if p.Defender != nil {
		u.Defender = append(u.Defender, *p.Defender)
		p.Defender = nil
	}
	u.Launches = append(u.Launches, p.Launches...)
	p.Launches = nil
	kept := p.Ends[:0]
	for _, e := range p.Ends {
		if e.ByPID {
			u.Ends = append(u.Ends, e)
		} else {
			kept = append(kept, e)
		}
	}
	p.Ends = kept
	if p.GUID != "" {
		u.GUIDs = append(u.GUIDs, p)
	}
}

// Cluster joins the unit's sightings into instances.
func (u *Unit) Cluster() {
	u.normalise()
	u.Instances, u.Undated = u.Instances[:0], u.Undated[:0]
	u.stubs = map[string]*Process{}
	for _, g := range u.GUIDs {
		if _, ok := g.Started(); ok {
			u.Instances = append(u.Instances, g)
		} else {
			u.Undated = append(u.Undated, g)
		}
	}
	u.joinSecurity()
	u.joinDefender()
	u.joinLaunches()
	u.sort()
	u.assignEnds()
}

func (u *Unit) normalise() {
	slices.SortFunc(u.GUIDs, func(a, b *Process) int { return strings.Compare(a.Key, b.Key) })
	u.GUIDs = slices.CompactFunc(u.GUIDs, func(a, b *Process) bool { return a.Key == b.Key })
	slices.SortFunc(u.Security, compareStarts)
	u.Security = mergeStarts(u.Security)
	slices.SortFunc(u.Defender, compareStarts)
	u.Defender = mergeByTime(u.Defender)
	u.Launches = sortLaunches(u.Launches)
	u.Ends = sortEnds(u.Ends)
}

func compareStarts(a, b Start) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(graph.BaseName(a.Image), graph.BaseName(b.Image)),
		strings.Compare(a.Image, b.Image), strings.Compare(a.Command, b.Command), strings.Compare(a.User, b.User),
		cmp.Compare(a.ParentPID, b.ParentPID))
}

// mergeStarts makes one of sightings that agree in time and image: the same
// record from two exports, of which one may have lost a field.
func mergeStarts(sorted []Start) []Start {
	var out []Start
	for _, s := range sorted {
		if n := len(out); n > 0 && out[n-1].At.Equal(s.At) && graph.BaseName(out[n-1].Image) == graph.BaseName(s.Image) {
			out[n-1] = MergeStart(out[n-1], s)
			continue
		}
		out = append(out, s)
	}
	return out
}

// MergeStart is the union of two sightings of one start by one source; of
// different texts the greater wins.
func MergeStart(a, b Start) Start {
	return Start{
		At: a.At, Unknown: a.Unknown && b.Unknown, PID: max(a.PID, b.PID),
		Image: max(a.Image, b.Image), Command: max(a.Command, b.Command), User: max(a.User, b.User),
		Integrity: max(a.Integrity, b.Integrity), Hashes: max(a.Hashes, b.Hashes),
		ParentGUID: max(a.ParentGUID, b.ParentGUID), ParentPID: max(a.ParentPID, b.ParentPID),
		ParentImage: max(a.ParentImage, b.ParentImage), ParentCommand: max(a.ParentCommand, b.ParentCommand),
		ParentUser: max(a.ParentUser, b.ParentUser), ParentAt: later(a.ParentAt, b.ParentAt),
		Logon: max(a.Logon, b.Logon), StartKey: max(a.StartKey, b.StartKey), Mentioned: a.Mentioned && b.Mentioned,
	}
}

// joinSecurity gives each 4688 to the process known by GUID that is its
// mutually nearest of the same name, within a second; the others become
// instances of their own.
func (u *Unit) joinSecurity() {
	u.sort()
	dated := times(u.Security, func(s Start) time.Time { return s.At })
	pairs := mutual(times(u.Instances, started), dated, func(g, s int) (time.Duration, bool) {
		start := &u.Security[s]
		if start.Unknown || graph.BaseName(start.Image) == "" {
			return 0, false
		}
		return distance(u.Instances[g], start)
	})
	taken := make([]bool, len(u.Security))
	for g, s := range pairs {
		own := u.Security[s]
		u.Instances[g].Security = &own
		taken[s] = true
	}
	for i := range u.Security {
		if !taken[i] {
			u.addSecurity(u.Security[i])
		}
	}
}

func (u *Unit) addSecurity(s Start) {
	p := &Process{Host: u.Host, PID: u.PID, Facts: Facts{Security: &s}}
	rest := s.At.UTC().Format(stamp) + graph.Sep + graph.BaseName(s.Image)
	if s.Unknown {
		p.Key = pidKey(u.Host, u.PID, "u", rest)
		u.Undated = append(u.Undated, p)
		return
	}
	p.Key = pidKey(u.Host, u.PID, "s", rest)
	u.Instances = append(u.Instances, p)
}

// distance is how far a 4688 lies from the start of a process known by GUID.
// A GUID alone tells the second: anywhere within it the distance is nought.
func distance(p *Process, s *Start) (time.Duration, bool) {
	if p.Name() == "" || p.Name() != graph.BaseName(s.Image) {
		return 0, false
	}
	d := s.At.Sub(started(p))
	if p.Sysmon == nil && d >= 0 {
		d = max(0, d-time.Second+time.Nanosecond)
	}
	d = d.Abs()
	return d, d <= joinWithin
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// window is wider than any join, so that mutual need not look further.
const window = launchBefore + joinWithin

// mutual pairs left things with right ones that are each other's nearest. Both
// are sorted by time, so that each is compared with its neighbours only; of
// equally near ones the first counts.
func mutual(left, right []time.Time, dist func(i, j int) (time.Duration, bool)) map[int]int {
	type best struct {
		at   int
		dist time.Duration
	}
	bestR, bestL := map[int]best{}, map[int]best{}
	keep := func(m map[int]best, k, v int, d time.Duration) {
		if b, ok := m[k]; !ok || d < b.dist {
			m[k] = best{v, d}
		}
	}
	from := 0
	for i, at := range left {
		for from < len(right) && right[from].Before(at.Add(-window)) {
			from++
		}
		for j := from; j < len(right) && !right[j].After(at.Add(window)); j++ {
			if d, ok := dist(i, j); ok {
				keep(bestR, i, j, d)
				keep(bestL, j, i, d)
			}
		}
	}
	pairs := map[int]int{}
	for i, r := range bestR {
		if bestL[r.at].at == i {
			pairs[i] = r.at
		}
	}
	return pairs
}

func times[T any](all []T, at func(T) time.Time) []time.Time {
	out := make([]time.Time, len(all))
	for i, x := range all {
		out[i] = at(x)
	}
	return out
}

func started(p *Process) time.Time {
	at, _ := p.Started()
	return at
}

// episode is one start of a process by a task: a 129, its 200, or both.
type episode struct{ launches []Launch }

func (e *episode) head() *Launch { return &e.launches[0] }

// episodes groups the launches: a 200 belongs to the 129 of its task within
// two seconds; 200s without one belong together.
func (u *Unit) episodes() []*episode {
	var out []*episode
	for _, action := range []bool{false, true} {
		for _, l := range u.Launches {
			if l.Action != action {
				continue
			}
			if e := nearest(out, l); action && e != nil {
				e.launches = append(e.launches, l)
				continue
			}
			out = append(out, &episode{[]Launch{l}})
		}
	}
	return out
}

func nearest(all []*episode, l Launch) *episode {
	var best *episode
	for _, e := range all {
		d := e.head().At.Sub(l.At).Abs()
		if e.head().Task == l.Task && d <= episodeWithin &&
			(best == nil || d < best.head().At.Sub(l.At).Abs()) {
			best = e
		}
	}
	return best
}

// joinLaunches gives each launch to the instance that started around it; the
// others become instances known only from their launch.
func (u *Unit) joinLaunches() {
	all := u.episodes()
	u.sort()
	slices.SortStableFunc(all, func(a, b *episode) int { return a.head().At.Compare(b.head().At) })
	dated := times(all, func(e *episode) time.Time { return e.head().At })
	pairs := mutual(times(u.Instances, started), dated, func(i, j int) (time.Duration, bool) {
		l, p := all[j].head(), u.Instances[i]
		d := started(p).Sub(l.At)
		if !l.Action && !sameName(p.Name(), graph.BaseName(l.Image)) {
			return 0, false
		}
		return d.Abs(), d >= -launchBefore && d <= launchAfter
	})
	taken := make([]bool, len(all))
	for i, j := range pairs {
		u.Instances[i].Launches = all[j].launches
		taken[j] = true
	}
	for j, e := range all {
		if !taken[j] {
			l := e.head()
			u.Instances = append(u.Instances, &Process{
				Key:  pidKey(u.Host, u.PID, "l", l.At.UTC().Format(stamp)+graph.Sep+l.Task),
				Host: u.Host, PID: u.PID, Facts: Facts{Launches: e.launches},
			})
		}
	}
}

func (u *Unit) sort() {
	slices.SortFunc(u.Instances, func(a, b *Process) int {
		return cmp.Or(started(a).Compare(started(b)), strings.Compare(a.Key, b.Key))
	})
}

func (u *Unit) assignEnds() {
	for _, e := range u.Ends {
		p := u.Resolve(e.At, true, graph.BaseName(e.Image))
		p.Ends = sortEnds(append(p.Ends, e))
	}
}

// Resolve is the instance that a record of time at speaks of by PID, where
// name is the base name it gives, "" if it gives none: the latest that had
// started by then, if it had not ended and its name fits. Otherwise the record
// speaks of a process whose start nobody saw: a stub for the time between the
// instances around it.
func (u *Unit) Resolve(at time.Time, known bool, name string) *Process {
	if !known {
		return u.stub("?", name)
	}
	i, _ := slices.BinarySearchFunc(u.Instances, at, func(p *Process, t time.Time) int {
		if started(p).After(t) {
			return 1
		}
		return -1
	})
	if i == 0 {
		return u.stub("", name)
	}
	p := u.Instances[i-1]
	ended := p.Ended()
	if !sameName(p.Name(), name) || !ended.IsZero() && at.After(ended.Add(endSlack)) {
		return u.stub(p.Key, name)
	}
	return p
}

func (u *Unit) stub(after, name string) *Process {
	after = strings.TrimPrefix(after, u.Host+graph.Sep)
	key := pidKey(u.Host, u.PID, "~", name+graph.Sep+after)
	if p := u.stubs[key]; p != nil {
		return p
	}
	p := &Process{Key: key, Host: u.Host, PID: u.PID, Facts: Facts{Stub: name}}
	u.stubs[key] = p
	return p
}

// All are the unit's processes: instances, undated ones, and the stubs that
// something resolved to.
func (u *Unit) All() []*Process {
	all := slices.Concat(u.Instances, u.Undated)
	for _, s := range u.stubs {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Process) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// Shape tells whether records that speak by PID could now mean another
// instance: it changes when an instance comes, goes, moves, ends or is named.
func (u *Unit) Shape() string { return shapeOf(u.Instances) }

func shapeOf(instances []*Process) string {
	lines := make([]string, len(instances))
	for i, p := range instances {
		lines[i] = shapeLine(p)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func shapeLine(p *Process) string {
	return p.Key + " " + p.Name() + " " + started(p).Format(stamp) + " " + p.Ended().Format(stamp)
}
