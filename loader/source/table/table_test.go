package table_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/table"
	"github.com/taskroot/taskroot/loader/winevent"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// listing is a handler that writes one line for each call.
type listing struct {
	bytes.Buffer
	calls int
}

var trusts = map[graph.Trust]string{graph.Naive: "naive", graph.Zoned: "zoned", graph.Honest: "honest"}

func (l *listing) Event(e *winevent.Event, r table.Record) error {
	l.calls++
	fmt.Fprintf(l, "event %s/%d at %s (%s)", e.Channel, e.ID, e.Time.Format(time.RFC3339Nano), trusts[e.Trust])
	if !e.Received.IsZero() {
		fmt.Fprintf(l, " received %s", e.Received.Format(time.RFC3339Nano))
	}
	fmt.Fprintf(l, " host=%q record=%d ordinal=%d", e.Computer, e.RecordID, e.Ordinal)
	if e.ExecPID != 0 {
		fmt.Fprintf(l, " logger=%d", e.ExecPID)
	}
	for _, f := range e.Data {
		fmt.Fprintf(l, " %s=%q", f.Name, f.Value)
	}
	fmt.Fprintf(l, " [%s, %d bytes]\n", r.Place, len(r.Raw()))
	return nil
}

func (l *listing) Observation(o graph.Observation, further ...graph.Observation) error {
	l.calls++
	h := o.Head()
	fmt.Fprintf(l, "observation %T at %s (%s) host=%q record=%d and %d more\n", o, h.Clock.Claimed.Format(time.RFC3339Nano),
		trusts[h.Clock.Trust], h.HostName, h.Evidence.Record, len(further))
	return nil
}

func (l *listing) Skipped(channel string, id uint32, n int) error {
	l.calls++
	fmt.Fprintf(l, "skipped %d %s/%d\n", n, channel, id)
	return nil
}

func (l *listing) Passed(reason string) error {
	l.calls++
	fmt.Fprintf(l, "passed %s\n", reason)
	return nil
}

func (l *listing) Rejected(b table.Bad) error {
	l.calls++
	fmt.Fprintf(l, "rejected %s: %s: %s: %q\n", b.Place, b.Reason, b.Detail, b.Raw)
	return nil
}

// mappingBeside reads the mapping that lies beside a test's input, if one does.
func mappingBeside(t *testing.T, file string) []*table.Mapping {
	t.Helper()
	name := strings.TrimSuffix(file, filepath.Ext(file)) + table.MappingSuffix
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // only read from
	m, err := table.ParseMapping(filepath.Base(name), f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestGolden reads each made-up file and compares what was found with the
// golden file beside it, one line a row.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.csv")
	if err != nil || len(files) != 12 {
		t.Fatalf("%d input files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !table.Sniff(in) {
				t.Error("not known by its first bytes")
			}
			var l listing
			opt := table.Options{Want: winevent.Wanted, Mappings: mappingBeside(t, file)}
			if strings.HasPrefix(filepath.Base(file), "viewer_") {
				opt.Host = "ws01.corp.example"
			}
			if err := table.Decode(t.Context(), bytes.NewReader(in), file, opt, &l); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".csv") + ".golden"
			if *rewrite {
				if err := os.WriteFile(golden, l.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got := l.String(); got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// read reads a table and gives the listing of what was found.
func read(t *testing.T, in string, opt table.Options) string {
	t.Helper()
	var l listing
	if opt.Want == nil {
		opt.Want = winevent.Wanted
	}
	if err := table.Decode(context.WithoutCancel(t.Context()), strings.NewReader(in), "f", opt, &l); err != nil {
		t.Fatal(err)
	}
	return l.String()
}
