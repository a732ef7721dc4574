package queries

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
)

// Find is a read query that users call by name.
type Find struct {
	Name    string
	Summary string // one sentence
	Doc     string
	Params  []FindParam
	RowType reflect.Type

	statement Statement
	runner    graphdb.Runner
	paramType reflect.Type
	after     []string // columns of the keyset, in order
	scan      func(graphdb.Row) (any, error)
	notes     func(ctx context.Context, p any, rows []any) ([]string, error)
	broken    error // header and Go types disagree
}

// FindParam is a parameter of a find.
type FindParam struct {
	CLI      string // kebab-case
	API      string // snake_case
	Type     string // string, integer, boolean or instant
	Default  string // "" where there is none
	Required bool
	Doc      string
	Min, Max *int64
	Enum     []string

	name  string // as the statement has it
	field int
}

// Result is a page of a find's answer.
type Result struct {
	Rows  []any    // values of the find's row type
	Next  string   // what asks for the rows after these; "" where there are none
	Notes []string // what the reader must know to trust the rows
}

// Finds is the table of all finds that run on r.
func (l *Library) Finds(r graphdb.Runner) []*Find {
	observed := newFind[Observed, ObservedHosts](l, r, "hosts-observed")
	return []*Find{
		newFind[ReachingRareDomains, RareDomainTask](l, r, "tasks-reaching-rare-domains").noting(rarityNotes(observed)),
		newFind[Tree, TreeProcess](l, r, "task-tree"),
		newFind[Ancestry, Ancestor](l, r, "process-ancestry"),
		newFind[Contacting, DomainContact](l, r, "domain-contacts"),
		newFind[Inventory, Task](l, r, "tasks"),
		newFind[Originating, TaskOrigin](l, r, "task-origins"),
		observed,
		newFind[Covering, CoverageDay](l, r, "coverage").completing(func(row any) any {
			day := row.(CoverageDay)
			day.explain()
			return day
		}),
	}
}

// newFind ties a statement to the Go types of its parameters and rows. What
// does not fit is kept in broken, which New reports.
func newFind[P, R any](l *Library, r graphdb.Runner, name string) *Find {
	f := &Find{Name: name, RowType: reflect.TypeFor[R](), paramType: reflect.TypeFor[P](), runner: r}
	f.statement, f.broken = l.Statement("find/" + name)
	f.Summary, f.Doc = f.statement.Summary, f.statement.Doc
	f.scan = func(row graphdb.Row) (any, error) { return scan[R](row) }
	if f.broken == nil {
		f.broken = errors.Join(f.bindParams(), f.checkRow())
	}
	if f.broken != nil {
		f.broken = fmt.Errorf("find %s: %w", name, f.broken)
	}
	return f
}

func (f *Find) noting(notes func(context.Context, any, []any) ([]string, error)) *Find {
	f.notes = notes
	return f
}

// completing puts into each row what the statement does not know.
func (f *Find) completing(complete func(row any) any) *Find {
	scan := f.scan
	f.scan = func(row graphdb.Row) (any, error) {
		v, err := scan(row)
		if err != nil {
			return nil, err
		}
		return complete(v), nil
	}
	return f
}

// enoughHosts is from how many observed hosts on rarity means something.
const enoughHosts = 20

func rarityNotes(observed *Find) func(context.Context, any, []any) ([]string, error) {
	return func(ctx context.Context, p any, rows []any) ([]string, error) {
		hosts := int64(0)
		if len(rows) > 0 {
			hosts = rows[0].(RareDomainTask).HostsObserved
		} else {
			asked := p.(*ReachingRareDomains)
			window := map[string]any{"since": optional(asked.Since), "until": optional(asked.Until)}
			found, err := observed.rows(ctx, window)
			if err != nil {
				return nil, err
			}
			hosts = found[0].(ObservedHosts).HostsObserved
		}
		if hosts >= enoughHosts {
			return nil, nil
		}
		return []string{fmt.Sprintf("hosts with network or DNS telemetry: %d; below %d, rarity means little", hosts, enoughHosts)}, nil
	}
}

func optional(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC()
}

// maxPage is how many rows All asks for at a time.
const maxPage = 10_000

// Run gives a page: parameters by either of their names as text, and the Next
// of the page before or "". What is wrong with them is fault.Invalid.
func (f *Find) Run(ctx context.Context, values map[string]string, cursor string) (*Result, error) {
	return f.page(ctx, values, cursor, 0)
}

// All gives every row, or as many as a limit among values allows; then Next is
// set where there are more.
func (f *Find) All(ctx context.Context, values map[string]string) (*Result, error) {
	_, limited := values["limit"]
	if limited || f.param("limit") == nil {
		return f.Run(ctx, values, "")
	}
	all, err := f.page(ctx, values, "", maxPage)
	for err == nil && all.Next != "" {
		var more *Result
		if more, err = f.page(ctx, values, all.Next, maxPage); err == nil {
			all.Rows, all.Next = append(all.Rows, more.Rows...), more.Next
		}
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// page runs the statement for one row more than asked for, to see whether
// there are more. A limit of 0 is that of the parameters.
func (f *Find) page(ctx context.Context, values map[string]string, cursor string, limit int64) (*Result, error) {
	now := time.Now().UTC()
	position, err := f.position(values, cursor)
	if err != nil {
		return nil, err
	}
	if position != nil {
		now = position.Now
	}
	bound, err := f.bind(values, now)
	if err != nil {
		return nil, err
	}
	params := f.params(bound)
	for _, column := range f.after {
		params[afterName(column)] = nil
	}
	if position != nil {
		if err := f.resume(params, position); err != nil {
			return nil, err
		}
	}
	paged := f.param("limit") != nil
	if limit == 0 && paged {
		limit = params["limit"].(int64)
	}
	if paged {
		params["limit"] = limit + 1
	}
	rows, err := f.raw(ctx, params)
	if err != nil {
		return nil, err
	}
	result := &Result{}
	if paged && int64(len(rows)) > limit {
		rows = rows[:limit]
		if result.Next, err = f.next(rows[limit-1], values, now); err != nil {
			return nil, err
		}
	}
	if result.Rows, err = f.scanAll(rows); err != nil {
		return nil, err
	}
	if f.notes != nil {
		result.Notes, err = f.notes(ctx, bound, result.Rows)
	}
	return result, err
}

func (f *Find) raw(ctx context.Context, params map[string]any) (rows []graphdb.Row, err error) {
	if f.runner == nil {
		return nil, fault.New(fault.Internal, "find %s has no database", f.Name)
	}
	err = f.runner.Run(ctx, f.statement.DB(), params, func(row graphdb.Row) error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", f.Name, err)
	}
	return rows, nil
}

func (f *Find) rows(ctx context.Context, params map[string]any) ([]any, error) {
	rows, err := f.raw(ctx, params)
	if err != nil {
		return nil, err
	}
	return f.scanAll(rows)
}

func (f *Find) scanAll(rows []graphdb.Row) ([]any, error) {
	out := make([]any, 0, len(rows))
	for _, row := range rows {
		v, err := f.scan(row)
		if err != nil {
			return nil, fmt.Errorf("find %s: %w", f.Name, err)
		}
		out = append(out, v)
	}
	return out, nil
}

func (f *Find) param(name string) *FindParam {
	for i := range f.Params {
		if p := &f.Params[i]; p.CLI == name || p.API == name || p.name == name {
			return p
		}
	}
	return nil
}

func hasSep(key string) bool { return strings.Contains(key, graph.Sep) }
