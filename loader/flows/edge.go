package flows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/settle"
)

// edge is a MAY_HAVE_CONNECTED relationship, and state what it remembers.
type edge struct{ process, endpoint string }

type state struct {
	tuples    map[string]Tuple
	truncated bool
	evidence  settle.Evidences
}

// reader gathers what is stored of one host's processes.
type reader struct {
	host      string
	contacts  map[contact]*Contact
	questions map[Question]bool
	stored    map[edge]*state
}

type contact struct {
	process string
	settle.Contact
}

func (r *reader) take(row graphdb.Row) error {
	process, endpoint, tuples := text(row, "process"), text(row, "endpoint"), list(row, "tuples")
	switch text(row, "type") {
	case graph.RelConnected:
		for _, c := range settle.DecodeContacts(tuples) {
			key := contact{process, c}
			if r.contacts[key] == nil {
				r.contacts[key] = &Contact{Contact: c, Process: process}
			}
			if have := r.contacts[key]; !slices.Contains(have.Endpoints, endpoint) {
				have.Endpoints = append(have.Endpoints, endpoint)
			}
		}
	case graph.RelResolved:
		for _, q := range settle.DecodeQuestions(endpoint, tuples) {
			r.questions[Question{q, process}] = true
		}
	case graph.RelMayHaveConnected:
		st := &state{
			tuples: map[string]Tuple{}, truncated: row.Get("truncated") == true, evidence: settle.DecodeEvidences(list(row, "evidence")),
		}
		for _, text := range tuples {
			if t, ok := Decode(text); ok {
				st.tuples[text] = t
			}
		}
		r.stored[edge{process, endpoint}] = st
	}
	return nil
}

func (r *reader) talk() *Talk {
	return NewTalk(slices.Collect(maps.Values(r.contacts)), slices.Collect(maps.Keys(r.questions)))
}

// joined is the join of some clients' flows in some stretches.
type joined struct {
	wanted []Stretch
	stored map[edge]*state
	now    map[edge]*state
}

func (j *joined) of(e edge) *state {
	if j.now[e] == nil {
		j.now[e] = &state{tuples: map[string]Tuple{}}
	}
	return j.now[e]
}

// keep keeps of what is stored all that is not joined again.
func (j *joined) keep() {
	for e, had := range j.stored {
		st := j.of(e)
		st.truncated, st.evidence = had.truncated, had.evidence
		for text, t := range had.tuples {
			if !holds(j.wanted, t.Client, t.Second) {
				st.tuples[text] = t
			}
		}
	}
}

func (j *joined) join(ip string, saw *saw, spells []Spell, talks map[string]*Talk) {
	c := NewClient(saw.flows, saw.asked)
	for i := range c.flows {
		f := &c.flows[i]
		host := HostAt(spells, f.Second)
		if host == "" || !holds(j.wanted, ip, f.Second) {
			continue
		}
		for _, l := range c.Of(f, talks[host]) {
			st := j.of(edge{l.Process, l.Endpoint})
			st.tuples[l.Tuple.Encode()] = l.Tuple
			st.evidence = st.evidence.Join(saw.evidence[f.Second])
		}
	}
}

var errLost = errors.New("a relationship could not be written because one of its ends is missing")

// write writes what differs from what is stored.
func (s *store) write(ctx context.Context, j *joined) (made int, err error) {
	var rows, drop []any
	for _, e := range slices.SortedFunc(maps.Keys(j.now), func(a, b edge) int {
		return cmp.Or(strings.Compare(a.process, b.process), strings.Compare(a.endpoint, b.endpoint))
	}) {
		st, had := j.now[e], j.stored[e]
		if len(st.tuples) == 0 {
			if had != nil {
				drop = append(drop, []any{e.process, e.endpoint})
			}
			continue
		}
		st.evidence = st.records()
		if had == nil || !maps.Equal(had.tuples, st.tuples) || !slices.Equal(had.evidence, st.evidence) {
			rows = append(rows, st.row(e))
		}
	}
	for piece := range slices.Chunk(rows, batch) {
		written := int64(len(piece))
		counts, err := s.run(ctx, "may-connect", piece, func(row graphdb.Row) error {
			written, _ = row.Get("written").(int64)
			return nil
		})
		if err == nil && written != int64(len(piece)) {
			err = fmt.Errorf("%d of %d: %w", written, len(piece), errLost)
		}
		if err != nil {
			return made, err
		}
		made += counts.Relationships
	}
	for piece := range slices.Chunk(drop, batch) {
		if _, err := s.run(ctx, "may-connect-delete", piece, nil); err != nil {
			return made, err
		}
	}
	return made, nil
}

// records are the evidence of what is remembered.
func (st *state) records() settle.Evidences {
	at := map[int64]bool{}
	for _, t := range st.tuples {
		at[t.Second] = true
	}
	return slices.DeleteFunc(slices.Clone(st.evidence), func(r settle.Evidence) bool { return !at[r.Time.Unix()] })
}

// row is a row of may-connect; the newest connections are kept.
func (st *state) row(e edge) []any {
	order := slices.SortedFunc(maps.Keys(st.tuples), func(a, b string) int {
		return cmp.Or(cmp.Compare(st.tuples[a].Second, st.tuples[b].Second), strings.Compare(a, b))
	})
	if n := len(order); n > settle.Keep {
		order, st.truncated = order[n-settle.Keep:], true
	}
	var truncated any
	if st.truncated {
		truncated = true
	}
	times := make([]int64, len(order))
	ips, protocols, means, sources := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	ports, confidence := map[int64]bool{}, 0.0
	for i, text := range order {
		t := st.tuples[text]
		times[i] = t.Second
		if t.IP != "" {
			ips[t.IP] = true
		}
		ports[int64(t.Port)], protocols[t.Proto], means[t.Means], sources[t.Via] = true, true, true, true
		confidence = max(confidence, t.Confidence)
	}
	return []any{
		e.process, e.endpoint, len(order), time.Unix(times[0], 0).UTC(), time.Unix(times[len(times)-1], 0).UTC(), times,
		sorted(ips), slices.Sorted(maps.Keys(ports)), sorted(protocols), sorted(means), sorted(sources), confidence, truncated,
		order, st.evidence.Encode(),
	}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
