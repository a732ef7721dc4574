package handover

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/settle"
	"github.com/taskroot/taskroot/queries"
)

// batch is how many rows one statement is given.
const batch = 5000

// near is how far apart instants may lie that are looked at together.
const near = 2 * Reach

// Settle works out again the hand-overs that a round's changes bear on, in the
// round's own transaction, after its changes were written. Hosts and times without
// a process that asks or works cost nothing. It gives the edges made, by type.
func Settle(ctx context.Context, tx graphdb.Runner, lib *queries.Library, c *settle.Changes) (map[string]int, error) {
	t := touchedBy(c)
	s := &store{tx: tx, lib: lib, made: map[string]int{}}
	if err := s.send(ctx, "handover-clear", "keys", anys(t.cleared)); err != nil {
		return nil, err
	}
	for piece := range slices.Chunk(t.windows(), batch) {
		if err := s.settle(ctx, piece, t.lost); err != nil {
			return nil, err
		}
	}
	return s.made, nil
}

// touched is what a round did to processes that ask or work.
type touched struct {
	times   map[string][]time.Time // by host
	lost    map[string]bool        // hosts where one asks or works no more, or at another time
	cleared []string               // keys of processes that no broker is known to have started any more
}

func touchedBy(c *settle.Changes) *touched {
	t := &touched{times: map[string][]time.Time{}, lost: map[string]bool{}}
	for i := range c.Processes {
		p := &c.Processes[i]
		now := p.Sketch()
		if p.Stored == nil {
			t.note(p.Host, &now)
			continue
		}
		before := p.Stored.Sketch
		if before == now {
			continue
		}
		t.note(p.Host, &now)
		t.lose(p.Host, &before)
		if Works(&before) && !Works(&now) {
			t.cleared = append(t.cleared, p.Key)
		}
	}
	for i := range c.Left {
		t.lose(c.Left[i].Host, &c.Left[i].Sketch)
	}
	return t
}

// note notes the time of a process that asks or works, and says whether it does.
func (t *touched) note(host string, s *settle.Sketch) bool {
	if !Asks(s) && !Works(s) {
		return false
	}
	t.times[host] = append(t.times[host], s.At())
	return true
}

func (t *touched) lose(host string, before *settle.Sketch) {
	if t.note(host, before) {
		t.lost[host] = true
	}
}

// window is a stretch of a host's time in which workers are looked at again.
type window struct {
	host     string
	from, to time.Time
}

// windows are the stretches in which workers may be of requests that changed.
func (t *touched) windows() []window {
	var out []window
	for host, all := range t.times {
		slices.SortFunc(all, time.Time.Compare)
		for i, at := range all {
			if i > 0 && at.Sub(all[i-1]) <= near {
				out[len(out)-1].to = at.Add(Reach)
				continue
			}
			out = append(out, window{host, at.Add(-Slack), at.Add(Reach)})
		}
	}
	slices.SortFunc(out, func(a, b window) int { return cmp.Or(strings.Compare(a.host, b.host), a.from.Compare(b.from)) })
	return out
}

type store struct {
	tx   graphdb.Runner
	lib  *queries.Library
	made map[string]int
}

func (s *store) run(ctx context.Context, name string, params map[string]any, each func(graphdb.Row) error) (graphdb.Counts, error) {
	st, err := s.lib.Statement("load/" + name)
	if err != nil {
		return graphdb.Counts{}, err
	}
	counts, err := graphdb.RunCounted(ctx, s.tx, st.DB(), params, each)
	if err != nil {
		return counts, fmt.Errorf("work out hand-overs: %w", err)
	}
	return counts, nil
}

func (s *store) send(ctx context.Context, name, param string, rows []any) error {
	for piece := range slices.Chunk(rows, batch) {
		if _, err := s.run(ctx, name, map[string]any{param: piece}, nil); err != nil {
			return err
		}
	}
	return nil
}

// settle works out the windows. Where nobody asks there are no edges to make, and
// none to take off unless somebody did.
func (s *store) settle(ctx context.Context, windows []window, lost map[string]bool) error {
	asking := map[string][]Process{}
	working, stored := map[string][]Process{}, map[string]map[string]Edge{}
	_, err := s.run(ctx, "read-askers", map[string]any{"windows": rows(windows, Reach, Slack)}, func(row graphdb.Row) error {
		host, p, err := process(row)
		asking[host] = append(asking[host], p)
		return err
	})
	windows = slices.DeleteFunc(windows, func(w window) bool { return len(asking[w.host]) == 0 && !lost[w.host] })
	if err != nil || len(windows) == 0 {
		return err
	}
	_, err = s.run(ctx, "read-workers", map[string]any{"windows": rows(windows, 0, 0)}, func(row graphdb.Row) error {
		host, p, err := process(row)
		working[host] = append(working[host], p)
		if had := edges(p.Key, row.Get("edges")); len(had) > 0 {
			stored[p.Key] = had
		}
		return err
	})
	if err != nil {
		return err
	}
	var write, drop []Edge
	for host, all := range working {
		for _, e := range Link(host, distinct(asking[host]), distinct(all)) {
			had := stored[e.To]
			if old, ok := had[e.id()]; !ok || old != e {
				write = append(write, e)
			}
			delete(had, e.id())
		}
	}
	for _, had := range stored {
		for _, e := range had {
			drop = append(drop, e)
		}
	}
	return s.write(ctx, write, drop)
}

func (s *store) write(ctx context.Context, write, drop []Edge) error {
	byType := map[string][]any{}
	for _, e := range write {
		byType[e.Type] = append(byType[e.Type], []any{e.From, e.To, e.Type, e.At, e.Via, e.Confidence})
	}
	for kind, all := range byType {
		for piece := range slices.Chunk(all, batch) {
			counts, err := s.run(ctx, "handover", map[string]any{"rows": piece}, nil)
			if err != nil {
				return err
			}
			s.made[kind] += counts.Relationships
		}
	}
	var gone []any
	for _, e := range drop {
		gone = append(gone, []any{e.From, e.To, e.Type})
	}
	return s.send(ctx, "handover-delete", "rows", gone)
}

// id tells the edges to one worker apart.
func (e *Edge) id() string { return e.Type + " " + e.From }

// rows are the windows as parameters, each so much longer at its ends.
func rows(windows []window, earlier, later time.Duration) []any {
	out := make([]any, 0, len(windows))
	for _, w := range windows {
		out = append(out, []any{w.host, w.from.Add(-earlier), w.to.Add(later)})
	}
	return out
}

// distinct are the processes once each: windows may overlap.
func distinct(all []Process) []Process {
	slices.SortFunc(all, func(a, b Process) int { return strings.Compare(a.Key, b.Key) })
	return slices.CompactFunc(all, func(a, b Process) bool { return a.Key == b.Key })
}

func process(row graphdb.Row) (host string, p Process, err error) {
	q := settle.Process{Key: text(row, "key"), Host: text(row, "host"), GUID: text(row, "guid")}
	if pid, ok := row.Get("pid").(int64); ok {
		q.PID = uint32(pid)
	}
	if err := json.Unmarshal([]byte(text(row, "facts")), &q.Facts); err != nil {
		return "", p, fmt.Errorf("the facts of process %q are damaged: %w", q.Key, err)
	}
	return q.Host, Process{Key: q.Key, GUID: q.GUID, Sketch: q.Sketch()}, nil
}

func edges(to string, value any) map[string]Edge {
	out := map[string]Edge{}
	list, _ := value.([]any)
	for _, v := range list {
		r, ok := v.([]any)
		if !ok || len(r) != 5 {
			continue
		}
		e := Edge{To: to}
		e.Type, _ = r[0].(string)
		e.From, _ = r[1].(string)
		at, _ := r[2].(time.Time)
		e.Via, _ = r[3].(string)
		e.Confidence, _ = r[4].(float64)
		e.At = time.Unix(0, at.UnixNano()).UTC()
		out[e.id()] = e
	}
	return out
}

func text(row graphdb.Row, key string) string {
	s, _ := row.Get(key).(string)
	return s
}

func anys(texts []string) []any {
	out := make([]any, len(texts))
	for i, t := range texts {
		out[i] = t
	}
	return out
}

// Index gives the values of a process's properties askHost and handHost, by which
// it is found: its host where it asks, its host where it was started by a broker.
func Index(host string, s *settle.Sketch) (askHost, handHost string) {
	if Asks(s) {
		askHost = host
	}
	if Works(s) {
		handHost = host
	}
	return askHost, handHost
}
