package flows

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/settle"
	"github.com/taskroot/taskroot/queries"
)

// The bounds of one step: clients joined at once, and rows given to one statement.
const (
	clientsAtOnce = 20
	batch         = 5000
)

// Settle joins again the flows that a round's changes bear on, in the round's own
// transaction, after its changes were written, and says how many relationships it
// made. The stretches are those of new flows and of addresses; talked says where
// processes said something new.
func Settle(ctx context.Context, tx graphdb.Runner, lib *queries.Library, stretches []Stretch, talked []settle.Talked) (made int, err error) {
	if len(stretches)+len(talked) == 0 {
		return 0, nil
	}
	s := &store{tx: tx, lib: lib}
	for piece := range slices.Chunk(talked, batch) {
		more, err := s.said(ctx, piece)
		if err != nil {
			return 0, err
		}
		stretches = append(stretches, more...)
	}
	touched := map[string][]string{} // by host
	for i := range talked {
		touched[talked[i].Host] = talked[i].Processes
	}
	byIP := map[string][]Stretch{}
	for _, st := range union(stretches) {
		byIP[st.IP] = append(byIP[st.IP], st)
	}
	for ips := range slices.Chunk(sorted(byIP), clientsAtOnce) {
		n, err := s.clients(ctx, ips, byIP, touched)
		if err != nil {
			return made, err
		}
		made += n
	}
	return made, nil
}

type store struct {
	tx  graphdb.Runner
	lib *queries.Library
}

func (s *store) run(ctx context.Context, name string, rows any, each func(graphdb.Row) error) (graphdb.Counts, error) {
	st, err := s.lib.Statement("load/" + name)
	if err != nil {
		return graphdb.Counts{}, err
	}
	counts, err := graphdb.RunCounted(ctx, s.tx, st.DB(), map[string]any{"rows": rows}, each)
	if err != nil {
		return counts, fmt.Errorf("join what the network saw to processes: %w", err)
	}
	return counts, nil
}

// said gives the stretches of those hosts' addresses that the network saw anything of.
func (s *store) said(ctx context.Context, talked []settle.Talked) ([]Stretch, error) {
	hosts := make([]string, len(talked))
	for i := range talked {
		hosts[i] = talked[i].Host
	}
	var out []Stretch
	_, err := s.run(ctx, "read-flow-addresses", hosts, func(row graphdb.Row) error {
		host := text(row, "host")
		i := slices.Index(hosts, host)
		out = append(out, said(text(row, "ip"), &talked[i])...)
		return nil
	})
	return out, err
}

// clients joins the flows of some addresses.
func (s *store) clients(ctx context.Context, ips []string, byIP map[string][]Stretch, touched map[string][]string) (int, error) {
	spells := map[string][]Spell{}
	_, err := s.run(ctx, "read-flow-hosts", ips, func(row graphdb.Row) error {
		ip := text(row, "ip")
		spells[ip] = append(spells[ip], Spell{text(row, "host"), instant(row, "first"), instant(row, "last")})
		return nil
	})
	if err != nil || len(spells) == 0 {
		return 0, err
	}
	var wanted []Stretch
	windows := map[string][]Stretch{} // by host
	for ip, all := range spells {
		wanted = append(wanted, byIP[ip]...)
		for _, spell := range all {
			for _, st := range byIP[ip] {
				windows[spell.Host] = append(windows[spell.Host], Stretch{"", st.From, st.To})
			}
		}
	}
	seen, err := s.flows(ctx, wanted)
	if err != nil {
		return 0, err
	}
	hosts, err := s.talks(ctx, windows, touched)
	if err != nil {
		return 0, err
	}
	j := joined{wanted: wanted, stored: hosts.stored, now: map[edge]*state{}}
	j.keep()
	for ip, saw := range seen {
		j.join(ip, saw, spells[ip], hosts.talks)
	}
	return s.write(ctx, &j)
}

// saw is what the network saw of a client in the stretches and a little around them.
type saw struct {
	flows    []Flow
	asked    []Asked
	evidence map[int64]settle.Evidences // of flows, by second
}

func (s *store) flows(ctx context.Context, wanted []Stretch) (map[string]*saw, error) {
	seen := map[string]*saw{}
	each := func(row graphdb.Row) error {
		ip := text(row, "client")
		c := seen[ip]
		if c == nil {
			c = &saw{evidence: map[int64]settle.Evidences{}}
			seen[ip] = c
		}
		c.take(ip, row)
		return nil
	}
	for piece := range slices.Chunk(wanted, batch) {
		if _, err := s.run(ctx, "read-flows", rowsOf(piece), each); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// rowsOf gives address, from and until, widened by what bears on flows inside.
func rowsOf(all []Stretch) []any {
	rows := make([]any, len(all))
	for i, st := range all {
		rows[i] = []any{st.IP, st.From - before, st.To + apart}
	}
	return rows
}

func (c *saw) take(ip string, row graphdb.Row) {
	endpoint, tuples := text(row, "endpoint"), list(row, "tuples")
	if text(row, "type") == graph.RelAsked {
		for _, t := range tuples {
			if a, ok := settle.DecodeAnswer(t); ok {
				c.asked = append(c.asked, Asked{a, endpoint})
			}
		}
		return
	}
	name := endpoint
	if _, isIP := graph.NormalIP(endpoint); isIP {
		name = ""
	}
	for _, t := range tuples {
		if f, ok := settle.DecodeFlow(t); ok {
			c.flows = append(c.flows, Flow{Flow: f, Client: ip, Name: name})
		}
	}
	for _, e := range settle.DecodeEvidences(list(row, "evidence")) {
		c.evidence[e.Time.Unix()] = c.evidence[e.Time.Unix()].Join(settle.Evidences{e})
	}
}

// hosts is what is stored of the processes of hosts.
type hosts struct {
	talks  map[string]*Talk
	stored map[edge]*state
}

func (s *store) talks(ctx context.Context, windows map[string][]Stretch, touched map[string][]string) (*hosts, error) {
	h := &hosts{talks: map[string]*Talk{}, stored: map[edge]*state{}}
	for _, host := range sorted(windows) {
		r := &reader{host: host, contacts: map[contact]*Contact{}, questions: map[Question]bool{}, stored: h.stored}
		var rows []any
		for _, st := range union(windows[host]) {
			rows = append(rows, []any{host, st.From - before, st.To + apart})
		}
		for piece := range slices.Chunk(rows, batch) {
			if _, err := s.run(ctx, "read-flow-talk", piece, r.take); err != nil {
				return nil, err
			}
		}
		for piece := range slices.Chunk(touched[host], batch) {
			if _, err := s.run(ctx, "read-likely", piece, r.take); err != nil {
				return nil, err
			}
		}
		h.talks[host] = r.talk()
	}
	return h, nil
}

func text(row graphdb.Row, key string) string {
	s, _ := row.Get(key).(string)
	return s
}

func instant(row graphdb.Row, key string) time.Time {
	t, _ := row.Get(key).(time.Time)
	return t.UTC()
}

func list(row graphdb.Row, key string) []string {
	values, _ := row.Get(key).([]any)
	out := make([]string, 0, len(values))
	for _, v := range values {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
