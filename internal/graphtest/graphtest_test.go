package graphtest_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
)

func statement(t *testing.T, name string) graphdb.Statement {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".cypher"))
	if err != nil {
		t.Fatal(err)
	}
	return graphdb.Statement{Name: name, Text: string(text)}
}

func run(t *testing.T, r graphdb.Runner, name string) {
	t.Helper()
	if err := r.Run(t.Context(), statement(t, name), map[string]any{"key": t.Name()}, nil); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func wantCounts(t *testing.T, r graphdb.Runner, nodes, relationships int64) {
	t.Helper()
	var got [2]any
	err := r.Run(t.Context(), statement(t, "count"), nil, func(row graphdb.Row) error {
		got = [2]any{row.Get("nodes"), row.Get("relationships")}
		return nil
	})
	if want := [2]any{nodes, relationships}; err != nil || got != want {
		t.Fatalf("got %v nodes and relationships (%v), want %v", got, err, want)
	}
}

func TestTx(t *testing.T) {
	db := graphtest.Open(t)
	for _, name := range []string{"OK", "OKAgain"} {
		t.Run(name, func(t *testing.T) {
			graphtest.Tx(t, db, func(r graphdb.Runner) {
				wantCounts(t, r, 0, 0)
				run(t, r, "add")
				wantCounts(t, r, 2, 1)
			})
		})
	}
	t.Run("OKNested", func(t *testing.T) {
		graphtest.Exclusive(t, db)
		t.Run("Sub", func(t *testing.T) {
			graphtest.Tx(t, db, func(r graphdb.Runner) { run(t, r, "add") })
		})
		wantCounts(t, db.Reader(), 0, 0)
	})
}

func TestExclusive(t *testing.T) {
	db := graphtest.Open(t)
	t.Run("OK", func(t *testing.T) {
		graphtest.Exclusive(t, db)
		wantCounts(t, db.Reader(), 0, 0)
		run(t, db.Writer(), "add")
		run(t, db.Writer(), "add")
		wantCounts(t, db.Reader(), 4, 2)
		graphtest.Wipe(t, db)
		wantCounts(t, db.Reader(), 0, 0)
		run(t, db.Writer(), "add")
	})
	t.Run("OKWipedAfterwards", func(t *testing.T) {
		graphtest.Tx(t, db, func(r graphdb.Runner) { wantCounts(t, r, 0, 0) })
	})
	t.Run("OKTurns", func(t *testing.T) {
		for range 4 {
			t.Run("Parallel", func(t *testing.T) {
				t.Parallel()
				graphtest.Exclusive(t, db)
				run(t, db.Writer(), "add")
				wantCounts(t, db.Reader(), 2, 1)
			})
		}
	})
}

func TestMark(t *testing.T) {
	db := graphtest.Open(t)
	graphtest.Exclusive(t, db)
	t.Run("OKAgain", func(t *testing.T) {
		if err := graphtest.Mark(t.Context(), db); err != nil {
			t.Error(err)
		}
	})
	t.Run("ErrNotEmpty", func(t *testing.T) {
		run(t, db.Writer(), "unmark")
		run(t, db.Writer(), "add")
		if err := graphtest.Mark(t.Context(), db); fault.KindOf(err) != fault.Conflict {
			t.Errorf("got %v, want a conflict", err)
		}
		// A test of its own must fail to wipe it, and must leave it as it is.
		said, err := again(t, "TestWipeHelper", "GRAPHTEST_WIPE=1")
		if err == nil || !strings.Contains(said, "does not carry the mark") {
			t.Errorf("wiping a database without the mark: %v\n%s", err, said)
		}
		wantCounts(t, db.Reader(), 2, 1)
	})
	restore(t, db)
}

// restore gives the test database its mark back.
func restore(t *testing.T, db *graphdb.DB) {
	t.Helper()
	run(t, db.Writer(), "clear")
	if err := graphtest.Mark(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

func TestWipeHelper(t *testing.T) {
	if os.Getenv("GRAPHTEST_WIPE") == "" {
		t.Skip("run by TestMark")
	}
	graphtest.Wipe(t, graphtest.Open(t))
}

func TestOpenHelper(t *testing.T) {
	if os.Getenv("GRAPHTEST_OPEN") == "" {
		t.Skip("run by TestOpen")
	}
	graphtest.Open(t)
}

// TestOpen needs no database: it runs a test that has none.
func TestOpen(t *testing.T) {
	t.Run("OKSkips", func(t *testing.T) {
		said, err := again(t, "TestOpenHelper", "GRAPHTEST_OPEN=1", "NEO4J_TEST_URI=", "REQUIRE_NEO4J=")
		if err != nil || !strings.Contains(said, "--- SKIP: TestOpenHelper") || !strings.Contains(said, "make test-db") {
			t.Errorf("%v\n%s", err, said)
		}
	})
	t.Run("ErrRequired", func(t *testing.T) {
		said, err := again(t, "TestOpenHelper", "GRAPHTEST_OPEN=1", "NEO4J_TEST_URI=", "REQUIRE_NEO4J=1")
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !strings.Contains(said, "--- FAIL: TestOpenHelper") {
			t.Errorf("%v\n%s", err, said)
		}
	})
}

// again runs one test of this very binary with another environment.
func again(t *testing.T, test string, env ...string) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.run", "^"+test+"$")
	cmd.Env = append(os.Environ(), env...)
	said, err := cmd.CombinedOutput()
	return string(said), err
}
