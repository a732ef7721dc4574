package queries_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/queries"
)

// TestStatements holds every statement to its header on a real database: it
// runs with its example parameters as Neo4j Browser would run it.
func TestStatements(t *testing.T) {
	lib := library(t)
	db := graphtest.Open(t)
	graphtest.Exclusive(t, db)
	if err := lib.Migrate(t.Context(), db.Writer()); err != nil {
		t.Fatal(err)
	}
	runFixture(t, db.Writer(), "company", nil)
	runFixture(t, db.Writer(), "replan", nil)
	for _, folder := range []string{"find", "hunt", "load"} {
		for _, name := range lib.Names(folder) {
			t.Run(name, func(t *testing.T) {
				s, err := lib.Statement(name)
				if err != nil {
					t.Fatal(err)
				}
				checkStatement(t, db, s, folder != "load")
			})
		}
	}
}

func checkStatement(t *testing.T, db *graphdb.DB, s queries.Statement, analyst bool) {
	params := examples(t, db, s)
	got, err := db.Inspect(t.Context(), s.DB(), params)
	if err != nil {
		t.Fatal(err)
	}
	if got.ReadOnly != (s.Access == "read") {
		t.Errorf("the header says access %s, the database read-only %v", s.Access, got.ReadOnly)
	}
	var declared []string
	for _, c := range s.Returns {
		declared = append(declared, c.Name)
	}
	if !slices.Equal(got.Columns, declared) {
		t.Errorf("the header returns %v, the database %v", declared, got.Columns)
	}
	if !analyst { // labels of books that nobody keeps yet are unknown to the database
		return
	}
	if len(got.Notifications) > 0 {
		t.Errorf("the database warns:\n%s", strings.Join(got.Notifications, "\n"))
	}
	comparePlan(t, s.Name, got.Operators)
}

// examples evaluates the :param lines the way Neo4j Browser does: as Cypher.
func examples(t *testing.T, db *graphdb.DB, s queries.Statement) map[string]any {
	t.Helper()
	params := map[string]any{}
	for name, expression := range s.Examples {
		st := graphdb.Statement{Name: "example", Text: "RETURN " + expression + " AS value"}
		err := db.Reader().Run(t.Context(), st, nil, func(r graphdb.Row) error {
			params[name] = r.Get("value")
			return nil
		})
		if err != nil {
			t.Fatalf(":param %s: %v", name, err)
		}
	}
	return params
}

func comparePlan(t *testing.T, name string, operators []string) {
	t.Helper()
	path := filepath.Join("testdata", "plans", filepath.Base(name)+".txt")
	if strings.HasPrefix(name, "hunt/") {
		path = filepath.Join("testdata", "plans", "hunt-"+filepath.Base(name)+".txt")
	}
	got := strings.Join(operators, "\n") + "\n"
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s: another plan (after a look, run the test with -rewrite):\n%s", path, firstDifference(string(want), got))
	}
}

// TestClimb holds that the rare end comes first: nothing walks down from tasks.
func TestClimb(t *testing.T) {
	text, err := os.ReadFile("testdata/plans/tasks-reaching-rare-domains.txt")
	if err != nil {
		t.Fatal(err)
	}
	climbs := 0
	for line := range strings.Lines(string(text)) {
		op := strings.TrimSpace(line)
		if strings.Contains(op, "Task") && (strings.Contains(op, "Scan") || strings.Contains(op, "Seek")) {
			t.Errorf("the plan starts from tasks: %s", op)
		}
		if strings.HasPrefix(op, "VarLengthExpand") || strings.HasPrefix(op, "Repeat") {
			climbs++
			if !strings.Contains(op, "(leaf)") {
				t.Errorf("a climb does not start at the leaf: %s", op)
			}
		}
	}
	if climbs != 2 {
		t.Errorf("%d climbs in the plan, not 2", climbs)
	}
}

// TestMigrateTwice holds that setting up a database that is set up is nothing.
func TestMigrateTwice(t *testing.T) {
	lib := library(t)
	db := graphtest.Open(t)
	graphtest.Exclusive(t, db)
	for range 2 {
		if err := lib.Migrate(t.Context(), db.Writer()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFilesAreKnown holds that no case or plan is left without its find.
func TestFilesAreKnown(t *testing.T) {
	lib := library(t)
	var finds []string
	for _, f := range lib.Finds(nil) {
		finds = append(finds, f.Name)
	}
	for _, name := range lib.Names("find") {
		if !slices.Contains(finds, strings.TrimPrefix(name, "find/")) {
			t.Errorf("%s.cypher is in no line of Finds", name)
		}
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != len(finds) {
		t.Errorf("%d case files for %d finds: %v", len(files), len(finds), err)
	}
	for _, f := range files {
		if !slices.Contains(finds, strings.TrimSuffix(filepath.Base(f), ".txt")) {
			t.Errorf("%s is for no find", f)
		}
	}
	if got := fmt.Sprint(lib.Finds(nil)[0].Params[2].CLI); got != "max-hosts" {
		t.Errorf("third parameter is %s", got)
	}
}
