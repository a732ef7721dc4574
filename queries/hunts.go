package queries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
)

// Hunts keeps the books of batch hunts in the database: runs, findings, labels.
// Every change is one transaction that holds the hunt's lock, so that two
// machines can't mix theirs. It is safe for concurrent use.
type Hunts struct {
	lib *Library
	db  *graphdb.DB
}

// NewHunts makes the books on a database.
func NewHunts(lib *Library, db *graphdb.DB) *Hunts { return &Hunts{lib, db} }

// HuntStart is what a run of a hunt begins with.
type HuntStart struct {
	Hunt       string
	Label      string
	Version    string
	Parameters string // JSON
	Holder     string // a token that only this runner knows
	Lease      time.Duration
	Now        time.Time
}

// HuntOutcome is a run that ended well.
type HuntOutcome struct {
	Run    string
	Hunt   string
	Label  string
	Holder string
	Start  time.Time
	End    time.Time
	Rows   []HuntRow
}

// HuntEffect says what applying or retracting a run changed.
type HuntEffect struct {
	Findings   int64 // written, or taken back
	Labelled   int64
	Unlabelled int64
}

// HuntRecord is one run of a hunt as the database keeps it.
type HuntRecord struct {
	Run        string
	Hunt       string
	Version    string
	Parameters json.RawMessage
	Status     string // running, ok, failed, retracted
	Error      string
	StartedAt  time.Time
	EndedAt    time.Time // zero while it runs
	Rows       int64
	Labelled   int64
	Unlabelled int64
}

func (h *Hunts) run(ctx context.Context, r graphdb.Runner, name string, params map[string]any, each func(graphdb.Row) error) error {
	st, err := h.lib.Statement("load/hunt-" + name)
	if err != nil {
		return err
	}
	return r.Run(ctx, st.DB(), params, each)
}

// one runs a statement that gives at most one row.
func (h *Hunts) one(ctx context.Context, r graphdb.Runner, name string, params map[string]any) (row graphdb.Row, found bool, err error) {
	err = h.run(ctx, r, name, params, func(got graphdb.Row) error {
		row, found = got, true
		return nil
	})
	return row, found, err
}

// Begin takes the hunt for this runner and opens a run. It is a conflict while
// another runner's lease lasts.
func (h *Hunts) Begin(ctx context.Context, s HuntStart) (run string, err error) {
	row, _, err := h.one(ctx, h.db.Writer(), "begin", map[string]any{
		"hunt": s.Hunt, "label": s.Label, "version": s.Version, "parameters": s.Parameters,
		"holder": s.Holder, "lease": int64(s.Lease / time.Second), "now": s.Now.UTC(),
	})
	if err != nil {
		return "", fmt.Errorf("begin hunt %s: %w", s.Hunt, err)
	}
	run, ok := row.Get("run").(string)
	if !ok {
		until, _ := row.Get("until").(time.Time)
		return "", fault.New(fault.Conflict, "hunt %s is being run by another process", s.Hunt).
			WithHint("wait for it; if that process is gone, the hunt is free again at %s", until.UTC().Format(time.RFC3339))
	}
	return run, nil
}

// Apply writes what a run found and brings the label in line, in one transaction.
func (h *Hunts) Apply(ctx context.Context, o HuntOutcome) (HuntEffect, error) {
	var effect HuntEffect
	err := h.db.InTx(ctx, "hunt-apply", func(tx graphdb.Runner) error {
		if err := h.end(ctx, tx, o.Hunt, o.Holder, o.Run, "ok", nil, int64(len(o.Rows)), o.End); err != nil {
			return err
		}
		row, _, err := h.one(ctx, tx, "findings", map[string]any{
			"hunt": o.Hunt, "run": o.Run, "now": o.Start.UTC(), "rows": findingRows(o.Hunt, o.Rows),
		})
		if err != nil {
			return err
		}
		effect = HuntEffect{Findings: number(row, "found")}
		return h.labels(ctx, tx, o.Hunt, o.Label, o.Run, &effect)
	})
	if err != nil {
		return HuntEffect{}, fmt.Errorf("apply run %s: %w", o.Run, err)
	}
	return effect, nil
}

// Fail closes a run that failed: its record is all that is left of it.
func (h *Hunts) Fail(ctx context.Context, hunt, holder, run, why string, now time.Time) error {
	return h.end(ctx, h.db.Writer(), hunt, holder, run, "failed", why, nil, now)
}

// end takes why and rows as the database gets them: nil is null.
func (h *Hunts) end(ctx context.Context, r graphdb.Runner, hunt, holder, run, status string, why, rows any, now time.Time) error {
	_, found, err := h.one(ctx, r, "end", map[string]any{
		"hunt": hunt, "holder": holder, "run": run, "status": status, "error": why, "rows": rows, "now": now.UTC(),
	})
	if err == nil && !found {
		err = fault.New(fault.Conflict, "run %s lost its lease on hunt %s to another process", run, hunt).
			WithHint("nothing was changed; raise hunt.timeout if hunts take that long")
	}
	return err
}

func (h *Hunts) labels(ctx context.Context, tx graphdb.Runner, hunt, label string, run any, effect *HuntEffect) error {
	row, _, err := h.one(ctx, tx, "labels", map[string]any{"hunt": hunt, "label": label, "run": run})
	effect.Labelled, effect.Unlabelled = number(row, "labelled"), number(row, "unlabelled")
	return err
}

// Retract takes a run's findings and labels back, as if it had not been. A run
// that failed or was retracted already has nothing to take back. allowed says
// whether a label is one that hunts may write.
func (h *Hunts) Retract(ctx context.Context, run string, now time.Time, allowed func(label string) bool) (HuntEffect, error) {
	var effect HuntEffect
	err := h.db.InTx(ctx, "hunt-retract", func(tx graphdb.Runner) error {
		effect = HuntEffect{}
		row, found, err := h.one(ctx, tx, "retract-begin", map[string]any{"run": run, "now": now.UTC()})
		if err != nil {
			return err
		}
		hunt, label := text(row, "hunt"), text(row, "label")
		switch status := text(row, "status"); {
		case !found:
			return fault.New(fault.NotFound, "there is no run %q", run).WithHint("taskroot hunt runs lists them")
		case status == "running":
			return fault.New(fault.Conflict, "run %s has not ended yet", run).WithHint("wait for it, then retract it")
		case status != "ok":
			return nil
		case !allowed(label):
			return fault.New(fault.Internal, "run %s names the label %q, which hunts may not write", run, label)
		}
		if err := h.labels(ctx, tx, hunt, label, nil, &effect); err != nil {
			return err
		}
		row, _, err = h.one(ctx, tx, "retract-findings", map[string]any{"run": run})
		effect.Findings = number(row, "removed")
		return err
	})
	return effect, err
}

// Runs lists runs, newest first; of all hunts where hunt is "".
func (h *Hunts) Runs(ctx context.Context, hunt string, limit int) ([]HuntRecord, error) {
	var only any
	if hunt != "" {
		only = hunt
	}
	return h.records(ctx, "runs", map[string]any{"hunt": only, "maxRows": int64(limit)})
}

// LastRuns is the last run of each hunt that ended and was not retracted.
func (h *Hunts) LastRuns(ctx context.Context) ([]HuntRecord, error) {
	return h.records(ctx, "last-runs", nil)
}

func (h *Hunts) records(ctx context.Context, name string, params map[string]any) ([]HuntRecord, error) {
	var out []HuntRecord
	err := h.run(ctx, h.db.Reader(), name, params, func(row graphdb.Row) error {
		started, _ := row.Get("startedAt").(time.Time)
		ended, _ := row.Get("endedAt").(time.Time)
		out = append(out, HuntRecord{
			Run: text(row, "run"), Hunt: text(row, "hunt"), Version: text(row, "version"),
			Parameters: json.RawMessage(text(row, "parameters")), Status: text(row, "status"), Error: text(row, "error"),
			StartedAt: started.UTC(), EndedAt: ended.UTC(),
			Rows: number(row, "rows"), Labelled: number(row, "labelled"), Unlabelled: number(row, "unlabelled"),
		})
		return nil
	})
	return out, err
}

// findingRows is what hunt-findings.cypher takes, column by column.
func findingRows(hunt string, rows []HuntRow) []any {
	out := make([]any, len(rows))
	for i, r := range rows {
		out[i] = []any{
			FindingKey(hunt, r.TargetKey, r.Destination), r.TargetID, r.TargetKey, r.Destination,
			r.Score, string(r.Reasons), string(r.Chain), string(r.Evidence),
		}
	}
	return out
}

// FindingKey is the identity of a finding: the same hunt saying the same of the
// same target again is the same finding.
func FindingKey(hunt, target, destination string) string {
	sum := sha256.New()
	for _, part := range []string{hunt, target, destination} {
		fmt.Fprintf(sum, "%d:%s", len(part), part) // lengths, for any part may hold any character
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

func text(row graphdb.Row, key string) string {
	s, _ := row.Get(key).(string)
	return s
}

func number(row graphdb.Row, key string) int64 {
	n, _ := row.Get(key).(int64)
	return n
}
