package localdb_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/taskroot/taskroot/docker"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/localdb"
)

func contextWithin(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

// ways are those in which a real server can be run here; TASKROOT_TEST_WITH
// leaves only the one it names.
func ways(t *testing.T) []localdb.With {
	t.Helper()
	var found []localdb.With
	only := localdb.With(os.Getenv("TASKROOT_TEST_WITH"))
	_, java := exec.LookPath("java")
	_, mvn := exec.LookPath("mvn")
	if java == nil && mvn == nil {
		found = append(found, localdb.Java)
	}
	if _, err := localdb.FindImage(t.Context()); err == nil {
		found = append(found, localdb.Docker)
	}
	found = slices.DeleteFunc(found, func(w localdb.With) bool { return only != localdb.Auto && w != only })
	const advice = "a real server needs Java 17 and Maven, or a Docker engine with an image"
	if required := os.Getenv("REQUIRE_NEO4J"); len(found) == 0 && required != "" && required != "0" {
		t.Fatal(advice)
	}
	if len(found) == 0 || testing.Short() {
		t.Skip(advice + ", and no -short")
	}
	return found
}

// TestServer is the life of a database: up, up again, killed, up, down.
func TestServer(t *testing.T) {
	for _, with := range ways(t) {
		t.Run(string(with), func(t *testing.T) {
			t.Setenv("XDG_DATA_HOME", t.TempDir())
			l := life{dir: t.TempDir(), with: with}
			t.Cleanup(func() { // whatever fails, nothing stays
				if _, _, err := localdb.Down(context.WithoutCancel(t.Context()), l.dir); err != nil {
					t.Error(err)
				}
			})
			for _, step := range []struct {
				name string
				do   func(*testing.T)
			}{
				{"OKUp", l.up}, {"OKSecret", l.secret}, {"OKUpAgain", l.upAgain}, {"ErrOtherPorts", l.otherPorts},
				{"OKDiscover", l.discover}, {"OKStatus", l.status}, {"OKKilled", l.killed}, {"OKDown", l.down},
			} {
				if !t.Run(step.name, step.do) {
					return
				}
			}
		})
	}
}

type life struct {
	dir  string
	with localdb.With
	c    localdb.Connection
}

func (l *life) options() localdb.Options {
	return localdb.Options{Dir: l.dir, With: l.with, HeapMB: 512, PageCacheMB: 128}
}

// up calls Up twice at once: one starts the server, the other waits for it.
func (l *life) up(t *testing.T) {
	var got [2]localdb.Connection
	var started [2]bool
	var errs [2]error
	var both sync.WaitGroup
	for i := range got {
		both.Go(func() { got[i], started[i], errs[i] = localdb.Up(t.Context(), l.options()) })
	}
	both.Wait()
	if errs[0] != nil || errs[1] != nil || got[0] != got[1] || started[0] == started[1] {
		t.Fatalf("got %v, started %v, errors %v; want one connection, started once", got, started, errs)
	}
	l.c = got[0]
	var boltPort, httpPort int
	_, err := fmt.Sscanf(l.c.URI+" "+l.c.Browser, "bolt://127.0.0.1:%d http://127.0.0.1:%d/browser/", &boltPort, &httpPort)
	if err != nil || l.c.Username != "neo4j" || len(l.c.Password) < 20 || l.c.Dir != l.dir || l.c.With != l.with {
		t.Errorf("got %+v (%v)", l.c, err)
	}
	db := l.open(t)
	add, err := os.ReadFile(filepath.Join("testdata", "add.cypher"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Writer().Run(t.Context(), graphdb.Statement{Name: "add", Text: string(add)}, nil, nil); err != nil {
		t.Fatal(err)
	}
}

func (l *life) open(t *testing.T) *graphdb.DB {
	t.Helper()
	db, err := graphdb.Open(t.Context(), graphdb.Config{URI: l.c.URI, Username: l.c.Username, Password: l.c.Password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	return db
}

// secret looks for the password where others could read it.
func (l *life) secret(t *testing.T) {
	for _, name := range []string{"password", "connection.json"} {
		info, err := os.Stat(filepath.Join(l.dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v (%v), want 0600", name, info.Mode(), err)
		}
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		for _, file := range []string{line, filepath.Join(filepath.Dir(line), "environ")} {
			// A process may have ended since, or be another user's.
			if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), l.c.Password) {
				t.Errorf("the password is in %s", file)
			}
		}
	}
	if _, err := graphdb.Open(t.Context(), graphdb.Config{URI: l.c.URI, Username: "neo4j", Password: "neo4j"}); err == nil {
		t.Error("the default password lets in")
	}
}

func (l *life) upAgain(t *testing.T) {
	again := l.options()
	again.With, again.BoltPort, again.HTTPPort = localdb.Auto, localdb.LastPort, localdb.LastPort
	c, started, err := localdb.Up(t.Context(), again)
	if err != nil || started || c != l.c {
		t.Errorf("got %+v, started %v, %v; want %+v as it was", c, started, err, l.c)
	}
}

func (l *life) otherPorts(t *testing.T) {
	o := l.options()
	o.BoltPort = 1
	_, _, err := localdb.Up(t.Context(), o)
	wantError(t, err, fault.Conflict, "is up already", "taskroot db down --dir "+l.dir)
}

func (l *life) discover(t *testing.T) {
	for _, dir := range []string{"", l.dir} {
		if c, runs, err := localdb.Discover(dir); err != nil || !runs || c != l.c {
			t.Errorf("in %q: got %+v, %v, %v; want %+v", dir, c, runs, err, l.c)
		}
	}
}

func (l *life) status(t *testing.T) {
	r, err := localdb.Status(t.Context(), l.dir)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Running || r.State != localdb.Running || r.Version != docker.Neo4jVersion || r.Connection != l.c || r.Problem != "" {
		t.Errorf("got %+v", r)
	}
	if r.Nodes == nil || *r.Nodes != 1 || r.Relationships == nil || *r.Relationships != 0 || r.Bytes <= 0 {
		t.Errorf("got %v nodes, %v relationships, %d bytes; want 1, 0, some", r.Nodes, r.Relationships, r.Bytes)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"uri", "username", "password", "browser", "dir", "with", "running", "state", "version", "bytes", "nodes", "relationships"} {
		if _, there := keys[key]; !there {
			t.Errorf("the JSON lacks %q: %s", key, text)
		}
	}
}

// killed takes the server away behind our back: its data and its password stay.
func (l *life) killed(t *testing.T) {
	l.kill(t)
	r, err := localdb.Status(t.Context(), l.dir)
	if err != nil || r.Running || r.State != localdb.Gone {
		t.Errorf("got %q, %v; want %q", r.State, err, localdb.Gone)
	}
	if _, runs, err := localdb.Discover(""); err != nil || runs {
		t.Errorf("a killed server was discovered: %v, %v", runs, err)
	}
	o := l.options()
	o.BoltPort, o.HTTPPort = localdb.LastPort, localdb.LastPort
	c, started, err := localdb.Up(t.Context(), o)
	if err != nil || !started || c != l.c {
		t.Fatalf("got %+v, started %v, %v; want %+v started", c, started, err, l.c)
	}
	l.status(t)
}

func (l *life) kill(t *testing.T) {
	t.Helper()
	r, err := localdb.Status(t.Context(), l.dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Container != "" {
		if said, err := exec.CommandContext(t.Context(), "docker", "kill", r.Container).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		return
	}
	if err := syscall.Kill(r.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextWithin(t, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for r.PID != 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the killed server does not go")
		}
		if r, err = localdb.Status(ctx, l.dir); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *life) down(t *testing.T) {
	for _, want := range []bool{true, false} {
		c, stopped, err := localdb.Down(t.Context(), l.dir)
		if err != nil || stopped != want || c != l.c {
			t.Errorf("got %+v, stopped %v, %v; want %v", c, stopped, err, want)
		}
	}
	if r, err := localdb.Status(t.Context(), l.dir); err != nil || r.State != localdb.Stopped {
		t.Errorf("got %q, %v; want %q", r.State, err, localdb.Stopped)
	}
	if left := l.processes(t); len(left) > 0 {
		t.Errorf("'down' left %v", left)
	}
}

// processes are those of this database, by the directory on their command line.
func (l *life) processes(t *testing.T) []string {
	t.Helper()
	if l.with == localdb.Docker {
		said, err := exec.CommandContext(t.Context(), "docker", "ps", "--all", "--quiet", "--filter", "label=taskroot.dir="+l.dir).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(said))
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(lines, func(line string) bool {
		text, err := os.ReadFile(line)
		return err != nil || !strings.Contains(string(text), "--home-dir="+l.dir)
	})
}
