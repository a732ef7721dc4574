package loader

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/settle"
)

// classes writes COM classes, and which tasks have them as their handlers.
// Classes that only tasks speak of are there too, without a server.
func (w *writer) classes(ctx context.Context, c *settle.Changes) error {
	var rows []any
	touched := map[string]bool{}
	for _, k := range c.Classes {
		facts, err := json.Marshal(k.Slots)
		if err != nil {
			return fmt.Errorf("encode the facts of a class: %w", err)
		}
		rows = append(rows, []any{
			k.Key, k.Host, k.ID, maybe(k.Server(false)), maybe(k.Server(true)), k.Settings(), k.Kinds(), k.Modules(), when(k.Seen.First),
			when(k.Seen.Last), k.Evidence.Encode(), string(facts),
		})
		touched[k.Key] = true
	}
	if err := w.rows(ctx, "class", graph.LabelComClass, "", rows); err != nil {
		return err
	}
	var tasks []any
	for _, t := range c.Tasks {
		if len(t.State().Plans) > 0 {
			tasks = append(tasks, t.Key)
		}
	}
	for _, name := range []string{"handled", "handled-delete"} {
		if err := w.touching(ctx, name, tasks, touched); err != nil {
			return err
		}
	}
	return w.send(ctx, "class-span", "keys", "", "", anys(sorted(touched)))
}

// touching runs a statement that answers with the keys of the classes that it touched.
func (w *writer) touching(ctx context.Context, name string, keys []any, touched map[string]bool) error {
	st, err := w.lib.Statement("load/" + name)
	if err != nil {
		return err
	}
	for piece := range slices.Chunk(keys, w.batch) {
		begun := time.Now()
		counts, err := graphdb.RunCounted(ctx, w.tx, st.DB(), map[string]any{"keys": piece}, func(row graphdb.Row) error {
			touched[text(row, "class")] = true
			return nil
		})
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		w.log.Debug("batch written", "statement", name, "rows", len(piece), "took", time.Since(begun))
		w.made.nodes[graph.LabelComClass] += counts.Nodes
		w.made.edges[graph.RelHandledBy] += counts.Relationships
	}
	return nil
}
