package mde_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/mde"
)

// FuzzObserve looks for a row that panics, that gives neither an observation nor
// a reason, or that says something without a host or a process id.
func FuzzObserve(f *testing.F) {
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		for _, c := range rows(f, file) {
			b, err := json.Marshal(c)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(strings.TrimSuffix(filepath.Base(file), ".jsonl"), b)
		}
	}
	f.Fuzz(func(t *testing.T, table string, b []byte) {
		var c columns
		if json.Unmarshal(b, &c) != nil {
			return
		}
		said, skipped, err := mde.Observe(table, c, mde.Place{Source: "x", Ordinal: 1})
		if (len(said) > 0) == (skipped != "" || err != nil) || skipped != "" && err != nil {
			t.Fatalf("%d said, skipped %q, error %v", len(said), skipped, err)
		}
		for i, o := range said {
			if h := o.Head(); h.Host == "" || h.Clock.Claimed.IsZero() || h.Evidence.Record == 0 {
				t.Errorf("header %+v", h)
			}
			m, ok := o.(*graph.ProcessMentioned)
			if ok && (m.Process.PID == 0 || m.Process.Started.IsZero() || m.Parent.PID != 0 && m.Parent.Started.IsZero()) {
				t.Errorf("mentions %+v", m)
			}
			if ok && i == 0 {
				t.Error("what is mentioned comes first")
			}
		}
	})
}
