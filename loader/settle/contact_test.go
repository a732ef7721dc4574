package settle_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

// talk is made of what stored edges remember: type, endpoint, tuples.
func talk(edges ...[]string) *settle.Talk {
	t := settle.NewTalk()
	for _, e := range edges {
		t.Restore(e[0], e[1], e[2:])
	}
	return t
}

// asked is a question and its answer, as stored.
func asked(name string, second int, answers string) []string {
	return []string{graph.RelResolved, name, fmt.Sprintf("%d|g:sysmon22|%s", second, answers)}
}

func contacted(second int, ip string) []string {
	return []string{graph.RelConnected, ip, fmt.Sprintf("%d|%s|443|tcp|50000|g:sysmon3", second, ip)}
}

// brief is what names an edge and how sure it is.
func brief(edges []*settle.Edge) []string {
	out := make([]string, len(edges))
	for i, e := range edges {
		out[i] = fmt.Sprintf("%s %s %s x%d %.3g %v", e.Type, e.Kind, e.Endpoint, e.Count, e.Confidence, e.IPs)
	}
	return out
}

// TestRelationships is contract section 2, rule 4.
func TestRelationships(t *testing.T) {
	t.Parallel()
	accepted := []string{graph.RelAccepted, "9.9.9.9", "7|9.9.9.9|51000|tcp|443|g:sysmon3"}
	for _, c := range []struct {
		name string
		talk *settle.Talk
		want []string
	}{
		{"OK nothing", talk(), []string{}},
		{"OK no name", talk(contacted(5, "1.1.1.1")), []string{"CONNECTED ip 1.1.1.1 x1 1 [1.1.1.1]"}},
		{
			"OK a name asked later", talk(contacted(5, "1.1.1.1"), asked("a.example", 9, "1.1.1.1")),
			[]string{"CONNECTED name a.example x1 1 [1.1.1.1]", "RESOLVED name a.example x1 1 [1.1.1.1]"},
		},
		{
			"OK three names", talk(contacted(5, "1.1.1.1"), asked("a.example", 1, "1.1.1.1"), asked("b.example", 2, "1.1.1.1,2.2.2.2"), asked("c.example", 3, "1.1.1.1")),
			[]string{
				"CONNECTED name a.example x1 0.333 [1.1.1.1]", "CONNECTED name b.example x1 0.333 [1.1.1.1]",
				"CONNECTED name c.example x1 0.333 [1.1.1.1]", "RESOLVED name a.example x1 1 [1.1.1.1]",
				"RESOLVED name b.example x1 1 [1.1.1.1 2.2.2.2]", "RESOLVED name c.example x1 1 [1.1.1.1]",
			},
		},
		{
			"OK one name asked twice is one name", talk(contacted(5, "1.1.1.1"), asked("a.example", 1, "1.1.1.1"), asked("a.example", 2, "1.1.1.1")),
			[]string{"CONNECTED name a.example x1 1 [1.1.1.1]", "RESOLVED name a.example x2 1 [1.1.1.1]"},
		},
		{
			"OK an answer of another address names nothing", talk(contacted(5, "1.1.1.1"), asked("a.example", 1, "1.1.1.10,11.1.1.1")),
			[]string{"CONNECTED ip 1.1.1.1 x1 1 [1.1.1.1]", "RESOLVED name a.example x1 1 [1.1.1.10 11.1.1.1]"},
		},
		{
			"OK a name of several addresses is as sure as the least", talk(contacted(5, "1.1.1.1"), contacted(6, "2.2.2.2"), asked("a.example", 1, "1.1.1.1,2.2.2.2"), asked("b.example", 1, "2.2.2.2")),
			[]string{
				"CONNECTED name a.example x2 0.5 [1.1.1.1 2.2.2.2]", "CONNECTED name b.example x1 0.5 [2.2.2.2]",
				"RESOLVED name a.example x1 1 [1.1.1.1 2.2.2.2]", "RESOLVED name b.example x1 1 [2.2.2.2]",
			},
		},
		{
			"OK no answer", talk(contacted(5, "1.1.1.1"), asked("a.example", 1, "")),
			[]string{"CONNECTED ip 1.1.1.1 x1 1 [1.1.1.1]", "RESOLVED name a.example x1 1 []"},
		},
		{
			"OK an address asked for is no name", talk(contacted(5, "1.1.1.1"), asked("2.2.2.2", 1, "1.1.1.1")),
			[]string{"CONNECTED ip 1.1.1.1 x1 1 [1.1.1.1]", "RESOLVED ip 2.2.2.2 x1 1 [1.1.1.1]"},
		},
		{
			"OK inbound is only accepted", talk(accepted, asked("a.example", 1, "9.9.9.9")),
			[]string{"ACCEPTED ip 9.9.9.9 x1 1 [9.9.9.9]", "RESOLVED name a.example x1 1 [9.9.9.9]"},
		},
		{
			"OK both ways", talk(accepted, contacted(7, "9.9.9.9"), asked("a.example", 1, "9.9.9.9")),
			[]string{
				"ACCEPTED ip 9.9.9.9 x1 1 [9.9.9.9]", "CONNECTED name a.example x1 1 [9.9.9.9]",
				"RESOLVED name a.example x1 1 [9.9.9.9]",
			},
		},
		{
			"OK IPv6", talk(contacted(5, "2001:db8::1"), asked("a.example", 1, "2001:db8::1")),
			[]string{"CONNECTED name a.example x1 1 [2001:db8::1]", "RESOLVED name a.example x1 1 [2001:db8::1]"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := brief(c.talk.Relationships()); !slices.Equal(got, c.want) {
				t.Errorf("got\n%q\nwant\n%q", got, c.want)
			}
		})
	}
}

// TestEdge holds every property of one edge.
func TestEdge(t *testing.T) {
	t.Parallel()
	tk := talk([]string{
		graph.RelConnected, "x",
		"20|1.1.1.1|443|tcp|50001|g:sysmon3", "10|1.1.1.1|80|udp|50000|pcmd.exe:5156", "20|1.1.1.1|443|tcp|50001|u:5156",
	})
	tk.Reverse["1.1.1.1"] = "back.example"
	e := tk.Relationships()
	want := []*settle.Edge{{
		Type: graph.RelConnected, Endpoint: "1.1.1.1", Kind: "ip", Count: 2, Times: []int64{10, 20}, IPs: []string{"1.1.1.1"},
		Tuples: []string{"10|1.1.1.1|80|udp|50000|pcmd.exe:5156", "20|1.1.1.1|443|tcp|50001|g:sysmon3/u:5156"},
		Ports:  []int64{80, 443}, Protocols: []string{"tcp", "udp"}, Via: []string{"5156", "sysmon3"}, Confidence: 1,
		Reverse: []string{"1.1.1.1=back.example"},
	}}
	if !reflect.DeepEqual(e, want) {
		t.Errorf("got\n%+v\nwant\n%+v", *e[0], *want[0])
	}
}

// TestTruncation holds an edge to its newest contacts.
func TestTruncation(t *testing.T) {
	t.Parallel()
	full := []string{graph.RelConnected, "1.1.1.1"}
	for i := range settle.Keep {
		full = append(full, contacted(1000+i, "1.1.1.1")[2])
	}
	t.Run("OK as many as fit", func(t *testing.T) {
		t.Parallel()
		e := talk(full).Relationships()[0]
		if e.Count != 4096 || e.Truncated || len(e.Tuples) != 4096 || e.Times[0] != 1000 {
			t.Errorf("count %d, truncated %v, first %d", e.Count, e.Truncated, e.Times[0])
		}
	})
	t.Run("OK one more drops the oldest", func(t *testing.T) {
		t.Parallel()
		for _, one := range []struct{ second, first int }{{500, 1000}, {9999, 1001}} {
			e := talk(full, contacted(one.second, "1.1.1.1")).Relationships()[0]
			if e.Count != 4096 || !e.Truncated || len(e.Tuples) != 4096 || len(e.Times) != 4096 || e.Times[0] != int64(one.first) {
				t.Errorf("with one at %d: count %d, truncated %v, first %d", one.second, e.Count, e.Truncated, e.Times[0])
			}
		}
	})
	t.Run("OK what was forgotten stays forgotten", func(t *testing.T) {
		t.Parallel()
		first := talk(full, contacted(9999, "1.1.1.1")).Relationships()[0]
		again := settle.NewTalk()
		again.RestoreEdge(first)
		if e := again.Relationships(); len(e) != 1 || e[0].Fingerprint() != first.Fingerprint() || !e[0].Truncated {
			t.Errorf("restored to %q", brief(e))
		}
	})
}

// FuzzRestore looks for stored texts that panic, or that change when what was
// understood of them is written and read again.
func FuzzRestore(f *testing.F) {
	for _, s := range []string{
		"", "|", "1", "1|2|3|4|5|6", "1|g:sysmon22|1.1.1.1,2.2.2.2", "1|1.1.1.1|443|tcp|5|g:sysmon3/pcmd.exe:5156/u:5156",
		"1|1.1.1.1|99999|tcp|-1|pa%7Cb%2Fc%3Ad%25.exe:5156", "1|1.1.1.1|1|t%7Cp|1|", "9|/|1|", "1||1||1|/:/g:",
	} {
		f.Add(graph.RelConnected, s)
		f.Add(graph.RelAccepted, s)
		f.Add(graph.RelResolved, s)
	}
	f.Fuzz(func(t *testing.T, kind, text string) {
		first := talk([]string{kind, "e.example", text}).Relationships()
		again := settle.NewTalk()
		for _, e := range first {
			again.Restore(e.Type, e.Endpoint, e.Tuples)
		}
		if second := again.Relationships(); !reflect.DeepEqual(brief(first), brief(second)) {
			t.Errorf("%q, then %q", brief(first), brief(second))
		}
	})
}
