package table_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/table"
	"github.com/taskroot/taskroot/loader/winevent"
)

func parse(t *testing.T, text string) []*table.Mapping {
	t.Helper()
	m, err := table.ParseMapping("m.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParseMapping(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		if m := parse(t, "kind: process-end\ntime: t\nfields: {ProcessId: pid}\n---\nkind: dns\ntime: t\nfields: {ProcessId: pid, QueryName: q}\n"); len(m) != 2 {
			t.Errorf("%d mappings", len(m))
		}
	})
	for _, c := range []struct{ name, in, want string }{
		{"ErrUnknownKey", "kind: dns\ntime: t\nhots: h\nfields: {ProcessId: p, QueryName: q}\n",
			`m.yaml line 3: there is no key "hots" (near: host); the keys are kind, time, zone, timeFormat, host, fields, match, where, channel, id, change`},
		{"ErrUnknownKind", "kind: proces-start\ntime: t\nfields: {}\n",
			`m.yaml line 1: there is no kind "proces-start" (near: process-start); the kinds are process-start, process-end, connection, dns, task, task-launch, event`},
		{"ErrUnknownField", "kind: process-end\ntime: t\nfields:\n  ProcessId: p\n  ProcesGuid: g\n",
			`m.yaml line 5: process-end has no field "ProcesGuid" (near: ProcessId, ProcessGuid); its fields are ProcessId, ProcessGuid, Image, User, UtcTime`},
		{"ErrMissing", "host: h\n", "m.yaml line 1: kind is missing\nm.yaml line 1: time is missing\nm.yaml line 1: fields is missing"},
		{"ErrNeeds", "kind: connection\ntime: t\nfields: {User: u}\n",
			"m.yaml line 1: kind connection needs the field Image or ProcessId or ProcessGuid\nm.yaml line 1: kind connection needs the field DestinationIp"},
		{"ErrZone", "kind: process-end\ntime: t\nzone: Mars/Base\nfields: {ProcessId: p}\n",
			`m.yaml line 3: zone "Mars/Base" is not known: write UTC, an offset such as +09:00, a place such as Asia/Tokyo, or unknown`},
		{"ErrTimeFormat", "kind: process-end\ntime: t\ntimeFormat: yyyy-MM-dd\nfields: {ProcessId: p}\n",
			`m.yaml line 3: timeFormat "yyyy-MM-dd" must be epoch, or the time 2006-01-02 15:04:05 written as the file writes its times`},
		{"ErrTimeFixed", "kind: process-end\ntime: = 2024\nfields: {ProcessId: p}\n", "m.yaml line 2: time must be a column"},
		{"ErrTwice", "kind: process-end\ntime: t\ntime: t\nfields: {ProcessId: p}\n", "m.yaml line 3: time is given twice"},
		{"ErrEvent", "kind: event\ntime: t\nfields: {A: b}\n",
			"m.yaml line 1: kind event needs channel and id: a column, or = and a fixed value such as = Security"},
		{"ErrChannel", "kind: process-end\ntime: t\nid: = 5\nfields: {ProcessId: p}\n",
			"m.yaml line 3: channel and id are for kind event; Microsoft-Windows-Sysmon/Operational 5 is what kind process-end stands for"},
		{"ErrChange", "kind: task\ntime: t\nchange: = made\nfields: {TaskName: n}\n",
			`m.yaml line 3: change "made" is none of created, updated, deleted, enabled, disabled`},
		{"ErrNoMapping", "- a\n- b\n", "m.yaml line 1: is not a mapping of keys to values; docs/mapping.md has an example"},
		{"ErrEmpty", "", "mapping m.yaml is empty: see docs/mapping.md for an example"},
		{"ErrYAML", "kind: [\n", "mapping m.yaml: yaml: line 1: did not find expected node content"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := table.ParseMapping("m.yaml", strings.NewReader(c.in))
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestMappingApplies(t *testing.T) {
	const ends = "kind: process-end\ntime: when\nhost: = ws01\nfields: {ProcessId: pid}\n"
	row := func(header, row string) string { return header + "\n" + row + "\n" }
	event := func(at, trust, rest string) string {
		return "event Microsoft-Windows-Sysmon/Operational/5 at " + at + " (" + trust + `) host="ws01" record=0 ordinal=1 ProcessId="7" ` + rest + "\n"
	}
	for _, c := range []struct{ name, mapping, in, want string }{
		{"OK own zone", ends, row("when,pid", "2024-03-01 06:21:00 +09:00,7"), event("2024-02-29T21:21:00Z", "zoned", "[row 1 at line 2, 38 bytes]")},
		{"OK no zone", ends, row("when,pid", "2024-03-01 06:21:00,7"), event("2024-03-01T06:21:00Z", "naive", "[row 1 at line 2, 31 bytes]")},
		{"OK zone unknown", ends + "zone: unknown\n", row("when,pid", "2024-03-01 06:21:00Z,7"), event("2024-03-01T06:21:00Z", "naive", "[row 1 at line 2, 32 bytes]")},
		{"OK zone", ends + "zone: +09:00\n", row("when,pid", "2024-03-01 06:21:00,7"), event("2024-02-29T21:21:00Z", "honest", "[row 1 at line 2, 31 bytes]")},
		{"OK summer", ends + "zone: Europe/Berlin\n", row("when,pid", "2024-07-01 06:21:00,7"), event("2024-07-01T04:21:00Z", "honest", "[row 1 at line 2, 31 bytes]")},
		{"OK epoch", ends + "timeFormat: epoch\n", row("when,pid", "1709274060.25,7"), event("2024-03-01T06:21:00.25Z", "honest", "[row 1 at line 2, 25 bytes]")},
		{"OK format", ends + "timeFormat: 02-01-2006 15h04:05\nzone: UTC\n", row("when,pid", "03-02-2024 06h21:00,7"),
			event("2024-02-03T06:21:00Z", "honest", "[row 1 at line 2, 31 bytes]")},
		{"ErrColumn", "match: [pid, when]\n" + ends + "zone: UTC\nwhere: {Kid: x}\n", row("when,pid,kind", "x,7,x"),
			`rejected all of it: bad mapping: m.yaml line 7: there is no column "Kid" (near: pid, kind); the columns are when, pid, kind: ""` + "\n"},
		{"ErrNearlyFits", ends, row("wen,pid,kind", "x,7,x"),
			`rejected all of it: bad mapping: m.yaml line 2: there is no column "when" (near: wen); the columns are wen, pid, kind: ""` + "\n"},
		{"OK another table", "match: [nothing]\n" + ends, row("when,pid,kind", "x,7,x"),
			"passed unknown format: csv; write a mapping (taskroot load --help): when, pid, kind\n"},
		{"OK event by columns", "kind: event\nchannel: log\nid: no\ntime: when\nhost: = ws01\nfields: {ProcessId: pid}\n",
			row("when,log,no,pid", "2024-03-01 06:21:00Z,Security,4690,7"), "skipped 1 Security/4690\n"},
		{"ErrEventID", "kind: event\nchannel: log\nid: no\ntime: when\nhost: = ws01\nfields: {ProcessId: pid}\n",
			row("when,log,no,pid", "2024-03-01 06:21:00Z,Security,x,7"),
			`rejected row 1 at line 2: bad record: has "x" where m.yaml has the event's id: "when,log,no,pid\n2024-03-01 06:21:00Z,Security,x,7\n"` + "\n"},
		{"OK task", "kind: task\nchange: what\ntime: when\nhost: = ws01\nfields: {TaskName: task}\n",
			row("when,what,task", `2024-03-01 06:21:00Z,Deleted,\A`),
			`event Security/4699 at 2024-03-01T06:21:00Z (zoned) host="ws01" record=0 ordinal=1 TaskName="\\A" [row 1 at line 2, 47 bytes]` + "\n"},
		{"ErrTaskChange", "kind: task\nchange: what\ntime: when\nhost: = ws01\nfields: {TaskName: task}\n",
			row("when,what,task", `2024-03-01 06:21:00Z,gone,\A`),
			`rejected row 1 at line 2: bad record: has the change "gone", which is none of created, updated, deleted, enabled, disabled: "when,what,task\n2024-03-01 06:21:00Z,gone,\\A\n"` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := read(t, c.in, table.Options{Mappings: parse(t, c.mapping)}); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// gathered keeps what the rows of a table say.
type gathered struct {
	listing
	t   *testing.T
	all []graph.Observation
}

func (g *gathered) Event(e *winevent.Event, _ table.Record) error {
	o, err := winevent.Observe(e)
	if err != nil {
		g.t.Error(err)
	}
	g.all = append(g.all, o)
	return nil
}

// TestUnknownTable reads a table that no one knows by a mapping of ten lines.
func TestUnknownTable(t *testing.T) {
	const mapping = `kind: process-start
time: Zeitpunkt
zone: Asia/Tokyo
host: Rechner
where: {Art: Start}
fields:
  ProcessId: PID
  Image: Datei
  CommandLine: Aufruf
  ParentProcessId: Eltern
`
	const in = "Zeitpunkt;Rechner;Art;PID;Datei;Aufruf;Eltern\n" +
		"2024/03/01 15:21:00.250;WS01;Start;6700;C:\\Windows\\System32\\cmd.exe;\"cmd.exe /c \"\"dir; ver\"\"\";756\n" +
		"2024/03/01 15:21:01;WS01;Ende;6700;;;\n" +
		"2024/03/01 15:21:02;ws02;start;0x1a2d;C:\\b.exe;;\n"
	g := &gathered{t: t}
	opt := table.Options{Want: winevent.Wanted, Mappings: parse(t, mapping)}
	if err := table.Decode(t.Context(), strings.NewReader(in), "in.csv", opt, g); err != nil {
		t.Fatal(err)
	}
	start := func(host string, record uint64, at time.Time, p, parent graph.ProcessRef) graph.Observation {
		return &graph.ProcessStarted{
			Header: graph.Header{
				Host: strings.ToLower(host), HostName: host, Clock: graph.Clock{Claimed: at, Trust: graph.Honest},
				Evidence: graph.Evidence{Source: "in.csv", Channel: winevent.Sysmon, Record: record, EventID: 1, Time: at},
			},
			Process: p, Parent: parent, Source: graph.StartSysmon,
		}
	}
	want := []graph.Observation{
		start("WS01", 1, time.Date(2024, 3, 1, 6, 21, 0, 25e7, time.UTC),
			graph.ProcessRef{PID: 6700, Image: `C:\Windows\System32\cmd.exe`, CommandLine: `cmd.exe /c "dir; ver"`}, graph.ProcessRef{PID: 756}),
		start("ws02", 3, time.Date(2024, 3, 1, 6, 21, 2, 0, time.UTC),
			graph.ProcessRef{PID: 6701, Image: `C:\b.exe`}, graph.ProcessRef{}),
	}
	if !reflect.DeepEqual(g.all, want) {
		t.Errorf("got  %+v\nwant %+v", g.all, want)
	}
	if got := g.String(); got != "passed not picked by mapping\n" {
		t.Errorf("also %s", got)
	}
}

// TestDocumentation reads the mappings that docs/mapping.md shows.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "mapping.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) != 2 {
		t.Fatalf("%d examples", len(blocks))
	}
	first, _, _ := strings.Cut(blocks[0], "```")
	if n := strings.Count(first, "\n"); n != 10 {
		t.Errorf("the ten-line example has %d lines", n)
	}
	second, _, _ := strings.Cut(blocks[1], "```")
	if got := len(parse(t, first)) + len(parse(t, second)); got != 3 {
		t.Errorf("%d mappings", got)
	}
	const in = "when,machine,what,pid,ppid,exe,args\n2024-03-01 07:21:00,ws01,forked,7,6,a.exe,a.exe -x\n"
	want := `event Microsoft-Windows-Sysmon/Operational/1 at 2024-03-01T06:21:00Z (honest) host="ws01" record=0 ordinal=1` +
		` ProcessId="7" Image="a.exe" CommandLine="a.exe -x" ParentProcessId="6" [row 1 at line 2, 87 bytes]` + "\n"
	if got := read(t, in, table.Options{Mappings: parse(t, first)}); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}
