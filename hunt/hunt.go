// Package hunt runs batch hunts: it executes a hunt's pure read query, hands
// what it found to the books in the database, and takes runs back.
//
// The rule it keeps: a hunt's label is a function of its newest successful run
// that was not taken back. So a run that finds nothing removes the label, a run
// that failed changes nothing, and taking a run back restores what was before.
// Labels come from the list in package graph and from nowhere else. It must not
// hold Cypher, nor decide what is rare: that is the query's.
//
// What was tried and dropped: letting each hunt write its own labels (every
// file had to get removal right), and removing labels by search for the label
// (a label that is a parameter uses no index, so it read the whole graph; nodes
// are reached from the hunt's findings instead).
package hunt

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/queries"
)

// Store keeps the books. *queries.Hunts is one.
type Store interface {
	Begin(ctx context.Context, s queries.HuntStart) (run string, err error)
	Search(ctx context.Context, hunt string, params map[string]any) ([]queries.HuntRow, error)
	Apply(ctx context.Context, o queries.HuntOutcome) (queries.HuntEffect, error)
	Fail(ctx context.Context, hunt, holder, run, why string, now time.Time) error
	Retract(ctx context.Context, run string, now time.Time, allowed func(label string) bool) (queries.HuntEffect, error)
	Runs(ctx context.Context, hunt string, limit int) ([]queries.HuntRecord, error)
	LastRuns(ctx context.Context) ([]queries.HuntRecord, error)
}

// Config says how hunts run. Zero values work.
type Config struct {
	// Timeout is the longest a run may take; 10 minutes where it is 0.
	Timeout time.Duration
	// Every and Window replace what a hunt's own header says, by hunt name.
	Every, Window map[string]time.Duration
	// Now is the clock; time.Now where it is nil.
	Now func() time.Time
}

// DefaultConfig is the configuration that zero values stand for.
func DefaultConfig() Config { return Config{Timeout: 10 * time.Minute, Now: time.Now} }

// Runner runs hunts. It is safe for concurrent use, also by several processes
// on one database: a lease there lets each hunt run once at a time.
type Runner struct {
	store Store
	defs  []Definition
	log   *slog.Logger
	cfg   Config

	mu     sync.Mutex
	missed map[string]int64
}

// New makes a Runner of the given hunts. It refuses a hunt whose label is not
// in graph.HuntLabels or is another hunt's too, and one that names a scorer
// that this program does not have.
func New(store Store, defs []Definition, log *slog.Logger, cfg Config) (*Runner, error) {
	standard := DefaultConfig()
	if cfg.Timeout <= 0 {
		cfg.Timeout = standard.Timeout
	}
	if cfg.Now == nil {
		cfg.Now = standard.Now
	}
	labels := map[string]string{}
	for i := range defs {
		d := &defs[i]
		switch other := labels[d.Label]; {
		case !allowed(d.Label):
			return nil, fault.New(fault.Internal, "hunt %s wants the label %q, which hunts may not write", d.Name, d.Label).
				WithHint("add it to graph.HuntLabels")
		case other != "":
			return nil, fault.New(fault.Internal, "hunts %s and %s want the same label %q", other, d.Name, d.Label)
		case d.Scorer != "":
			return nil, fault.New(fault.Internal, "hunt %s wants the scorer %q, which there is not", d.Name, d.Scorer)
		}
		labels[d.Label] = d.Name
		if every, ok := cfg.Every[d.Name]; ok {
			d.Every = every
		}
		if window, ok := cfg.Window[d.Name]; ok {
			d.Window = window
		}
	}
	return &Runner{store: store, defs: defs, log: log, cfg: cfg, missed: map[string]int64{}}, nil
}

func allowed(label string) bool { return slices.Contains(graph.HuntLabels, label) }

// Lookup is the hunt of that name.
func (r *Runner) Lookup(name string) (Definition, error) {
	i := slices.IndexFunc(r.defs, func(d Definition) bool { return d.Name == name })
	if i < 0 {
		return Definition{}, fault.New(fault.NotFound, "there is no hunt %q", name).WithHint("taskroot hunt list shows them")
	}
	return r.defs[i], nil
}

// Health says how a hunt is doing.
type Health string

// The states of health. A hunt that has not run is not ok.
const (
	Unknown Health = "unknown"
	OK      Health = "ok"
	Failing Health = "failing"
)

// HealthOf is the health that a run's status tells of.
func HealthOf(status string) Health {
	switch status {
	case "ok":
		return OK
	case "failed":
		return Failing
	}
	return Unknown
}

// Listed is a hunt with how it is doing. Last has no Run where it never ran.
type Listed struct {
	Definition
	Last   queries.HuntRecord
	Health Health
	Missed int64 // slots of the schedule that this process let pass
}

// List is all hunts in order.
func (r *Runner) List(ctx context.Context) ([]Listed, error) {
	last, err := r.store.LastRuns(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Listed, 0, len(r.defs))
	for _, d := range r.defs {
		l := Listed{Definition: d, Health: Unknown, Missed: r.Missed(d.Name)}
		if i := slices.IndexFunc(last, func(h queries.HuntRecord) bool { return h.Hunt == d.Name }); i >= 0 {
			l.Last, l.Health = last[i], HealthOf(last[i].Status)
		}
		out = append(out, l)
	}
	return out, nil
}

// Runs lists at most limit runs, newest first; of all hunts where name is "".
func (r *Runner) Runs(ctx context.Context, name string, limit int) ([]queries.HuntRecord, error) {
	return r.store.Runs(ctx, name, limit)
}

// Retract takes back what a run found and labelled.
func (r *Runner) Retract(ctx context.Context, run string) (queries.HuntEffect, error) {
	effect, err := r.store.Retract(ctx, run, r.cfg.Now(), allowed)
	if err == nil {
		r.log.Info("hunt run retracted", "run", run, "findings", effect.Findings, "labelled", effect.Labelled, "unlabelled", effect.Unlabelled)
	}
	return effect, err
}
