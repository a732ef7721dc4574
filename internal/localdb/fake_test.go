package localdb_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/taskroot/taskroot/docker"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/localdb"
)

// machine is a bare one: its own folders, and on PATH only what a test puts
// there.
type machine struct{ data, cache, bin string }

func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{data: t.TempDir(), cache: t.TempDir(), bin: t.TempDir()}
	t.Setenv("XDG_DATA_HOME", m.data)
	t.Setenv("XDG_CACHE_HOME", m.cache)
	t.Setenv("PATH", m.bin)
	t.Setenv("JAVA_HOME", "")
	return m
}

func (m machine) install(t *testing.T, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.bin, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
}

// cached puts a server in the cache that is complete, but not a server.
func (m machine) cached(t *testing.T) {
	t.Helper()
	lib := filepath.Join(m.cache, "taskroot", "neo4j-"+docker.Neo4jVersion)
	if err := os.MkdirAll(lib, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a.jar": "x", "complete.json": `{"a.jar": 1}`} {
		if err := os.WriteFile(filepath.Join(lib, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// java is a fake that tells a version, and runs script as the server.
func java(version, script string) string {
	return `if [ "$1" = -version ]; then echo 'openjdk version "` + version + `" 2024-01-01' >&2; exit 0; fi` + "\n" + script
}

func up(t *testing.T, o localdb.Options) error {
	t.Helper()
	o.With = localdb.Java
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	c, started, err := localdb.Up(t.Context(), o)
	if err == nil || started || c != (localdb.Connection{}) {
		t.Fatalf("got %v, started %v, error %v; want an error only", c, started, err)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "server.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a server is remembered that does not run: %v", err)
	}
	return err
}

func wantError(t *testing.T, err error, kind fault.Kind, parts ...string) {
	t.Helper()
	if fault.KindOf(err) != kind {
		t.Errorf("got kind %v, want %v: %v", fault.KindOf(err), kind, err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error lacks %q: %v", part, err)
		}
	}
}

func TestUpNeedsJava(t *testing.T) {
	t.Run("ErrNone", func(t *testing.T) {
		newMachine(t)
		wantError(t, up(t, localdb.Options{}), fault.Unavailable, "Java 17 or newer", "there is no Java here", "apt-get install openjdk-17-jre-headless")
	})
	t.Run("ErrOld", func(t *testing.T) {
		m := newMachine(t)
		m.install(t, "java", java("1.8.0_392", ""))
		wantError(t, up(t, localdb.Options{}), fault.Unavailable, "needs Java 17 or newer", filepath.Join(m.bin, "java")+" is Java 8", "JAVA_HOME")
	})
	t.Run("ErrOldJavaHome", func(t *testing.T) {
		m := newMachine(t)
		home := t.TempDir()
		if err := os.Mkdir(filepath.Join(home, "bin"), 0o700); err != nil {
			t.Fatal(err)
		}
		old := machine{bin: filepath.Join(home, "bin")}
		old.install(t, "java", java("11.0.2", ""))
		t.Setenv("JAVA_HOME", home)
		wantError(t, up(t, localdb.Options{}), fault.Unavailable, filepath.Join(home, "bin", "java")+" is Java 11")
		// The next one that is new enough is taken instead, and then Maven is missed.
		m.install(t, "java", java("21.0.1", ""))
		wantError(t, up(t, localdb.Options{}), fault.Unavailable, "Maven")
	})
	t.Run("ErrMute", func(t *testing.T) {
		m := newMachine(t)
		m.install(t, "java", "echo hello")
		wantError(t, up(t, localdb.Options{}), fault.Unavailable, `does not tell its version but "hello"`)
	})
}

func TestUpNeedsMaven(t *testing.T) {
	t.Run("ErrNone", func(t *testing.T) {
		m := newMachine(t)
		m.install(t, "java", java("17.0.1", ""))
		wantError(t, up(t, localdb.Options{}), fault.Unavailable, "apt-get install maven", "--with docker")
	})
	t.Run("ErrOffline", func(t *testing.T) {
		m := newMachine(t)
		m.install(t, "java", java("17.0.1", ""))
		m.install(t, "mvn", "echo 'could not transfer artifact'; exit 1")
		wantError(t, up(t, localdb.Options{}), fault.Unavailable, "could not transfer artifact", "settings.xml")
		left, err := filepath.Glob(filepath.Join(m.cache, "taskroot", "*"))
		if err != nil || len(left) != 1 || !strings.HasSuffix(left[0], ".lock") {
			t.Errorf("the failed download left %v (%v)", left, err)
		}
	})
	t.Run("OKDamagedCache", func(t *testing.T) {
		m := newMachine(t)
		m.cached(t)
		m.install(t, "java", java("17.0.1", "exit 1"))
		m.install(t, "mvn", "echo fetched again; exit 1")
		lib := filepath.Join(m.cache, "taskroot", "neo4j-"+docker.Neo4jVersion)
		if err := os.Truncate(filepath.Join(lib, "a.jar"), 0); err != nil {
			t.Fatal(err)
		}
		wantError(t, up(t, localdb.Options{}), fault.Unavailable, "fetched again")
	})
}

func TestUpFails(t *testing.T) {
	t.Run("ErrServerStops", func(t *testing.T) {
		m := newMachine(t)
		m.cached(t)
		m.install(t, "java", java("17.0.1", "echo first; echo the store is damaged; exit 1"))
		wantError(t, up(t, localdb.Options{}), fault.Unavailable, "stopped while it started", "console.log", "  first\n  the store is damaged")
	})
	t.Run("ErrNoAnswer", func(t *testing.T) {
		m := newMachine(t)
		m.cached(t)
		m.install(t, "java", java("17.0.1", "echo $$ >pid; exec /bin/sleep 100"))
		dir := t.TempDir()
		wantError(t, up(t, localdb.Options{Dir: dir, Wait: time.Second}), fault.Timeout, "did not answer within 1s")
		wantGone(t, dir)
	})
	t.Run("ErrInterrupted", func(t *testing.T) {
		m := newMachine(t)
		m.cached(t)
		m.install(t, "java", java("17.0.1", "echo $$ >pid; exec /bin/sleep 100"))
		dir := t.TempDir()
		ctx, cancel := contextWithin(t, time.Second)
		defer cancel()
		_, _, err := localdb.Up(ctx, localdb.Options{Dir: dir, With: localdb.Java})
		if !errors.Is(err, ctx.Err()) {
			t.Errorf("got %v, want the context's error", err)
		}
		wantGone(t, dir)
	})
	t.Run("ErrPortTaken", func(t *testing.T) {
		m := newMachine(t)
		m.cached(t)
		m.install(t, "java", java("17.0.1", "exit 1"))
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		us := "is taken by process " + strconv.Itoa(os.Getpid())
		wantError(t, up(t, localdb.Options{BoltPort: port}), fault.Conflict, "port "+strconv.Itoa(port), us, "--bolt-port")
		wantError(t, up(t, localdb.Options{HTTPPort: port}), fault.Conflict, "port "+strconv.Itoa(port), us, "--http-port")
	})
	t.Run("ErrPasswordLost", func(t *testing.T) {
		m := newMachine(t)
		m.cached(t)
		m.install(t, "java", java("17.0.1", "exit 1"))
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "data", "databases", "system"), 0o700); err != nil {
			t.Fatal(err)
		}
		wantError(t, up(t, localdb.Options{Dir: dir}), fault.Conflict, "not its password", filepath.Join(dir, "password"))
	})
	t.Run("ErrOptions", func(t *testing.T) {
		newMachine(t)
		for _, o := range []localdb.Options{{With: "podman"}, {BoltPort: 70000}, {HTTPPort: -2}, {BoltPort: 9, HTTPPort: 9}, {HeapMB: -1}} {
			o.Dir = t.TempDir()
			if _, _, err := localdb.Up(t.Context(), o); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%+v: got %v, want it refused as invalid", o, err)
			}
		}
	})
}

// TestReusedProcessID: the recorded process id is by now that of this very
// test, which must be neither believed to be the server nor killed for it.
func TestReusedProcessID(t *testing.T) {
	newMachine(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"server.json":     `{"with": "java", "pid": ` + strconv.Itoa(os.Getpid()) + `, "identity": "another boot/1", "boltPort": 1, "httpPort": 2}`,
		"connection.json": `{"uri": "bolt://127.0.0.1:1"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, runs, err := localdb.Discover(dir); err != nil || runs {
		t.Errorf("discovered: %v, %v", runs, err)
	}
	if r, err := localdb.Status(t.Context(), dir); err != nil || r.State != localdb.Gone || r.Running {
		t.Errorf("got %q, %v; want %q", r.State, err, localdb.Gone)
	}
	if _, stopped, err := localdb.Down(t.Context(), dir); err != nil || stopped {
		t.Errorf("down: %v, %v; want nothing stopped", stopped, err)
	}
	if r, err := localdb.Status(t.Context(), dir); err != nil || r.State != localdb.Stopped {
		t.Errorf("got %q, %v; want %q", r.State, err, localdb.Stopped)
	}
}

func TestNothingThere(t *testing.T) {
	m := newMachine(t)
	if _, runs, err := localdb.Discover(""); err != nil || runs {
		t.Errorf("discovered: %v, %v", runs, err)
	}
	r, err := localdb.Status(t.Context(), "")
	if want := filepath.Join(m.data, "taskroot", "db"); err != nil || r.State != localdb.Absent || r.Dir != want {
		t.Errorf("got %+v, %v; want it absent from %s", r, err, want)
	}
	if _, stopped, err := localdb.Down(t.Context(), ""); err != nil || stopped {
		t.Errorf("down: %v, %v; want nothing stopped", stopped, err)
	}
	if _, err := os.Stat(r.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("asking made the directory: %v", err)
	}
}

// wantGone fails where the fake server that wrote its id into dir/pid lives.
func wantGone(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		// Dead and not yet reaped counts as gone.
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil || !strings.Contains(string(stat), ") Z ") {
			t.Errorf("process %d still lives: %s", pid, stat)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "server.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a server is remembered that does not run: %v", err)
	}
}
