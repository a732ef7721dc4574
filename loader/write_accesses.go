package loader

import (
	"context"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/flows"
	"github.com/taskroot/taskroot/loader/settle"
)

// accesses writes what hosts saw of logons and calls, and the addresses they had.
func (w *writer) accesses(ctx context.Context, c *settle.Changes) error {
	var rows []any
	for _, a := range c.Accesses {
		var kind, port, person any
		if a.Kind == settle.AccessLogon {
			kind = int64(a.Type)
			if a.Person() {
				person = a.Host
			}
		}
		if a.Port != 0 {
			port = int64(a.Port)
		}
		rows = append(rows, []any{
			a.Key, a.Host, string(a.Kind), when(a.At), logon(a.LogonID), maybe(a.User), kind, maybe(a.IP), port, maybe(a.Target),
			person, a.Evidence.Encode(),
		})
	}
	if err := w.rows(ctx, "access", graph.LabelAccess, "", rows); err != nil {
		return err
	}
	return w.addresses(ctx, c)
}

// addresses notes in w.moved the hosts that have an address they had not.
func (w *writer) addresses(ctx context.Context, c *settle.Changes) error {
	st, err := w.lib.Statement("load/address")
	if err != nil {
		return err
	}
	var rows []any
	for _, a := range c.Addresses {
		rows = append(rows, []any{a.Host, a.IP, when(a.Seen.First), when(a.Seen.Last)})
	}
	begun := time.Now()
	defer func() {
		w.log.Debug("batch written", "statement", "address", "rows", len(rows), "took", time.Since(begun))
	}()
	return chunks(rows, func(piece []any) error {
		counts, err := graphdb.RunCounted(ctx, w.tx, st.DB(), map[string]any{"rows": piece}, func(row graphdb.Row) error {
			if row.Get("isNew") == true {
				w.moved = append(w.moved, text(row, "host"))
			}
			w.stretches = append(w.stretches, flows.Had(
				text(row, "ip"), instant(row, "wasFirst"), instant(row, "wasLast"), instant(row, "first"), instant(row, "last"))...)
			return nil
		})
		w.made.nodes[graph.LabelAddress] += counts.Nodes
		w.made.edges[graph.RelHasAddress] += counts.Relationships
		return err
	})
}
