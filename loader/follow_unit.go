package loader

import (
	"fmt"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source"
)

// unit is what a followed file gave since its checkpoint, as long as some of it
// waits for its host's clock: a checkpoint can stand only where everything
// before it was taken. It implements [source.Sink].
type unit struct {
	l        *Loader
	clocks   *clocks
	progress func(bytes int64)
	ready    []graph.Observation
	skipped  map[string]int
	rejects  []source.Reject
	files    int
	records  int
	text     int
}

func newUnit(l *Loader, c *clocks) *unit {
	return &unit{l: l, clocks: c, skipped: map[string]int{}}
}

// FileStart implements [source.Sink]. Files are counted by their checkpoints.
func (u *unit) FileStart(string, int64) error { return nil }

// FileEnd implements [source.Sink]. The end of a piece says nothing of clocks.
func (u *unit) FileEnd(string) error { return nil }

// Progress implements [source.Sink].
func (u *unit) Progress(bytes int64) {
	if u.progress != nil {
		u.progress(bytes)
	}
}

// Observation implements [source.Sink].
func (u *unit) Observation(o graph.Observation, further ...graph.Observation) error {
	u.records++
	if err := u.take(o); err != nil {
		return err
	}
	for _, o := range further {
		o.Head().Further = true
		if err := u.take(o); err != nil {
			return err
		}
	}
	return nil
}

func (u *unit) take(o graph.Observation) error {
	if bad, refused := u.l.refuse(o); refused {
		if !o.Head().Further {
			u.keep(bad)
		}
		return nil
	}
	u.text += textOf(o)
	ready, err := u.clocks.take(o)
	if err == nil && ready {
		u.ready = append(u.ready, o)
	}
	return err
}

// Skipped implements [source.Sink].
func (u *unit) Skipped(reason string, n int) error {
	u.records += n
	u.skipped[reason] += n
	return nil
}

// Rejected implements [source.Sink].
func (u *unit) Rejected(r source.Reject) error {
	u.records += max(1, r.Count)
	u.keep(r)
	return nil
}

func (u *unit) keep(r source.Reject) {
	u.text += len(r.Raw)
	u.rejects = append(u.rejects, r)
}

// tooBig says that no more of the file may wait.
func (u *unit) tooBig() bool { return u.clocks.waits() >= held || u.text >= mostText }

// pour puts all of the unit into the round and leaves it empty.
func (u *unit) pour(in *intake) error {
	for _, o := range u.ready {
		in.put(o)
	}
	err := u.clocks.release(func(o graph.Observation) error { in.put(o); return nil })
	if err != nil {
		return fmt.Errorf("take what waited for its clock: %w", err)
	}
	for _, r := range u.rejects {
		if err := in.reject(r); err != nil {
			return err
		}
	}
	for reason, n := range u.skipped {
		in.tally.Read += n
		in.tally.Skipped[reason] += n
	}
	in.tally.Files += u.files
	in.seen += int64(u.records)
	*u = unit{l: u.l, clocks: u.clocks, progress: u.progress, skipped: map[string]int{}}
	return nil
}
