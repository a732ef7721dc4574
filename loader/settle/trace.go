package settle

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// Trace is what a write to where Windows keeps tasks says of one.
type Trace struct {
	Service bool    `json:"service,omitempty"` // the Schedule service's host wrote it
	NoSD    *bool   `json:"noSD,omitempty"`    // its SD value is missing now
	Index   *uint32 `json:"index,omitempty"`   // its Index is that now
}

// traced takes a write to a task's key in TaskCache\Tree or to its file. A key
// alone may be a folder's; one with an Id is a task's. A writer other than a
// service host is who made or changed the task behind the service's back.
func (r *Round) traced(o *graph.TaskTraced) {
	r.further(o.Head())
	trace, tells := traceOf(o)
	service := graph.BaseName(o.Process.Image) == "svchost.exe"
	change := graph.Updated
	switch {
	case o.Path == "" || o.Op == graph.TraceGone && o.Value == "":
		return
	case o.Kind == graph.TraceTree && strings.EqualFold(o.Value, "Id") && o.Op == graph.TraceSet:
		trace.Service, tells, change = service, true, graph.Created
	case o.Kind == graph.TraceFile && o.Op != graph.TraceGone:
		trace.Service, tells = false, true
		if o.Op == graph.TraceMade {
			change = graph.Created
		}
	}
	if !tells {
		return
	}
	key := graph.TaskKey(o.Host, o.Path)
	t := r.task(key, o.Host)
	t.Add(TaskFact{
		Change: graph.Updated, At: o.Clock.At, Channel: o.Evidence.Channel, Path: graph.TaskPath(o.Path), Unknown: o.Clock.Unknown, Trace: &trace,
	})
	t.Seen.Add(o.Clock.At)
	t.Evidence = t.Evidence.Add(o.Evidence, "")
	if !service && graph.BaseName(o.Process.Image) != "" {
		r.Act(o.Head(), o.Process, change, key, string(o.Kind))
	}
}

// traceOf is what a write says of the values that hide a task.
func traceOf(o *graph.TaskTraced) (t Trace, tells bool) {
	if o.Kind != graph.TraceTree {
		return t, false
	}
	switch strings.ToLower(o.Value) {
	case "sd":
		gone := o.Op == graph.TraceGone
		t.NoSD = &gone
		return t, gone || o.Op == graph.TraceSet
	case "index":
		if n, err := strconv.ParseUint(o.Data, 10, 32); err == nil && o.Op == graph.TraceSet {
			index := uint32(n)
			t.Index = &index
			return t, true
		}
		if o.Op == graph.TraceGone {
			zero := uint32(0) // without the value the task is as hidden as with 0
			t.Index = &zero
			return t, true
		}
	}
	return t, false
}

func (s *TaskState) trace(f TaskFact) {
	s.Registered = s.Registered || f.Trace.Service
	if f.Trace.NoSD != nil {
		s.SDMissing = f.Trace.NoSD
	}
	if f.Trace.Index != nil {
		s.TreeIndex = f.Trace.Index
	}
}

func compareTraces(a, b *Trace) int {
	if a == nil || b == nil {
		return compareFlags(a != nil, b != nil)
	}
	return cmp.Or(compareFlags(a.Service, b.Service), comparePointers(a.NoSD, b.NoSD, compareFlags),
		comparePointers(a.Index, b.Index, cmp.Compare[uint32]))
}
