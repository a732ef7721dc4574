package eventxml_test

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
	"testing/iotest"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/eventxml"
	"github.com/taskroot/taskroot/loader/winevent"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// listing is a handler that writes one line for each call.
type listing struct{ bytes.Buffer }

func (l *listing) Event(e *winevent.Event, r eventxml.Record) error {
	trust := map[graph.Trust]string{graph.Naive: "naive", graph.Zoned: "zoned", graph.Honest: "honest"}[e.Trust]
	fmt.Fprintf(l, "event %s/%d v%d of %s at %s (%s) host=%q record=%d logger=%d activity=%q", e.Channel, e.ID, e.Version, e.Provider,
		e.Time.Format(time.RFC3339Nano), trust, e.Computer, e.RecordID, e.ExecPID, e.Activity)
	for _, f := range e.Data {
		fmt.Fprintf(l, " %s=%q", f.Name, f.Value)
	}
	if e.Message != "" {
		fmt.Fprintf(l, " message=%q", e.Message)
	}
	fmt.Fprintf(l, " [%s, %d bytes]\n", r.Place, len(r.Raw))
	return nil
}

func (l *listing) Skipped(channel string, id uint32, n int) error {
	fmt.Fprintf(l, "skipped %d %s/%d\n", n, channel, id)
	return nil
}

func (l *listing) Rejected(b eventxml.Bad) error {
	fmt.Fprintf(l, "rejected %s: %s: %s: %q\n", b.Place, b.Reason, b.Detail, b.Raw)
	return nil
}

func options() eventxml.Options {
	return eventxml.Options{Want: winevent.Wanted, Gate: winevent.GateOf}
}

// TestGolden reads each made-up file, at once and byte by byte, and compares what
// was found with the golden file beside it, one line an event.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.[xt][mx][lt]")
	if err != nil || len(files) != 6 {
		t.Fatalf("%d input files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run("OK "+filepath.Base(file), func(t *testing.T) {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !eventxml.Sniff(in) {
				t.Error("not known by its first bytes")
			}
			var l, slow listing
			if err := eventxml.Decode(t.Context(), bytes.NewReader(in), file, options(), &l); err != nil {
				t.Fatal(err)
			}
			if err := eventxml.Decode(t.Context(), iotest.OneByteReader(bytes.NewReader(in)), file, options(), &slow); err != nil {
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
			if got := l.String(); got != string(want) || slow.String() != got {
				t.Errorf("got\n%s\nbyte by byte\n%s\nwant\n%s", got, slow.String(), want)
			}
		})
	}
}

func TestSniff(t *testing.T) {
	const ns = "xmlns='http://schemas.microsoft.com/win/2004/08/events/event'"
	for _, c := range []struct {
		name, head string
		want       bool
	}{
		{"OK event", "<Event " + ns + "><System>", true},
		{"OK event without namespace", "<Event><System>", true},
		{"OK in an element", "<?xml version=\"1.0\"?>\n<!-- x -->\n<Events><Event>", true},
		{"OK mark", "\xEF\xBB\xBF\r\n<Events>", true},
		{"OK folded", "- <Event " + ns + ">", true},
		{"OK prefixed", "<13>Mar 1 host: <Event " + ns + ">", true},
		{"OK numbered", "Record 1\n<?xml version=\"1.0\"?>\n<Event " + ns + ">", true},
		{"OK lost its first bytes", "b</Data></Event>\n<Event " + ns + ">", true},
		{"ErrEmpty", "", false},
		{"ErrTask", "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<Task version=\"1.2\">", false},
		{"ErrTasks", "<Tasks>\n<!-- \\a -->\n<Task version=\"1.2\">", false},
		{"ErrObjects", "<Objs Version=\"1.1.0.1\">", false},
		{"ErrOtherEvents", "<EventsOfTheDay>", false},
		{"ErrJSON", "{\"_raw\":\"<Event " + ns + ">\"}", false},
		{"ErrTable", "\"<Event " + ns + ">\",a", false},
		{"ErrTableByHeader", "_raw,_time\n\"<Event " + ns + ">\",1", false},
		{"ErrOtherText", "see <Event>", false},
		{"ErrCutDeclaration", "<?xml ", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := eventxml.Sniff([]byte(c.head)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

const event = `<Event><System><EventID>5</EventID><TimeCreated SystemTime="2024-03-01T09:15:00Z"/>` +
	`<Channel>Microsoft-Windows-Sysmon/Operational</Channel></System><EventData><Data Name="ProcessId">7</Data></EventData></Event>`

func TestDecode(t *testing.T) {
	t.Run("OK host and ordinal given", func(t *testing.T) {
		var l listing
		opt := options()
		opt.Host, opt.Ordinal = "ws9", 41
		if err := eventxml.Decode(t.Context(), strings.NewReader(event), "f", opt, &l); err != nil {
			t.Fatal(err)
		}
		want := `event Microsoft-Windows-Sysmon/Operational/5 v0 of  at 2024-03-01T09:15:00Z (honest) host="ws9" record=0 logger=0 activity=""` +
			` ProcessId="7" [record 42 at byte 0, 209 bytes]` + "\n"
		if l.String() != want {
			t.Errorf("got  %swant %s", l.String(), want)
		}
	})
	t.Run("ErrStopped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := eventxml.Decode(ctx, strings.NewReader(strings.Repeat(event, 3000)), "f", options(), &listing{})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ErrRead", func(t *testing.T) {
		var l listing
		opt := options()
		opt.Host = "ws9"
		err := eventxml.Decode(t.Context(), iotest.TimeoutReader(iotest.HalfReader(strings.NewReader(event+event))), "f", opt, &l)
		if !errors.Is(err, iotest.ErrTimeout) {
			t.Errorf("got %v after %s", err, l.String())
		}
	})
}
