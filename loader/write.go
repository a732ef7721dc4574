package loader

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/decode"
	"github.com/taskroot/taskroot/loader/flows"
	"github.com/taskroot/taskroot/loader/handover"
	"github.com/taskroot/taskroot/loader/settle"
	"github.com/taskroot/taskroot/queries"
)

// errLost says that an edge's end was not there: a defect, never to be passed over.
var errLost = errors.New("a relationship could not be written because one of its ends is missing")

// writer writes the changes of a round, in batches, all in one transaction: half
// of a round would look settled to the next one, which would not mend it.
type writer struct {
	lib      *queries.Library
	tx       graphdb.Runner
	batch    int
	made     *made
	log      *slog.Logger
	internal []string // suffixes of internal names
	proxies  *settle.Proxies
	moved    []string // hosts with an address that is new to them
	// stretches are those in which connections that the network saw may belong to
	// other processes than before.
	stretches []flows.Stretch
}

func (l *Loader) writer(tx graphdb.Runner) *writer {
	return &writer{
		log: l.log, lib: l.lib, tx: tx, batch: l.config.Batch, made: newMade(), internal: l.config.InternalSuffixes, proxies: l.proxies,
	}
}

// made counts what was created, by label and by type.
type made struct {
	nodes map[string]int
	edges map[string]int
}

// write writes c. What stays is written before what goes is deleted, so that a
// reader sees no gap.
func (w *writer) write(ctx context.Context, c *settle.Changes) error {
	steps := []func(context.Context, *settle.Changes) error{
		w.hosts, w.coverage, w.accesses, w.processes, w.parents, w.contacts, w.flows, w.tasks, w.acts, w.spawns, w.gone,
	}
	for _, step := range steps {
		if err := step(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// rows writes rows with one statement. Where it returns the number written,
// all must have been.
func (w *writer) rows(ctx context.Context, name, label, kind string, rows []any) error {
	return w.send(ctx, name, "rows", label, kind, rows)
}

func (w *writer) send(ctx context.Context, name, param, label, kind string, rows []any) error {
	st, err := w.lib.Statement("load/" + name)
	if err != nil {
		return err
	}
	for piece := range slices.Chunk(rows, w.batch) {
		begun := time.Now()
		written := int64(len(piece))
		counts, err := graphdb.RunCounted(ctx, w.tx, st.DB(), map[string]any{param: piece}, func(row graphdb.Row) error {
			if n, ok := row.Get("written").(int64); ok {
				written = n
			}
			return nil
		})
		if err == nil && written != int64(len(piece)) {
			err = fmt.Errorf("%d of %d: %w", written, len(piece), errLost)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		w.log.Debug("batch written", "statement", name, "rows", len(piece), "took", time.Since(begun))
		if label != "" {
			w.made.nodes[label] += counts.Nodes
		}
		if kind != "" {
			w.made.edges[kind] += counts.Relationships
		}
	}
	return nil
}

func (w *writer) hosts(ctx context.Context, c *settle.Changes) error {
	var rows []any
	for _, h := range c.Hosts {
		rows = append(rows, []any{h.Key, h.Name, when(h.Seen.First), when(h.Seen.Last), h.Pidless, h.Skewed})
	}
	return w.rows(ctx, "host", graph.LabelHost, "", rows)
}

func (w *writer) processes(ctx context.Context, c *settle.Changes) error {
	renamed := map[string]bool{}
	var renames, create, update []any
	for old, key := range c.Renamed {
		renames = append(renames, []any{old, key})
		renamed[key] = true
	}
	if err := w.rows(ctx, "process-rename", "", "", renames); err != nil {
		return err
	}
	for _, p := range c.Processes {
		row, err := processRow(p)
		if err != nil {
			return err
		}
		if p.New && !renamed[p.Key] {
			create = append(create, row)
		} else {
			update = append(update, row)
		}
	}
	if err := w.rows(ctx, "process-create", graph.LabelProcess, "", create); err != nil {
		return err
	}
	return w.rows(ctx, "process-update", "", "", update)
}

func processRow(p settle.ProcessChange) ([]any, error) {
	facts, err := json.Marshal(p.Facts)
	if err != nil {
		return nil, fmt.Errorf("encode the facts of a process: %w", err)
	}
	started, known := p.Started()
	root := ""
	if p.Root {
		root = p.Host
	}
	clock := ""
	if !known && !started.IsZero() {
		clock = "unknown"
	}
	var startedAt any
	if known {
		startedAt = when(started)
	}
	var pid, talk any
	if p.PID != 0 {
		pid = int64(p.PID)
	}
	if p.PIDTalk {
		talk = true
	}
	plain, _ := decode.Text(p.CommandLine())
	server, task := p.RemoteTask()
	sketch := p.Sketch()
	asks, works := handover.Index(p.Host, &sketch)
	return []any{
		p.Key, p.Host, pid, maybe(p.GUID), maybe(p.Image()), maybe(p.Name()), maybe(p.CommandLine()), maybe(p.User()),
		maybe(p.Integrity()), maybe(p.Hashes()), startedAt, when(p.Ended()), p.Observed(), when(p.Seen.First),
		when(p.Seen.Last), p.Evidence.Encode(), maybe(p.Unit()), maybe(p.ParentUnit()), maybe(root), maybe(p.Second()),
		talk, string(facts), maybe(clock), logon(p.LogonID()),
		maybe(server), maybe(task), maybe(plain), maybe(asks), maybe(works),
	}, nil
}

// logon is a logon session's id as Windows writes it.
func logon(id uint64) any {
	if id == 0 {
		return nil
	}
	return fmt.Sprintf("0x%x", id)
}

// maybe is nil for "", so that what is unknown is absent.
func maybe(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// when is nil for the zero time; the driver takes only UTC.
func when(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

func (w *writer) parents(ctx context.Context, c *settle.Changes) error {
	var drop, create, check []any
	evidence := map[string]settle.Evidences{}
	for _, p := range c.Processes {
		evidence[p.Key] = p.Evidence
	}
	for _, p := range c.Parents {
		if p.Had {
			drop = append(drop, p.Child)
		}
		if p.Parent.Key != "" {
			var skewed any
			if p.Skewed {
				skewed = true
			}
			create = append(create, []any{
				p.Parent.Key, p.Child, when(p.At), p.Parent.Via, p.Parent.Confidence, evidence[p.Child].Encode(), skewed,
			})
			if p.Check {
				check = append(check, p.Child)
			}
		}
	}
	if err := w.send(ctx, "parent-delete", "keys", "", "", drop); err != nil {
		return err
	}
	if err := w.rows(ctx, "parent-create", "", graph.RelSpawned, create); err != nil {
		return err
	}
	return w.send(ctx, "parent-cycles", "keys", "", "", check)
}

// gone deletes what no fact speaks of any more.
func (w *writer) gone(ctx context.Context, c *settle.Changes) error {
	var keys, unnamed []any
	for _, key := range c.Gone {
		if _, renamed := c.Renamed[key]; !renamed {
			keys = append(keys, key)
		}
	}
	if err := w.send(ctx, "process-delete", "keys", "", "", keys); err != nil {
		return err
	}
	if err := w.send(ctx, "process-orphans", "keys", "", "", anys(c.Orphans)); err != nil {
		return err
	}
	for _, task := range c.Unnamed {
		unnamed = append(unnamed, []any{task, maybe(c.TakenBy[task])})
	}
	if err := w.rows(ctx, "task-unnamed-delete", "", "", unnamed); err != nil {
		return err
	}
	if err := w.send(ctx, "task-unnamed-refresh", "keys", "", "", unnamedTouched(c)); err != nil {
		return err
	}
	return w.send(ctx, "endpoint-recount", "keys", "", "", anys(c.Recount))
}

// unnamedTouched are the inferred tasks whose edges changed.
func unnamedTouched(c *settle.Changes) []any {
	touched := map[string]bool{}
	for _, s := range c.Spawns {
		if s.Unnamed {
			touched[s.Task] = true
		}
	}
	for _, task := range c.Unnamed {
		touched[task] = true
	}
	return anys(sorted(touched))
}

func anys(texts []string) []any {
	out := make([]any, len(texts))
	for i, s := range texts {
		out[i] = s
	}
	return out
}
