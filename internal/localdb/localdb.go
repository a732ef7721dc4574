// Package localdb keeps one local Neo4j as a managed child: a container where
// a Docker engine and an image are at hand, else the same server on the
// machine's Java. It listens on loopback only, asks for a password that it
// made itself, and outlives the command that started it.
//
// Everything about one database is in its directory:
//
//	password          the password of user neo4j, readable by its owner only
//	connection.json   where the server listens and how to log in, likewise
//	server.json       which process or container it is, while it runs
//	lock              held while it is being started or stopped
//	conf data logs import run   Neo4j's own
//
// The rule it keeps: a recorded process is only believed when its start time
// is the recorded one too, so that a process id used again is never taken for
// the server, nor killed for it.
package localdb

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/filelock"
)

// With says what the server runs on.
type With string

// The ways to run a server. Auto takes Docker where an engine answers and an
// image is at hand, else Java.
const (
	Auto   With = ""
	Docker With = "docker"
	Java   With = "java"
)

// Values of a port in [Options] that are not port numbers.
const (
	AnyPort  = 0  // one that is free
	LastPort = -1 // the one last used in this directory, else the default
)

// The default ports, those of every Neo4j.
const (
	DefaultBoltPort = 7687
	DefaultHTTPPort = 7474
)

// Options say what to start. The zero value is a database in [DefaultDir] on
// ports that are free.
type Options struct {
	Dir         string        // where everything about it is kept; empty: DefaultDir
	BoltPort    int           // a port, AnyPort or LastPort
	HTTPPort    int           // a port, AnyPort or LastPort
	With        With          // how to run it
	HeapMB      int           // Java heap; zero: by the machine's memory
	PageCacheMB int           // page cache; zero: by the machine's memory
	Wait        time.Duration // how long it may take to answer; zero: 3 minutes
	Unlisted    bool          // other commands shall not find it by themselves: it is a test's
	Log         *slog.Logger  // told what takes long; nil: nobody
}

// Connection is what it takes to use a database.
type Connection struct {
	URI      string `json:"uri"`
	Username string `json:"username"`
	Password string `json:"password"`
	Browser  string `json:"browser"`
	Dir      string `json:"dir"`
	With     With   `json:"with"`
}

// DefaultDir is where a database is kept unless told otherwise: taskroot/db in
// the user's data directory.
func DefaultDir() (string, error) {
	home, err := dataHome()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, "db"), nil
}

// dataHome is Taskroot's folder in the user's data directory.
func dataHome() (string, error) {
	if d := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "taskroot"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fault.Wrap(fault.Conflict, err, "there is no home directory to keep a database in").
			WithHint("name one with --dir")
	}
	return filepath.Join(home, ".local", "share", "taskroot"), nil
}

// complete fills in what o leaves open and checks the rest.
func (o Options) complete() (Options, error) {
	dir, err := resolveDir(o.Dir)
	if err != nil {
		return o, err
	}
	o.Dir = dir
	switch o.With {
	case Auto, Docker, Java:
	default:
		return o, fault.New(fault.Invalid, "a database runs with docker or java, not %q", string(o.With))
	}
	for _, port := range []int{o.BoltPort, o.HTTPPort} {
		if port < LastPort || port > 65535 {
			return o, fault.New(fault.Invalid, "%d is not a port", port)
		}
	}
	if o.BoltPort > 0 && o.BoltPort == o.HTTPPort {
		return o, fault.New(fault.Invalid, "Bolt and HTTP cannot share port %d", o.BoltPort)
	}
	if o.HeapMB < 0 || o.PageCacheMB < 0 {
		return o, fault.New(fault.Invalid, "a memory size cannot be negative")
	}
	heap, pages := memoryFor(physicalMB())
	if o.HeapMB == 0 {
		o.HeapMB = heap
	}
	if o.PageCacheMB == 0 {
		o.PageCacheMB = pages
	}
	if o.Wait <= 0 {
		o.Wait = 3 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

func resolveDir(dir string) (string, error) {
	if dir == "" {
		return DefaultDir()
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", dir, err)
	}
	// One database, one name: its lock and its container are found by it.
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	}
	return abs, nil
}

// Up starts the database of o unless it is up already, and waits until it
// answers. The second result says whether this call started it. When ctx ends
// first, what was half started is stopped again.
func Up(ctx context.Context, o Options) (Connection, bool, error) {
	o, err := o.complete()
	if err != nil {
		return Connection{}, false, err
	}
	home := instance{dir: o.Dir}
	if err := home.create(); err != nil {
		return Connection{}, false, err
	}
	unlock, err := filelock.Take(ctx, home.path("lock"))
	if err != nil {
		return Connection{}, false, fmt.Errorf("wait for another 'db up' or 'db down' on %s: %w", o.Dir, err)
	}
	defer unlock()
	last, alive, err := home.current(ctx)
	if err != nil {
		return Connection{}, false, err
	}
	if alive {
		c, err := home.join(ctx, o, last)
		if still, _ := last.alive(ctx); still || err == nil || ctx.Err() != nil {
			return c, false, err
		}
		// It was on its way down, left by an 'up' that was interrupted.
	}
	if last.exists() {
		o.Log.Info("the server that was started here is gone without 'db down'; starting it again")
	}
	c, err := home.start(ctx, o, last)
	return c, err == nil, err
}

// Down stops the database in dir; the empty dir is [DefaultDir]. It reports
// whether there was anything to stop.
func Down(ctx context.Context, dir string) (Connection, bool, error) {
	dir, err := resolveDir(dir)
	if err != nil {
		return Connection{}, false, err
	}
	home := instance{dir: dir}
	if _, err := os.Stat(home.path(serverFile)); os.IsNotExist(err) {
		c, _ := home.connection()
		c.Dir = dir
		return c, false, nil
	}
	unlock, err := filelock.Take(ctx, home.path("lock"))
	if err != nil {
		return Connection{}, false, fmt.Errorf("wait for another 'db up' or 'db down' on %s: %w", dir, err)
	}
	defer unlock()
	last, alive, err := home.current(ctx)
	if err != nil {
		return Connection{}, false, err
	}
	c, _ := home.connection()
	c.Dir = dir
	if alive {
		if err := last.stop(ctx); err != nil {
			return c, false, err
		}
	}
	if err := last.discard(ctx); err != nil {
		return c, alive, err
	}
	return c, alive, home.forget()
}
