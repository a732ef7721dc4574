package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/company"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/loader"
	"github.com/taskroot/taskroot/queries"
)

// program builds the real command.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "taskroot")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../../cmd/taskroot")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// following starts the command on a folder.
func following(t *testing.T, program, dir, state string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	c := graphtest.Config(t)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "load", "--json", "--follow", "--interval", "20ms", "--settle-every", "50ms", dir)
	cmd.Env = append(os.Environ(), "TASKROOT_NEO4J_URI="+c.URI, "TASKROOT_NEO4J_USERNAME="+c.Username, "TASKROOT_NEO4J_PASSWORD="+c.Password,
		"XDG_STATE_HOME="+state, "XDG_CONFIG_HOME="+state)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd, &out
}

// replayer writes the files of a folder to another bit by bit, in pieces that
// end anywhere, as far as it is told to.
type replayer struct {
	t    *testing.T
	from string
	to   string
	rest map[string][]byte
	all  int
	left int
}

func newReplayer(t *testing.T, from, to string) *replayer {
	r := &replayer{t: t, from: from, to: to, rest: map[string][]byte{}}
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(from, path)
		r.rest[name], err = os.ReadFile(path)
		r.all += len(r.rest[name])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r.left = r.all
	return r
}

// step writes the next piece of each file; false when all is written.
func (r *replayer) step(piece int) bool {
	for name, b := range r.rest {
		n := min(piece, len(b))
		path := filepath.Join(r.to, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		var f *os.File
		if err == nil {
			f, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		}
		if err == nil {
			_, err = f.Write(b[:n])
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			r.t.Error(err)
			return false
		}
		r.left -= n
		if r.rest[name] = b[n:]; len(b) == n {
			delete(r.rest, name)
		}
	}
	return len(r.rest) > 0
}

// read sums up what the imports' tallies say.
func read(t *testing.T, db *graphdb.DB) (sum loader.Tally, statuses []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/imports.cypher")
	if err != nil {
		t.Fatal(err)
	}
	err = db.Reader().Run(t.Context(), graphdb.Statement{Name: "imports", Text: string(text)}, nil, func(row graphdb.Row) error {
		status, _ := row.Get("status").(string)
		statuses = append(statuses, status)
		var one loader.Tally
		if text, _ := row.Get("tally").(string); text != "" {
			if err := json.Unmarshal([]byte(text), &one); err != nil {
				return err
			}
		}
		sum.Files += one.Files
		sum.Read += one.Read
		sum.Stored += one.Stored + one.Merged
		sum.Seconds += float64(loader.Sum(one.Skipped) + loader.Sum(one.Rejected)) // not a time: what is left of the sum
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum, statuses
}

// until asks again and again whether something is so.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("still not so: %s", what)
		}
	}
}

// TestFollowKilled follows a day's logs while they are written, by the real
// command, which is killed five times. The graph is that of the finished files
// loaded once, and the imports' tallies add up to each record once.
func TestFollowKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs SIGKILL and SIGINT")
	}
	db := graphtest.Open(t)
	graphtest.Exclusive(t, db)
	lib, err := queries.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := lib.Migrate(t.Context(), db.Writer()); err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(t.TempDir(), "company")
	o := company.Options{Hosts: 3, Days: 1, Seed: 11, Rate: 0.1, Out: made, Formats: []company.Format{company.EvtxJSON}}
	if _, err := company.Generate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	made = filepath.Join(made, string(company.EvtxJSON))
	spoil(t, made)
	graphtest.Wipe(t, db)
	rejected := loadSpoilt(t, db, lib, made)
	want, _ := read(t, db)
	graph := everything(t, db)
	graphtest.Wipe(t, db)

	bin, dir, state := program(t), t.TempDir(), t.TempDir()
	r := newReplayer(t, made, dir)
	for kill := range 5 {
		cmd, _ := following(t, bin, dir, state)
		before, _ := read(t, db)
		until(t, "a follower gets further", func() bool {
			if r.left > r.all*(4-kill)/6 {
				r.step(3777)
			}
			now, _ := read(t, db)
			return now.Read > before.Read && r.left <= r.all*(4-kill)/6
		})
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // says that it was killed
	}
	cmd, out := following(t, bin, dir, state)
	for r.step(3777) {
	}
	until(t, "all is taken", func() bool { now, _ := read(t, db); return now.Read >= want.Read })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("a follower that is interrupted does not end well: %v", err)
	}
	var last loader.Tally
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&last); err != nil || last.Read == 0 {
		t.Errorf("the last tally is %s, %v", out, err)
	}
	got, statuses := read(t, db)
	if got.Files != want.Files || got.Read != want.Read || got.Seconds != want.Seconds || got.Stored != want.Stored {
		t.Errorf("the tallies add up to %+v, want %+v", got, want)
	}
	if s := strings.Join(slices.Sorted(slices.Values(statuses)), " "); s != "done killed killed killed killed killed" {
		t.Errorf("the imports are %s", s)
	}
	if n := kept(t, filepath.Join(state, "taskroot", "rejects")); n != rejected {
		t.Errorf("%d rejects are kept, want %d", n, rejected)
	}
	sameGraph(t, everything(t, db), graph)
}

// spoil adds to each file lines that are rejected, and a file of a host whose
// times are local and say no zone.
func spoil(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if more, _ := filepath.Glob(filepath.Join(dir, "*.*")); err == nil {
		files = append(files, more...)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // a folder
		}
		var out []byte
		n := 0
		for line := range bytes.Lines(b) {
			if n++; n%40 == 0 {
				out = append(out, "{\"EventID\":\n"...)
			}
			out = append(out, line...)
		}
		if err := os.WriteFile(path, out, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var local []byte
	for i := range 200 {
		at := time.Date(2026, 3, 2, 8, 0, 10*i, 0, time.UTC)
		pid, zoneless := strconv.Itoa(3000+4*i), at.Add(-5*time.Hour).Format("2006-01-02 15:04:05")
		if i%3 == 2 {
			local = fmt.Appendf(local, `{"EventTime":%q,"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Hostname":"local.corp.example",`+
				`"UtcTime":%q,"ProcessGuid":"{%08x-0000-0000-0000-%012x}","ProcessId":%q,"Image":"C:\\a.exe"}`+"\n",
				zoneless, at.Format("2006-01-02 15:04:05.000"), at.Unix(), i, pid)
			continue
		}
		local = fmt.Appendf(local, `{"EventTime":%q,"Channel":"Security","EventID":4688,"Hostname":"local.corp.example","NewProcessId":%q,`+
			`"NewProcessName":"C:\\a.exe","ProcessId":"800"}`+"\n", zoneless, pid)
	}
	if err := os.WriteFile(filepath.Join(dir, "local.json"), local, 0o600); err != nil {
		t.Fatal(err)
	}
}

// loadSpoilt loads files once and answers how many records were rejected.
func loadSpoilt(t *testing.T, db *graphdb.DB, lib *queries.Library, dir string) int {
	t.Helper()
	c := loader.DefaultConfig()
	c.RejectDir, c.Round = t.TempDir(), 5000
	tally, err := loader.New(db, lib, slog.New(slog.DiscardHandler), c).Load(t.Context(), []string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := loader.Sum(tally.Rejected); n < 50 || tally.ClockUnknown > 0 {
		t.Fatalf("the input is not what this test is about: %+v", *tally)
	}
	return loader.Sum(tally.Rejected)
}

// kept counts the lines of the reject files.
func kept(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "rejects-*"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(b, []byte("\n"))
	}
	return n
}

// everything is each node and relationship of the graph as text, without
// evidence, which may say other files.
func everything(t *testing.T, db *graphdb.DB) []string {
	t.Helper()
	var out []string
	for _, name := range []string{"dump-nodes", "dump-edges"} {
		text, err := os.ReadFile("../../loader/testdata/" + name + ".cypher")
		if err != nil {
			t.Fatal(err)
		}
		err = db.Reader().Run(t.Context(), graphdb.Statement{Name: name, Text: string(text)}, nil, func(row graphdb.Row) error {
			props, _ := row.Values[len(row.Values)-1].(map[string]any)
			delete(props, "evidence")
			line, err := json.Marshal(row.Values)
			out = append(out, string(line))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(out)
	return out
}

func sameGraph(t *testing.T, got, want []string) {
	t.Helper()
	if len(want) < 1000 {
		t.Errorf("a graph of %d elements proves little", len(want))
	}
	for _, line := range want {
		if _, ok := slices.BinarySearch(got, line); !ok {
			t.Errorf("loaded, but not followed: %s", line)
		}
	}
	for _, line := range got {
		if _, ok := slices.BinarySearch(want, line); !ok {
			t.Errorf("followed, but not loaded: %s", line)
		}
	}
}
