package netlog_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/netlog"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// listing is a handler that writes one line for each call.
type listing struct{ bytes.Buffer }

func (l *listing) Observation(o graph.Observation) error {
	h := o.Head()
	fmt.Fprintf(l, "%s record %d at %s trust %d host %q:", h.Evidence.Channel, h.Evidence.Record,
		h.Clock.Claimed.Format(time.RFC3339Nano), h.Clock.Trust, h.Host)
	switch o := o.(type) {
	case *graph.FlowSeen:
		fmt.Fprintf(l, " flow %s|%d to %s|%d|%s %s %d/%d user %q source %s\n", o.ClientIP, o.ClientPort, o.RemoteIP, o.RemotePort,
			o.RemoteName, o.Protocol, o.Sent, o.Received, o.User, o.Source)
	case *graph.AnswerSeen:
		fmt.Fprintf(l, " asked %s|%d %s %v source %s\n", o.ClientIP, o.ClientPort, o.Name, o.Answers, o.Source)
	default:
		return fmt.Errorf("unexpected %T", o)
	}
	return nil
}

func (l *listing) Skipped(reason string) error {
	fmt.Fprintf(l, "skipped %s\n", reason)
	return nil
}

func (l *listing) Rejected(b netlog.Bad) error {
	fmt.Fprintf(l, "rejected %s: %s: %s: %q\n", b.Place, b.Reason, b.Detail, b.Raw)
	return nil
}

func decode(t *testing.T, in []byte, name string) string {
	t.Helper()
	var l listing
	if err := netlog.Decode(t.Context(), bytes.NewReader(in), name, 0, &l); err != nil {
		t.Fatal(err)
	}
	return l.String()
}

// TestGolden reads each made-up log and compares what was found with the golden
// file beside it, one line a record.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, file := range files {
		if strings.HasSuffix(file, ".golden") {
			continue
		}
		read++
		t.Run(filepath.Base(file), func(t *testing.T) {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !netlog.Sniff(in) {
				t.Error("not known by its first bytes")
			}
			got, golden := decode(t, in, file), file+".golden"
			if *rewrite {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
	if read != 8 {
		t.Errorf("%d input files", read)
	}
}

func TestSniff(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     bool
	}{
		{"OK json with a Zeek path", `{"_path":"conn","ts":1}`, true},
		{"OK mark and CRLF", "\xEF\xBB\xBF#Version: 1.0\r\n#Fields: time c-ip\r\n", true},
		{"ErrWindowsEvent", `{"EventID":3,"id.orig_h":"x"}`, false},
		{"ErrOtherComment", "#TYPE System.Object\n\"a\",\"b\"\n", false},
		{"ErrCommentsOnly", "# a\n# b\n", false},
		{"ErrText", "1709274060.603 is a number\n", false},
		{"ErrEmpty", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := netlog.Sniff([]byte(c.in)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestTooLong(t *testing.T) {
	in := "#Fields: time c-ip cs-host\n06:21:00 192.0.2.1 " + strings.Repeat("a", 1<<20) + "\n06:21:01 192.0.2.1 a.example\n"
	got := decode(t, []byte("#Date: 2024-03-01 00:00:00\n"+in), "f")
	if !strings.HasPrefix(got, "rejected row 1 at line 3: too long: is longer than 1048576 bytes: ") ||
		!strings.HasSuffix(got, "\nproxy/w3c record 2 at 2024-03-01T06:21:01Z trust 2 host \"\": flow 192.0.2.1|0 to |0|a.example tcp 0/0 user \"\" source proxy\n") {
		t.Errorf("got %.200s … %s", got, got[max(0, len(got)-200):])
	}
}

// FuzzDecode looks for logs that panic, hang, or are an error instead of a
// rejection.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*[a-z].log")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "testdata/zeek.json") {
		in, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out := decode(t, in, "f")
		if n := strings.Count(out, "\n"); n > bytes.Count(in, []byte("\n"))+1 {
			t.Errorf("%d calls for fewer lines", n)
		}
	})
}
