package loader

import (
	"context"
	"slices"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/flows"
	"github.com/taskroot/taskroot/loader/settle"
)

// sightBatch is how many edges are read and written at once: each may remember
// some 4,096 connections, and only one batch is held in memory.
const sightBatch = 200

// flows writes what the network saw, merged with what is stored.
func (w *writer) flows(ctx context.Context, c *settle.Changes) error {
	for piece := range slices.Chunk(c.Sights, sightBatch) {
		if err := w.sights(ctx, piece); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) sights(ctx context.Context, all []*settle.Sight) error {
	stored, err := w.storedSights(ctx, all)
	if err != nil {
		return err
	}
	ends, rows := endpoints{}, map[string][]any{}
	for _, s := range all {
		had := stored[s.ID()]
		known := map[string]bool{}
		if had != nil {
			for _, t := range had.Tuples() {
				known[t] = true
			}
		}
		fresh := slices.DeleteFunc(s.Tuples(), func(t string) bool { return known[t] })
		if len(fresh) == 0 {
			continue
		}
		w.stretches = append(w.stretches, flows.Saw(s.Client, s.Type == graph.RelAsked, seconds(fresh))...)
		if had != nil {
			s.Add(had.Tuples()...)
			s.Truncated = s.Truncated || had.Truncated
			s.Evidence = s.Evidence.Join(had.Evidence)
		}
		row, answers := sightRow(s)
		x := ends.add(s.Endpoint, s.Kind, seconds(s.Tuples()))
		for _, ip := range answers {
			x.answer(ip)
		}
		rows[s.Type] = append(rows[s.Type], row)
	}
	if err := w.ends(ctx, ends); err != nil {
		return err
	}
	if err := w.rows(ctx, "flowed", graph.LabelAddress, graph.RelFlowed, rows[graph.RelFlowed]); err != nil {
		return err
	}
	return w.rows(ctx, "asked", graph.LabelAddress, graph.RelAsked, rows[graph.RelAsked])
}

func (w *writer) storedSights(ctx context.Context, all []*settle.Sight) (map[string]*settle.Sight, error) {
	st, err := w.lib.Statement("load/read-sights")
	if err != nil {
		return nil, err
	}
	var keys []any
	for _, s := range all {
		keys = append(keys, []any{s.Type, s.Client, s.Endpoint})
	}
	stored := map[string]*settle.Sight{}
	err = w.tx.Run(ctx, st.DB(), map[string]any{"rows": keys}, func(row graphdb.Row) error {
		s := &settle.Sight{
			Type: text(row, "type"), Client: text(row, "client"), Endpoint: text(row, "endpoint"),
			Truncated: row.Get("truncated") == true, Evidence: settle.DecodeEvidences(list(row, "evidence")),
		}
		s.Add(list(row, "tuples")...)
		stored[s.ID()] = s
		return nil
	})
	return stored, err
}

// sightRow is a row of flowed or asked, and the addresses that were answers.
func sightRow(s *settle.Sight) (row []any, answers []string) {
	tuples := s.Tuples()
	var truncated any
	if s.Truncated {
		truncated = true
	}
	times := seconds(tuples)
	first, last := span(times)
	ips, ports, protocols, via := map[string]bool{}, map[int64]bool{}, map[string]bool{}, map[string]bool{}
	for _, t := range tuples {
		if f, ok := settle.DecodeFlow(t); ok && s.Type == graph.RelFlowed {
			if f.IP != "" {
				ips[f.IP] = true
			}
			ports[int64(f.Port)], protocols[f.Proto], via[f.Via] = true, true, true
		}
		if a, ok := settle.DecodeAnswer(t); ok && s.Type == graph.RelAsked {
			via[a.Via] = true
			for _, ip := range a.IPs {
				ips[ip] = true
			}
		}
	}
	row = []any{
		s.Client, s.Endpoint, len(tuples), first, last, times, sorted(ips), sorted(via), truncated, tuples, s.Evidence.Encode(),
	}
	if s.Type == graph.RelAsked {
		return append(row, len(ips) > 0), sorted(ips)
	}
	numbers := []int64{}
	for p := range ports {
		numbers = append(numbers, p)
	}
	slices.Sort(numbers)
	return append(row, numbers, sorted(protocols)), nil
}

// seconds are those of tuples, one each.
func seconds(tuples []string) []int64 {
	out := make([]int64, 0, len(tuples))
	for _, t := range tuples {
		out = append(out, settle.Second(t))
	}
	return out
}
