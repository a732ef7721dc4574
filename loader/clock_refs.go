package loader

import (
	"time"

	"github.com/taskroot/taskroot/graph"
)

// shift corrects the creation times that a record gives for processes as its
// own clock was corrected: they are written by the same hand, in the same zone.
// Where the clock is unknown so are they, and they name nothing.
func shift(o graph.Observation) {
	k := &o.Head().Clock
	offset := k.At.Sub(k.Claimed)
	for _, p := range processes(o) {
		switch {
		case p.Started.IsZero():
		case k.Unknown:
			p.Started = time.Time{}
		default:
			p.Started = p.Started.Add(offset)
		}
	}
}

// processes are those that a record may give a creation time for.
func processes(o graph.Observation) []*graph.ProcessRef {
	switch o := o.(type) {
	case *graph.ProcessStarted:
		return []*graph.ProcessRef{&o.Process, &o.Parent}
	case *graph.ProcessMentioned:
		return []*graph.ProcessRef{&o.Process, &o.Parent}
	case *graph.Contacted:
		return []*graph.ProcessRef{&o.Process}
	case *graph.Asked:
		return []*graph.ProcessRef{&o.Process}
	case *graph.TaskChanged:
		return []*graph.ProcessRef{&o.Client}
	case *graph.PipeOpened:
		return []*graph.ProcessRef{&o.Process}
	case *graph.TaskTraced:
		return []*graph.ProcessRef{&o.Process}
	case *graph.ModuleLoaded:
		return []*graph.ProcessRef{&o.Process}
	case *graph.ClassChanged:
		return []*graph.ProcessRef{&o.Process}
	}
	return nil
}
