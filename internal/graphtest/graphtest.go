// Package graphtest gives tests a real Neo4j, and keeps them from harming any
// other.
//
// The server comes from outside, one for all packages of a run: 'make test'
// starts it through the command internal/graphtest/withneo4j, which names it in
// NEO4J_TEST_URI, _USERNAME and _PASSWORD. Without those a test that needs a
// database skips and says so; with REQUIRE_NEO4J=1 it fails instead.
//
// Go runs the tests of several packages at once, against that one server. So
// [Tx] and [Exclusive] take turns over all processes, and a test that begins
// finds the database empty. A database is only ever emptied when it carries
// the mark that it got, while it was empty, from whoever made it for tests.
package graphtest

import (
	"context"
	"crypto/sha256"
	_ "embed" // the queries about the mark
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/filelock"
	"github.com/taskroot/taskroot/internal/graphdb"
)

// The variables that name the server of a test run.
const (
	URIVariable      = "NEO4J_TEST_URI"
	UsernameVariable = "NEO4J_TEST_USERNAME"
	PasswordVariable = "NEO4J_TEST_PASSWORD"
	RequireVariable  = "REQUIRE_NEO4J"
)

// wipeRows bounds the deletions in one transaction.
const wipeRows = 10_000

var (
	//go:embed mark.cypher
	markText string
	//go:embed survey.cypher
	surveyText string
	//go:embed wipe-relationships.cypher
	wipeRelationshipsText string
	//go:embed wipe-nodes.cypher
	wipeNodesText string
)

// Config is the server of this test run. Where there is none the test skips,
// or fails if a database is required.
func Config(t testing.TB) graphdb.Config {
	t.Helper()
	c, ok := ConfigFromEnvironment()
	if ok {
		return c
	}
	const advice = "no Neo4j for tests: run 'make test-db', or set " + URIVariable + " and " + PasswordVariable
	if required := os.Getenv(RequireVariable); required != "" && required != "0" {
		t.Fatal(advice)
	}
	t.Skip(advice)
	return c
}

// ConfigFromEnvironment is the server that the environment names, if any.
func ConfigFromEnvironment() (graphdb.Config, bool) {
	c := graphdb.Config{
		URI:      os.Getenv(URIVariable),
		Username: os.Getenv(UsernameVariable),
		Password: os.Getenv(PasswordVariable),
	}
	if c.Username == "" {
		c.Username = "neo4j"
	}
	return c, c.URI != ""
}

// Open connects to the server of this test run until t ends. It changes
// nothing there: a test writes through [Tx], or after [Exclusive].
func Open(t testing.TB) *graphdb.DB {
	t.Helper()
	c := Config(t)
	db, err := graphdb.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("open the test database at %s: %v", c.URI, err)
	}
	t.Cleanup(func() {
		if err := db.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return db
}

// Tx runs work in a transaction on an empty database and rolls it back, so
// that nothing it wrote is ever seen by another test.
func Tx(t testing.TB, db *graphdb.DB, work func(graphdb.Runner)) {
	t.Helper()
	release := turn(t)
	defer release()
	empty(t, db)
	err := db.InTx(t.Context(), t.Name(), func(r graphdb.Runner) error {
		work(r)
		return graphdb.ErrRollback
	})
	if err != nil {
		t.Fatalf("test transaction: %v", err)
	}
}

// Exclusive is for a test that commits: until t ends no other test of the run
// uses the database, and it is empty when t begins and again when it has ended.
func Exclusive(t testing.TB, db *graphdb.DB) {
	t.Helper()
	release := turn(t)
	t.Cleanup(release)
	Wipe(t, db)
	t.Cleanup(func() {
		if err := wipe(context.WithoutCancel(t.Context()), db); err != nil {
			t.Errorf("wipe the test database: %v", err)
		}
	})
}

// Wipe deletes all nodes and relationships but the mark, and keeps constraints
// and indexes. It fails the test, and deletes nothing, where there is no mark.
func Wipe(t testing.TB, db *graphdb.DB) {
	t.Helper()
	if err := wipe(t.Context(), db); err != nil {
		t.Fatalf("wipe the test database: %v", err)
	}
}

// Mark says of an empty database that tests may wipe it. Of a database that
// holds anything it says so only if it had been said before.
func Mark(ctx context.Context, db *graphdb.DB) error {
	if err := db.Writer().Run(ctx, graphdb.Statement{Name: "test-mark", Text: markText}, nil, nil); err != nil {
		return err
	}
	marked, _, err := survey(ctx, db)
	if err == nil && !marked {
		return fault.New(fault.Conflict, "the database is neither empty nor marked as one for tests").
			WithHint("give the tests a database of their own")
	}
	return err
}

// empty makes sure that db holds nothing: what an aborted run left is wiped.
func empty(t testing.TB, db *graphdb.DB) {
	t.Helper()
	_, others, err := survey(t.Context(), db)
	if err != nil {
		t.Fatalf("look at the test database: %v", err)
	}
	if others {
		Wipe(t, db)
	}
}

func survey(ctx context.Context, db *graphdb.DB) (marked, others bool, err error) {
	err = db.Reader().Run(ctx, graphdb.Statement{Name: "test-survey", Text: surveyText}, nil, func(r graphdb.Row) error {
		var known [2]bool
		marked, known[0] = r.Get("marked").(bool)
		others, known[1] = r.Get("others").(bool)
		if !known[0] || !known[1] {
			return errors.New("survey.cypher does not answer with two booleans")
		}
		return nil
	})
	return marked, others, err
}

func wipe(ctx context.Context, db *graphdb.DB) error {
	marked, _, err := survey(ctx, db)
	if err != nil {
		return err
	}
	if !marked {
		return fault.New(fault.Conflict, "the database does not carry the mark of one made for tests").
			WithHint("let 'make test-db' make one, or name an empty one in %s", URIVariable)
	}
	for _, s := range []graphdb.Statement{
		{Name: "test-wipe-relationships", Text: wipeRelationshipsText},
		{Name: "test-wipe-nodes", Text: wipeNodesText},
	} {
		for deleted := int64(1); deleted > 0; {
			err := db.Writer().Run(ctx, s, map[string]any{"rows": wipeRows}, func(r graphdb.Row) (err error) {
				var ok bool
				if deleted, ok = r.Get("deleted").(int64); !ok {
					err = fmt.Errorf("%s does not answer with a number", s.Name)
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// holder is the test of this process whose turn it is: its sub-tests share its
// turn, where they would otherwise wait for it for ever.
var holder struct {
	sync.Mutex
	name string
}

// turn waits until no other test of the run uses the database.
func turn(t testing.TB) (release func()) {
	t.Helper()
	holder.Lock()
	shared := holder.name != "" && (t.Name() == holder.name || strings.HasPrefix(t.Name(), holder.name+"/"))
	holder.Unlock()
	if shared {
		return func() {}
	}
	sum := sha256.Sum256([]byte(os.Getenv(URIVariable)))
	path := filepath.Join(os.TempDir(), fmt.Sprintf("taskroot-test-%d-%s.lock", os.Getuid(), hex.EncodeToString(sum[:6])))
	unlock, err := filelock.Take(t.Context(), path)
	if err != nil {
		t.Fatalf("wait for the test database: %v", err)
	}
	setHolder(t.Name())
	return func() {
		setHolder("")
		unlock()
	}
}

func setHolder(name string) {
	holder.Lock()
	defer holder.Unlock()
	holder.name = name
}
