package settle

import (
	"github.com/taskroot/taskroot/graph"
)

// Ask notes that a process's command line asks for a change of a task of its own
// machine, with the definition that it gives, if it gives one.
func (r *Round) Ask(o *graph.ProcessStarted, change graph.Change, path string, plan *PlanNode) {
	key := graph.TaskKey(o.Host, path)
	at := o.Clock.At
	f := TaskFact{Change: change, At: at, Channel: ChannelCommand, Path: graph.TaskPath(path), Unknown: o.Clock.Unknown}
	if plan != nil {
		f.Plan = r.plan(plan, at)
	}
	t := r.task(key, o.Host)
	t.Add(f)
	t.Seen.Add(at)
	t.Evidence = t.Evidence.Add(o.Evidence, "")
	r.Act(o.Head(), o.Process, change, key, ViaCommand)
}
