package settle

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/cmdline"
)

// Ask notes that a process's command line asks for a change of a task of its own
// machine, with the definition that it gives, if it gives one.
func (r *Round) Ask(o *graph.ProcessStarted, change graph.Change, path string, plan *PlanNode) {
	key := graph.TaskKey(o.Host, path)
	at := o.Clock.At
	f := TaskFact{Change: change, At: at, Channel: ChannelCommand, Path: graph.TaskPath(path), Unknown: o.Clock.Unknown}
	if plan != nil {
		f.Plan, f.Does = r.plan(plan, at), plan.Does
	}
	t := r.task(key, o.Host)
	t.Add(f)
	t.Seen.Add(at)
	t.Evidence = t.Evidence.Add(o.Evidence, "")
	r.Act(o.Head(), o.Process, change, key, ViaCommand)
}

// RemoteTask is the machine, as the process's command line names it, and the
// task on it that the command line asks for, both in lower case; "" for none.
func (p *Process) RemoteTask() (server, task string) {
	for _, c := range cmdline.TaskCommands(p.Image(), p.CommandLine()) {
		if c.Server != "" {
			return strings.ToLower(c.Server), strings.ToLower(c.Path)
		}
	}
	return "", ""
}
