package source_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader/source"
)

// differences are the files where our count is not the reference's, with ours
// and why it is right. Keys of counts are lower case.
var differences = map[string]struct {
	counts map[string]int
	why    string
}{}

// TestShared counts every record of the real telemetry by channel and event id
// and compares the counts with those of an independent walk.
func TestShared(t *testing.T) {
	dir := testdata.Shared(t)
	raw, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected struct {
		Files []struct {
			File  string
			Truth struct {
				Records int
				Events  map[string]int
			}
		}
	}
	if err := json.Unmarshal(raw, &expected); err != nil {
		t.Fatal(err)
	}
	kinds := regexp.MustCompile(`^(mordor|splunk|eql|evtx|sigma-regression)/`)
	for _, f := range expected.Files {
		if !kinds.MatchString(f.File) {
			continue
		}
		t.Run(f.File, func(t *testing.T) {
			r := newRecorder(t)
			r.quiet = true
			opt := source.Options{Host: "eqllib-art"}
			if err := source.Read(t.Context(), []string{filepath.Join(dir, f.File)}, nil, opt, r); err != nil {
				t.Fatal(err)
			}
			want := map[string]int{}
			for k, n := range f.Truth.Events {
				want[strings.ToLower(k)] += n
			}
			if d, ok := differences[f.File]; ok {
				for k, n := range d.counts {
					want[k] = n
				}
			}
			got := r.counts()
			delete(got, "unknown format: AppleDouble")
			compare(t, got, want)
			for _, x := range r.rejected {
				t.Errorf("rejected %s: %s: %s (%d bytes)", x.Record, x.Reason, x.Detail, len(x.Raw))
			}
		})
	}
}

func compare(t *testing.T, got, want map[string]int) {
	t.Helper()
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%s: %d records, want %d", k, got[k], n)
		}
	}
	for k, n := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%s: %d records that are not expected", k, n)
		}
	}
}
