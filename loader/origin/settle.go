package origin

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/settle"
	"github.com/taskroot/taskroot/queries"
)

// batch is how many rows one statement is given.
const batch = 5000

// Settle works out again the origin of every task that a round's changes bear
// on, in the round's own transaction, after its changes were written. The hosts
// are those with an address that they were not known to have.
func Settle(
	ctx context.Context, tx graphdb.Runner, lib *queries.Library, log *slog.Logger, c *settle.Changes, hosts []string,
) error {
	if len(c.Tasks)+len(c.Accesses)+len(c.Addresses)+len(c.Edges) == 0 && !slices.ContainsFunc(c.Processes, asksElsewhere) {
		return nil
	}
	s := &store{tx: tx, lib: lib, log: log}
	tasks, err := s.tasks(ctx, c, hosts)
	if err != nil || len(tasks) == 0 {
		return err
	}
	if err := s.accesses(ctx, tasks); err != nil {
		return err
	}
	return s.write(ctx, tasks)
}

func asksElsewhere(p settle.ProcessChange) bool {
	server, _ := p.RemoteTask()
	return server != ""
}

type store struct {
	tx  graphdb.Runner
	lib *queries.Library
	log *slog.Logger
}

func (s *store) run(ctx context.Context, name string, params map[string]any, each func(graphdb.Row) error) error {
	st, err := s.lib.Statement("load/" + name)
	if err != nil {
		return err
	}
	begun := time.Now()
	defer func() { s.log.Debug("origin", "statement", name, "took", time.Since(begun)) }()
	if err := s.tx.Run(ctx, st.DB(), params, each); err != nil {
		return fmt.Errorf("work out where tasks came from: %w", err)
	}
	return nil
}

// task is one whose origin is worked out.
type task struct {
	key, host, path  string
	facts            []settle.TaskFact
	remote, attended any // as stored
	tied             bool
	accesses         []settle.Access
}

// tasks reads those that the changes bear on.
func (s *store) tasks(ctx context.Context, c *settle.Changes, hosts []string) ([]*task, error) {
	var out []*task
	err := s.run(ctx, "read-origin-tasks", affected(c, hosts), func(row graphdb.Row) error {
		t := &task{remote: row.Get("remote"), attended: row.Get("attended"), tied: row.Get("tied") == true}
		t.key, t.host, t.path = text(row, "key"), text(row, "host"), text(row, "path")
		if facts := text(row, "facts"); facts != "" {
			if err := json.Unmarshal([]byte(facts), &t.facts); err != nil {
				return fmt.Errorf("the facts of task %q are damaged: %w", t.key, err)
			}
		}
		out = append(out, t)
		return nil
	})
	return out, err
}

func affected(c *settle.Changes, hosts []string) map[string]any {
	keys, talking, windows, commands := []string{}, []string{}, []any{}, []any{}
	for _, t := range c.Tasks {
		keys = append(keys, t.Key)
	}
	spans := map[string]settle.Span{}
	for _, a := range c.Accesses {
		span := spans[a.Host]
		span.Add(a.At)
		spans[a.Host] = span
	}
	for host, span := range spans {
		windows = append(windows, []any{host, span.First.Add(-after).UTC(), span.Last.Add(session).UTC()})
	}
	for _, h := range c.Hosts {
		talking = append(talking, h.Key)
	}
	for _, p := range c.Processes {
		if server, path := p.RemoteTask(); server != "" {
			commands = append(commands, []string{server, path})
		}
	}
	if hosts == nil {
		hosts = []string{}
	}
	return map[string]any{
		"keys": keys, "windows": windows, "talking": talking, "hosts": hosts, "commands": commands,
	}
}

// accesses gives each task what its host saw around its changes.
func (s *store) accesses(ctx context.Context, tasks []*task) error {
	var rows []any
	for i, t := range tasks {
		for j := range t.facts {
			f := &t.facts[j]
			if f.Unknown || f.Channel == settle.ChannelCommand || !changes(f.Change) {
				continue
			}
			var id any
			if f.Logon != 0 {
				id = fmt.Sprintf("0x%x", f.Logon)
			}
			rows = append(rows, []any{
				int64(i), t.host, f.At.Add(-before).UTC(), f.At.Add(after).UTC(), f.At.Add(-session).UTC(), f.At.Add(-present).UTC(), id,
			})
		}
	}
	for piece := range slices.Chunk(rows, batch) {
		err := s.run(ctx, "read-accesses", map[string]any{"rows": piece}, func(row graphdb.Row) error {
			n, _ := row.Get("number").(int64)
			t := tasks[n]
			a := access(row)
			if !slices.ContainsFunc(t.accesses, func(b settle.Access) bool { return a.Key == b.Key }) {
				t.accesses = append(t.accesses, a)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func access(row graphdb.Row) settle.Access {
	a := settle.Access{Key: text(row, "key"), Kind: settle.AccessKind(text(row, "kind")), User: text(row, "user"), IP: text(row, "ip")}
	a.At, _ = row.Get("at").(time.Time)
	a.LogonID, _ = strconv.ParseUint(strings.TrimPrefix(text(row, "logonId"), "0x"), 16, 64)
	kind, _ := row.Get("logonType").(int64)
	port, _ := row.Get("port").(int64)
	a.Type, a.Port = uint8(kind), uint16(port)
	return a
}

func text(row graphdb.Row, key string) string {
	s, _ := row.Get(key).(string)
	return s
}

// write replaces what is stored of the tasks' origins where there is anything,
// or was.
func (s *store) write(ctx context.Context, tasks []*task) error {
	var from, registered []any
	for _, t := range tasks {
		o := Of(t.facts, t.accesses)
		var remote, attended any
		if o.Remote {
			remote = true
		}
		if o.Attended != nil {
			attended = *o.Attended
		}
		if t.tied || len(o.Sources) > 0 || remote != t.remote || attended != t.attended {
			from = append(from, []any{t.key, sourceRows(o.Sources), remote, attended})
		}
		if made := times(t.facts); t.tied || len(o.Sources)+len(made) > 0 {
			registered = append(registered, []any{t.key, t.path, made})
		}
	}
	if err := s.send(ctx, "registered-from", from); err != nil {
		return err
	}
	return s.send(ctx, "registered", registered)
}

func (s *store) send(ctx context.Context, name string, rows []any) error {
	for piece := range slices.Chunk(rows, batch) {
		if err := s.run(ctx, name, map[string]any{"rows": piece}, nil); err != nil {
			return err
		}
	}
	return nil
}

func sourceRows(all []Source) []any {
	rows := []any{}
	for _, f := range all {
		var port any
		if f.Port != 0 {
			port = int64(f.Port)
		}
		rows = append(rows, []any{f.IP, f.At.UTC(), f.Via, f.Confidence, port, string(f.Change)})
	}
	return rows
}

// times are those of a task's registrations and changes, by its own records.
func times(facts []settle.TaskFact) []any {
	out := []any{}
	for i := range facts {
		f := &facts[i]
		if f.Channel != settle.ChannelCommand && !f.Unknown && (f.Change == graph.Created || f.Change == graph.Updated) {
			out = append(out, f.At.UTC())
		}
	}
	return out
}
