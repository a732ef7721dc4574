package source_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/loader/source"
)

// folder writes files below a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRead(t *testing.T) {
	t.Run("OK folder in order of names", func(t *testing.T) {
		dir := folder(t, map[string]string{"b/2.json": line(2), "a.json": line(1), "c.txt": gz(line(3)), "b/1": line(4)})
		if err := os.Symlink(filepath.Join(dir, "a.json"), filepath.Join(dir, "a.link")); err != nil {
			t.Fatal(err)
		}
		r := run(t, dir, nil)
		check(t, r, filepath.ToSlash(dir)+"/", []string{"file INa.json", saw(1), "skipped 1 not a file",
			"file INb/1", saw(4), "file INb/2.json", saw(2), "file INc.txt", saw(3)})
	})
	t.Run("OK named link", func(t *testing.T) {
		dir := folder(t, map[string]string{"a.json": line(1)})
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(dir, link); err != nil {
			t.Fatal(err)
		}
		check(t, run(t, link, nil), filepath.ToSlash(link), []string{"file IN/a.json", saw(1)})
	})
	t.Run("OK empty folder", func(t *testing.T) {
		check(t, run(t, t.TempDir(), nil), "", nil)
	})
	t.Run("ErrNotThere", func(t *testing.T) {
		dir := folder(t, map[string]string{"a.json": line(1)})
		r := newRecorder(t)
		err := source.Read(t.Context(), []string{dir, filepath.Join(dir, "no")}, nil, source.Options{}, r)
		if fault.KindOf(err) != fault.Invalid || len(r.lines) != 0 {
			t.Errorf("got %v after %v", err, r.lines)
		}
	})
	t.Run("ErrStopped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := source.Read(ctx, []string{folder(t, map[string]string{"a.json": line(1)})}, nil, source.Options{}, newRecorder(t))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ErrSink", func(t *testing.T) {
		r := &full{recorder: newRecorder(t)}
		in := gz(tarred(entry{"a", line(1)}, entry{"b", line(2)}))
		err := source.Read(t.Context(), []string{source.Stdin}, strings.NewReader(in), source.Options{}, r)
		if !errors.Is(err, errFull) || !slices.Equal(r.files, []string{"stdin!a"}) {
			t.Errorf("got %v after %v", err, r.files)
		}
	})
}

var errFull = errors.New("full")

// full is a sink that takes no observation.
type full struct{ *recorder }

func (*full) Observation(graph.Observation, ...graph.Observation) error { return errFull }

// TestRejectFile writes rejects to a file and reads that: what could be mended
// by now is taken, under the first source's name, and what could not is
// rejected as it was.
func TestRejectFile(t *testing.T) {
	noHost := strings.Replace(line(9), `"Computer":"A"`, `"x":1`, 1)
	log := append([]byte("ElfChnk\x00"), make([]byte, 65528)...)
	in := []source.Reject{
		{Source: "f.json", Record: "record 3 at byte 99", Reason: "no host", Raw: []byte(noHost)},
		{Source: "f.json", Record: "record 5 at byte 150", Reason: "bad json", Detail: "cut", Raw: []byte(`{"EventID":`)},
		{Source: "g.zip!h.json", Record: "record 1 at byte 0", Reason: "bad json", Detail: "no", Raw: []byte("words\xff")},
		{Source: "i.gz", Record: "rest", Reason: "trailing bytes", Raw: []byte(gz(line(7)))},
		{Source: "j", Record: "record 1 at byte 0", Reason: "unknown shape", Raw: []byte(`{"a":1}`)},
		{Source: "p", Record: "all of it", Reason: "unreadable", Detail: "permission denied", Count: 1},
		{Source: "k.evtx", Record: "chunk 2", Reason: "evtx chunk magic", Count: 4, Raw: log},
	}
	var file bytes.Buffer
	for _, x := range in {
		if err := source.WriteReject(&file, x); err != nil {
			t.Fatal(err)
		}
	}
	file.WriteString(line(8))
	path := filepath.Join(t.TempDir(), "rejects")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRecorder(t)
	if err := source.Read(t.Context(), []string{path}, nil, source.Options{Host: "A"}, r); err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(r.lines, func(l string) bool { return l == "file k.evtx" })
	if at < 0 {
		t.Fatalf("the chunk was not read: %q", r.lines)
	}
	chunk := r.lines[at+1 : len(r.lines)-2]
	r.lines = slices.Concat(r.lines[:at+1], r.lines[len(r.lines)-2:])
	check(t, r, filepath.ToSlash(path), []string{"file IN", "file f.json", saw(9),
		"rejected record 5 at byte 150: bad json: input ends inside a value",
		"file g.zip!h.json", "rejected record 1 at byte 0: bad json: no",
		"file i.gz", saw(7),
		"file j", "rejected record 1 at byte 0: unknown shape: holds no Windows event in a shape that is known",
		"file p", "rejected all of it: unreadable: permission denied",
		"file k.evtx", "file IN", saw(8)})
	if len(chunk) == 0 {
		t.Error("nothing was said of the chunk")
	}
	for _, l := range chunk {
		if !strings.Contains(l, ": evtx ") {
			t.Errorf("the chunk was not read as one: %s", l)
		}
	}
	if !bytes.Equal(r.rejected[1].Raw, []byte("words\xff")) {
		t.Errorf("lost the input of a reject: %q", r.rejected[1].Raw)
	}
}

func readInto(t *testing.T, r *recorder, path string) {
	t.Helper()
	if err := source.Read(t.Context(), []string{path}, nil, source.Options{}, r); err != nil {
		t.Error(err)
	}
}
