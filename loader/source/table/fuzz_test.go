package table_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/taskroot/taskroot/loader/source/table"
	"github.com/taskroot/taskroot/loader/winevent"
)

// FuzzDecode looks for tables that panic, hang, or are an error instead of a
// rejection, and for rejects that can't be read again as they are.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.csv")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var l listing
		opt := table.Options{Want: winevent.Wanted, Host: "h", Mappings: mappingBeside(t, "testdata/custom.csv")}
		if err := table.Decode(t.Context(), bytes.NewReader(in), "f", opt, &l); err != nil {
			t.Error(err)
		}
		if l.calls > bytes.Count(in, []byte("\n"))+1 {
			t.Errorf("%d calls for %d lines", l.calls, bytes.Count(in, []byte("\n"))+1)
		}
	})
}

// FuzzMapping looks for mapping files that panic.
func FuzzMapping(f *testing.F) {
	in, err := os.ReadFile("testdata/custom.mapping.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(in)
	f.Add([]byte("kind: event\nchannel: a\nid: = 1\ntime: b\ntimeFormat: epoch\nzone: +09:00\nwhere: {a: [b]}\nmatch: [a]\nfields: {x: y}\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := table.ParseMapping("m", bytes.NewReader(in))
		if (err == nil) != (len(m) > 0) {
			t.Errorf("%d mappings and %v", len(m), err)
		}
	})
}
