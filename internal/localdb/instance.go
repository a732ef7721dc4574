package localdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
)

const (
	username       = "neo4j"
	passwordFile   = "password"
	connectionFile = "connection.json"
	serverFile     = "server.json"
)

// instance is the directory of one database.
type instance struct{ dir string }

// server is the running part of an instance, as server.json remembers it.
type server struct {
	With      With      `json:"with"`
	PID       int       `json:"pid,omitempty"`
	Identity  string    `json:"identity,omitempty"` // when the process started, as the system tells it
	Container string    `json:"container,omitempty"`
	BoltPort  int       `json:"boltPort"`
	HTTPPort  int       `json:"httpPort"`
	StartedAt time.Time `json:"startedAt"`
}

func (s server) exists() bool { return s.PID != 0 || s.Container != "" }

func (i instance) path(names ...string) string {
	return filepath.Join(append([]string{i.dir}, names...)...)
}

// create makes the directories, for their owner only.
func (i instance) create() error {
	for _, name := range []string{"", "conf", "data", "data/dbms", "logs", "import", "run"} {
		if err := os.MkdirAll(i.path(name), 0o700); err != nil {
			return fault.Wrap(fault.Conflict, err, "the database directory %s cannot be made", i.dir).
				WithHint("name another one with --dir")
		}
	}
	return nil
}

// current is the server last started here, and whether it still runs.
func (i instance) current(ctx context.Context) (server, bool, error) {
	var s server
	err := readJSON(i.path(serverFile), &s)
	if errors.Is(err, fs.ErrNotExist) {
		return server{}, false, nil
	}
	if err != nil {
		return server{}, false, fault.Wrap(fault.Conflict, err, "what is remembered of the server is not readable").
			WithHint("see that no Neo4j runs on %s, then remove %s", i.dir, i.path(serverFile))
	}
	alive, err := s.alive(ctx)
	return s, alive, err
}

// alive tells whether s is the very process or container that was started.
func (s server) alive(ctx context.Context) (bool, error) {
	if s.Container != "" {
		return containerRuns(ctx, s.Container)
	}
	return s.PID != 0 && isProcess(s.PID, s.Identity), nil
}

// stop ends s and waits until it is gone.
func (s server) stop(ctx context.Context) error {
	if s.Container != "" {
		return stopContainer(ctx, s.Container)
	}
	return stopProcess(ctx, s.PID, s.Identity)
}

// discard removes what a stopped server leaves with its engine.
func (s server) discard(ctx context.Context) error {
	if s.Container == "" {
		return nil
	}
	return removeContainer(ctx, s.Container)
}

// connection is the one last written here.
func (i instance) connection() (Connection, error) {
	var c Connection
	err := readJSON(i.path(connectionFile), &c)
	return c, err
}

// remember writes down that s runs and how to use it.
func (i instance) remember(s server, c Connection) error {
	if err := writeJSON(i.path(serverFile), s); err != nil {
		return err
	}
	return writeJSON(i.path(connectionFile), c)
}

// forget writes down that nothing runs.
func (i instance) forget() error {
	if err := os.Remove(i.path(serverFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// connectionTo is how s will be reached.
func (i instance) connectionTo(s server, password string) Connection {
	return Connection{
		URI:      fmt.Sprintf("bolt://127.0.0.1:%d", s.BoltPort),
		Username: username,
		Password: password,
		Browser:  fmt.Sprintf("http://127.0.0.1:%d/browser/", s.HTTPPort),
		Dir:      i.dir,
		With:     s.With,
	}
}

// password is the one of this database. A database that has none yet gets one,
// with its hash where the server looks for it on its first start: it is never
// an argument or an environment variable of any process.
func (i instance) password() (string, error) {
	text, err := os.ReadFile(i.path(passwordFile))
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fault.Wrap(fault.Conflict, err, "the database's password cannot be read")
	}
	if _, err := os.Stat(i.path("data", "databases", "system")); err == nil {
		return "", fault.New(fault.Conflict, "there is a database in %s but not its password", i.dir).
			WithHint("put the password of user neo4j into %s, or name another --dir", i.path(passwordFile))
	}
	password := newPassword()
	line, err := authLine(username, password)
	if err != nil {
		return "", err
	}
	if err := writeFile(i.path("data", "dbms", "auth.ini"), []byte(line)); err != nil {
		return "", err
	}
	return password, writeFile(i.path(passwordFile), []byte(password+"\n"))
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(text, '\n'))
}

// writeFile replaces path as a whole or not at all; only its owner may read it.
func writeFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}
