package inventory_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/inventory"
	"github.com/taskroot/taskroot/loader/taskxml"
)

// held is a handler that holds what it is given to the rules.
type held struct {
	t    *testing.T
	last uint64
}

func (h *held) Listed(o *graph.TaskListed, r inventory.Record) error {
	if o.Host == "" || o.Path == "" || o.Evidence.Record <= h.last || r.Place == "" || len(r.Raw) == 0 {
		h.t.Errorf("says too little: %+v of %+v", o, r)
	}
	h.last = o.Evidence.Record
	if o.XML != "" {
		if _, err := taskxml.Parse(o.XML); err != nil {
			h.t.Errorf("a definition that can't be read: %v", err)
		}
	}
	return nil
}

func (h *held) Passed(reason string, n int) error {
	if reason == "" || n < 1 {
		h.t.Errorf("passed %d %q", n, reason)
	}
	return nil
}

func (h *held) Rejected(b inventory.Bad) error {
	if b.Reason == "" || b.Detail == "" || b.Place == "" {
		h.t.Errorf("says too little: %+v", b)
	}
	return nil
}

func fuzz(f *testing.F, pattern string) {
	files, err := filepath.Glob("testdata/" + pattern)
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		opt := inventory.Options{Host: "h", Time: taken, Path: `\p`}
		if err := inventory.Decode(t.Context(), bytes.NewReader(in), "f", opt, &held{t: t}); err != nil {
			t.Error(err)
		}
	})
}

// FuzzXML looks for definitions that panic, hang, or come out as something that
// is no definition.
func FuzzXML(f *testing.F) { fuzz(f, "[fmo][idan]*.txt") }

// FuzzRegistry does the same with exports of the registry.
func FuzzRegistry(f *testing.F) { fuzz(f, "taskcache.txt") }

// FuzzCIM does the same with PowerShell's JSON.
func FuzzCIM(f *testing.F) { fuzz(f, "cim*.txt") }

// FuzzTable does the same with schtasks' tables.
func FuzzTable(f *testing.F) { fuzz(f, "table*.txt") }
