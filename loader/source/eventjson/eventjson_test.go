package eventjson_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/eventjson"
	"github.com/taskroot/taskroot/loader/winevent"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// listing is a handler that writes one line for each call.
type listing struct{ bytes.Buffer }

func (l *listing) Event(e *winevent.Event, r eventjson.Record) error {
	trust := map[graph.Trust]string{graph.Naive: "naive", graph.Zoned: "zoned", graph.Honest: "honest"}[e.Trust]
	fmt.Fprintf(l, "event %s/%d v%d at %s (%s)", e.Channel, e.ID, e.Version, e.Time.Format(time.RFC3339Nano), trust)
	if !e.Received.IsZero() {
		fmt.Fprintf(l, " received %s", e.Received.Format(time.RFC3339Nano))
	}
	fmt.Fprintf(l, " host=%q record=%d", e.Computer, e.RecordID)
	if e.ExecPID != 0 {
		fmt.Fprintf(l, " logger=%d", e.ExecPID)
	}
	if e.Activity != "" {
		fmt.Fprintf(l, " activity=%s", e.Activity)
	}
	for _, f := range e.Data {
		fmt.Fprintf(l, " %s=%q", f.Name, f.Value)
	}
	fmt.Fprintf(l, " [%s, %d bytes]\n", r.Place, len(r.Raw))
	return nil
}

func (l *listing) Said(o graph.Observation, further []graph.Observation, r eventjson.Record) error {
	h := o.Head()
	fmt.Fprintf(l, "said %T of %s record=%d and %d more [%s, %d bytes]\n", o, h.Host, h.Evidence.Record, len(further), r.Place, len(r.Raw))
	return nil
}

func (l *listing) Skipped(channel string, id uint32, n int) error {
	fmt.Fprintf(l, "skipped %d %s/%d\n", n, channel, id)
	return nil
}

func (l *listing) Passed(reason string) error {
	fmt.Fprintf(l, "passed %s\n", reason)
	return nil
}

func (l *listing) Rejected(b eventjson.Bad) error {
	fmt.Fprintf(l, "rejected %s: %s: %s: %q\n", b.Place, b.Reason, b.Detail, b.Raw)
	return nil
}

func (l *listing) Reject(r eventjson.Inner) error {
	fmt.Fprintf(l, "again %s (%s) %s: %s x%d: %q\n", r.Source, r.Record, r.Reason, r.Detail, r.Count, r.Raw)
	return nil
}

// TestGolden reads each made-up file and compares what was found with the
// golden file beside it, one line a record.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json*")
	if err != nil || len(files) != 17 {
		t.Fatalf("%d input files, %v", len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".golden") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !eventjson.Sniff(in) {
				t.Error("not known by its first bytes")
			}
			var l listing
			opt := eventjson.Options{Want: winevent.Wanted}
			if err := eventjson.Decode(t.Context(), bytes.NewReader(in), file, opt, &l); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, filepath.Ext(file)) + ".golden"
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

func TestDecode(t *testing.T) {
	record := `{"EventID":5,"UtcTime":"2024-03-01 06:21:00","ProcessId":"1"}`
	t.Run("OK host and ordinal given", func(t *testing.T) {
		var l listing
		opt := eventjson.Options{Host: "ws9", Want: winevent.Wanted, Ordinal: 41}
		if err := eventjson.Decode(t.Context(), strings.NewReader(record), "f", opt, &l); err != nil {
			t.Fatal(err)
		}
		want := `event Microsoft-Windows-Sysmon/Operational/5 v0 at 2024-03-01T06:21:00Z (honest) host="ws9" record=0` +
			` UtcTime="2024-03-01 06:21:00" ProcessId="1" [record 42 at byte 0, 61 bytes]` + "\n"
		if l.String() != want {
			t.Errorf("got  %swant %s", l.String(), want)
		}
	})
	t.Run("ErrNoHost", func(t *testing.T) {
		var l listing
		if err := eventjson.Decode(t.Context(), strings.NewReader(record), "f", eventjson.Options{Want: winevent.Wanted}, &l); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("rejected record 1 at byte 0: no host: names no host; load it with --host NAME: %q\n", record)
		if l.String() != want {
			t.Errorf("got  %swant %s", l.String(), want)
		}
	})
	t.Run("ErrStopped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		many := strings.NewReader(strings.Repeat(record+"\n", 3000))
		err := eventjson.Decode(ctx, many, "f", eventjson.Options{Want: winevent.Wanted}, &listing{})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ErrRead", func(t *testing.T) {
		var l listing
		broken := &failing{data: []byte(record)}
		err := eventjson.Decode(t.Context(), broken, "f", eventjson.Options{Host: "h", Want: winevent.Wanted}, &l)
		if !errors.Is(err, errBroken) || strings.Count(l.String(), "event ") != 1 {
			t.Errorf("got %v after %s", err, l.String())
		}
	})
}

var errBroken = errors.New("broken")

type failing struct{ data []byte }

func (f *failing) Read(p []byte) (int, error) {
	if len(f.data) == 0 {
		return 0, errBroken
	}
	n := copy(p, f.data)
	f.data = f.data[n:]
	return n, nil
}

func TestSniff(t *testing.T) {
	for _, c := range []struct {
		name, head string
		want       bool
	}{
		{"OK object", `{"a":1}`, true},
		{"OK pretty object", "\n {\n  \"a\"", true},
		{"OK array", "\xEF\xBB\xBF[\n {", true},
		{"OK empty array", "[]", true},
		{"OK lost its first bytes", "tail\":1}\n{\"EventID\":1,\"Channel\":\"x\"}\n", true},
		{"ErrEmpty", "", false},
		{"ErrSettings", "[section]\nkey=1", false},
		{"ErrCode", "{ return 1; }", false},
		{"ErrOtherObjectInText", "words\n{\"a\":1}\n", false},
		{"ErrCSV", "a,b,c\n1,2,3\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := eventjson.Sniff([]byte(c.head)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
