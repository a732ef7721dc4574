package hunt_test

import (
	"context"
	_ "embed" // the graphs that tests build
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/taskroot/taskroot/hunt"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/queries"
)

const name = "task-to-rare-domain"

var (
	//go:embed testdata/reach.cypher
	reachText string
	//go:embed testdata/forget.cypher
	forgetText string
	//go:embed testdata/analyst.cypher
	analystText string
	//go:embed testdata/snapshot.cypher
	snapshotText string
	//go:embed testdata/no-task.cypher
	noTaskText string
	//go:embed testdata/expire.cypher
	expireText string
)

// bench is a runner on an empty real database, with a clock that tells another
// time whenever it is asked.
type bench struct {
	*testing.T
	db    *graphdb.DB
	store *queries.Hunts
	defs  []hunt.Definition
	r     *hunt.Runner
}

func definition() hunt.Definition {
	return hunt.Definition{
		Name: name, Label: "TrTaskToRareDomain", Version: "v1",
		Params: []hunt.Param{
			{Name: "since", Type: "ZONED DATETIME"}, {Name: "until", Type: "ZONED DATETIME"},
			{Name: "maxHosts", Type: "INTEGER", Default: "1"}, {Name: "via", Type: "STRING", Default: "'any'", Help: "connected: connections only; any: questions too"},
			{Name: "includePrivate", Type: "BOOLEAN", Default: "false"},
		},
	}
}

func open(t *testing.T) *bench {
	t.Helper()
	db := graphtest.Open(t)
	graphtest.Exclusive(t, db)
	lib, err := queries.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := lib.Migrate(t.Context(), db.Writer()); err != nil {
		t.Fatal(err)
	}
	defs, err := hunt.Definitions(lib)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, db: db, store: queries.NewHunts(lib, db), defs: defs}
	b.r = b.runner(b.store)
	return b
}

func (b *bench) runner(s hunt.Store) *hunt.Runner {
	b.Helper()
	var mu sync.Mutex
	now := time.Date(2026, 5, 10, 0, 0, 0, 0, time.UTC)
	r, err := hunt.New(s, b.defs, slog.New(slog.DiscardHandler), hunt.Config{Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func (b *bench) do(text string, params map[string]any) {
	b.Helper()
	if err := b.db.Writer().Run(b.Context(), graphdb.Statement{Name: "test", Text: text}, params, nil); err != nil {
		b.Fatal(err)
	}
}

// reach lets a task of a host contact a domain.
func (b *bench) reach(host, task, domain string) {
	b.Helper()
	b.do(reachText, map[string]any{"host": host, "task": task, "domain": domain})
}

// forget deletes the contacts with a domain.
func (b *bench) forget(domain string) { b.do(forgetText, map[string]any{"domain": domain}) }

// snapshot is the labelled tasks, the findings and their values, without what
// tells of the runs themselves.
func (b *bench) snapshot() string {
	b.Helper()
	var lines []string
	err := b.db.Reader().Run(b.Context(), graphdb.Statement{Name: "test", Text: snapshotText}, nil, func(r graphdb.Row) error {
		lines = append(lines, r.Get("line").(string))
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func (b *bench) want(what, want string) {
	b.Helper()
	if got := b.snapshot(); got != want {
		b.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
	}
}

func (b *bench) hunt(given map[string]string) hunt.Result {
	b.Helper()
	got, err := b.r.Run(b.Context(), name, given)
	if err != nil {
		b.Fatal(err)
	}
	return got
}

const (
	bothFound = `task h1|\a Task TrTaskToRareDomain
task h2|\b Task TrTaskToRareDomain
finding h1|\a a.example 1.274
finding h2|\b b.example 1.274`
	noneFound = `task h1|\a Task
task h2|\b Task`
)

func twoTasks(t *testing.T) *bench {
	b := open(t)
	b.reach("h1", `\A`, "a.example")
	b.reach("h2", `\B`, "b.example")
	b.reach("h1", `\A`, "common.example")
	b.reach("h2", `\B`, "common.example")
	b.reach("h3", `\C`, "common.example")
	b.do(noTaskText, nil)
	return b
}

func TestRun(t *testing.T) {
	b := twoTasks(t)
	b.want("before", noneFound)
	first := b.hunt(nil)
	if first.Run != name+"-1" || first.Labelled != 2 || first.Unlabelled != 0 || first.Gone != 0 || len(first.Findings) != 2 {
		t.Errorf("first run: %+v", first)
	}
	b.want("first run", bothFound)

	second := b.hunt(nil)
	if second.Run != name+"-2" || second.Labelled != 0 || second.Unlabelled != 0 {
		t.Errorf("second run: %+v", second)
	}
	if !reflect.DeepEqual(first.Findings, second.Findings) {
		t.Errorf("the second run found something else: %s", second.Findings)
	}
	b.want("second run", bothFound)
}

func TestRunRow(t *testing.T) {
	b := twoTasks(t)
	got := b.hunt(map[string]string{"max-hosts": "1"}).Findings[0]
	const want = `{"task":{"key":"h1|\\a","host":"h1","path":"\\A"},"destination":"a.example","via":"connected",
	"endpoints":["www.a.example"],"hosts":1,"hostsObserved":3,"runs":1,"chains":1,"count":2,
	"firstSeen":"2026-05-01T00:00:00Z","lastSeen":"2026-05-02T00:00:00Z","depth":1,"confidence":0.9,"score":1.274,
	"reasons":[{"name":"rarity","value":1,"points":1.274,
	"text":"reached by 1 of 3 hosts with network or DNS telemetry; below 20 hosts rarity means little"}],
	"chain":[{"label":"Task","key":"h1|\\a","name":"\\A"},
	{"label":"Process","key":"h1|\\A|a.example","name":"cmd.exe","pid":42,"at":"2026-05-01T00:00:00Z","via":"B","confidence":0.9},
	{"label":"Endpoint","key":"www.a.example","name":"www.a.example","at":"2026-05-02T00:00:00Z","via":"connected","confidence":1}],
	"evidence":["sysmon.evtx"]}`
	var g, w any
	if err := errors.Join(json.Unmarshal(got, &g), json.Unmarshal([]byte(want), &w)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got %s", got)
	}
}

func TestRunWindow(t *testing.T) {
	b := twoTasks(t)
	b.hunt(nil)
	if got := b.hunt(map[string]string{"since": "2026-05-03"}); len(got.Findings) != 0 || got.Unlabelled != 2 {
		t.Errorf("nothing happened since: %+v", got)
	}
	if got := b.hunt(map[string]string{"since": "2026-05-02", "until": "2026-05-03"}); len(got.Findings) != 2 || got.Labelled != 2 {
		t.Errorf("both happened then: %+v", got)
	}
}

func TestRunDifference(t *testing.T) {
	b := twoTasks(t)
	b.hunt(nil)
	b.forget("b.example")
	if got := b.hunt(nil); got.Labelled != 0 || got.Unlabelled != 1 {
		t.Errorf("data removed: %+v", got)
	}
	const want = `task h1|\a Task TrTaskToRareDomain
task h2|\b Task
finding h1|\a a.example 1.274
finding h2|\b b.example 1.274`
	b.want("data removed", want)
	b.reach("h1", `\A`, "second.example")
	b.hunt(nil)
	b.forget("a.example")
	if got := b.hunt(nil); got.Unlabelled != 0 || len(got.Findings) != 1 {
		t.Errorf("another finding is about the task still: %+v", got)
	}
}

func TestAnalyst(t *testing.T) {
	b := twoTasks(t)
	b.hunt(nil)
	b.do(analystText, nil)
	b.forget("a.example")
	b.hunt(nil)
	const want = `task h1|\a Reviewed Task verdict=bad
task h2|\b Task TrTaskToRareDomain
finding h1|\a a.example 1.274
finding h2|\b b.example 1.274`
	b.want("label gone", want)
	for _, run := range []string{name + "-2", name + "-1"} {
		if _, err := b.r.Retract(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	b.want("all retracted", `task h1|\a Reviewed Task verdict=bad
task h2|\b Task
finding h1|\a a.example 1.274`) // the analyst gave this finding a note
}

func TestRetract(t *testing.T) {
	b := twoTasks(t)
	b.hunt(nil)
	b.forget("b.example")
	b.reach("h2", `\B`, "c.example")
	b.hunt(nil)
	b.want("two runs", `task h1|\a Task TrTaskToRareDomain
task h2|\b Task TrTaskToRareDomain
finding h1|\a a.example 1.274
finding h2|\b b.example 1.274
finding h2|\b c.example 1.274`)
	for _, c := range []struct {
		run  string
		want queries.HuntEffect
		left string
	}{
		{name + "-2", queries.HuntEffect{Findings: 1}, bothFound},
		{name + "-2", queries.HuntEffect{}, bothFound},
		{name + "-1", queries.HuntEffect{Findings: 2, Unlabelled: 2}, noneFound},
		{name + "-1", queries.HuntEffect{}, noneFound},
	} {
		got, err := b.r.Retract(t.Context(), c.run)
		if err != nil || got != c.want {
			t.Errorf("retract %s: %+v, %v", c.run, got, err)
		}
		b.want("retract "+c.run, c.left)
	}
	list, err := b.r.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Health != hunt.Unknown {
		t.Errorf("list: %+v, %v", list, err)
	}
}

func TestRetractOlder(t *testing.T) {
	b := twoTasks(t)
	b.hunt(nil)
	b.hunt(nil)
	got, err := b.r.Retract(t.Context(), name+"-1")
	if err != nil || got != (queries.HuntEffect{}) {
		t.Errorf("retract: %+v, %v", got, err)
	}
	b.want("the newer run stands", bothFound)
}

func TestRetractErr(t *testing.T) {
	b := open(t)
	if _, err := b.r.Retract(t.Context(), "nope-1"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("unknown run: %v", err)
	}
}

// broken is a store whose search fails.
type broken struct {
	*queries.Hunts
	search error
}

func (s broken) Search(ctx context.Context, n string, p map[string]any) ([]queries.HuntRow, error) {
	if s.search != nil {
		return nil, s.search
	}
	return s.Hunts.Search(ctx, n, p)
}

func (s broken) Apply(ctx context.Context, o queries.HuntOutcome) (queries.HuntEffect, error) {
	o.Rows[0].TargetID = "no such id" // which the database refuses in the middle of the work
	return s.Hunts.Apply(ctx, o)
}

func TestRunFails(t *testing.T) {
	b := twoTasks(t)
	b.hunt(nil)
	boom := errors.New("boom")
	_, err := b.runner(broken{Hunts: b.store, search: boom}).Run(t.Context(), name, nil)
	if !errors.Is(err, boom) {
		t.Errorf("error: %v", err)
	}
	b.want("failed", bothFound)
	list, err := b.r.List(t.Context())
	if err != nil || list[0].Health != hunt.Failing || list[0].Last.Error != "boom" || list[0].Last.Run != name+"-2" {
		t.Errorf("list: %+v, %v", list, err)
	}
	b.hunt(nil)
	if list, err = b.r.List(t.Context()); err != nil || list[0].Health != hunt.OK {
		t.Errorf("list: %+v, %v", list, err)
	}
	runs, err := b.r.Runs(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range runs {
		got = append(got, fmt.Sprint(r.Run, " ", r.Status, " ", r.Rows, " ", r.Labelled, " ", r.Error))
	}
	want := []string{name + "-3 ok 2 0 ", name + "-2 failed 0 0 boom", name + "-1 ok 2 2 "}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("runs: %q", got)
	}
}

func TestTargetGone(t *testing.T) {
	b := twoTasks(t)
	got, err := b.runner(broken{Hunts: b.store}).Run(t.Context(), name, nil)
	if err != nil || got.Gone != 1 || got.Labelled != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// slow holds a run open until it is told to go on.
type slow struct {
	*queries.Hunts
	begun, goOn chan struct{}
}

func (s slow) Search(ctx context.Context, n string, p map[string]any) ([]queries.HuntRow, error) {
	close(s.begun)
	<-s.goOn
	return s.Hunts.Search(ctx, n, p)
}

func TestLease(t *testing.T) {
	b := twoTasks(t)
	s := slow{b.store, make(chan struct{}), make(chan struct{})}
	done := make(chan error)
	go func() {
		_, err := b.runner(s).Run(t.Context(), name, nil)
		done <- err
	}()
	<-s.begun
	if _, err := b.r.Run(t.Context(), name, nil); fault.KindOf(err) != fault.Conflict {
		t.Errorf("second runner: %v", err)
	}
	if _, err := b.r.Retract(t.Context(), name+"-1"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("retract a run that runs: %v", err)
	}
	b.do(expireText, nil) // it took too long
	b.hunt(nil)
	close(s.goOn)
	if err := <-done; fault.KindOf(err) != fault.Conflict {
		t.Errorf("the runner that lost its lease: %v", err)
	}
	b.want("only the second counts", bothFound)
	runs, err := b.r.Runs(t.Context(), name, 10)
	if err != nil || len(runs) != 2 || runs[0].Status != "failed" && runs[1].Status != "failed" {
		t.Errorf("runs: %+v, %v", runs, err)
	}
}

func TestConcurrent(t *testing.T) {
	b := twoTasks(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	done, held := 0, 0
	for range 6 {
		all.Go(func() {
			_, err := b.r.Run(t.Context(), name, nil)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case fault.KindOf(err) == fault.Conflict:
				held++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	runs, err := b.r.Runs(t.Context(), name, 10)
	if err != nil || len(runs) != done || done == 0 || done+held != 6 {
		t.Errorf("%d done, %d held, runs %+v, %v", done, held, runs, err)
	}
	b.want("concurrent", bothFound)
}
