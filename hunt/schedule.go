package hunt

import (
	"context"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/queries"
)

// Schedule runs every hunt that has an interval, until ctx ends. Slots lie on a
// fixed grid, shifted by a hash of the hunt's name, so that a restart moves
// none and hunts don't start together. A slot that passes while its hunt still
// runs is counted as missed, never made up for. A slot that another process
// served already is let go. Failed runs are in the books and in the log; they
// do not end the schedule.
func (r *Runner) Schedule(ctx context.Context) error {
	var all sync.WaitGroup
	for _, d := range r.defs {
		if d.Every > 0 {
			all.Go(func() { r.loop(ctx, d) })
		}
	}
	all.Wait()
	return nil
}

// Missed is how many slots of a hunt this process let pass.
func (r *Runner) Missed(name string) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.missed[name]
}

func (r *Runner) loop(ctx context.Context, d Definition) {
	slot := nextSlot(d, r.cfg.Now())
	for {
		timer := time.NewTimer(slot.Sub(r.cfg.Now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		r.serve(ctx, d, slot)
		next := nextSlot(d, r.cfg.Now())
		if late := int64(next.Sub(slot)/d.Every) - 1; late > 0 {
			r.mu.Lock()
			r.missed[d.Name] += late
			r.mu.Unlock()
			r.log.Warn("hunt slots missed", "hunt", d.Name, "missed", late)
		}
		slot = next
	}
}

func (r *Runner) serve(ctx context.Context, d Definition, slot time.Time) {
	if r.served(ctx, d.Name, slot) {
		return
	}
	params := map[string]string{}
	if d.Window > 0 {
		params["since"] = slot.Add(-d.Window).UTC().Format(time.RFC3339Nano)
		params["until"] = slot.UTC().Format(time.RFC3339Nano)
	}
	_, err := r.Run(ctx, d.Name, params)
	switch {
	case err == nil || ctx.Err() != nil:
	case fault.KindOf(err) == fault.Conflict:
		r.log.Info("hunt left to another process", "hunt", d.Name)
	default:
		r.log.Error("hunt failed", "hunt", d.Name, "error", err)
	}
}

// served says whether the hunt ran since the slot began. Where the books can't
// be read the run itself will say so.
func (r *Runner) served(ctx context.Context, name string, slot time.Time) bool {
	last, err := r.store.LastRuns(ctx)
	return err == nil && slices.ContainsFunc(last, func(h queries.HuntRecord) bool {
		return h.Hunt == name && !h.StartedAt.Before(slot)
	})
}

// nextSlot is the first slot after now.
func nextSlot(d Definition, now time.Time) time.Time {
	h := fnv.New64a()
	h.Write([]byte(d.Name))
	shift := time.Duration(h.Sum64() % uint64(d.Every))
	slot := now.Truncate(d.Every).Add(shift)
	if !slot.After(now) {
		slot = slot.Add(d.Every)
	}
	return slot
}
