package loader_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/loader"
)

const (
	sysmonLog    = "Microsoft-Windows-Sysmon/Operational"
	schedulerLog = "Microsoft-Windows-TaskScheduler/Operational"
)

// event is one line of an event log's export.
func event(channel string, id, record, ms int, data map[string]string) string {
	system := fmt.Sprintf(`{"Provider":{"#attributes":{"Name":"x"}},"EventID":%d,"TimeCreated":{"#attributes":{"SystemTime":%q}},`+
		`"EventRecordID":%d,"Channel":%q,"Computer":"H1"}`,
		id, epoch.Add(time.Duration(ms)*time.Millisecond).Format(time.RFC3339Nano), record, channel)
	body, _ := json.Marshal(data)
	return `{"Event":{"System":` + system + `,"EventData":` + string(body) + "}}\n"
}

// day is a made-up machine: n processes that the scheduler starts, each with a
// connection and an end.
func day(n int) string {
	var b strings.Builder
	for i := range n {
		ms, pid := 5000*i, strconv.Itoa(1000+i%7)
		at := epoch.Add(time.Duration(ms) * time.Millisecond)
		id := guid(at, uint32(i))
		utc := at.Format("2006-01-02 15:04:05.000")
		b.WriteString(event(schedulerLog, 129, 9*i, ms+13, map[string]string{"TaskName": `\T` + strconv.Itoa(i%3), "Path": images[0], "ProcessID": pid}))
		b.WriteString(event(sysmonLog, 1, 9*i+1, ms, map[string]string{
			"UtcTime": utc, "ProcessGuid": id, "ProcessId": pid, "Image": images[0], "CommandLine": "cmd " + strconv.Itoa(i),
			"ParentProcessId": "800", "ParentImage": images[1], "ParentCommandLine": images[1] + " -k netsvcs -p -s Schedule",
		}))
		b.WriteString(event("Security", 5156, 9*i+2, ms+900, map[string]string{
			"ProcessID": pid, "Application": `\device\harddiskvolume1\windows\system32\cmd.exe`, "Direction": "%%14593", "SourceAddress": "10.0.0.1",
			"SourcePort": "50000", "DestAddress": "52.1.1." + strconv.Itoa(i%5), "DestPort": "443", "Protocol": "6",
		}))
		b.WriteString(event("Security", 4689, 9*i+3, ms+3000, map[string]string{"ProcessId": pid, "ProcessName": images[0]}))
	}
	return b.String()
}

// file writes a file into a new folder.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// balanced checks the equation of the books.
func balanced(t *testing.T, tally *loader.Tally) {
	t.Helper()
	if sum := tally.Stored + tally.Merged + loader.Sum(tally.Skipped) + loader.Sum(tally.Rejected); sum != tally.Read {
		t.Errorf("read %d, but %d in all: %+v", tally.Read, sum, *tally)
	}
}

// statuses are those of the imports, in order, with what each says it read.
func statuses(t *testing.T, db *graphdb.DB) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/imports.cypher")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	err = db.Reader().Run(t.Context(), graphdb.Statement{Name: "imports", Text: string(text)}, nil, func(r graphdb.Row) error {
		status, _ := r.Get("status").(string)
		out = append(out, status)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sum(counts map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s=%d", k, counts[k]))
	}
	return strings.Join(parts, " ")
}

// mixed is 8 good records, 2 that are not wanted, and 4 of no use.
func mixed() string {
	return day(2) + event(sysmonLog, 13, 50, 1, map[string]string{"TargetObject": `HKLM\x`}) + event("Application", 1, 51, 1, nil) +
		`{"EventID":` + "\n" + event(sysmonLog, 3, 52, 1, map[string]string{"ProcessId": "7"}) +
		strings.Replace(event("Security", 4689, 53, 1, map[string]string{"ProcessId": "7"}), `,"Computer":"H1"`, "", 1) +
		event(sysmonLog, 22, 54, 1, map[string]string{
			"ProcessId": "7", "Image": images[0], "QueryStatus": "0", "QueryName": strings.Repeat("a", 1025), "QueryResults": "52.1.1.1;",
		})
}

func TestLoadBooks(t *testing.T) {
	db, lib := open(t)
	load := newLoader(t, db, lib, 5)
	first, err := load.Load(t.Context(), []string{file(t, mixed())}, nil)
	if err != nil {
		t.Fatal(err)
	}
	balanced(t, first)
	if first.Files != 1 || first.Read != 14 || first.Stored+first.Merged != 8 {
		t.Errorf("%+v", *first)
	}
	if got := sum(first.Skipped); got != "Application/1=1 Microsoft-Windows-Sysmon/Operational/13: not about tasks=1" {
		t.Errorf("skipped %s", got)
	}
	if got := sum(first.Rejected); got != "bad json=1 bad record=1 no host=1 oversized name=1" {
		t.Errorf("rejected %s", got)
	}
	want := dump(t, db)

	// What was rejected is input again: only the record without a host can be helped.
	c := loader.DefaultConfig()
	c.RejectDir, c.Host = t.TempDir(), "H1"
	second, err := loader.New(db, lib, slog.New(slog.DiscardHandler), c).Load(t.Context(), []string{first.RejectFile}, nil)
	if err != nil {
		t.Fatal(err)
	}
	balanced(t, second)
	if got := sum(second.Rejected); second.Read != 4 || second.Stored != 1 || got != "bad json=1 bad record=1 oversized name=1" {
		t.Errorf("again: %s, %+v", got, *second)
	}

	// And what they leave is as much input as they were: the file of the file.
	third, err := load.Load(t.Context(), []string{second.RejectFile, file(t, mixed())}, nil)
	if err != nil {
		t.Fatal(err)
	}
	balanced(t, third)
	if third.Read != 3+14 || third.Stored != 0 || third.Merged != 8 || loader.Sum(third.Rejected) != 3+4 {
		t.Errorf("third: %+v", *third)
	}
	if d := diff(want, dump(t, db)); strings.Count(d, "\n") > 3 || !strings.Contains(d, "h1|7|~||") {
		t.Errorf("the rejected end made another difference than its stub:\n%s", d)
	}
	if got := statuses(t, db); !slices.Equal(got, []string{"done", "done", "done"}) {
		t.Errorf("imports %q", got)
	}
}

// TestLoadErrors holds that nothing which failed says that it is done.
func TestLoadErrors(t *testing.T) {
	db, lib := open(t)
	for _, tc := range []struct {
		name    string
		rejects func(*testing.T) string
		paths   func(*testing.T) []string
		want    error
		read    int
	}{
		{
			name: "ErrRejectDirUnderAFile", rejects: func(t *testing.T) string { return filepath.Join(file(t, ""), "rejects") },
			paths: func(t *testing.T) []string { return []string{file(t, mixed())} }, read: 9,
		},
		{
			name: "ErrRejectDirIsAFile", rejects: func(t *testing.T) string { return file(t, "") },
			paths: func(t *testing.T) []string { return []string{file(t, mixed())} }, read: 9,
		},
		{
			name: "ErrNoSuchPath", rejects: (*testing.T).TempDir, want: fs.ErrNotExist,
			paths: func(t *testing.T) []string { return []string{file(t, day(1)), filepath.Join(t.TempDir(), "no")} },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			graphtest.Wipe(t, db)
			c := loader.DefaultConfig()
			c.RejectDir, c.Round = tc.rejects(t), 4
			tally, err := loader.New(db, lib, slog.New(slog.DiscardHandler), c).Load(t.Context(), tc.paths(t), nil)
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("got %v", err)
			}
			if tc.want != nil && fault.KindOf(err) != fault.Invalid {
				t.Errorf("kind %v", fault.KindOf(err))
			}
			if tally == nil || tally.Read != tc.read || tally.RejectFile != "" {
				t.Errorf("tally %+v", tally)
			}
			if got := statuses(t, db); !slices.Equal(got, []string{"failed"}) {
				t.Errorf("imports %q", got)
			}
		})
	}
	t.Run("OK no reject no reject file", func(t *testing.T) {
		c := loader.DefaultConfig()
		c.RejectDir = filepath.Join(file(t, ""), "rejects")
		tally, err := loader.New(db, lib, slog.New(slog.DiscardHandler), c).Load(t.Context(), []string{file(t, day(1))}, nil)
		if err != nil || tally.Read != 4 {
			t.Errorf("got %v, %+v", err, tally)
		}
	})
}

// TestLoadStopped stops a load at several points; the next one of the same
// input makes the graph that an uninterrupted one makes.
func TestLoadStopped(t *testing.T) {
	db, lib := open(t)
	in := file(t, day(40))
	if _, err := newLoader(t, db, lib, 30).Load(t.Context(), []string{in}, nil); err != nil {
		t.Fatal(err)
	}
	want := dump(t, db)
	for _, after := range []int64{1, 31, 77, 160} {
		for _, settling := range []bool{false, true} {
			t.Run(fmt.Sprintf("OK after %d, settling %v", after, settling), func(t *testing.T) {
				graphtest.Wipe(t, db)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				c := loader.DefaultConfig()
				c.RejectDir, c.Round = t.TempDir(), 30
				c.Progress = func(p loader.Progress) {
					if p.Records >= after && p.Settling == settling {
						cancel()
					}
				}
				tally, err := loader.New(db, lib, slog.New(slog.DiscardHandler), c).Load(ctx, []string{in}, nil)
				if !errors.Is(err, context.Canceled) || tally.Stored+tally.Merged >= tally.Read {
					t.Fatalf("got %v, %+v", err, tally)
				}
				again, err := newLoader(t, db, lib, 30).Load(t.Context(), []string{in}, nil)
				if err != nil {
					t.Fatal(err)
				}
				balanced(t, again)
				if again.Read != 160 || loader.Sum(again.Rejected) != 0 {
					t.Errorf("again: %+v", *again)
				}
				if d := diff(want, dump(t, db)); d != "" {
					t.Errorf("not the same graph:\n%s", d)
				}
				if got := statuses(t, db); !slices.Equal(got, []string{"stopped", "done"}) {
					t.Errorf("imports %q", got)
				}
			})
		}
	}
}

// TestLoadTwoAtOnce loads the same input with two loaders at the same time.
func TestLoadTwoAtOnce(t *testing.T) {
	db, lib := open(t)
	in := file(t, day(40))
	if _, err := newLoader(t, db, lib, 1000).Load(t.Context(), []string{in}, nil); err != nil {
		t.Fatal(err)
	}
	want := dump(t, db)
	graphtest.Wipe(t, db)
	var group sync.WaitGroup
	var tallies [3]*loader.Tally
	for i := range tallies {
		load := newLoader(t, db, lib, 20+5*i)
		group.Go(func() {
			var err error
			if tallies[i], err = load.Load(t.Context(), []string{in}, nil); err != nil {
				t.Errorf("loader %d: %v", i, err)
			}
		})
	}
	group.Wait()
	if d := diff(want, dump(t, db)); d != "" {
		t.Errorf("not the same graph:\n%s", d)
	}
	nodes := map[string]int{}
	for _, tally := range tallies {
		balanced(t, tally)
		for label, n := range tally.Nodes {
			nodes[label] += n
		}
	}
	// A process that is first known from its launch is made anew when it is known better.
	delete(nodes, graph.LabelProcess)
	if got := sum(nodes); got != "Address=1 Coverage=1 Endpoint=5 Host=1 Launch=40 Task=3" {
		t.Errorf("between them they made %s", got)
	}
}

// long is a name that no key may hold.
var long = strings.Repeat("x", 1025)

// TestLoadOversized holds each name that becomes part of a key to what the
// database can index: the record is rejected, the load goes on.
func TestLoadOversized(t *testing.T) {
	db, lib := open(t)
	head := func() graph.Header {
		return graph.Header{Host: "h", HostName: "H", Clock: graph.Clock{Claimed: epoch, Trust: graph.Honest}}
	}
	huge := strings.Repeat("y", 20_000)
	named := func(image string) graph.ProcessRef { return graph.ProcessRef{PID: 4, Image: image} }
	far := head()
	far.Host = huge
	for _, c := range []struct {
		name string
		o    graph.Observation
	}{
		{"ErrHost", &graph.ProcessEnded{Header: far, Process: named("a")}},
		{"ErrDNSName", &graph.Asked{Header: head(), Process: named("a"), Name: huge}},
		{"ErrTaskChanged", &graph.TaskChanged{Header: head(), Path: huge, Change: graph.Created}},
		{"ErrTaskRan", &graph.TaskRan{Header: head(), Path: huge, Stage: graph.Launched}},
		{"ErrUser", &graph.TaskChanged{Header: head(), Path: `\A`, Change: graph.Created, User: `D\` + huge}},
		{"ErrSID", &graph.TaskChanged{Header: head(), Path: `\A`, Change: graph.Created, UserSID: "S-1-" + huge}},
		{"ErrStarted", &graph.ProcessStarted{Header: head(), Process: named(`C:\` + huge), Source: graph.StartSecurity}},
		{"ErrParent", &graph.ProcessStarted{Header: head(), Process: named("a"), Parent: named(huge), Source: graph.StartSecurity}},
		{"ErrEnded", &graph.ProcessEnded{Header: head(), Process: named(huge)}},
		{"ErrContacted", &graph.Contacted{Header: head(), Process: named(huge), RemoteIP: "1.1.1.1"}},
		{"ErrAsked", &graph.Asked{Header: head(), Process: named(huge), Name: "a.example"}},
		{"ErrJustTooLong", &graph.ProcessEnded{Header: head(), Process: named(long)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			graphtest.Wipe(t, db)
			good := &graph.ProcessEnded{Header: head(), Process: named(long[1:])}
			tally, err := newLoader(t, db, lib, 10).LoadObservations(t.Context(), []graph.Observation{c.o, good})
			if err != nil {
				t.Fatal(err)
			}
			if got := sum(tally.Rejected); got != "oversized name=1" || tally.Read != 2 || tally.Stored != 1 {
				t.Errorf("rejected %q, %+v", got, *tally)
			}
		})
	}
}

// TestLoadLongestKeys holds the longest names that are taken, all at once, to
// what the database can index.
func TestLoadLongestKeys(t *testing.T) {
	db, lib := open(t)
	name := strings.Repeat("É", 512) // two bytes each, of either case
	at := func(s int) graph.Header {
		claimed := epoch.Add(time.Duration(s) * time.Second)
		return graph.Header{Host: strings.ToLower(name), HostName: name, Clock: graph.Clock{Claimed: claimed, Trust: graph.Honest}}
	}
	all := []graph.Observation{
		&graph.TaskRan{Header: at(0), Path: name[2:], Stage: graph.Launched, PID: 4, Image: name},
		&graph.Contacted{Header: at(10), Process: graph.ProcessRef{PID: 4, Image: "b" + name[2:]}, RemoteIP: "1.1.1.1", RemotePort: 1, Protocol: "tcp"},
		&graph.Asked{Header: at(10), Process: graph.ProcessRef{PID: 4, Image: "c" + name[2:]}, Name: name[2:] + "a", Answers: []string{"1.1.1.1"}},
		&graph.TaskChanged{Header: at(0), Path: name[2:], Change: graph.Created, User: name},
	}
	tally, err := newLoader(t, db, lib, 10).LoadObservations(t.Context(), all)
	if err != nil || tally.Read != 4 || len(tally.Rejected) != 0 {
		t.Errorf("got %v, %+v", err, tally)
	}
}

// TestAccountNames holds that a record without an account's name does not take
// it from one that had it, whichever comes first.
func TestAccountNames(t *testing.T) {
	db, lib := open(t)
	change := func(path, user, sid string) graph.Observation {
		h := graph.Header{Host: "h", HostName: "H", Clock: graph.Clock{Claimed: epoch, Trust: graph.Honest}}
		return &graph.TaskChanged{Header: h, Path: path, Change: graph.Created, User: user, UserSID: sid}
	}
	make := func() []graph.Observation {
		return []graph.Observation{change(`\A`, `D\H$`, "S-1-5-18"), change(`\B`, "S-1-5-18", "S-1-5-18"), change(`\C`, `NT AUTHORITY\SYSTEM`, "S-1-5-18")}
	}
	var want []string
	for i, order := range [][]int{{0, 1, 2}, {1, 0, 2}, {2, 1, 0}, {0, 2, 1}} {
		graphtest.Wipe(t, db)
		for _, n := range order {
			if _, err := newLoader(t, db, lib, 10).LoadObservations(t.Context(), make()[n:n+1]); err != nil {
				t.Fatal(err)
			}
		}
		got := dump(t, db)
		if i == 0 {
			want = got
		}
		if d := diff(want, got); d != "" {
			t.Errorf("order %v:\n%s", order, d)
		}
		if !slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, `"name":"NT AUTHORITY\\SYSTEM"`) }) {
			t.Errorf("order %v: the name is lost", order)
		}
	}
}
