package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/company"
)

func TestGenerate(t *testing.T) {
	t.Run("OKJSON", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "made", "new")
		r := taskroot(t, "generate", "--hosts", "2", "--days", "1", "--seed", "9", "--rate", "0.1", "--format", "winlogbeat", "--out", dir, "--json")
		if r.status != 0 || r.err != "" {
			t.Fatalf("status %d: %s", r.status, r.err)
		}
		var s company.Summary
		if err := json.Unmarshal([]byte(r.out), &s); err != nil {
			t.Fatal(err)
		}
		if s.Seed != 9 || s.Hosts != 2 || s.Days != 1 || s.Files != 1 || s.Out != dir || s.Truth != filepath.Join(dir, "truth.json") {
			t.Errorf("summary %+v", s)
		}
		names := []string{}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if got := strings.Join(names, " "); got != "truth.json winlogbeat" {
			t.Errorf("written are %s", got)
		}
		again := taskroot(t, "generate", "--hosts", "2", "--days", "1", "--out", dir)
		if again.status != 1 || !strings.Contains(again.err, "--replace") {
			t.Errorf("status %d: %s", again.status, again.err)
		}
	})
	for _, tc := range []struct {
		name, want string
		args       []string
	}{
		{"ErrNoOut", "taskroot: no folder to write to\nhint: name one with --out\n", nil},
		{"ErrHosts", "taskroot: the number of hosts is out of range\nhint: take 1 to 100000\n", []string{"--out", "x", "--hosts", "0"}},
		{"ErrStart", "taskroot: \"today\" is not a day\nhint: write it like 2026-03-02\n", []string{"--out", "x", "--start", "today"}},
		{"ErrFormat", "taskroot: \"xml\" is not a format\nhint: there are evtx-json, winlogbeat, defender\n", []string{"--out", "x", "--format", "xml"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := taskroot(t, append([]string{"generate"}, tc.args...)...)
			if r.status != 2 || r.out != "" || r.err != tc.want {
				t.Errorf("status %d, out %q, err %q", r.status, r.out, r.err)
			}
		})
	}
}
