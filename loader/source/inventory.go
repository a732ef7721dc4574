package source

import (
	"context"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/inventory"
)

// asOf stands in a reject's record before the inventory's time, which the input
// itself does not hold.
const asOf = " as of "

// writtenIn parts a reject's record into the time and the rest.
func writtenIn(record string, otherwise time.Time) (written time.Time, rest string) {
	if i := strings.LastIndex(record, asOf); i >= 0 {
		if t, err := time.Parse(time.RFC3339Nano, record[i+len(asOf):]); err == nil {
			return t.UTC(), record[:i]
		}
	}
	return otherwise, record
}

func readInventory(ctx context.Context, w *walker, it item) error {
	opt := inventory.Options{Host: w.opt.Host, Time: it.written}
	if it.name != "stdin" && it.inner == nil || it.inner != nil && it.inner.record == inventory.Only {
		opt.Path = inventory.FilePath(it.name)
	}
	if err := w.begin(it.name); err != nil {
		return err
	}
	return inventory.Decode(ctx, it.r, it.name, opt, &inventoryLeaf{leaf{ctx, w, it}})
}

type inventoryLeaf struct{ leaf }

func (l *inventoryLeaf) Listed(o *graph.TaskListed, _ inventory.Record) error {
	return l.w.sink.Observation(o)
}

func (l *inventoryLeaf) Passed(reason string, n int) error { return l.w.sink.Skipped(reason, n) }

func (l *inventoryLeaf) Rejected(b inventory.Bad) error {
	place := b.Place
	if l.it.inner != nil && l.it.inner.record != "" {
		place = l.it.inner.record
	}
	return l.w.reject(l.it, Reject{
		Record: place + asOf + l.it.written.Format(time.RFC3339Nano), Reason: b.Reason, Detail: b.Detail, Raw: b.Raw,
	})
}
