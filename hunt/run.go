package hunt

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/taskroot/taskroot/queries"
)

const (
	// leaseMargin is how much longer than a run's own limit its lease lasts.
	leaseMargin = time.Minute
	// closing is how long recording a failure may take.
	closing = 15 * time.Second
	// maxErrorText bounds the error text of a run's record.
	maxErrorText = 2000
)

// Result is what a run gave.
type Result struct {
	Run      string            `json:"run"`
	Hunt     string            `json:"hunt"`
	Findings []json.RawMessage `json:"findings"`
	// Gone counts findings whose target was deleted while the hunt ran; they
	// are in Findings but not in the database.
	Gone       int64 `json:"gone,omitempty"`
	Labelled   int64 `json:"labelled"`
	Unlabelled int64 `json:"unlabelled"`
}

// Run runs a hunt once. Parameters are texts by their name, as maxHosts or
// max-hosts; those not given have the header's default, and without since and
// until all data counts.
func (r *Runner) Run(ctx context.Context, name string, given map[string]string) (Result, error) {
	def, err := r.Lookup(name)
	if err != nil {
		return Result{}, err
	}
	params, err := def.Bind(given, r.cfg.Now())
	if err != nil {
		return Result{}, err
	}
	shown, err := json.Marshal(params)
	if err != nil {
		return Result{}, fmt.Errorf("encode the parameters of hunt %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	o := queries.HuntOutcome{Hunt: name, Label: def.Label, Holder: rand.Text(), Start: r.cfg.Now()}
	o.Run, err = r.store.Begin(ctx, queries.HuntStart{
		Hunt: name, Label: def.Label, Version: def.Version, Parameters: string(shown),
		Holder: o.Holder, Lease: r.cfg.Timeout + leaseMargin, Now: o.Start,
	})
	if err != nil {
		return Result{}, err
	}
	effect, err := r.hunt(ctx, &o, params)
	if err != nil {
		return Result{}, r.fail(ctx, o, err)
	}
	r.log.Info("hunt run", "run", o.Run, "rows", len(o.Rows), "labelled", effect.Labelled, "unlabelled", effect.Unlabelled,
		"took", o.End.Sub(o.Start))
	return result(o, effect), nil
}

func (r *Runner) hunt(ctx context.Context, o *queries.HuntOutcome, params map[string]any) (effect queries.HuntEffect, err error) {
	if o.Rows, err = r.store.Search(ctx, o.Hunt, params); err != nil {
		return effect, err
	}
	o.End = r.cfg.Now()
	return r.store.Apply(ctx, *o)
}

// fail records that a run failed, even where the context has ended.
func (r *Runner) fail(ctx context.Context, o queries.HuntOutcome, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	why := cause.Error()
	if len(why) > maxErrorText {
		why = why[:maxErrorText]
	}
	if err := r.store.Fail(ctx, o.Hunt, o.Holder, o.Run, why, r.cfg.Now()); err != nil {
		return errors.Join(cause, fmt.Errorf("record that run %s failed: %w", o.Run, err))
	}
	return cause
}

func result(o queries.HuntOutcome, effect queries.HuntEffect) Result {
	out := Result{
		Run: o.Run, Hunt: o.Hunt, Findings: make([]json.RawMessage, len(o.Rows)),
		Gone: int64(len(o.Rows)) - effect.Findings, Labelled: effect.Labelled, Unlabelled: effect.Unlabelled,
	}
	for i, row := range o.Rows {
		out.Findings[i] = row.Row
	}
	return out
}
