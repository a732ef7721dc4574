package loader

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

func (w *writer) contacts(ctx context.Context, c *settle.Changes) error {
	if err := w.endpoints(ctx, c); err != nil {
		return err
	}
	create, update := map[string][]any{}, []any(nil)
	var drop []any
	for _, e := range c.Edges {
		switch {
		case slices.Contains(settle.ActTypes(), e.Type):
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

// acts writes what processes did to tasks.
func (w *writer) acts(ctx context.Context, c *settle.Changes) error {
	write := map[string][]any{}
	var drop []any
	for _, e := range c.Edges {
		switch {
		case !slices.Contains(settle.ActTypes(), e.Type):
		case e.Gone:
			drop = append(drop, []any{e.Process, e.Endpoint, e.Type})
		default:
			first, last := span(e.Times)
			write[e.Type] = append(write[e.Type], []any{
				e.Process, e.Endpoint, e.Type, e.Times, first, last, e.Via, e.Confidence, e.Tuples, e.Evidence.Encode(),
			})
		}
	}
	for _, kind := range settle.ActTypes() {
		if err := w.rows(ctx, "act", "", kind, write[kind]); err != nil {
			return err
		}
	}
	return w.rows(ctx, "act-delete", "", "", drop)
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
		truncated, e.Tuples, e.Evidence.Encode(), answered, reverse, capped(e.Via),
	}
}

// capped says that some contacts come from a source that reports of equal events
// only the first in a day: their number and intervals mean nothing.
func capped(via []string) any {
	if slices.Contains(via, string(graph.StartDefender)) {
		return true
	}
	return nil
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
	all := endpoints{}
	for _, e := range c.Edges {
		if e.Gone || e.Kind == settle.KindTask {
			continue
		}
		x := all.add(e.Endpoint, e.Kind, e.Times)
		if e.Type == graph.RelResolved {
			for _, ip := range e.IPs {
				x.answer(ip)
			}
		}
	}
	return w.ends(ctx, all)
}

// endpoints are those to write, by key.
type endpoints map[string]*endpoint

func (all endpoints) add(key, kind string, times []int64) *endpoint {
	x := all[key]
	if x == nil {
		x = &endpoint{kind: kind}
		all[key] = x
	}
	first, last := span(times)
	x.seen.Widen(settle.Span{First: first, Last: last})
	return x
}

// ends writes endpoints and the domains that they lie under.
func (w *writer) ends(ctx context.Context, all endpoints) error {
	var rows, domains []any
	for _, key := range sorted(all) {
		x := all[key]
		rows = append(rows, []any{
			key, x.kind, w.scope(key, x.kind), x.gavePublic, x.gaveOther, when(x.seen.First), when(x.seen.Last), w.proxy(key),
		})
		if x.kind == "name" {
			domain, suffix := graph.Domain(key)
			domains = append(domains, []any{domain, suffix, key, when(x.seen.First), when(x.seen.Last)})
		}
	}
	if err := w.rows(ctx, "endpoint", graph.LabelEndpoint, "", rows); err != nil {
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
	if w.proxies.Is(key) {
		return string(graph.Internal)
	}
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

// proxy is true for a web proxy of the organisation's, nil for all else.
func (w *writer) proxy(key string) any {
	if w.proxies.Is(key) {
		return true
	}
	return nil
}
