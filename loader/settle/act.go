package settle

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Act is that a process did something to a task's registration, or to a COM
// class, or that it loaded a file.
type Act struct {
	Second int64
	Change graph.Change // or changedClass, or loadedModule
	Task   string       // key; of the class or the module, where it is one
	Note   string       // of a class what was set, of a module its signature; "" of a task
}

// How a process is known to have done it.
const (
	ViaClient  = "client-pid"   // 4698 to 4702 name the caller's PID
	ViaRow     = "defender"     // Defender's row names the caller
	ViaCommand = "command-line" // schtasks, at, PowerShell's cmdlets say so
)

// sureAct is how sure each way is. A command line says what was asked for, not
// that it was done; a PID is as good as the sightings of its processes.
var sureAct = map[string]float64{
	"sysmon7": 1, "sysmon12": 1, "sysmon13": 1, "sysmon14": 1, "4657": 0.95,
	ViaRow: 1, ViaClient: 0.95, string(graph.TraceTree): 0.9, string(graph.TraceFile): 0.9, ViaCommand: 0.85,
}

// oneAct is how far apart records of one act lie: the command line is seen a
// moment before the service has made the task.
const oneAct = 5 * time.Second

func clientVia(o *graph.TaskChanged) string {
	if named(o.Client) {
		return ViaRow
	}
	return ViaClient
}

// Act notes that a process did something to a task.
func (r *Round) Act(h *graph.Header, p graph.ProcessRef, change graph.Change, task, via string) {
	r.act(h, p, Act{Change: change, Task: task}, via, nil)
}

// act notes an act of a process; c counts the record, or is nil where it is
// counted elsewhere.
func (r *Round) act(h *graph.Header, p graph.ProcessRef, a Act, via string, c *claim) {
	a.Second = h.Clock.At.Unix()
	evidence := Evidences{}.Add(h.Evidence, a.id())
	if c != nil {
		r.claim(h, c)
	}
	if p.GUID != "" {
		proc := r.guid(h.Host, p, h.Clock.At)
		proc.see(h.Evidence, h.Clock.At)
		t := r.talk(proc.Key)
		t.AddAct(a, bond{ByGUID, "", via})
		t.Evidence[a.id()] = t.Evidence[a.id()].Join(evidence)
		if c != nil {
			c.key = proc.Key
		}
		return
	}
	if p.PID == 0 {
		return
	}
	f := &ref{act: &a, via: via, evidence: evidence, claim: c}
	r.reference(h, p, f)
	if h.Clock.Unknown {
		f.known = false
	}
}

// AddAct adds an act.
func (t *Talk) AddAct(a Act, b ...bond) { t.Acts[a] = t.Acts[a].add(b...) }

// id names the evidence of an act; no address or name has such an id.
func (a *Act) id() string { return "!" + string(a.Change) + graph.Sep + a.Task }

// takeActs moves the acts that are bound by PID out of t.
func (t *Talk) takeActs(moved *Talk) {
	for a, h := range t.Acts {
		stay, leave := h.split()
		if len(leave) == 0 {
			continue
		}
		moved.Acts[a], t.Acts[a] = leave, stay
		if len(stay) == 0 {
			delete(t.Acts, a)
		}
		moved.Evidence[a.id()] = t.Evidence[a.id()]
	}
}

// IsAct says that a relationship type is what a process did to a task or to a
// COM class, or that it loaded a file.
func IsAct(kind string) bool { return slices.Contains(ActTypes(), kind) }

// ActTypes are the relationship types of acts.
func ActTypes() []string {
	return []string{
		graph.RelCreated, graph.RelUpdated, graph.RelDeleted, graph.RelEnabled, graph.RelDisabled, graph.RelChangedClass, graph.RelLoaded,
	}
}

func (b *edgeBuilder) act(a Act, h how, t *Talk) {
	b.edge.Kind = kindOf(a.Change)
	text := strconv.FormatInt(a.Second, 10) + graph.Sep + h.encode()
	if a.Note != "" {
		text += graph.Sep + escape.Replace(a.Note)
	}
	b.tuples = append(b.tuples, tuple{second: a.Second, text: text, how: h, note: a.Note})
	b.edge.Evidence = b.edge.Evidence.Join(t.Evidence[a.id()])
}

// finishAct works out what an act's edge says besides its tuples: each act
// once, however many records tell of it.
func (e *Edge) finishAct() {
	slices.Sort(e.Times)
	var times []int64
	for _, at := range e.Times {
		if n := len(times); n == 0 || at-times[n-1] > int64(oneAct/time.Second) {
			times = append(times, at)
		}
	}
	e.Times, e.Count, e.Confidence = times, len(times), 0
	for _, via := range e.Via {
		e.Confidence = max(e.Confidence, cmp.Or(sureAct[via], 0.5))
	}
	e.IPs, e.Ports, e.Protocols = nil, nil, nil
	slices.Sort(e.Notes)
	e.Notes = slices.Compact(e.Notes)
}

func (t *Talk) restoreAct(kind, task string, parts []string, second int64) {
	a := Act{Second: second, Change: graph.Change(strings.ToLower(kind)), Task: task}
	if len(parts) == 3 {
		a.Note = unescape.Replace(parts[2])
	}
	t.AddAct(a, decodeHow(parts[1])...)
}
