package source_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader/source"
)

// difference is where we count otherwise than the reference, and why ours is
// right. What is rejected in damaged event logs is held by that decoder's own
// tests.
type difference struct {
	counts map[string]int // ours, by lower-case "channel|id"; 0 for none
	more   bool           // ours are the reference's or more
	why    string
}

var differences = map[string]difference{
	"evtx/evtx-crate/sample_with_a_bad_chunk_magic.evtx": {
		more: true, counts: map[string]int{"none|0": 0},
		why: "whole records are read out of chunks that the reference gives up, and an empty one is rejected",
	},
	"evtx/evtx-crate/sample-with-zero-data-size-event.evtx": {
		more: true, why: "the records behind the one without size are read as well",
	},
}

type reference struct {
	File  string
	Truth struct{ Events map[string]int }
}

// TestShared counts every record of the real telemetry by channel and event id
// and compares the counts with those of an independent walk.
func TestShared(t *testing.T) {
	dir := testdata.Shared(t)
	raw, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected struct{ Files []reference }
	if err := json.Unmarshal(raw, &expected); err != nil {
		t.Fatal(err)
	}
	events := map[string]map[string]int{}
	for _, f := range expected.Files {
		events[f.File] = f.Truth.Events
	}
	kinds := regexp.MustCompile(`^(mordor|splunk|eql|evtx|sigma-regression)/`)
	for _, f := range expected.Files {
		if !kinds.MatchString(f.File) {
			continue
		}
		want := f.Truth.Events
		if stem, isJSON := strings.CutSuffix(f.File, ".json"); isJSON && want == nil {
			want = events[stem+".evtx"] // the same events twice
		}
		t.Run(f.File, func(t *testing.T) { sameCounts(t, filepath.Join(dir, f.File), want, differences[f.File]) })
	}
}

func sameCounts(t *testing.T, path string, events map[string]int, d difference) {
	t.Helper()
	r := newRecorder(t)
	r.quiet = true
	if err := source.Read(t.Context(), []string{path}, nil, source.Options{Host: "eqllib-art"}, r); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for k, n := range events {
		want[strings.ToLower(k)] += n
	}
	maps.Copy(want, d.counts)
	got := r.counts()
	delete(got, "unknown format: AppleDouble")
	for k, n := range want {
		if got[k] < n || got[k] > n && !d.more {
			t.Errorf("%s: %d records, want %d", k, got[k], n)
		}
	}
	for k, n := range got {
		if _, ok := want[k]; !ok && !d.more {
			t.Errorf("%s: %d records that are not expected", k, n)
		}
	}
	if strings.Contains(path, "evtx-crate") { // made to be damaged
		return
	}
	for _, x := range r.rejected {
		t.Errorf("rejected %s: %s: %s", x.Record, x.Reason, x.Detail)
	}
}

// TestLostHeader reads a real log whose header was overwritten: no record is
// lost with it.
func TestLostHeader(t *testing.T) {
	path := filepath.Join(testdata.Shared(t), "evtx", "velociraptor", "TaskScheduler.evtx")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole := newRecorder(t)
	readInto(t, whole, path)
	clear(b[:4096])
	copied := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(copied, b, 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRecorder(t)
	readInto(t, r, copied)
	if len(whole.seen) != 20 || len(r.seen) != 20 {
		t.Errorf("%d and %d observations, want 20", len(whole.seen), len(r.seen))
	}
	if len(r.rejected) != 1 || r.rejected[0].Record != "header" {
		t.Errorf("rejected %+v", r.rejected)
	}
}
