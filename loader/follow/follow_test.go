package follow_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/loader/follow"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string, keep func(string) bool, paths ...string) []string {
	t.Helper()
	files, troubles, err := follow.Scan(t.Context(), paths, keep)
	if err != nil || len(troubles) > 0 {
		t.Fatal(err, troubles)
	}
	var out []string
	for _, f := range files {
		name, err := filepath.Rel(dir, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, filepath.ToSlash(name))
	}
	return out
}

func none(string) bool { return false }

func TestScan(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b/x.json", "a.log", "c.log"} {
		write(t, filepath.Join(dir, name), name)
	}
	if err := os.Link(filepath.Join(dir, "a.log"), filepath.Join(dir, "z.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.log", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	t.Run("OK folder", func(t *testing.T) {
		if got, want := names(t, dir, none, dir), []string{"a.log", "b/x.json", "c.log"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("OK file", func(t *testing.T) {
		if got, want := names(t, dir, none, filepath.Join(dir, "c.log")), []string{"c.log"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("OK file renamed", func(t *testing.T) {
		path := filepath.Join(dir, "c.log")
		files, _, err := follow.Scan(t.Context(), []string{path}, none)
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		if err := os.Rename(path, path+".1"); err != nil {
			t.Fatal(err)
		}
		write(t, path, "new")
		got := names(t, dir, func(id string) bool { return id == files[0].Identity }, path)
		if want := []string{"c.log", "c.log.1"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("OK file not there yet", func(t *testing.T) {
		if got := names(t, dir, none, filepath.Join(dir, "later.log")); len(got) != 0 {
			t.Errorf("got %q", got)
		}
	})
	t.Run("Err no folder", func(t *testing.T) {
		files, troubles, err := follow.Scan(t.Context(), []string{filepath.Join(dir, "no", "x")}, none)
		if err != nil || len(files) != 0 || len(troubles) != 1 {
			t.Errorf("got %v, %v, %v", files, troubles, err)
		}
	})
}

func TestWholeLines(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	for _, c := range []struct {
		name       string
		text       string
		from, most int64
		want       int64
	}{
		{"OK all", "a\nb\n", 0, 100, 4},
		{"OK partial last line", "a\nbc", 0, 100, 2},
		{"OK from the middle", "a\nb\nc", 2, 100, 4},
		{"OK most cuts a line", "aa\nbb\ncc\n", 0, 5, 3},
		{"OK line longer than most", long + "\nb\n", 0, 10, 200_001},
		{"OK line longer than a block", "a\n" + long, 0, 1 << 20, 2},
		{"ErrNoLine", "abc", 0, 100, 0},
		{"ErrNoLongLine", long, 0, 10, 0},
		{"ErrNothing", "a\n", 2, 10, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := follow.WholeLines(strings.NewReader(c.text), c.from, int64(len(c.text)), c.most)
			if err != nil || got != c.want {
				t.Errorf("got %d, %v, want %d", got, err, c.want)
			}
		})
	}
}

func TestFind(t *testing.T) {
	a := bytes.Repeat([]byte("first line of a log, with a time and an id 1\n"), 100)
	b := bytes.Repeat([]byte("first line of a log, with a time and an id 2\n"), 100)
	at := func(id, path string, text []byte, offset int64) follow.Checkpoint {
		m, err := follow.MarkAt(bytes.NewReader(text), offset)
		if err != nil {
			t.Fatal(err)
		}
		return follow.Checkpoint{Key: id, Identity: id, Path: path, Offset: offset, Mark: m}
	}
	file := func(id, path string, text []byte) follow.File {
		return follow.File{Identity: id, Path: path, Size: int64(len(text))}
	}
	for _, c := range []struct {
		name      string
		file      follow.File
		text      []byte
		all       []follow.Checkpoint
		fits, own string
	}{
		{"OK the same, grown", file("1", "log", a), a, []follow.Checkpoint{at("1", "log", a, 90)}, "1", "1"},
		{"OK renamed", file("1", "log.1", a), a, []follow.Checkpoint{at("1", "log", a, 4000)}, "1", "1"},
		{"OK copied", file("2", "log.1", a), a, []follow.Checkpoint{at("1", "log", a, 4000)}, "1", ""},
		{"OK another device, little taken", file("2", "log", a), a, []follow.Checkpoint{at("1", "log", a, 90)}, "1", ""},
		{"OK nothing taken yet", file("1", "log", a), a, []follow.Checkpoint{at("1", "log", a, 0)}, "1", "1"},
		{"ErrCut", file("1", "log", a[:45]), a[:45], []follow.Checkpoint{at("1", "log", a, 90)}, "", "1"},
		{"ErrWrittenAnew", file("1", "log", b), b, []follow.Checkpoint{at("1", "log", a, 90)}, "", "1"},
		{"ErrTooLittleForACopy", file("2", "x", a), a, []follow.Checkpoint{at("1", "log", a, 90)}, "", ""},
		{"ErrOther", file("2", "log", b), b, []follow.Checkpoint{at("1", "log", a, 4000)}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			fits, own, err := follow.Find(bytes.NewReader(c.text), c.file, c.all)
			key := func(c *follow.Checkpoint) string {
				if c == nil {
					return ""
				}
				return c.Key
			}
			if err != nil || key(fits) != c.fits || key(own) != c.own {
				t.Errorf("got %q, %q, %v, want %q, %q", key(fits), key(own), err, c.fits, c.own)
			}
		})
	}
}
