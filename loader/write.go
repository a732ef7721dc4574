package loader

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/settle"
	"github.com/taskroot/taskroot/queries"
)

// errLost says that an edge's end was not there: a defect, never to be passed over.
var errLost = errors.New("a relationship could not be written because one of its ends is missing")

// writer writes the changes of a round, in batches, each a transaction.
type writer struct {
	lib      *queries.Library
	db       *graphdb.DB
	batch    int
	made     *made
	log      *slog.Logger
	internal []string // suffixes of internal names
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
		w.hosts, w.processes, w.parents, w.contacts, w.tasks, w.spawns, w.gone,
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
		var counts graphdb.Counts
		err := w.db.InTx(ctx, st.Name, func(tx graphdb.Runner) error {
			written := int64(len(piece))
			var err error
			counts, err = graphdb.RunCounted(ctx, tx, st.DB(), map[string]any{param: piece}, func(row graphdb.Row) error {
				if n, ok := row.Get("written").(int64); ok {
					written = n
				}
				return nil
			})
			if err == nil && written != int64(len(piece)) {
				return fmt.Errorf("%s: %d of %d: %w", name, written, len(piece), errLost)
			}
			return err
		})
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
	return []any{
		p.Key, p.Host, pid, maybe(p.GUID), maybe(p.Image()), maybe(p.Name()), maybe(p.CommandLine()), maybe(p.User()),
		maybe(p.Integrity()), maybe(p.Hashes()), startedAt, when(p.Ended()), p.Observed(), when(p.Seen.First),
		when(p.Seen.Last), p.Evidence.Encode(), maybe(p.Unit()), maybe(p.ParentUnit()), maybe(root), maybe(p.Second()),
		talk, string(facts), maybe(clock),
	}, nil
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

func (w *writer) contacts(ctx context.Context, c *settle.Changes) error {
	if err := w.endpoints(ctx, c); err != nil {
		return err
	}
	create, update := map[string][]any{}, []any(nil)
	var drop []any
	for _, e := range c.Edges {
		switch {
		case e.Gone:
			drop = append(drop, []any{e.Process, e.Endpoint, e.Type})
		case e.New:
			create[e.Type] = append(create[e.Type], edgeRow(e))
		default:
			update = append(update, edgeRow(e))
		}
	}
	for _, kind := range []string{graph.RelConnected, graph.RelResolved, graph.RelAccepted} {
		if err := w.rows(ctx, "contact-create", "", kind, create[kind]); err != nil {
			return err
		}
	}
	if err := w.rows(ctx, "contact-update", "", "", update); err != nil {
		return err
	}
	return w.rows(ctx, "contact-delete", "", "", drop)
}

func edgeRow(e settle.EdgeChange) []any {
	var truncated, answered, reverse, ports, protocols any
	if e.Truncated {
		truncated = true
	}
	if e.Type == graph.RelResolved {
		answered = e.Answered
	} else {
		ports, protocols = e.Ports, e.Protocols
	}
	if len(e.Reverse) > 0 {
		reverse = e.Reverse
	}
	first, last := span(e.Times)
	return []any{
		e.Process, e.Endpoint, e.Type, e.Count, first, last, e.Times, e.IPs, ports, protocols, e.Via, e.Confidence,
		truncated, e.Tuples, e.Evidence.Encode(), answered, reverse,
	}
}

func span(times []int64) (first, last time.Time) {
	return time.Unix(times[0], 0).UTC(), time.Unix(times[len(times)-1], 0).UTC()
}

type endpoint struct {
	kind                  string
	gavePublic, gaveOther bool
	seen                  settle.Span
}

func (w *writer) endpoints(ctx context.Context, c *settle.Changes) error {
	all := map[string]*endpoint{}
	for _, e := range c.Edges {
		if e.Gone {
			continue
		}
		x := all[e.Endpoint]
		if x == nil {
			x = &endpoint{kind: e.Kind}
			all[e.Endpoint] = x
		}
		first, last := span(e.Times)
		x.seen.Widen(settle.Span{First: first, Last: last})
		if e.Type == graph.RelResolved {
			for _, ip := range e.IPs {
				x.answer(ip)
			}
		}
	}
	var endpoints, domains []any
	for _, key := range sorted(all) {
		x := all[key]
		endpoints = append(endpoints, []any{
			key, x.kind, w.scope(key, x.kind), x.gavePublic, x.gaveOther, when(x.seen.First), when(x.seen.Last),
		})
		if x.kind == "name" {
			domain, suffix := graph.Domain(key)
			domains = append(domains, []any{domain, suffix, key, when(x.seen.First), when(x.seen.Last)})
		}
	}
	if err := w.rows(ctx, "endpoint", graph.LabelEndpoint, "", endpoints); err != nil {
		return err
	}
	return w.rows(ctx, "domain", graph.LabelDomain, graph.RelUnder, domains)
}

func (x *endpoint) answer(ip string) {
	if graph.IPScope(ip) == graph.Public {
		x.gavePublic = true
	} else {
		x.gaveOther = true
	}
}

// scope is what an endpoint's own text says; nil leaves it to the answers.
func (w *writer) scope(key, kind string) any {
	if kind == "ip" {
		return string(graph.IPScope(key))
	}
	if !strings.Contains(key, ".") || strings.HasSuffix(key, ".arpa") {
		return string(graph.Internal)
	}
	for _, suffix := range w.internal {
		if key == suffix || strings.HasSuffix(key, "."+suffix) {
			return string(graph.Internal)
		}
	}
	return nil
}

func (w *writer) tasks(ctx context.Context, c *settle.Changes) error {
	var plans, tasks, defined, deeds, runs []any
	for _, p := range c.Plans {
		plans = append(plans, []any{
			p.Key, p.XML, p.Actions, p.Triggers, p.Commands, p.ComHandlers, when(p.Seen.First), when(p.Seen.Last),
		})
	}
	for _, t := range c.Tasks {
		row, err := taskRow(t)
		if err != nil {
			return err
		}
		tasks = append(tasks, row)
		defined = append(defined, definedRows(t)...)
		deeds = append(deeds, deedRows(t)...)
	}
	for _, r := range c.Runs {
		ticks, err := json.Marshal(r.Ticks)
		if err != nil {
			return fmt.Errorf("encode a run: %w", err)
		}
		runs = append(runs, []any{
			r.Key, r.Host, r.Task, maybe(r.Instance), when(r.At()), when(r.Ticks[len(r.Ticks)-1].At), string(ticks),
			r.Evidence.Encode(),
		})
	}
	if err := w.rows(ctx, "definition", graph.LabelTaskDefinition, "", plans); err != nil {
		return err
	}
	if err := w.rows(ctx, "task", graph.LabelTask, graph.RelOn, tasks); err != nil {
		return err
	}
	if err := w.rows(ctx, "defined", "", graph.RelDefined, defined); err != nil {
		return err
	}
	for _, change := range []string{graph.RelCreated, graph.RelUpdated, graph.RelDeleted, graph.RelEnabled, graph.RelDisabled} {
		of := slices.DeleteFunc(slices.Clone(deeds), func(r any) bool { return r.([]any)[4] != change })
		if err := w.rows(ctx, "deed", graph.LabelUser, change, of); err != nil {
			return err
		}
	}
	return w.rows(ctx, "launch", graph.LabelLaunch, graph.RelRan, runs)
}

func taskRow(t *settle.Task) ([]any, error) {
	facts, err := json.Marshal(t.Facts)
	if err != nil {
		return nil, fmt.Errorf("encode the facts of a task: %w", err)
	}
	s := t.State()
	var hidden, enabled any
	if s.Hidden != nil {
		hidden = *s.Hidden
	}
	if s.Enabled != nil {
		enabled = *s.Enabled
	}
	return []any{
		t.Key, t.Host, s.Path, graph.TaskName(s.Path), maybe(s.Author), maybe(s.Principal), maybe(s.RunLevel), hidden,
		enabled, when(s.CreatedAt), when(s.DeletedAt), s.Registered, true, when(t.Seen.First), when(t.Seen.Last),
		t.Evidence.Encode(), string(facts), maybe(t.RunPath),
	}, nil
}

func definedRows(t *settle.Task) []any {
	var versions []any
	for _, v := range t.State().Plans {
		versions = append(versions, []any{v.Plan, when(v.From), when(v.To)})
	}
	if len(versions) == 0 {
		return nil
	}
	return []any{[]any{t.Key, versions}}
}

func deedRows(t *settle.Task) []any {
	var rows []any
	for _, d := range t.Deeds() {
		first, last := span(d.Times)
		sids := d.SIDs
		if sids == nil {
			sids = []string{}
		}
		rows = append(rows, []any{
			d.User, maybe(d.Name), sids, t.Key, strings.ToUpper(string(d.Change)), d.Times, first, last, t.Evidence.Encode(),
		})
	}
	return rows
}

func (w *writer) spawns(ctx context.Context, c *settle.Changes) error {
	var unnamed, sure, may, drop []any
	for _, s := range c.Spawns {
		kind, _, _ := strings.Cut(s.ID(), " ")
		if s.Gone {
			drop = append(drop, []any{s.Task, s.Process, kind})
			continue
		}
		if s.Unnamed {
			host, _, _ := strings.Cut(s.Task, graph.Sep)
			unnamed = append(unnamed, []any{s.Task, host, when(s.At)})
		}
		row := []any{
			s.Task, s.Process, when(s.At), s.Via, s.Confidence, maybe(s.Instance), when(s.Ended), maybe(s.Result),
			maybe(s.Trigger), s.Evidence.Encode(),
		}
		if s.May {
			may = append(may, row)
		} else {
			sure = append(sure, row)
		}
	}
	if err := w.rows(ctx, "task-unnamed", graph.LabelTask, graph.RelOn, unnamed); err != nil {
		return err
	}
	if err := w.rows(ctx, "spawn", "", graph.RelSpawned, sure); err != nil {
		return err
	}
	if err := w.rows(ctx, "spawn-candidate", "", graph.RelMayHaveSpawned, may); err != nil {
		return err
	}
	return w.rows(ctx, "spawn-delete", "", "", drop)
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
