package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/queries"
)

// covered is a day of a host with gaps, each "code" or "code detail".
func covered(host, day string, kinds, events string, gaps ...string) queries.CoverageDay {
	at, _ := time.Parse(time.DateOnly, day)
	d := queries.CoverageDay{Host: host, Day: day, Kinds: strings.Fields(kinds), Events: strings.Fields(events), FirstSeen: at.Add(8 * time.Hour), LastSeen: at.Add(20 * time.Hour)}
	for _, g := range gaps {
		code, detail, _ := strings.Cut(g, " ")
		gap := queries.Gap{Code: code, Detail: detail}
		for _, k := range queries.Gaps() {
			if k.Code == code {
				gap.Text, gap.Blinds, gap.Closes = k.Text, k.Blinds, k.Closes
			}
		}
		d.Gaps = append(d.Gaps, gap)
	}
	return d
}

func someDays() []queries.CoverageDay {
	return []queries.CoverageDay{
		covered("dc01", "2024-05-01", "start logon", "Security/4688 Security/4624", "no-command-lines", "records-missing Security:5-9", "records-missing Security:12-12"),
		covered("ws01", "2024-05-01", "start", "Security/4688", "clock-unknown"),
		covered("ws01.corp.example", "2024-05-01", "start contact question run registration logon", "Microsoft-Windows-Sysmon/Operational/1 Defender/DeviceEvents", "clock-shifted +05:00"),
		covered("ws01.corp.example", "2024-05-03", "start", "Microsoft-Windows-Sysmon/Operational/1", "no-command-lines", "log-cleared Security\x1b[2J"),
		covered("ws02", "2024-05-01", "listing", "Inventory"),
		covered("ws02.corp.example", "2024-05-01", "contact", "Security/5156"),
		covered("ws02.lab.example", "2024-05-01", "contact", "Security/5156"),
		covered("ws03", "2024-05-01", "contact", "Security/5156"),
		covered("ws03.corp.example", "2024-05-01", "contact", "Security/5156"),
	}
}

// rewriteDoctor writes the golden text anew.
var rewriteDoctor = flag.Bool("rewrite", false, "write testdata/doctor.txt anew")

func TestTelemetry(t *testing.T) {
	got := telemetry(someDays(), true, queries.ObservedHosts{Hosts: 10, HostsObserved: 3}, map[string]string{"ws03": "ws03.corp.example"})
	if len(got.Hosts) != 8 || got.Uncovered != 2 {
		t.Errorf("%d hosts, %d uncovered", len(got.Hosts), got.Uncovered)
	}
	want := hostReport{
		Host: "ws01.corp.example", Days: 2, FirstSeen: time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC), LastSeen: time.Date(2024, 5, 3, 20, 0, 0, 0, time.UTC),
		Kinds: map[string]int{"start": 2, "contact": 1, "question": 1, "run": 1, "registration": 1, "logon": 1},
		Logs:  []string{"Defender/DeviceEvents", "Microsoft-Windows-Sysmon/Operational"}, Gaps: []string{"log-cleared", "no-command-lines", "clock-shifted"},
	}
	if !reflect.DeepEqual(got.Hosts[2], want) {
		t.Errorf("got  %+v\nwant %+v", got.Hosts[2], want)
	}
	var gaps []string
	for _, g := range got.Gaps {
		text, _ := json.Marshal([]any{g.Code, g.Hosts, g.Days, g.Details})
		gaps = append(gaps, string(text))
	}
	if want := []string{
		`["log-cleared",["ws01.corp.example"],1,["Security\u001b[2J"]]`,
		`["no-command-lines",["dc01","ws01.corp.example"],2,[]]`,
		`["records-missing",["dc01"],1,["Security:12-12","Security:5-9"]]`,
		`["clock-unknown",["ws01"],1,[]]`,
		`["clock-shifted",["ws01.corp.example"],1,["+05:00"]]`,
	}; !reflect.DeepEqual(gaps, want) {
		t.Errorf("gaps\n%s\nwant\n%s", strings.Join(gaps, "\n"), strings.Join(want, "\n"))
	}
	aliases := []aliasReport{
		{Name: "ws01", Full: []string{"ws01.corp.example"}, Line: "ws01: ws01.corp.example"},
		{Name: "ws02", Full: []string{"ws02.corp.example", "ws02.lab.example"}},
	}
	if !reflect.DeepEqual(got.Aliases, aliases) {
		t.Errorf("aliases %+v", got.Aliases)
	}
	if clocks := []clockReport{{Host: "ws01", Offsets: []string{}, Unknown: 1}, {Host: "ws01.corp.example", Offsets: []string{"+05:00"}}}; !reflect.DeepEqual(got.Clocks, clocks) {
		t.Errorf("clocks %+v", got.Clocks)
	}
}

// TestTellDoctor holds the text to testdata/doctor.txt.
func TestTellDoctor(t *testing.T) {
	var out bytes.Buffer
	r := doctorReport{Telemetry: telemetry(someDays(), true, queries.ObservedHosts{Hosts: 10, HostsObserved: 3}, nil)}
	r.Setup.Database = databaseReport{URI: "bolt://127.0.0.1:7687", From: "default", Reachable: true, Version: "Neo4j/5.26.0", Local: "running", Unmade: []string{"a", "b"}}
	r.Setup.Rejects = rejectsReport{Dir: "/state/rejects", Files: 2, Bytes: 1_500_000}
	r.Setup.API.Listen = "127.0.0.1:8844"
	if err := tellDoctor(app.New(nil, &out, nil), r); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/doctor.txt"
	if *rewriteDoctor {
		if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("after a look, run the test with -rewrite; got\n%s", out.String())
	}
}

func TestDoctorEmpty(t *testing.T) {
	var out bytes.Buffer
	r := doctorReport{Telemetry: telemetry(nil, true, queries.ObservedHosts{}, nil)}
	if err := tellDoctor(app.New(nil, &out, nil), r); err != nil {
		t.Fatal(err)
	}
	if _, rest, _ := strings.Cut(out.String(), "\n\n"); rest != "TELEMETRY\n  none: 'taskroot load PATH' loads it\n" {
		t.Errorf("got %q", rest)
	}
}

func TestErrDoctorAway(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	dir := filepath.Join(state, "taskroot", "rejects")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rejects-1.ndjson", "other.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("12345"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := taskroot(t, "doctor", "--neo4j-uri", "bolt://127.0.0.1:1")
	for _, part := range []string{
		"  database       bolt://127.0.0.1:1 CAN'T BE ASKED (address from flag)\n",
		"  what next      is it up? 'taskroot db status' tells, 'taskroot db up' starts it\n",
		"  local database not there ('taskroot db status' tells more)\n",
		"  rejected input 1 file (0.0 MB) in " + dir + "; ",
	} {
		if !strings.Contains(got.out, part) {
			t.Errorf("no %q in\n%s", part, got.out)
		}
	}
	if got.status != app.ExitFailed || strings.Contains(got.out, "TELEMETRY") || !strings.HasPrefix(got.err, "taskroot: the database does not answer: ") {
		t.Errorf("got %+v", got)
	}
	var r doctorReport
	got = taskroot(t, "doctor", "--json", "--neo4j-uri", "bolt://127.0.0.1:1")
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.status != app.ExitFailed {
		t.Fatalf("status %d, %v, %s", got.status, err, got.out)
	}
	if r.Telemetry != nil || r.Setup.Database.Reachable || r.Setup.Database.Problem == "" || r.Setup.Rejects != (rejectsReport{dir, 1, 5}) {
		t.Errorf("got %+v", r)
	}
}
