package localdb

import (
	"context"
	_ "embed" // the two counting queries
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
)

// State is what a database is doing.
type State string

// The states. Only Running answers.
const (
	Running  State = "running"
	Starting State = "starting"                             // the process is there but does not answer
	Stopped  State = "not running"                          // stopped by 'db down'
	Gone     State = "not running (stopped without 'down')" // killed, or crashed, or the machine was started anew
	Absent   State = "not there"                            // there is no database in this directory
)

// Report is what is known about a database.
type Report struct {
	Connection
	State         State     `json:"state"`
	Running       bool      `json:"running"`
	Version       string    `json:"version,omitempty"`
	PID           int       `json:"pid,omitempty"`
	Container     string    `json:"container,omitempty"`
	StartedAt     time.Time `json:"startedAt,omitzero"`
	Bytes         int64     `json:"bytes"` // on disk, logs not counted
	Nodes         *int64    `json:"nodes,omitempty"`
	Relationships *int64    `json:"relationships,omitempty"`
	PasswordFile  string    `json:"passwordFile,omitempty"`
	Problem       string    `json:"problem,omitempty"` // why a running server could not be asked
}

//go:embed count-nodes.cypher
var countNodes string

//go:embed count-relationships.cypher
var countRelationships string

// Status reports on the database in dir; the empty dir is [DefaultDir].
func Status(ctx context.Context, dir string) (Report, error) {
	dir, err := resolveDir(dir)
	if err != nil {
		return Report{}, err
	}
	home := instance{dir: dir}
	last, alive, err := home.current(ctx)
	if err != nil {
		return Report{}, err
	}
	r := Report{State: Absent}
	r.Connection, err = home.connection()
	r.Dir = dir
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("read the connection: %w", err)
	}
	r.PasswordFile = home.path(passwordFile)
	if r.Bytes, err = sizeOf(home.path("data")); err != nil {
		return r, fmt.Errorf("measure the database: %w", err)
	}
	switch {
	case alive:
		r.PID, r.Container, r.StartedAt = last.PID, last.Container, last.StartedAt
		r.ask(ctx)
	case last.exists():
		r.State = Gone
	default:
		r.State = Stopped
	}
	return r, nil
}

// ask fills in what only the server knows.
func (r *Report) ask(ctx context.Context) {
	limit, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	r.State = Starting
	if err := knock(limit, r.Connection); err != nil {
		r.Problem, _ = fault.Public(err)
		if fault.KindOf(err) == fault.Internal {
			r.Problem = err.Error()
		}
		return
	}
	r.State, r.Running = Running, true
	version, err := serverVersion(limit, r.Connection)
	if err == nil {
		r.Version = version
		err = r.count(limit)
	}
	if err != nil {
		r.Problem = err.Error()
	}
}

func (r *Report) count(ctx context.Context) error {
	db, err := graphdb.Open(ctx, graphdb.Config{URI: r.URI, Username: r.Username, Password: r.Password, Timeout: 10 * time.Second})
	if err != nil {
		return err
	}
	defer db.Close(context.WithoutCancel(ctx))
	for _, q := range []struct {
		name, text string
		into       **int64
	}{{"count-nodes", countNodes, &r.Nodes}, {"count-relationships", countRelationships, &r.Relationships}} {
		err := db.Reader().Run(ctx, graphdb.Statement{Name: q.name, Text: q.text}, nil, func(row graphdb.Row) error {
			n, ok := row.Values[0].(int64)
			if !ok {
				return fmt.Errorf("%s: not a number: %v", q.name, row.Values[0])
			}
			*q.into = &n
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// serverVersion asks the server's front page, which needs no login.
func serverVersion(ctx context.Context, c Connection) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", portOf(c.Browser, DefaultHTTPPort)), nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Accept", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask the server for its version: %w", err)
	}
	defer response.Body.Close()
	var page struct {
		Version string `json:"neo4j_version"`
	}
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil {
		return "", fmt.Errorf("ask the server for its version: %w", err)
	}
	return page.Version, nil
}

func sizeOf(dir string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a log rotated away meanwhile
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}
