package settle

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// The confidences of the ladder (docs/schema.md explains each).
const (
	sureBoth     = 1.0  // A: 129 and 200 agree on the PID
	sureOne      = 0.95 // B: one of them
	sureImage    = 0.9  // B2: 129 without a PID
	sureCommand  = 0.85 // C: one live definition has this command line
	sureHandler  = 0.7  // F: one live definition's COM handler has this data
	sureSchedule = 0.7  // D: started by the Schedule service
	sureEngine   = 0.7  // E: started by taskeng.exe
	sureLog      = 0.5  // D: started by what wrote the scheduler's log
)

const imageWithin = 2 * time.Second // B2

// Link ties roots to tasks by the ladder of contract section 2, rule 3.
func Link(host string, roots []*Root, runs []*Run, plans []Plan) []Spawn {
	slices.SortFunc(roots, func(a, b *Root) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Key, b.Key)) })
	slices.SortFunc(runs, func(a, b *Run) int { return cmp.Or(a.At().Compare(b.At()), strings.Compare(a.Key, b.Key)) })
	l := &linker{host: host, runs: runs, plans: plans, done: map[string]bool{}}
	for _, r := range roots {
		l.byPID(r)
	}
	l.byImage(roots)
	for _, r := range roots {
		if !l.done[r.Key] && r.Known {
			l.byParent(r)
		}
	}
	return l.spawns
}

type linker struct {
	host   string
	runs   []*Run
	plans  []Plan
	done   map[string]bool // roots that a record claims
	spawns []Spawn
}

// byPID is rungs A and B: the launch names the process's PID.
func (l *linker) byPID(r *Root) {
	byTask := map[string][]Launch{}
	for _, launch := range r.Launches {
		byTask[launch.Task] = append(byTask[launch.Task], launch)
	}
	for task, launches := range byTask {
		s := Spawn{Task: task, Process: r.Key, At: launches[0].At}
		has129, has200 := false, false
		for _, launch := range launches {
			has129, has200 = has129 || !launch.Action, has200 || launch.Action
		}
		switch {
		case has129 && has200:
			s.Via, s.Confidence = "129+200", sureBoth
		case has129:
			s.Via, s.Confidence = "129", sureOne
		default:
			s.Via, s.Confidence = "200", sureOne
		}
		l.describe(&s, r.PID)
		l.add(s)
	}
	if len(byTask) > 0 {
		l.done[r.Key] = true
	}
}

// launcher says what r's parent is to tasks. Its PID counts as the scheduler's
// if the scheduler's log was written by it around the time.
func (l *linker) launcher(r *Root) Launcher {
	wrote := func() bool {
		for _, run := range l.between(r.At.Add(-logMargin), r.At.Add(logMargin)) {
			for _, t := range run.Ticks {
				if t.Writer == r.Parent.PID && t.Writer != 0 && t.At.Sub(r.At).Abs() <= logMargin {
					return true
				}
			}
		}
		return false
	}
	return LauncherOf(r.Parent.Image, r.Parent.Command, wrote)
}

// logMargin is how far from a start the scheduler's log must show the PID.
const logMargin = time.Hour

func (l *linker) add(s Spawn) { l.spawns = append(l.spawns, s) }

// between are the runs that began between two instants; runs are sorted.
func (l *linker) between(from, to time.Time) []*Run {
	first := func(t time.Time) int {
		i, _ := slices.BinarySearchFunc(l.runs, t, func(r *Run, t time.Time) int { return r.At().Compare(t) })
		return i
	}
	return l.runs[first(from):first(to.Add(time.Nanosecond))]
}

// around are the runs of a task that have a record within two seconds of at.
func (l *linker) around(task string, at time.Time) []*Run {
	var out []*Run
	for _, r := range l.between(at.Add(-runBefore), at.Add(episodeWithin)) {
		if r.Task != task || r.Instance == "" {
			continue
		}
		if slices.ContainsFunc(r.Ticks, func(t Tick) bool { return t.At.Sub(at).Abs() <= episodeWithin }) {
			out = append(out, r)
		}
	}
	return out
}

// runBefore is how long before a launch its run may have begun.
const runBefore = 10 * time.Minute

// describe adds what the run's own records tell: instance, trigger, end. Where
// several runs fit, the PID decides; where it can't, nothing is said. A run with
// several actions names several PIDs, and the end of each is its own.
func (l *linker) describe(s *Spawn, pid uint32) {
	ours := func(t Tick) bool { return t.PID == pid && pid != 0 }
	other := func(t Tick) bool { return t.PID != 0 && pid != 0 && t.PID != pid }
	near := slices.DeleteFunc(l.around(s.Task, s.At), func(r *Run) bool {
		return slices.ContainsFunc(r.Ticks, other) && !slices.ContainsFunc(r.Ticks, ours)
	})
	if len(near) > 1 {
		near = slices.DeleteFunc(near, func(r *Run) bool { return !slices.ContainsFunc(r.Ticks, ours) })
	}
	if len(near) != 1 {
		return
	}
	r := near[0]
	s.Instance = r.Instance
	if t := r.find(graph.Triggered); t != nil {
		s.Trigger = t.Trigger
	}
	for _, t := range r.Ticks {
		if other(t) {
			continue
		}
		switch t.Stage {
		case graph.ActionEnd, graph.ActionFailed:
			s.Result = cmp.Or(t.Result, s.Result)
			s.Ended = t.At
		case graph.InstanceEnd, graph.Terminated:
			if s.Ended.IsZero() {
				s.Ended = t.At
			}
		}
	}
}

// byImage is rung B2: a launch whose record lost the PID. Launches and roots
// that fit each other form groups; a group in which only one task can be meant,
// with as many launches as roots, is settled, any other stays candidates.
func (l *linker) byImage(roots []*Root) {
	lost := l.withoutPID()
	fits := map[*Root][]lostLaunch{}
	users := map[string][]*Root{}
	i := 0
	for _, launch := range lost {
		for i < len(roots) && roots[i].At.Before(launch.at.Add(-imageWithin)) {
			i++
		}
		for j := i; j < len(roots) && !roots[j].At.After(launch.at.Add(imageWithin)); j++ {
			r := roots[j]
			if l.done[r.Key] || !r.Known || l.launcher(r) == NoLauncher ||
				!sameName(graph.BaseName(r.Image), launch.name) {
				continue
			}
			fits[r] = append(fits[r], launch)
			users[launch.id] = append(users[launch.id], r)
		}
	}
	for _, r := range roots {
		launches := fits[r]
		if len(launches) == 0 {
			continue
		}
		l.settleImage(r, launches, users)
	}
}

func (l *linker) settleImage(r *Root, launches []lostLaunch, users map[string][]*Root) {
	l.done[r.Key] = true
	tasks := map[string]lostLaunch{}
	rivals := map[*Root]bool{}
	for _, launch := range launches {
		if _, ok := tasks[launch.task]; !ok {
			tasks[launch.task] = launch
		}
		for _, u := range users[launch.id] {
			rivals[u] = true
		}
	}
	if len(tasks) == 1 && len(rivals) == len(launches) {
		// Several launches of one task and as many processes: whichever is
		// whose, the task is the same. Take the nearest for the time.
		nearest := slices.MinFunc(launches, func(a, b lostLaunch) int {
			return cmp.Compare(a.at.Sub(r.At).Abs(), b.at.Sub(r.At).Abs())
		})
		s := Spawn{Task: nearest.task, Process: r.Key, At: nearest.at, Via: nearest.via, Confidence: sureImage}
		l.describe(&s, r.PID)
		l.add(s)
		return
	}
	candidates := max(len(tasks), len(rivals))
	for task, launch := range tasks {
		l.add(Spawn{
			Task: task, Process: r.Key, May: true, At: launch.at, Via: launch.via,
			Confidence: 1 / float64(candidates),
		})
	}
}

// lostLaunch is a launch without a PID.
type lostLaunch struct {
	id, task, name, via string
	at                  time.Time
}

// withoutPID are the 129s that lost their PID, and the 200s without PID whose
// run has no 129 at all (Windows 7).
func (l *linker) withoutPID() []lostLaunch {
	var lost []lostLaunch
	launched := map[string][]time.Time{}
	for _, r := range l.runs {
		for _, t := range r.Ticks {
			if t.Stage != graph.Launched {
				continue
			}
			launched[r.Task] = append(launched[r.Task], t.At)
			if t.PID == 0 && t.Image != "" && !t.Unknown {
				lost = append(lost, lostLaunch{r.Key, r.Task, graph.BaseName(t.Image), "129-image", t.At})
			}
		}
	}
	for _, r := range l.runs {
		t := r.find(graph.ActionStart)
		if t == nil || t.PID != 0 || t.Unknown || !strings.Contains(t.Image, ".") {
			continue
		}
		if !slices.ContainsFunc(launched[r.Task], func(at time.Time) bool { return at.Sub(t.At).Abs() <= episodeWithin }) {
			lost = append(lost, lostLaunch{r.Key, r.Task, graph.BaseName(t.Image), "200-image", t.At})
		}
	}
	slices.SortFunc(lost, func(a, b lostLaunch) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id, b.id)) })
	return lost
}

// byParent is rungs C to F: no record claims the process, but its parent
// starts tasks.
func (l *linker) byParent(r *Root) {
	launcher := l.launcher(r)
	if launcher == NoLauncher {
		return
	}
	tasks, handled := map[string]bool{}, map[string]bool{}
	for _, p := range l.plans {
		if r.At.Before(p.From) || !p.To.IsZero() && !r.At.Before(p.To) {
			continue
		}
		switch p.Matches(r.Image, r.Command) {
		case FitsCommand:
			tasks[p.Task] = true
		case FitsHandler:
			handled[p.Task] = true
		}
	}
	switch {
	case len(tasks) == 0 && len(handled) == 1:
		for task := range handled {
			shared := launcher == SharedHost
			s := Spawn{Task: task, Process: r.Key, May: shared, At: r.At, Via: "com-handler", Confidence: sureHandler}
			if shared {
				s.Confidence = 1 // the weight: the only candidate
			}
			l.add(s)
		}
	case len(tasks) == 1 && launcher != SharedHost:
		for task := range tasks {
			l.add(Spawn{Task: task, Process: r.Key, At: r.At, Via: "command-line", Confidence: sureCommand})
		}
	case len(tasks) > 0:
		for task := range tasks {
			l.add(Spawn{
				Task: task, Process: r.Key, May: true, At: r.At, Via: "command-line",
				Confidence: 1 / float64(len(tasks)),
			})
		}
	default:
		l.unnamed(r, launcher)
	}
}

func (l *linker) unnamed(r *Root, launcher Launcher) {
	s := Spawn{Task: UnnamedTask(l.host, r.Image, r.Command), Process: r.Key, At: r.At, Unnamed: true}
	switch launcher {
	case SharedHost:
		s.May, s.Via, s.Confidence = true, "shared-svchost", 1
	case ScheduleLog:
		s.Via, s.Confidence = "scheduler-pid", sureLog
	case Engine:
		s.Via, s.Confidence = "taskeng", sureEngine
	default:
		s.Via, s.Confidence = "scheduler", sureSchedule
	}
	l.add(s)
}
