package eventjson

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

// tally counts calls.
type tally struct {
	events, skipped, passed, rejected, inner int
	raw                                      int // bytes in rejected records
	values                                   []string
}

func (t *tally) Event(e *winevent.Event, _ Record) error {
	t.events++
	for _, f := range e.Data {
		t.values = append(t.values, f.Name+"="+f.Value)
	}
	return nil
}
func (t *tally) Said(o graph.Observation, further []graph.Observation, _ Record) error {
	t.events++
	t.values = append(t.values, fmt.Sprint(o.Head().Host, len(further)))
	return nil
}
func (t *tally) Skipped(_ string, _ uint32, n int) error { t.skipped += n; return nil }
func (t *tally) Passed(string) error                     { t.passed++; return nil }
func (t *tally) Rejected(b Bad) error                    { t.rejected++; t.raw += len(b.Raw); return nil }
func (t *tally) Reject(Inner) error                      { t.inner++; return nil }

func count(tb testing.TB, in []byte, limit int, oneByOne bool) *tally {
	tb.Helper()
	var t tally
	r := frameOf(in, limit, oneByOne)
	all := func(string, uint32) bool { return true }
	if err := decode(context.Background(), r, "fuzz", Options{Host: "h", Want: all}, &t); err != nil {
		tb.Fatal(err)
	}
	return &t
}

func frameOf(in []byte, limit int, oneByOne bool) *frame {
	if oneByOne {
		return newFrame(iotest.OneByteReader(bytes.NewReader(in)), limit)
	}
	return newFrame(bytes.NewReader(in), limit)
}

// FuzzDecode looks for input that panics or hangs, that reads differently when
// it comes byte by byte, or that is lost: what encoding/json takes for an
// object has to be a record, and its strings have to be the same.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json*")
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
		got := count(t, in, 64<<10, false)
		slow := count(t, in, 64<<10, true)
		if got.events != slow.events || got.rejected != slow.rejected || got.raw != slow.raw ||
			strings.Join(got.values, "|") != strings.Join(slow.values, "|") {
			t.Errorf("in one read %+v, byte by byte %+v", got, slow)
		}
		count(t, in, 100, false) // with most records too long
		sameAsStandard(t, in)
	})
}

func sameAsStandard(t *testing.T, in []byte) {
	t.Helper()
	var want map[string]any
	f := frame{buf: in, end: len(in)}
	if n, _ := f.opening(in); n > 0 {
		return // holds records instead of being one
	}
	if bytes.HasPrefix(in, []byte("{")) && json.Unmarshal(in, &want) == nil {
		got := count(t, in, 64<<10, false)
		if n := got.events + got.skipped + got.passed + got.rejected + got.inner; n != 1 {
			t.Errorf("%d records, want 1", n)
		}
		var tp tape
		if n, err := tp.parse(in); err != nil || len(bytes.TrimSpace(in[n:])) > 0 {
			t.Errorf("standard JSON refused at %d: %v", n, err)
		}
		d := doc{b: in, nodes: tp.nodes}
		d.members(0, func(key []byte, v int) bool {
			name, err := unescape(key)
			if err != nil {
				t.Errorf("key %q: %v", key, err)
			}
			text, isString := want[name].(string)
			if s, _, err := d.text(v); isString && d.nodes[v].kind == kindString && bytes.Count(in, key) == 1 && utf8.Valid(in) &&
				(err != nil || s != text) {
				t.Errorf("%q: got %q, %v, want %q", name, s, err, text)
			}
			return true
		})
	}
}

// TestBounds holds records at the limit, above it, and the records after them.
func TestBounds(t *testing.T) {
	record := func(n int) string {
		s := `{"EventID":5,"UtcTime":"2024-03-01 06:21:00","x":"`
		return s + strings.Repeat("a", n-len(s)-2) + `"}`
	}
	const limit = 4 << 10
	t.Run("OK at the limit", func(t *testing.T) {
		got := count(t, []byte(record(limit)+"\n"+record(200)), limit, false)
		if got.events != 2 || got.rejected != 0 {
			t.Errorf("got %+v", got)
		}
	})
	for name, in := range map[string]string{
		"ErrTooLong in lines":        record(200) + "\n" + record(50*limit) + "\n" + record(200) + "\n",
		"ErrTooLong in one line":     "[" + record(200) + "," + record(50*limit) + "," + record(200) + "]",
		"ErrTooLong in pretty lines": "[\n  " + record(200) + ",\n  " + strings.Replace(record(50*limit), "aaa", "\",\n    \"y\":\"", 20) + ",\n  " + record(200) + "\n]",
		"ErrTooLong among records":   `{"records":[` + record(200) + "," + record(50*limit) + "," + record(200) + `]}`,
		"ErrTooLong first of them":   `{"records": [` + record(50*limit) + "," + record(200) + "," + record(200) + `]}`,
		"ErrTooLong of garbage":      record(200) + "\n" + strings.Repeat("x", 50*limit) + "\n" + record(200) + "\n",
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
		got := count(t, []byte(strings.Repeat(`{"a":`, 100000)+"\n"+record(200)), 1<<20, false)
		if got.events != 1 || got.rejected != 1 {
			t.Errorf("got %d events, %d rejected", got.events, got.rejected)
		}
	})
}
