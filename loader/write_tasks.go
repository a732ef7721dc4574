package loader

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

func (w *writer) tasks(ctx context.Context, c *settle.Changes) error {
	if err := w.plans(ctx, c); err != nil {
		return err
	}
	var tasks, defined, deeds, runs []any
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

// plans writes definitions, and the endpoints that they name, before anything connects.
func (w *writer) plans(ctx context.Context, c *settle.Changes) error {
	var plans, endpoints, domains, names []any
	for _, p := range c.Plans {
		first, last := when(p.Seen.First), when(p.Seen.Last)
		var decoded any
		if len(p.Decoded) > 0 {
			decoded = p.Decoded
		}
		plans = append(plans, []any{p.Key, maybe(p.XML), p.Actions, p.Triggers, p.Commands, p.ComHandlers, first, last, decoded})
		for _, n := range p.Names {
			key, kind, proxy := n.Endpoint, "name", any(nil)
			if n.Proxy {
				proxy = true
			}
			if _, ok := graph.NormalIP(key); ok {
				kind = "ip"
			}
			endpoints = append(endpoints, []any{key, kind, w.scope(key, kind), false, false, first, last, w.proxy(key)})
			if kind == "name" {
				domain, suffix := graph.Domain(key)
				domains = append(domains, []any{domain, suffix, key, first, last})
			}
			names = append(names, []any{p.Key, key, "definition", proxy})
		}
	}
	if err := w.rows(ctx, "definition", graph.LabelTaskDefinition, "", plans); err != nil {
		return err
	}
	if err := w.rows(ctx, "endpoint", graph.LabelEndpoint, "", endpoints); err != nil {
		return err
	}
	if err := w.rows(ctx, "domain", graph.LabelDomain, graph.RelUnder, domains); err != nil {
		return err
	}
	return w.rows(ctx, "names", "", graph.RelNames, names)
}

func taskRow(t *settle.Task) ([]any, error) {
	facts, err := json.Marshal(t.Facts)
	if err != nil {
		return nil, fmt.Errorf("encode the facts of a task: %w", err)
	}
	s := t.State()
	return []any{
		t.Key, t.Host, s.Path, graph.TaskName(s.Path), maybe(s.Author), maybe(s.Principal), maybe(s.RunLevel), pointed(s.Hidden),
		pointed(s.Enabled), when(s.CreatedAt), when(s.DeletedAt), s.Registered, true, when(t.Seen.First), when(t.Seen.Last),
		t.Evidence.Encode(), string(facts), maybe(t.RunPath), flag(s.Listed), pointed(s.SDMissing), number(s.TreeIndex),
	}, nil
}

// flag is nil for false, so that only what is flagged has the property.
func flag(b bool) any {
	if !b {
		return nil
	}
	return true
}

func pointed(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

func number(n *uint32) any {
	if n == nil {
		return nil
	}
	return int64(*n)
}

func definedRows(t *settle.Task) []any {
	var versions []any
	for _, v := range t.State().Plans {
		seen := v.Seen
		if seen.IsZero() {
			seen = v.From
		}
		versions = append(versions, []any{v.Plan, when(v.From), when(v.To), when(seen), flag(v.Assumed), flag(v.Unlogged)})
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
