package loader

import (
	"context"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

// coverage writes what kinds of records hosts gave on each day.
func (w *writer) coverage(ctx context.Context, c *settle.Changes) error {
	var rows []any
	for _, day := range c.Coverage {
		rows = append(rows, []any{
			day.Host + graph.Sep + day.Day, day.Host, day.Day, anys(sorted(day.Events)), anys(sorted(day.Kinds)),
			anys(sorted(day.Notes)), anys(sorted(day.Gaps)), day.MoreGaps, when(day.Seen.First), when(day.Seen.Last),
		})
	}
	return w.rows(ctx, "coverage", graph.LabelCoverage, "", rows)
}
