package loader

import (
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// TestShift gives the clock of a table without zones, and none.
func TestShift(t *testing.T) {
	five := 5 * time.Hour
	for name, c := range map[string]struct {
		given           *time.Duration
		process, parent time.Time
	}{
		"OK given":    {&five, hours(4), hours(3)},
		"ErrNotGiven": {nil, time.Time{}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			var r records
			o := &graph.ProcessMentioned{
				Header:  r.head("ws01", noon, graph.Naive),
				Process: graph.ProcessRef{PID: 4312, Started: hours(-1)},
				Parent:  graph.ProcessRef{PID: 4000, Started: hours(-2)},
			}
			clocks := newClocks(c.given)
			if ready, err := clocks.take(o); ready || err != nil {
				t.Fatalf("ready %v, %v", ready, err)
			}
			if err := clocks.release(func(graph.Observation) error { return nil }); err != nil {
				t.Fatal(err)
			}
			if !o.Process.Started.Equal(c.process) || !o.Parent.Started.Equal(c.parent) {
				t.Errorf("got %v and %v", o.Process.Started, o.Parent.Started)
			}
		})
	}
}
