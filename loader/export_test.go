package loader

import (
	"context"
	"errors"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/settle"
)

// Steps is how many steps the writing of a round has.
const Steps = 11

// LoadPart loads observations in one round of which only the first steps are
// written, as if the process had been killed then.
func LoadPart(ctx context.Context, l *Loader, all []graph.Observation, steps int) error {
	in := newIntake(l, "part")
	in.ctx = ctx
	in.l.config.Round = len(all) + 1
	for _, o := range all {
		if err := in.Observation(o); err != nil {
			return err
		}
	}
	if err := in.FileEnd(""); err != nil {
		return err
	}
	err := l.db.InTx(ctx, "part of a round", func(tx graphdb.Runner) error {
		round, _ := in.build()
		changes, err := round.Settle(ctx, &store{l.lib, l.db.Reader()})
		if err != nil {
			return err
		}
		w := l.writer(tx)
		written := []func(context.Context, *settle.Changes) error{
			w.hosts, w.accesses, w.processes, w.parents, w.contacts, w.flows, w.tasks, w.classes, w.acts, w.spawns, w.gone,
		}
		for _, step := range written[:steps] {
			if err := step(ctx, changes); err != nil {
				return err
			}
		}
		return graphdb.ErrRollback // as the database does when the connection is lost
	})
	return errors.Join(err, in.close())
}
