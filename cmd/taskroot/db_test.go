package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/fault"
)

func TestMegabytes(t *testing.T) {
	for text, want := range map[string]int{"": 0, "512m": 512, "2g": 2048, "1G": 1024} {
		if got, err := megabytes(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"1", "m", "-1g", "0m", "1t", "1gm", "9999999g"} {
		if got, err := megabytes(text); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: got %d, %v; want it refused", text, got, err)
		}
	}
}

// TestDBWithout is 'db' where there is no database, which needs no server.
func TestDBWithout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	t.Run("OKStatus", func(t *testing.T) {
		r := taskroot(t, "db", "status", "--dir", dir)
		want := "state          not there\ndirectory      " + dir + "\nstart it       taskroot db up --dir " + dir + "\n"
		if r.status != app.ExitDone || r.out != want || r.err != "" {
			t.Errorf("got %+v, want %q", r, want)
		}
	})
	t.Run("OKStatusJSON", func(t *testing.T) {
		r := taskroot(t, "db", "status", "--dir", dir, "--json")
		var answer struct {
			State   string `json:"state"`
			Running bool   `json:"running"`
			Dir     string `json:"dir"`
		}
		err := json.Unmarshal([]byte(r.out), &answer)
		if err != nil || r.status != app.ExitDone || answer.State != "not there" || answer.Running || answer.Dir != dir {
			t.Errorf("got %+v (%v)", r, err)
		}
	})
	t.Run("OKDown", func(t *testing.T) {
		r := taskroot(t, "db", "down", "--dir", dir)
		if want := "The database in " + dir + " was not running.\n"; r.status != app.ExitDone || r.out != want {
			t.Errorf("got %+v, want %q", r, want)
		}
	})
	for name, args := range map[string][]string{
		"ErrNoVerb": {"db"}, "ErrVerb": {"db", "sideways"}, "ErrWith": {"db", "up", "--with", "podman"},
		"ErrPort": {"db", "up", "--bolt-port", "70000"}, "ErrMemory": {"db", "up", "--heap", "lots"}, "ErrArgument": {"db", "down", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			if r := taskroot(t, args...); r.status != app.ExitUsage || r.out != "" || !strings.HasPrefix(r.err, "taskroot: ") {
				t.Errorf("got %+v, want wrong usage", r)
			}
		})
	}
}
