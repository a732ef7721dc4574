package loader_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/queries"
)

// coverage is what the find of that name tells, a line a day.
func coverage(t *testing.T, db *graphdb.DB, lib *queries.Library) []string {
	t.Helper()
	var out []string
	for _, f := range lib.Finds(db.Reader()) {
		if f.Name != "coverage" {
			continue
		}
		result, err := f.All(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range result.Rows {
			d := row.(queries.CoverageDay)
			line := d.Host + " " + d.Day + " " + strings.Join(d.Events, ",")
			for _, g := range d.Gaps {
				line += "\n  " + strings.TrimSpace(g.Code+" "+g.Detail)
			}
			out = append(out, line)
		}
	}
	return out
}

// TestCoverage loads records that tell of each other's absence, at once and in
// parts, twice and backwards: the same is said of what is missing.
func TestCoverage(t *testing.T) {
	db := graphtest.Open(t)
	graphtest.Exclusive(t, db)
	lib, err := queries.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := lib.Migrate(t.Context(), db.Writer()); err != nil {
		t.Fatal(err)
	}
	head := func(ms int, channel string, id uint32) graph.Header {
		at := epoch.Add(time.Duration(ms) * time.Millisecond)
		return graph.Header{
			Host: "h1", HostName: "H1", Clock: graph.Clock{Claimed: at, Trust: graph.Honest},
			Evidence: graph.Evidence{Source: "t", Channel: channel, Record: uint64(ms), EventID: id},
		}
	}
	started := func(ms int, pid uint32, command string) *graph.ProcessStarted {
		p := graph.ProcessRef{PID: pid, Image: images[0], CommandLine: command}
		return &graph.ProcessStarted{Header: head(ms, "Security", 4688), Process: p, Source: graph.StartSecurity}
	}
	const day = 24 * 3600 * 1000
	all := []graph.Observation{
		started(1000, 700, ""), started(2000, 704, ""), started(day, 700, "cmd"),
		&graph.TaskRan{Header: head(1010, schedulerLog, 129), Path: `\Old`, Stage: graph.Launched, PID: 700, Image: images[0]},
		&graph.Contacted{Header: head(3000, "Security", 5156), Process: graph.ProcessRef{PID: 900}, RemoteIP: "52.1.1.1", RemotePort: 443, Protocol: "tcp", Source: "5156"},
		&graph.LogTampered{Header: head(day+1000, "Security", 1102), Log: "Security"},
	}
	for i := range 40 {
		lost := &graph.RecordsMissing{Header: head(day+2000, "Security", 4688), Log: "Security", From: uint64(100 + i), To: uint64(100 + i)}
		lost.Further = true
		all = append(all, lost)
	}
	first, second := epoch.Format(time.DateOnly), epoch.AddDate(0, 0, 1).Format(time.DateOnly)
	gaps := ""
	for i := range 32 {
		gaps += fmt.Sprintf("\n  records-missing Security:%d-%d", 100+i, 100+i)
	}
	want := []string{
		"h1 " + first + " Microsoft-Windows-TaskScheduler/Operational/129,Security/4688,Security/5156" +
			"\n  no-command-lines\n  no-dns\n  no-registrations\n  no-logons\n  launches-without-registration\n  connections-without-processes",
		"h1 " + second + " Security/1102,Security/4688" +
			"\n  no-connections\n  no-dns\n  no-task-log\n  no-registrations\n  no-logons\n  log-cleared Security" + gaps + "\n  records-missing and more",
	}
	back := slices.Clone(all)
	slices.Reverse(back)
	for _, c := range []struct {
		name  string
		parts [][]graph.Observation
	}{
		{"OKAtOnce", [][]graph.Observation{all}}, {"OKTwice", [][]graph.Observation{all, all}},
		{"OKBackwards", [][]graph.Observation{back}}, {"OKInParts", [][]graph.Observation{back[:20], all[:25], back[20:]}},
	} {
		t.Run(c.name, func(t *testing.T) {
			graphtest.Wipe(t, db)
			for _, part := range c.parts {
				tally, err := newLoader(t, db, lib, 7).LoadObservations(t.Context(), part)
				if err != nil {
					t.Fatal(err)
				}
				balanced(t, tally)
			}
			if got := coverage(t, db, lib); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}
