// Package handover says which process had another one started by somebody else:
// the WMI service, the service control manager, COM's launcher, the installer, BITS,
// the shell, secondary logon. The parent of such a process is the broker, and the line
// to the one who asked is broken.
//
// Windows keeps no record of who asked. What is left is that the broker's child does
// what another process's command line had asked for a moment before. So every edge
// says how it is known and how sure that is, has a type of its own, and is followed
// only on request: it never is a SPAWNED. Without a candidate there is no edge.
//
// An edge depends on its worker and on the requests within its reach, on nothing
// else. Traffic that BITS itself makes for a job is not told apart from that of
// other jobs; it stays with the service.
package handover

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

// Process is what linking looks at.
type Process struct {
	Key, GUID string
	settle.Sketch
}

// Edge says that one process had another one started.
type Edge struct {
	From, To   string    // keys: who asked, and what was started
	Type       string    // graph.RelViaWMI and so on
	Via        string    // how it is known, see the constants
	Confidence float64   // (0, 1]
	At         time.Time // when the worker started, UTC
}

// The ways in which a hand-over is known.
const (
	ViaCommand = "command-line" // the request holds the worker's command line
	ViaName    = "name"         // the request names the service, class or program
	ViaPath    = "bin-path"     // a service was made with the worker's image
	ViaTime    = "time"         // it asked for something just then, what is not known
	ViaClient  = "client"       // the only installer that was at work
	ViaSession = "session"      // it ran in the same logon session just then
	ViaTask    = "task"         // the shell's own task CreateExplorerShellUnelevatedTask
)

// How sure each way is where one process fits; n that fit have 1/n of it at most.
var sure = map[string]float64{
	ViaCommand: 0.85, ViaName: 0.7, ViaPath: 0.7, ViaTask: 0.7, ViaClient: 0.6, ViaTime: 0.5, ViaSession: 0.4,
}

const (
	// Reach is the longest time between a request and what it starts: a BITS job
	// has to end first, and an installer works for a while.
	Reach = 10 * time.Minute
	// Slack is how far two logs' times of one moment may differ.
	Slack = time.Second
	// maxCandidates is how many requests one worker is tied to at most, the
	// nearest: paths multiply along them.
	maxCandidates = 4
	// maxLooked bounds the requests that are looked at for one worker.
	maxLooked = 512
)

// reach is how long before a worker its request may have been started, by type.
var reach = map[string]time.Duration{
	graph.RelViaWMI: 30 * time.Second, graph.RelViaService: 30 * time.Second, graph.RelViaCOM: 10 * time.Second,
	graph.RelViaShell: 10 * time.Second, graph.RelViaLogon: 10 * time.Second, graph.RelViaMSI: Reach, graph.RelViaBITS: Reach,
}

// Asks says whether a process may have asked a broker for something.
func Asks(s *settle.Sketch) bool { return s.Start != 0 && (scripted(s) || len(requests(s)) > 0) }

// Works says whether a process was started by a broker, for whoever asked.
func Works(s *settle.Sketch) bool { return s.Start != 0 && len(brokers(s)) > 0 }

// Link ties workers of one host to those who asked for them. Asking has every
// process of the host that [Asks] within Reach before a worker and Slack after it.
func Link(host string, asking, working []Process) []Edge {
	l := linker{host: host}
	for i := range asking {
		p := &asking[i]
		l.asking = append(l.asking, asker{p, requests(&p.Sketch), scripted(&p.Sketch)})
	}
	slices.SortFunc(l.asking, func(a, b asker) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), strings.Compare(a.Key, b.Key))
	})
	var edges []Edge
	for i := range working {
		edges = append(edges, l.worker(&working[i])...)
	}
	return edges
}

type linker struct {
	host   string
	asking []asker // by start
}

// asker is a process with what it asked for.
type asker struct {
	*Process
	requests []request
	scripted bool
}

// found is a process that may have asked for the worker.
type found struct {
	*asker
	via string
}

// worker are the edges to one worker: those of the first type that has any.
func (l *linker) worker(w *Process) []Edge {
	for _, kind := range brokers(&w.Sketch) {
		all := l.candidates(kind, w)
		if len(all) == 0 {
			continue
		}
		var edges []Edge
		for _, f := range all[:min(len(all), maxCandidates)] {
			share := sure[f.via]
			if n := len(all); n > 1 {
				share = min(share, 1/float64(n))
			}
			edges = append(edges, Edge{From: f.Key, To: w.Key, Type: kind, Via: f.via, Confidence: share, At: w.At()})
		}
		return edges
	}
	return nil
}

// candidates are the processes that may have asked for w, known in the best way
// that any is known in.
func (l *linker) candidates(kind string, w *Process) []found {
	worker := newWork(w)
	var all []found
	best := 0.0
	for _, a := range l.within(kind, w) {
		if via := l.fits(kind, a, worker); via != "" {
			all = append(all, found{a, via})
			best = max(best, sure[via])
		}
	}
	all = slices.DeleteFunc(all, func(f found) bool { return sure[f.via] < best })
	if kind == graph.RelViaMSI && len(all) > 1 && all[0].via == ViaClient {
		return nil // whose work the installer does can't be told
	}
	if kind == graph.RelViaCOM && len(all) > maxCandidates-1 && all[0].via == ViaSession {
		return nil
	}
	return withoutWrappers(all)
}

// within are the askers that were there in time, the nearest first: neither the
// worker itself nor its parent or child.
func (l *linker) within(kind string, w *Process) []*asker {
	from, to := w.At().Add(-reach[kind]).UnixNano(), w.At().Add(Slack).UnixNano()
	i, _ := slices.BinarySearchFunc(l.asking, to, func(a asker, t int64) int {
		if a.Start > t {
			return 1
		}
		return -1
	})
	var out []*asker
	for i--; i >= 0 && l.asking[i].Start >= from && len(out) < maxLooked; i-- {
		if a := &l.asking[i]; a.Key != w.Key && !parentOf(a.Process, w) && !parentOf(w, a.Process) {
			out = append(out, a)
		}
	}
	return out
}

// parentOf says whether c's own record names p as its parent; p was there first.
func parentOf(p, c *Process) bool {
	if c.ParentGUID != "" && p.GUID != "" {
		return c.ParentGUID == p.GUID
	}
	return c.ParentPID != 0 && c.ParentPID == p.PID && p.Start <= c.Start+int64(Slack)
}

// withoutWrappers leaves out who started another candidate: a shell whose command
// line holds that of the program that did the asking.
func withoutWrappers(all []found) []found {
	var out []found
	for _, f := range all {
		if !slices.ContainsFunc(all, func(g found) bool {
			return g.Key != f.Key && parentOf(f.Process, g.Process) && !parentOf(g.Process, f.Process)
		}) {
			out = append(out, f)
		}
	}
	return out
}

// alive says that a had not ended when the worker started.
func alive(a *asker, w *Process) bool { return a.End == 0 || a.End >= w.Start-int64(Slack) }
