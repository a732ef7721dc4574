package e2e_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/company"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader"
	"github.com/taskroot/taskroot/queries"
)

// row is what the test compares of a finding.
type row struct {
	Host, Task, Destination, Via string
	Hosts, Depth, Runs           int64
}

func readTruth(t *testing.T, dir string) *company.Truth {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, company.TruthFile))
	if err != nil {
		t.Fatal(err)
	}
	var truth company.Truth
	if err := json.Unmarshal(text, &truth); err != nil {
		t.Fatal(err)
	}
	return &truth
}

// planted are the rows that the truth says must be found in a format. A task
// that nothing names has no path.
func planted(t *testing.T, dir string, f company.Format) []row {
	t.Helper()
	truth := readTruth(t, dir)
	var want []row
	for _, p := range truth.Planted {
		if !p.VisibleIn[f] {
			continue
		}
		r := row{
			Host: strings.ToLower(p.Host), Task: p.Task, Destination: p.Destinations[f], Via: p.Via,
			Hosts: int64(p.Hosts[f]), Depth: int64(p.Depth), Runs: int64(p.Runs),
		}
		if p.NamedByIn[f] == "D" {
			r.Task = ""
		}
		want = append(want, r)
	}
	return want
}

func load(t *testing.T, db *graphdb.DB, lib *queries.Library, round int, paths ...string) {
	t.Helper()
	c := loader.DefaultConfig()
	c.RejectDir, c.Round = t.TempDir(), round
	tally, err := loader.New(db, lib, slog.New(slog.DiscardHandler), c).Load(t.Context(), paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(tally.Rejected) > 0 {
		t.Errorf("rejected: %v", tally.Rejected)
	}
}

func rare(t *testing.T, db *graphdb.DB, lib *queries.Library) []row {
	t.Helper()
	var got []row
	for _, f := range lib.Finds(db.Reader()) {
		if f.Name != "tasks-reaching-rare-domains" {
			continue
		}
		result, err := f.All(t.Context(), map[string]string{"max-hosts": "2"})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range result.Rows {
			text, err := json.Marshal(x)
			if err != nil {
				t.Fatal(err)
			}
			var r struct {
				Task             struct{ Host, Path string }
				Destination, Via string
				Hosts, Depth     int64
				Runs             int64
			}
			if err := json.Unmarshal(text, &r); err != nil {
				t.Fatal(err)
			}
			got = append(got, row{r.Task.Host, r.Task.Path, r.Destination, r.Via, r.Hosts, r.Depth, r.Runs})
		}
	}
	return got
}

func same(t *testing.T, got, want []row) {
	t.Helper()
	missing, extra := map[string]bool{}, map[string]bool{}
	for _, r := range want {
		missing[fmt.Sprintf("%+v", r)] = true
	}
	for _, r := range got {
		if s := fmt.Sprintf("%+v", r); missing[s] {
			delete(missing, s)
		} else {
			extra[s] = true
		}
	}
	for _, s := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("not found: %s", s)
	}
	for _, s := range slices.Sorted(maps.Keys(extra)) {
		t.Errorf("found, but not planted: %s", s)
	}
}

// TestCompany loads a made-up company and finds what was planted, all of it and
// nothing else, in each carrier that is read; both carriers together are the
// same company.
func TestCompany(t *testing.T) {
	db := graphtest.Open(t)
	graphtest.Exclusive(t, db)
	lib, err := queries.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := lib.Migrate(t.Context(), db.Writer()); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "company")
	o := company.Options{Hosts: 25, Days: 1, Seed: 7, Rate: 0.1, Out: dir, Formats: []company.Format{company.EvtxJSON, company.Winlogbeat}}
	if _, err := company.Generate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Run("EvtxJSON", func(t *testing.T) {
		graphtest.Wipe(t, db)
		load(t, db, lib, 5000, filepath.Join(dir, string(company.EvtxJSON)))
		same(t, rare(t, db, lib), planted(t, dir, company.EvtxJSON))
	})
	t.Run("BothCarriers", func(t *testing.T) {
		load(t, db, lib, 60000, filepath.Join(dir, string(company.Winlogbeat)))
		same(t, rare(t, db, lib), planted(t, dir, company.Winlogbeat))
		before := wholeGraph(t, db)
		graphtest.Wipe(t, db)
		load(t, db, lib, 60000, filepath.Join(dir, string(company.Winlogbeat)))
		same(t, rare(t, db, lib), planted(t, dir, company.Winlogbeat))
		after := wholeGraph(t, db)
		for key, p := range before {
			if q := after[key]; fmt.Sprint(p) != fmt.Sprint(q) {
				t.Errorf("both carriers: %s\nWinlogbeat alone: %s", p, q)
			}
		}
		if len(before) != len(after) {
			t.Errorf("both carriers make %d processes, Winlogbeat alone %d", len(before), len(after))
		}
	})
}

// wholeGraph is every process with its edges as text, by key.
func wholeGraph(t *testing.T, db *graphdb.DB) map[string]string {
	out := map[string]string{}
	for key, p := range processes(t, db) {
		out[key] = fmt.Sprintf("%+v", *p)
	}
	return out
}

// TestRealOrder loads all real telemetry at once, and file by file backwards in
// small rounds: the same processes with the same edges.
func TestRealOrder(t *testing.T) {
	dir := testdata.Shared(t)
	db := graphtest.Open(t)
	graphtest.Exclusive(t, db)
	lib, err := queries.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := lib.Migrate(t.Context(), db.Writer()); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range readExpected(t, dir) {
		if kind, _, _ := strings.Cut(e.File, "/"); slices.Contains([]string{"mordor", "splunk", "eql", "evtx"}, kind) {
			paths = append(paths, filepath.Join(dir, e.File))
		}
	}
	all := func(round int, paths ...string) {
		c := loader.DefaultConfig()
		c.RejectDir, c.Round, c.Host = t.TempDir(), round, "unnamed"
		if _, err := loader.New(db, lib, slog.New(slog.DiscardHandler), c).Load(t.Context(), paths, nil); err != nil {
			t.Fatal(err)
		}
	}
	all(60000, paths...)
	want := wholeGraph(t, db)
	graphtest.Wipe(t, db)
	slices.Reverse(paths)
	for _, p := range paths {
		all(777, p)
	}
	got := wholeGraph(t, db)
	for key, p := range want {
		if got[key] != p {
			t.Errorf("at once: %s\nfile by file, backwards: %s", p, got[key])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d processes file by file, %d at once", len(got), len(want))
	}
}
