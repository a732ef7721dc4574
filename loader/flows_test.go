package loader_test

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/loader"
)

// TestNetworkLogs loads what Zeek and Sysmon saw of one machine, file by file in both
// orders and all at once: what the network saw, and which processes it may have been.
func TestNetworkLogs(t *testing.T) {
	db, lib := open(t)
	want := []string{
		"10.1.0.1 ASKED quiet.example.org public [zeek] <nil> <nil> 1 [52.1.1.10] <nil> <nil> [30] 1 2024-05-01T08:00:30Z",
		"10.1.0.1 FLOWED 52.1.1.10 public [zeek] <nil> <nil> 1 [52.1.1.10] [443] [tcp] [32] 1 2024-05-01T08:00:32Z",
		"10.1.0.1 FLOWED 52.1.1.11 public [zeek] <nil> <nil> 1 [52.1.1.11] [443] [tcp] [41] 1 2024-05-01T08:00:41Z",
		"10.1.0.1 FLOWED 52.1.1.9 public [zeek] <nil> <nil> 1 [52.1.1.9] [443] [tcp] [12] 1 2024-05-01T08:00:12Z",
		"10.1.0.1 FLOWED named.example.com public [zeek] <nil> <nil> 1 [52.1.1.11] [443] [tcp] [41] 1 2024-05-01T08:00:41Z",
		"10.1.0.99 FLOWED 52.1.1.9 public [zeek] <nil> <nil> 1 [52.1.1.9] [443] [tcp] [50] 1 2024-05-01T08:00:50Z",
		"a.exe MAY_HAVE_CONNECTED far.example.net public [dns] [zeek] 0.6 1 [52.1.1.9] [443] [tcp] [12] 1 2024-05-01T08:00:12Z",
		"b.exe MAY_HAVE_CONNECTED quiet.example.org public [zeek-dns] [zeek] 0.6 1 [52.1.1.10] [443] [tcp] [32] 1 2024-05-01T08:00:32Z",
		"c.exe MAY_HAVE_CONNECTED named.example.com public [port] [zeek] 0.9 1 [52.1.1.11] [443] [tcp] [41] 2 2024-05-01T08:00:41Z",
	}
	dir := "testdata/network/"
	files := []string{dir + "conn.log", dir + "dns.log", dir + "ssl.log", dir + "sysmon.json"}
	backwards := slices.Clone(files)
	slices.Reverse(backwards)
	for name, loads := range map[string][][]string{
		"OK network first": singly(files), "OK hosts first": singly(backwards), "OK at once": {files}, "OK twice": {files, backwards},
	} {
		t.Run(name, func(t *testing.T) {
			graphtest.Wipe(t, db)
			for _, paths := range loads {
				tally, err := newLoader(t, db, lib, 3).Load(t.Context(), paths, nil)
				if err != nil || len(tally.Rejected) != 0 {
					t.Fatalf("%+v, %v", tally, err)
				}
			}
			if got := sights(t, db); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if hosts := hosts(t, db); !slices.Equal(hosts, []string{"ws01.corp.example"}) {
				t.Errorf("hosts: %q", hosts)
			}
		})
	}
}

func singly(paths []string) [][]string {
	var out [][]string
	for _, p := range paths {
		out = append(out, []string{p})
	}
	return out
}

func sights(t *testing.T, db *graphdb.DB) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/sights.cypher")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	err = db.Reader().Run(t.Context(), graphdb.Statement{Name: "sights", Text: string(text)}, nil, func(r graphdb.Row) error {
		out = append(out, strings.TrimSuffix(fmt.Sprintln(r.Values...), "\n"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func hosts(t *testing.T, db *graphdb.DB) []string {
	t.Helper()
	var out []string
	for _, line := range dump(t, db) {
		if rest, ok := strings.CutPrefix(line, `["Host",`); ok {
			_, key, _ := strings.Cut(rest, `"key":"`)
			key, _, _ = strings.Cut(key, `"`)
			out = append(out, key)
		}
	}
	return out
}

// TestNetworkLogsByConfiguration joins the network's records to a host whose own
// logs hold no connection, by the address that the configuration gives it.
func TestNetworkLogsByConfiguration(t *testing.T) {
	db, lib := open(t)
	head := observed("ws09.corp.example", 0, 22)
	asked := &graph.Asked{
		Header: head, Process: graph.ProcessRef{GUID: guid(epoch, 7), PID: 70, Image: `C:\Tools\q.exe`}, Name: "far.example.net", Status: "0",
		Answers: []string{"52.1.1.9"},
	}
	flow := &graph.FlowSeen{
		Header: observed("", 5, 0), ClientIP: "10.1.0.9", ClientPort: 50001, RemoteIP: "52.1.1.9", RemotePort: 443, Protocol: "tcp", Source: "zeek",
	}
	for name, given := range map[string]map[string][]string{"OK given": {"ws09.corp.example": {"10.1.0.9"}}, "ErrNotGiven": nil} {
		t.Run(name, func(t *testing.T) {
			graphtest.Wipe(t, db)
			c := loader.DefaultConfig()
			c.Addresses, c.RejectDir = given, t.TempDir()
			l := loader.New(db, lib, slog.New(slog.DiscardHandler), c)
			if _, err := l.LoadObservations(t.Context(), []graph.Observation{flow, asked}); err != nil {
				t.Fatal(err)
			}
			want := []string{"10.1.0.9 FLOWED 52.1.1.9 public [zeek] <nil> <nil> 1 [52.1.1.9] [443] [tcp] [5] 1 2024-05-01T08:00:05Z"}
			if given != nil {
				want = append(want, "q.exe MAY_HAVE_CONNECTED far.example.net public [dns] [zeek] 0.6 1 [52.1.1.9] [443] [tcp] [5] 1 2024-05-01T08:00:05Z")
			}
			if got := sights(t, db); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}
