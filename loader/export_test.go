package loader

import (
	"context"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

// Steps is how many steps the writing of a round has.
const Steps = 7

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
	changes, err := in.round.Settle(ctx, &store{l.lib, l.db.Reader()})
	if err != nil {
		return err
	}
X}
