package flows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/loader/flows"
	"github.com/taskroot/taskroot/loader/settle"
)

// flow is one of 10.0.0.1's.
func flow(second int64, local uint16, ip, name string) flows.Flow {
	return flows.Flow{
		Flow:   settle.Flow{Second: second, Local: local, IP: ip, Port: 443, Proto: "tcp", Via: "zeek"},
		Client: "10.0.0.1", Name: name,
	}
}

func through(f flows.Flow) flows.Flow {
	f.Via = "proxy"
	return f
}

func contact(process string, second int64, local uint16, ip string, endpoints ...string) *flows.Contact {
	return &flows.Contact{
		Contact: settle.Contact{Second: second, IP: ip, Port: 443, Proto: "tcp", Local: local}, Process: process, Endpoints: endpoints,
	}
}

func question(process, name string, second int64, answers string) flows.Question {
	return flows.Question{Question: settle.Question{Second: second, Name: name, Answers: answers}, Process: process}
}

type joinCase struct {
	name      string
	flow      flows.Flow
	others    []flows.Flow
	asked     []flows.Asked
	contacts  []*flows.Contact
	questions []flows.Question
	want      []string
}

func answer(second int64, name string, ips ...string) flows.Asked {
	return flows.Asked{Answer: settle.Answer{Second: second, Via: "zeek", IPs: ips}, Name: name}
}

const far = "203.0.113.9"

func byPort() []joinCase {
	return []joinCase{
		{
			name: "OK a contact without name gets the flow's", flow: flow(1000, 5000, far, "a.example"),
			contacts: []*flows.Contact{contact("p", 1060, 5000, far, far)}, want: []string{"p a.example port 0.9"},
		},
		{
			name: "OK the name is another record's of the same connection", flow: flow(1000, 5000, far, ""),
			others:   []flows.Flow{flow(1001, 5000, far, "a.example"), flow(1002, 5001, far, "b.example"), flow(1070, 5000, far, "c.example")},
			contacts: []*flows.Contact{contact("p", 1000, 5000, far, far)}, want: []string{"p a.example port 0.9"},
		},
		{
			name: "OK two names are none", flow: flow(1000, 5000, far, ""),
			others:   []flows.Flow{flow(1001, 5000, far, "a.example"), flow(1002, 5000, far, "b.example")},
			contacts: []*flows.Contact{contact("p", 1000, 5000, far, far)},
		},
		{
			name: "OK two processes share it", flow: flow(1000, 5000, far, "a.example"),
			contacts: []*flows.Contact{contact("p", 1000, 5000, far, far), contact("q", 1010, 5000, far, far)},
			want:     []string{"p a.example port 0.45", "q a.example port 0.45"},
		},
		{
			name: "OK a contact that has a name needs none", flow: flow(1000, 5000, far, "a.example"),
			contacts: []*flows.Contact{contact("p", 1000, 5000, far, "b.example")},
		},
		{
			name: "OK a contact explains a flow without name", flow: flow(1000, 5000, far, ""),
			contacts:  []*flows.Contact{contact("p", 1000, 5000, far, far)},
			questions: []flows.Question{question("q", "a.example", 990, far)},
		},
		{
			name: "OK through a proxy the port is enough", flow: flow(1000, 5000, "", "a.example"),
			contacts: []*flows.Contact{contact("p", 1000, 5000, "10.0.0.80", "proxy.corp.example")}, want: []string{"p a.example port 0.9"},
		},
		{
			name: "OK a proxy tells where it went", flow: through(flow(1000, 5000, far, "a.example")),
			contacts: []*flows.Contact{contact("p", 1000, 5000, "10.0.0.80", "10.0.0.80")}, want: []string{"p a.example port 0.9"},
		},
		{
			name: "OK a minute and a second apart is another connection", flow: flow(1000, 5000, far, "a.example"),
			contacts: []*flows.Contact{contact("p", 1061, 5000, far, far)},
		},
	}
}

func byName() []joinCase {
	many := make([]flows.Question, 9)
	for i := range many {
		many[i] = question(fmt.Sprint("p", i), "a.example", 990, far)
	}
	return []joinCase{
		{
			name: "OK one asked", flow: flow(1000, 5000, far, ""),
			questions: []flows.Question{question("p", "a.example", 400, far), question("q", "b.example", 990, "203.0.113.8")},
			want:      []string{"p a.example dns 0.6"},
		},
		{name: "OK longer ago", flow: flow(1000, 5000, far, ""), questions: []flows.Question{question("p", "a.example", 399, far)}},
		{name: "OK a little later", flow: flow(1000, 5000, far, ""), questions: []flows.Question{question("p", "a.example", 1005, far)}, want: []string{"p a.example dns 0.6"}},
		{name: "OK afterwards", flow: flow(1000, 5000, far, ""), questions: []flows.Question{question("p", "a.example", 1006, far)}},
		{
			name: "OK two share it", flow: flow(1000, 5000, far, ""),
			questions: []flows.Question{question("p", "a.example", 990, far), question("q", "a.example", 995, far)},
			want:      []string{"p a.example dns 0.3", "q a.example dns 0.3"},
		},
		{name: "OK nine are none", flow: flow(1000, 5000, far, ""), questions: many},
		{
			name: "OK the flow's own name decides", flow: flow(1000, 5000, far, "b.example"),
			questions: []flows.Question{question("p", "a.example", 990, far), question("q", "b.example", 990, "")},
			want:      []string{"q b.example dns 0.6"},
		},
		{
			name: "OK the network saw the answer", flow: flow(1000, 5000, far, ""), asked: []flows.Asked{answer(900, "a.example", far)},
			questions: []flows.Question{question("p", "a.example", 900, "")}, want: []string{"p a.example zeek-dns 0.6"},
		},
		{
			name: "OK an answer of long ago", flow: flow(1000, 5000, far, ""), asked: []flows.Asked{answer(300, "a.example", far)},
			questions: []flows.Question{question("p", "a.example", 900, "")},
		},
		{
			name: "OK without the client's port any contact there explains it", flow: flow(1000, 0, far, ""),
			contacts:  []*flows.Contact{contact("p", 1010, 5000, far, far)},
			questions: []flows.Question{question("q", "a.example", 990, far)},
		},
		{name: "OK nobody asked", flow: flow(1000, 5000, far, "a.example")},
	}
}

// TestOf says which processes may have made a flow.
func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range slices.Concat(byPort(), byName()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client := flows.NewClient(append(c.others, c.flow), c.asked)
			var got []string
			for _, l := range client.Of(&c.flow, flows.NewTalk(c.contacts, c.questions)) {
				got = append(got, fmt.Sprint(l.Process, " ", l.Endpoint, " ", l.Tuple.Means, " ", l.Tuple.Confidence))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestHostAt says whose an address was.
func TestHostAt(t *testing.T) {
	t.Parallel()
	at := func(day int) time.Time { return time.Date(2024, 5, day, 0, 0, 0, 0, time.UTC) }
	spells := []flows.Spell{{"h1", at(2), at(4)}, {"h2", at(7), at(8)}, {"h3", at(9), at(9)}}
	for day, want := range map[int]string{1: "h1", 4: "h1", 5: "h1", 6: "h2", 7: "h2", 8: "", 9: "", 10: "h3", 11: ""} {
		if got := flows.HostAt(spells, at(day).Unix()); got != want {
			t.Errorf("day %d: got %q, want %q", day, got, want)
		}
	}
}

// TestTuple reads back what it wrote, and nothing that is damaged.
func TestTuple(t *testing.T) {
	t.Parallel()
	tuple := flows.Tuple{Flow: flow(1000, 5000, far, "").Flow, Client: "10.0.0.1", Means: flows.ViaDNS, Confidence: 0.15}
	const want = "1000|10.0.0.1|5000|203.0.113.9|443|tcp|zeek|dns|0.15"
	if got := tuple.Encode(); got != want {
		t.Errorf("got %s", got)
	}
	if back, ok := flows.Decode(want); !ok || back != tuple {
		t.Errorf("read back %+v, %v", back, ok)
	}
	for _, bad := range []string{"", "1000", strings.Replace(want, "1000", "x", 1), strings.Replace(want, "0.15", "x", 1)} {
		if _, ok := flows.Decode(bad); ok {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestHad says for which times it is new that a host had an address.
func TestHad(t *testing.T) {
	t.Parallel()
	at := func(day int) time.Time { return time.Unix(int64(day)*86400, 0) }
	for name, c := range map[string]struct {
		got, want []flows.Stretch
	}{
		"OK new":     {flows.Had("i", time.Time{}, time.Time{}, at(5), at(6)), []flows.Stretch{{"i", 4 * 86400, 7 * 86400}}},
		"OK known":   {flows.Had("i", at(5), at(6), at(5), at(6)), nil},
		"OK earlier": {flows.Had("i", at(5), at(6), at(3), at(6)), []flows.Stretch{{"i", 2 * 86400, 4 * 86400}}},
		"OK later":   {flows.Had("i", at(5), at(6), at(5), at(8)), []flows.Stretch{{"i", 7 * 86400, 9 * 86400}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !slices.Equal(c.got, c.want) {
				t.Errorf("got %v, want %v", c.got, c.want)
			}
		})
	}
}

// TestSaw joins stretches that lie close together.
func TestSaw(t *testing.T) {
	t.Parallel()
	if got, want := flows.Saw("i", false, []int64{10000, 1000, 1100}), []flows.Stretch{{"i", 940, 1160}, {"i", 9940, 10060}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := flows.Saw("i", true, []int64{1000}), []flows.Stretch{{"i", 995, 1600}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
