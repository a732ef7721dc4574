package loader_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/loader"
	"github.com/taskroot/taskroot/queries"
)

// follower follows a folder of its own, one start after another.
type follower struct {
	t       *testing.T
	db      *graphdb.DB
	lib     *queries.Library
	dir     string
	rejects string
	config  loader.FollowConfig
	total   map[string]int // over all starts
}

func newFollower(t *testing.T, db *graphdb.DB, lib *queries.Library) *follower {
	t.Helper()
	graphtest.Wipe(t, db)
	return &follower{
		t: t, db: db, lib: lib, dir: t.TempDir(), rejects: t.TempDir(), total: map[string]int{},
		config: loader.FollowConfig{Once: true, Interval: time.Millisecond, Idle: time.Hour},
	}
}

func (f *follower) path(name string) string { return filepath.Join(f.dir, name) }

func (f *follower) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *follower) append(name, text string) {
	f.t.Helper()
	file, err := os.OpenFile(f.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.WriteString(text)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		f.t.Fatal(err)
	}
}

// once takes what is new and answers how many records that was.
func (f *follower) once() int {
	f.t.Helper()
	c := settings()
	c.RejectDir, c.Round = f.rejects, 50
	tally, err := loader.New(f.db, f.lib, slog.New(slog.DiscardHandler), c).Follow(f.t.Context(), []string{f.dir}, f.config)
	if err != nil {
		f.t.Fatal(err)
	}
	balanced(f.t, tally)
	f.total["files"] += tally.Files
	f.total["read"] += tally.Read
	f.total["skipped"] += loader.Sum(tally.Skipped)
	f.total["rejected"] += loader.Sum(tally.Rejected)
	f.total["waiting"] = tally.Waiting
	return tally.Read
}

// want loads the text once, into an empty database, and compares the graph with
// what following made of it, and the sums of the books.
func (f *follower) want(text string) {
	f.t.Helper()
	got := dump(f.t, f.db)
	graphtest.Wipe(f.t, f.db)
	tally, err := newLoader(f.t, f.db, f.lib, 100000).Load(f.t.Context(), []string{file(f.t, text)}, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if d := diff(dump(f.t, f.db), got); d != "" {
		f.t.Errorf("not the same graph:\n%s", d)
	}
	books := fmt.Sprintf("read %d skipped %d rejected %d", f.total["read"], f.total["skipped"], f.total["rejected"])
	want := fmt.Sprintf("read %d skipped %d rejected %d", tally.Read, loader.Sum(tally.Skipped), loader.Sum(tally.Rejected))
	if books != want {
		f.t.Errorf("books: %s, want %s", books, want)
	}
}

func TestFollowGrowth(t *testing.T) {
	db, lib := open(t)
	text := day(40)
	lines := strings.SplitAfter(text, "\n")
	half := strings.Join(lines[:70], "")
	rest := strings.Join(lines[70:], "")
	for _, c := range []struct {
		name  string
		files int
		do    func(f *follower)
	}{
		{"OK grows", 1, func(f *follower) {
			f.write("log", half)
			f.once()
			f.append("log", rest)
		}},
		{"OK nothing new", 1, func(f *follower) {
			f.write("log", text)
			f.once()
			if n := f.once(); n != 0 {
				f.t.Errorf("%d records were read again", n)
			}
		}},
		{"OK rotated by renaming", 2, func(f *follower) {
			f.write("log", half[:len(half)-40])
			f.once()
			f.append("log", half[len(half)-40:])
			if err := os.Rename(f.path("log"), f.path("log.1")); err != nil {
				f.t.Fatal(err)
			}
			f.write("log", rest)
		}},
		{"OK rotated by copying and cutting", 2, func(f *follower) {
			f.write("log", half)
			f.once()
			f.write("log.1", half)
			f.write("log", rest)
		}},
		{"OK copied, and cut later", 2, func(f *follower) {
			f.write("log", half)
			f.once()
			f.write("log.1", half)
			f.once()
			f.write("log", "")
			f.once()
			f.append("log", rest)
		}},
		{"OK written anew, as long", 2, func(f *follower) {
			f.write("log", half)
			f.once()
			f.write("log", rest+strings.Repeat("\n", len(half)))
		}},
		{"OK below", 2, func(f *follower) {
			if err := os.MkdirAll(f.path("a/b"), 0o700); err != nil {
				f.t.Fatal(err)
			}
			f.write("a/b/log", half)
			f.once()
			f.write("log", rest)
		}},
		{"OK compressed", 1, func(f *follower) {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := z.Write([]byte(text)); err != nil {
				f.t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				f.t.Fatal(err)
			}
			f.write("log.gz", b.String()[:100])
			f.write("log.gz", b.String())
		}},
		{"OK an array", 1, func(f *follower) {
			f.write("log", "["+strings.ReplaceAll(strings.TrimSpace(text), "\n", ",\n")+"]")
			f.once()
		}},
		{"OK the last line has no line feed", 1, func(f *follower) {
			f.write("log", strings.TrimSpace(text))
			f.once()
			f.append("log", "\n")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFollower(t, db, lib)
			c.do(f)
			f.once()
			if f.total["files"] != c.files {
				t.Errorf("%d files, want %d", f.total["files"], c.files)
			}
			f.want(text)
		})
	}
}

// TestFollowPartialLine writes a record in two parts, cut at each of its bytes,
// each cut in a file of its own.
func TestFollowPartialLine(t *testing.T) {
	db, lib := open(t)
	lines := strings.SplitAfter(day(1), "\n")
	f := newFollower(t, db, lib)
	record := lines[1]
	for cut := range len(record) {
		f.write(fmt.Sprint("log", cut), lines[0]+record[:cut])
	}
	// An object says where it ends: one lacks but its line feed, and is taken.
	if got, want := f.once(), len(record)+1; got != want {
		t.Errorf("%d records of the first part, want %d", got, want)
	}
	for cut := range len(record) {
		f.append(fmt.Sprint("log", cut), record[cut:])
	}
	if got, want := f.once(), len(record)-1; got != want {
		t.Errorf("%d records of the second part, want %d", got, want)
	}
	f.want(strings.Repeat(lines[0]+record, len(record)))
}

// TestFollowRejects holds that each reject is counted and kept once.
func TestFollowRejects(t *testing.T) {
	db, lib := open(t)
	f := newFollower(t, db, lib)
	text := mixed()
	f.write("log", text[:300])
	f.once()
	f.append("log", text[300:3000])
	f.once()
	f.append("log", text[3000:])
	f.once()
	kept, err := filepath.Glob(filepath.Join(f.rejects, "rejects-*"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range kept {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(b, []byte("\n"))
	}
	if n != 4 {
		t.Errorf("%d rejects are kept, want 4", n)
	}
	f.want(text)
}

// TestFollowClock follows local times without a zone: what comes before the first
// start that shows the offset waits for it.
func TestFollowClock(t *testing.T) {
	db, lib := open(t)
	f := newFollower(t, db, lib)
	var all []string
	for i := range 6 {
		at := epoch.Add(time.Duration(i) * time.Minute)
		local := at.Add(-5 * time.Hour).Format("2006-01-02 15:04:05")
		pid := fmt.Sprint(1000 + i)
		all = append(all,
			naive(map[string]any{"EventTime": local, "Channel": "Security", "EventID": 4688, "Hostname": "H1", "NewProcessId": pid,
				"NewProcessName": images[0], "CommandLine": "cmd " + pid, "ProcessId": "800"}),
			naive(map[string]any{"EventTime": local, "Channel": sysmonLog, "EventID": 1, "Hostname": "H1", "UtcTime": at.Format("2006-01-02 15:04:05.000"),
				"ProcessGuid": guid(at, uint32(i)), "ProcessId": pid, "Image": images[0], "CommandLine": "cmd " + pid,
				"ParentProcessId": "800", "ParentImage": images[1]}))
	}
	f.write("log", all[0])
	f.once()
	if f.total["waiting"] != 1 || f.total["read"] != 0 {
		t.Errorf("after the first record: %v", f.total)
	}
	f.append("log", all[1])
	f.once()
	if f.total["waiting"] != 0 || f.total["read"] != 2 {
		t.Errorf("after a start: %v", f.total)
	}
	for _, line := range all[2:] {
		f.append("log", line)
		if n := f.once(); n != 1 {
			t.Errorf("%d records, want 1", n)
		}
	}
	f.want(strings.Join(all, ""))
}

func naive(record map[string]any) string {
	b, _ := json.Marshal(record)
	return string(b) + "\n"
}
