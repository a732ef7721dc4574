package eventxml

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/taskroot/taskroot/loader/winevent"
	"github.com/taskroot/taskroot/loader/winxml"
)

// tally counts calls.
type tally struct {
	events, skipped, rejected, raw int
	values                         []string
}

func (t *tally) Event(e *winevent.Event, _ Record) error {
	t.events++
	for _, f := range e.Data {
		t.values = append(t.values, f.Name+"="+f.Value)
	}
	return nil
}
func (t *tally) Skipped(_ string, _ uint32, n int) error { t.skipped += n; return nil }
func (t *tally) Rejected(b Bad) error                    { t.rejected++; t.raw += len(b.Raw); return nil }

func count(tb testing.TB, in []byte, limit int, oneByOne bool) *tally {
	tb.Helper()
	var r io.Reader = bytes.NewReader(in)
	if oneByOne {
		r = iotest.OneByteReader(r)
	}
	var t tally
	opt := Options{Host: "h", Want: func(string, uint32) bool { return true }}
	if err := decode(context.Background(), newFrame(r, limit), "fuzz", opt, &t); err != nil {
		tb.Fatal(err)
	}
	return &t
}

// FuzzDecode looks for input that panics or hangs, that reads differently when
// it comes byte by byte, or whose values are others than the standard library's.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.[xt][mx][lt]")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(in)
		for line := range bytes.Lines(in) {
			f.Add(bytes.Clone(line))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		Sniff(in)
		got, slow := count(t, in, 1<<20, false), count(t, in, 1<<20, true)
		if got.events != slow.events || got.skipped != slow.skipped || got.rejected != slow.rejected || got.raw != slow.raw ||
			strings.Join(got.values, "|") != strings.Join(slow.values, "|") {
			t.Errorf("in one read %+v, byte by byte %+v", got, slow)
		}
		count(t, in, 300, false) // with most events too long
		sameAsStandard(t, in)
	})
}

// sameAsStandard compares the values of an event with those that encoding/xml
// finds, where it takes the event.
func sameAsStandard(t *testing.T, in []byte) {
	t.Helper()
	var want struct {
		XMLName   xml.Name
		EventData []struct {
			Data []struct {
				Name string `xml:"Name,attr"`
				Text string `xml:",chardata"`
				Kids []any  `xml:",any"`
			} `xml:"Data"`
		} `xml:"EventData"`
	}
	var x winxml.Event
	if bytes.ContainsAny(in, "\r:") || bytes.Contains(in, []byte("<!")) || xml.Unmarshal(in, &want) != nil || want.XMLName.Local != "Event" {
		return
	}
	var e winevent.Event
	if err := errors.Join(x.Open(in), x.Fill(&e)); err != nil {
		t.Fatalf("the standard library takes it: %v", err)
	}
	if len(want.EventData) != 1 || len(e.Data) != len(want.EventData[0].Data) {
		return // there are other elements
	}
	for i, d := range want.EventData[0].Data {
		if len(d.Kids) == 0 && e.Data[i].Value != d.Text {
			t.Errorf("%q is %q, want %q", e.Data[i].Name, e.Data[i].Value, d.Text)
		}
	}
}

// TestBounds holds events at the limit, above it, and the events after them.
func TestBounds(t *testing.T) {
	record := func(n int) string {
		const head, tail = `<Event><System><EventID>5</EventID><TimeCreated SystemTime="2024-03-01T09:15:00Z"/></System><EventData><Data>`,
			`</Data></EventData></Event>`
		return head + strings.Repeat("a", n-len(head)-len(tail)) + tail
	}
	const limit = 4 << 10
	t.Run("OK at the limit", func(t *testing.T) {
		if got := count(t, []byte(record(limit)+record(200)), limit, false); got.events != 2 || got.rejected != 0 {
			t.Errorf("got %d events, %d rejected", got.events, got.rejected)
		}
	})
	for name, in := range map[string]string{
		"ErrTooLong in lines":    record(200) + "\n" + record(50*limit) + "\n" + record(200) + "\n",
		"ErrTooLong in one line": record(200) + record(50*limit) + record(200),
		"ErrTooLong comment":     record(200) + strings.Replace(record(50*limit), "aa", "<!--", 1) + record(200),
	} {
		t.Run(name, func(t *testing.T) {
			for _, slow := range []bool{false, true} {
				got := count(t, []byte(in), limit, slow)
				if got.events != 2 || got.rejected != 1 || got.raw != 0 {
					t.Errorf("got %d events, %d rejected with %d bytes", got.events, got.rejected, got.raw)
				}
			}
		})
	}
	t.Run("ErrTooDeep", func(t *testing.T) {
		got := count(t, []byte("<Event>"+strings.Repeat("<a>", 100000)+"</Event>"+record(200)), 1<<20, false)
		if got.events != 1 || got.rejected != 1 {
			t.Errorf("got %d events, %d rejected", got.events, got.rejected)
		}
	})
	t.Run("ErrTooMany", func(t *testing.T) {
		got := count(t, []byte("<Event>"+strings.Repeat("<a/>", 100000)+"</Event>"+record(200)), 1<<20, false)
		if got.events != 1 || got.rejected != 1 {
			t.Errorf("got %d events, %d rejected", got.events, got.rejected)
		}
	})
}
