package loader

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/cmdline"
	"github.com/taskroot/taskroot/loader/settle"
	"github.com/taskroot/taskroot/loader/taskxml"
	"github.com/taskroot/taskroot/queries"
)

// readBatch is how many keys one read asks for.
const readBatch = 5000

// store reads what settling needs to know of the database.
type store struct {
	lib *queries.Library
	db  graphdb.Runner
}

func (s *store) read(ctx context.Context, name string, params map[string]any, each func(graphdb.Row) error) error {
	st, err := s.lib.Statement("load/" + name)
	if err != nil {
		return err
	}
	if err := s.db.Run(ctx, st.DB(), params, each); err != nil {
		return fmt.Errorf("read for settling: %w", err)
	}
	return nil
}

// chunks calls do with pieces of keys; with none it doesn't call at all.
func chunks[T any](keys []T, do func([]T) error) error {
	for piece := range slices.Chunk(keys, readBatch) {
		if err := do(piece); err != nil {
			return err
		}
	}
	return nil
}

// Processes implements [settle.Store].
func (s *store) Processes(ctx context.Context, by settle.Lookup) ([]*settle.Process, error) {
	var out []*settle.Process
	seen := map[string]bool{}
	add := func(row graphdb.Row) error {
		key := text(row, "key")
		if seen[key] {
			return nil
		}
		seen[key] = true
		p, err := process(row)
		if err != nil {
			return err
		}
		out = append(out, p)
		return nil
	}
	empty := []string{}
	for name, keys := range map[string][]string{"keys": by.Keys, "units": by.Units, "parentUnits": by.ParentUnits, "seconds": by.Seconds} {
		err := chunks(keys, func(piece []string) error {
			params := map[string]any{"keys": empty, "units": empty, "parentUnits": empty, "seconds": empty}
			params[name] = piece
			return s.read(ctx, "read-processes", params, add)
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func process(row graphdb.Row) (*settle.Process, error) {
	p := &settle.Process{
		Key: text(row, "key"), Host: text(row, "host"), GUID: text(row, "guid"), PID: uint32(integer(row, "pid")),
		Seen:     settle.Span{First: instant(row, "firstSeen"), Last: instant(row, "lastSeen")},
		Evidence: settle.DecodeEvidences(list(row, "evidence")), PIDTalk: row.Get("pidTalk") == true,
	}
	if err := json.Unmarshal([]byte(text(row, "facts")), &p.Facts); err != nil {
		return nil, fmt.Errorf("the facts of process %q are damaged: %w", p.Key, err)
	}
	confidence, _ := row.Get("parentConfidence").(float64)
	p.Parent = settle.Parent{Key: text(row, "parent"), Via: text(row, "parentVia"), Confidence: confidence}
	p.Stored = &settle.Stored{Parent: p.Parent, Seen: p.Seen, Root: row.Get("root") == true}
	p.Stored.Row = p.Fingerprint()
	return p, nil
}

// Talks implements [settle.Store].
func (s *store) Talks(ctx context.Context, keys []string) (map[string]*settle.Talk, error) {
	talks := map[string]*settle.Talk{}
	err := chunks(keys, func(piece []string) error {
		return s.read(ctx, "read-talks", map[string]any{"keys": piece}, func(row graphdb.Row) error {
			key := text(row, "key")
			if talks[key] == nil {
				talks[key] = settle.NewTalk()
			}
			confidence, _ := row.Get("confidence").(float64)
			talks[key].RestoreEdge(&settle.Edge{
				Type: text(row, "type"), Endpoint: text(row, "endpoint"), Tuples: list(row, "tuples"),
				Truncated: row.Get("truncated") == true, Confidence: confidence, Reverse: list(row, "reverse"),
				Evidence: settle.DecodeEvidences(list(row, "evidence")),
			})
			return nil
		})
	})
	return talks, err
}

// Tasks implements [settle.Store].
func (s *store) Tasks(ctx context.Context, keys []string) ([]*settle.Task, error) {
	var out []*settle.Task
	err := chunks(keys, func(piece []string) error {
		return s.read(ctx, "read-tasks", map[string]any{"keys": piece}, func(row graphdb.Row) error {
			t := &settle.Task{
				Key: text(row, "key"), Host: text(row, "host"), RunPath: text(row, "runPath"),
				Seen:     settle.Span{First: instant(row, "firstSeen"), Last: instant(row, "lastSeen")},
				Evidence: settle.DecodeEvidences(list(row, "evidence")),
			}
			if facts := text(row, "facts"); facts != "" {
				if err := json.Unmarshal([]byte(facts), &t.Facts); err != nil {
					return fmt.Errorf("the facts of task %q are damaged: %w", t.Key, err)
				}
			}
			t.Stored = t.Fingerprint()
			out = append(out, t)
			return nil
		})
	})
	return out, err
}

// Runs implements [settle.Store].
func (s *store) Runs(ctx context.Context, keys []string, windows []settle.Window) ([]*settle.Run, error) {
	var out []*settle.Run
	add := func(row graphdb.Row) error {
		r := &settle.Run{
			Key: text(row, "key"), Host: text(row, "host"), Task: text(row, "task"), Instance: text(row, "instance"),
			Evidence: settle.DecodeEvidences(list(row, "evidence")),
		}
		if err := json.Unmarshal([]byte(text(row, "ticks")), &r.Ticks); err != nil {
			return fmt.Errorf("the records of run %q are damaged: %w", r.Key, err)
		}
		r.Stored = r.Fingerprint()
		out = append(out, r)
		return nil
	}
	err := chunks(keys, func(piece []string) error {
		return s.read(ctx, "read-launches", map[string]any{"keys": piece}, add)
	})
	if err != nil || len(windows) == 0 {
		return out, err
	}
	return out, s.read(ctx, "read-launches-of", map[string]any{"windows": bounds(windows)}, add)
}

// The ends of time, for open windows.
var (
	beginning = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	end       = time.Date(2900, 1, 1, 0, 0, 0, 0, time.UTC)
)

func bounds(windows []settle.Window) []any {
	var rows []any
	for _, w := range windows {
		from, to := w.Span.First, w.Span.Last
		if from.IsZero() {
			from, to = beginning, end
		}
		rows = append(rows, []any{w.Host, from.UTC(), to.UTC()})
	}
	return rows
}

// Roots implements [settle.Store].
func (s *store) Roots(ctx context.Context, windows []settle.Window) ([]settle.StoredRoot, error) {
	var out []settle.StoredRoot
	err := s.read(ctx, "read-roots", map[string]any{"windows": bounds(windows)}, func(row graphdb.Row) error {
		p := &settle.Process{Key: text(row, "key"), Host: text(row, "host"), GUID: text(row, "guid"), PID: uint32(integer(row, "pid"))}
		if err := json.Unmarshal([]byte(text(row, "facts")), &p.Facts); err != nil {
			return fmt.Errorf("the facts of process %q are damaged: %w", p.Key, err)
		}
		p.Evidence = settle.DecodeEvidences(list(row, "evidence"))
		root := settle.NewRoot(p, instant(row, "startedAt"), settle.ParentOf{})
		if facts := text(row, "parentFacts"); facts != "" {
			q := settle.Process{PID: uint32(integer(row, "parentPID"))}
			root.Parent = settle.ParentOf{Key: text(row, "parent"), PID: q.PID}
			if err := json.Unmarshal([]byte(facts), &q.Facts); err != nil {
				return fmt.Errorf("the facts of process %q are damaged: %w", root.Parent.Key, err)
			}
			root.Parent.Image, root.Parent.Command = q.Image(), q.CommandLine()
		}
		out = append(out, settle.StoredRoot{Host: p.Host, Root: root, Spawns: spawns(p.Key, row.Get("spawns"))})
		return nil
	})
	return out, err
}

func spawns(process string, value any) map[string]string {
	out := map[string]string{}
	rows, _ := value.([]any)
	for _, v := range rows {
		r, ok := v.([]any)
		if !ok || len(r) != 9 {
			continue
		}
		get := func(i int) string { s, _ := r[i].(string); return s }
		s := settle.Spawn{Task: get(1), Process: process, May: get(0) == graph.RelMayHaveSpawned, Via: get(3)}
		s.At, _ = r[2].(time.Time)
		s.Confidence, _ = r[4].(float64)
		s.Instance, s.Result, s.Trigger = get(5), get(7), get(8)
		s.Ended, _ = r[6].(time.Time)
		out[s.ID()] = s.Fingerprint()
	}
	return out
}

// Plans implements [settle.Store].
func (s *store) Plans(ctx context.Context, hosts []string) (map[string][]settle.StoredPlan, error) {
	out := map[string][]settle.StoredPlan{}
	matchers := map[string]settle.Matcher{}
	err := s.read(ctx, "read-plans", map[string]any{"hosts": hosts}, func(row graphdb.Row) error {
		p := settle.StoredPlan{Task: text(row, "task"), Plan: text(row, "plan"), From: instant(row, "from"), To: instant(row, "to")}
		if matchers[p.Plan] == nil {
			var actions []taskxml.Action
			if err := json.Unmarshal([]byte(text(row, "actions")), &actions); err != nil {
				return fmt.Errorf("the actions of definition %q are damaged: %w", p.Plan, err)
			}
			matchers[p.Plan] = matcher(actions)
		}
		p.Matches = matchers[p.Plan]
		host := text(row, "host")
		out[host] = append(out[host], p)
		return nil
	})
	return out, err
}

// Definitions implements [settle.Store].
func (s *store) Definitions(ctx context.Context, keys []string) (map[string]settle.Matcher, error) {
	out := map[string]settle.Matcher{}
	err := chunks(keys, func(piece []string) error {
		return s.read(ctx, "read-definitions", map[string]any{"keys": piece}, func(row graphdb.Row) error {
			var actions []taskxml.Action
			if err := json.Unmarshal([]byte(text(row, "actions")), &actions); err != nil {
				return fmt.Errorf("the actions of definition %q are damaged: %w", text(row, "key"), err)
			}
			out[text(row, "key")] = matcher(actions)
			return nil
		})
	})
	return out, err
}

// matcher says by which kind of action, if any, a process comes from a definition.
func matcher(actions []taskxml.Action) settle.Matcher {
	return func(image, command string) settle.Fit {
		fit := settle.NoFit
		for _, a := range actions {
			switch {
			case a.Command != "" && cmdline.Match(a.Command, a.Arguments, image, command) == cmdline.Full:
				return settle.FitsCommand
			case a.Kind == taskxml.ComHandler && cmdline.Handled(a.Data, image, command):
				fit = settle.FitsHandler
			}
		}
		return fit
	}
}

// Hosts implements [settle.Store].
func (s *store) Hosts(ctx context.Context, keys []string) ([]settle.Host, error) {
	var out []settle.Host
	err := s.read(ctx, "read-hosts", map[string]any{"hosts": keys}, func(row graphdb.Row) error {
		out = append(out, settle.Host{Key: text(row, "host"), Pidless: row.Get("pidless") == true, Skewed: row.Get("skewed") == true})
		return nil
	})
	return out, err
}

func text(row graphdb.Row, key string) string {
	s, _ := row.Get(key).(string)
	return s
}

func integer(row graphdb.Row, key string) int64 {
	n, _ := row.Get(key).(int64)
	return n
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
