package source

import (
	"context"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/netlog"
)

func readNetlog(ctx context.Context, w *walker, it item) error {
	var ordinal uint64
	if it.inner != nil {
		ordinal = it.inner.ordinal
	}
	if it.part != nil {
		ordinal = it.part.Ordinal
	}
	if err := w.begin(it.name); err != nil {
		return err
	}
	return netlog.Decode(ctx, it.r, it.name, ordinal, &netLeaf{leaf{ctx, w, it}})
}

// netLeaf hands the lines of a network log on.
type netLeaf struct{ leaf }

// Observation implements [netlog.Handler].
func (l *netLeaf) Observation(o graph.Observation) error { return l.w.sink.Observation(o) }

// Skipped implements [netlog.Handler].
func (l *netLeaf) Skipped(reason string) error { return l.w.sink.Skipped(reason, 1) }

// Rejected implements [netlog.Handler].
func (l *netLeaf) Rejected(b netlog.Bad) error {
	place := b.Place
	if l.it.inner != nil && l.it.inner.record != "" {
		place = l.it.inner.record
	}
	return l.w.reject(l.it, Reject{Record: place, Reason: b.Reason, Detail: b.Detail, Raw: b.Raw})
}
