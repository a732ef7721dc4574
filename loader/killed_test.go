package loader_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/loader"
)

// TestKilledWithinARound writes only part of a round and then loads the same
// input again, as after a crash: nothing is missing, and nothing is left over.
func TestKilledWithinARound(t *testing.T) {
	db, lib := open(t)
	for seed := range uint64(2) {
		shuffled := func() []graph.Observation {
			all := mess(seed)
			rand.New(rand.NewPCG(seed, 5)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			return all
		}
		load := func(all []graph.Observation) {
			t.Helper()
			if _, err := newLoader(t, db, lib, 1000).LoadObservations(t.Context(), all); err != nil {
				t.Fatal(err)
			}
		}
		graphtest.Wipe(t, db)
		load(shuffled())
		want := dump(t, db)
		for steps := range loader.Steps {
			t.Run(fmt.Sprintf("OK seed %d after %d steps", seed, steps), func(t *testing.T) {
				graphtest.Wipe(t, db)
				cut := len(want) / 6
				load(shuffled()[:cut])
				if err := loader.LoadPart(t.Context(), newLoader(t, db, lib, 1000), shuffled()[cut:], steps); err != nil {
					t.Fatal(err)
				}
				load(shuffled())
				if d := diff(want, dump(t, db)); d != "" {
					t.Errorf("not the same graph:\n%s", d)
				}
			})
		}
	}
}
