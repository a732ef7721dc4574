package source_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/unicode"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source"
)

const taskFile = `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions><Exec><Command>a.exe</Command></Exec></Actions></Task>`

// tasksSeen are the tasks that a sink was told of: host, path and time.
func tasksSeen(r *recorder) []string {
	var out []string
	for _, o := range r.seen {
		if o, ok := o.(*graph.TaskListed); ok {
			out = append(out, fmt.Sprintf("%s %s %s", o.Host, o.Path, o.Clock.Claimed.Format(time.RFC3339)))
		}
	}
	return out
}

func readWith(t *testing.T, host string, paths ...string) *recorder {
	t.Helper()
	r := newRecorder(t)
	if err := source.Read(t.Context(), paths, nil, source.Options{TempDir: t.TempDir(), Host: host}, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestInventory reads task files where Windows and collectors keep them: the
// path is that below the folder, the time that of the file.
func TestInventory(t *testing.T) {
	then := time.Date(2024, 3, 1, 6, 0, 0, 0, time.UTC)
	wide := utf16(unicode.LittleEndian, unicode.UseBOM, taskFile)
	dir := folder(t, map[string]string{
		"C/Windows/System32/Tasks/Microsoft/Windows/X": wide,
		"b.zip": zipped(entry{"uploads/auto/C%3A/Windows/System32/Tasks/Corp/Back%20up", wide}),
		"c.tar": tarred(entry{"Tasks/Y", taskFile}),
	})
	for _, name := range []string{"C/Windows/System32/Tasks/Microsoft/Windows/X", "b.zip", "c.tar"} {
		if err := os.Chtimes(filepath.Join(dir, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		`ws01 \Microsoft\Windows\X 2024-03-01T06:00:00Z`, `ws01 \Corp\Back up 2024-03-01T06:00:00Z`, `ws01 \Y 2024-03-01T06:00:00Z`,
	}
	t.Run("OK folder, zip and tar", func(t *testing.T) {
		if got := tasksSeen(readWith(t, "WS01", dir)); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
	t.Run("OK rejected for want of a host, and read again", func(t *testing.T) {
		first := readWith(t, "", dir)
		if len(first.rejected) != 3 || first.rejected[0].Reason != "no host" {
			t.Fatalf("rejected %+v", first.rejected)
		}
		var file bytes.Buffer
		for _, x := range first.rejected {
			if err := source.WriteReject(&file, x); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(t.TempDir(), "rejects.ndjson")
		if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := tasksSeen(readWith(t, "WS01", path)); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		second := readWith(t, "", path)
		if !slices.EqualFunc(first.rejected, second.rejected, func(a, b source.Reject) bool { return a.Record == b.Record && a.Source == b.Source }) {
			t.Errorf("got  %+v\nwant %+v", second.rejected, first.rejected)
		}
	})
	t.Run("ErrStreamWithoutName", func(t *testing.T) {
		r := newRecorder(t)
		if err := source.Read(t.Context(), []string{source.Stdin}, strings.NewReader(taskFile), source.Options{Host: "h"}, r); err != nil {
			t.Fatal(err)
		}
		if len(r.rejected) != 1 || r.rejected[0].Detail != "names no task" {
			t.Errorf("rejected %+v", r.rejected)
		}
	})
}
