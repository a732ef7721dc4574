// Package flows says which process is likely to have made a connection that only
// the network saw.
//
// A flow tells the client's address, the time and the two ends, and no process.
// The host is the one that alone had the address then. Its process is the one that
// has a contact of the same ports, or, where no process has, the one that asked for
// the name shortly before. So the result is a function of what is stored of the
// hosts' addresses, of their processes' contacts and questions, and of what the
// network saw. It is no more than likely, and has a relationship of its own.
package flows

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

// How a process is known to have made a connection, and how sure that is. Several
// that fit share it.
const (
	ViaPort   = "port"     // it has a contact from the same port
	ViaDNS    = "dns"      // it asked for the name, and got the address or the flow has that name
	ViaAnswer = "zeek-dns" // it asked for the name, and the network saw the client get the address
)

var sure = map[string]float64{ViaPort: 0.9, ViaDNS: 0.6, ViaAnswer: 0.6}

// most is how many may share one connection; beyond that it says nothing.
const most = 8

// The reach of the joins, in seconds: how far the clocks of a host and of the
// network may differ, how long before a connection its name is asked for, and how
// long after it the record of the question may come.
const (
	apart  = 60
	before = 600
	after  = 5
)

// day is how far beyond the sightings of an address the host counts as having it.
const day = 24 * time.Hour

// Spell is that a host had the client's address, from its first sighting to its last.
type Spell struct {
	Host        string
	First, Last time.Time
}

// Flow is a connection that the network saw, with what it is called: "" where its
// own record names only the address.
type Flow struct {
	settle.Flow
	Client, Name string
}

// Asked is a question of a client that the network saw.
type Asked struct {
	settle.Answer
	Name string
}

// Contact is a connection of a process with all endpoints that it leads to.
type Contact struct {
	settle.Contact
	Process   string
	Endpoints []string
}

// Question is a DNS question of a process.
type Question struct {
	settle.Question
	Process string
}

// Talk is what the processes of one host said of the network.
type Talk struct {
	ports     map[uint16][]*Contact
	remotes   map[string][]*Contact
	names     map[string][]Question
	addresses map[string][]Question
}

// NewTalk makes it.
func NewTalk(contacts []*Contact, questions []Question) *Talk {
	t := &Talk{
		ports: map[uint16][]*Contact{}, remotes: map[string][]*Contact{}, names: map[string][]Question{}, addresses: map[string][]Question{},
	}
	for _, c := range contacts {
		if c.Local != 0 {
			t.ports[c.Local] = append(t.ports[c.Local], c)
		}
		t.remotes[c.IP] = append(t.remotes[c.IP], c)
	}
	for _, q := range questions {
		t.names[q.Name] = append(t.names[q.Name], q)
		for ip := range strings.SplitSeq(q.Answers, ",") {
			if ip != "" {
				t.addresses[ip] = append(t.addresses[ip], q)
			}
		}
	}
	return t
}

// Likely is that a process may have made a connection to an endpoint. The tuple
// tells connections apart: it is what the relationship remembers.
type Likely struct {
	Process, Endpoint string
	Tuple             Tuple
}

// Tuple is one connection as MAY_HAVE_CONNECTED remembers it.
type Tuple struct {
	settle.Flow
	Client     string
	Means      string  // how the process is known
	Confidence float64 // that it was this one
}

// Encode gives second|client|local port|IP|port|protocol|source|means|confidence.
func (t Tuple) Encode() string {
	return strings.Join([]string{
		strconv.FormatInt(t.Second, 10), t.Client, strconv.Itoa(int(t.Local)), t.IP, strconv.Itoa(int(t.Port)),
		strings.ReplaceAll(t.Proto, graph.Sep, ""), t.Via, t.Means, strconv.FormatFloat(t.Confidence, 'g', -1, 64),
	}, graph.Sep)
}

// Decode reads what Encode gave; ok is false where it is damaged.
func Decode(text string) (t Tuple, ok bool) {
	p := strings.Split(text, graph.Sep)
	if len(p) != 9 {
		return t, false
	}
	second, err := strconv.ParseInt(p[0], 10, 64)
	local, _ := strconv.ParseUint(p[2], 10, 16)
	port, _ := strconv.ParseUint(p[4], 10, 16)
	confidence, bad := strconv.ParseFloat(p[8], 64)
	t = Tuple{Client: p[1], Means: p[7], Confidence: confidence}
	t.Flow = settle.Flow{Second: second, Local: uint16(local), IP: p[3], Port: uint16(port), Proto: p[5], Via: p[6]}
	return t, err == nil && bad == nil
}

// HostAt is the host that alone had the address in that second, give or take a day;
// "" where none or several had it.
func HostAt(spells []Spell, second int64) string {
	at, host := time.Unix(second, 0), ""
	for _, s := range spells {
		if at.Before(s.First.Add(-day)) || at.After(s.Last.Add(day)) {
			continue
		}
		if host != "" && host != s.Host {
			return ""
		}
		host = s.Host
	}
	return host
}

// Client is what the network saw of one address.
type Client struct {
	flows []Flow
	asked map[string][]Asked // by IP in the answer
	named map[five][]Flow    // those with a name
}

// five tells connections apart, the client being given.
type five struct {
	local, port uint16
	ip, proto   string
}

func fiveOf(f *Flow) five { return five{f.Local, f.Port, f.IP, f.Proto} }

// NewClient makes it.
func NewClient(flows []Flow, asked []Asked) *Client {
	c := &Client{flows: flows, asked: map[string][]Asked{}, named: map[five][]Flow{}}
	for _, f := range flows {
		if f.Name != "" && f.Local != 0 {
			c.named[fiveOf(&f)] = append(c.named[fiveOf(&f)], f)
		}
	}
	for _, a := range asked {
		for _, ip := range a.IPs {
			c.asked[ip] = append(c.asked[ip], a)
		}
	}
	return c
}

// name is what a flow is called: by its own record, or by the only name that other
// records of the same connection give.
func (c *Client) name(f *Flow) string {
	if f.Name != "" || f.Local == 0 {
		return f.Name
	}
	name := ""
	for _, other := range c.named[fiveOf(f)] {
		if !near(other.Second, f.Second) {
			continue
		}
		if name != "" && name != other.Name {
			return ""
		}
		name = other.Name
	}
	return name
}

func near(a, b int64) bool { return a-b <= apart && b-a <= apart }

// Of says which processes of the client's host may have made the flow.
func (c *Client) Of(f *Flow, t *Talk) []Likely {
	name := c.name(f)
	proxied := f.IP == "" || f.Via == "proxy"
	if same, known := t.same(f, proxied); known {
		return byPort(f, name, proxied, same)
	}
	means := map[[2]string]string{}
	note := func(q Question, how string) {
		if q.Second >= f.Second-before && q.Second <= f.Second+after {
			key := [2]string{q.Process, q.Name}
			means[key] = min(how, cmp.Or(means[key], how))
		}
	}
	switch {
	case name != "":
		for _, q := range t.names[name] {
			note(q, ViaDNS)
		}
	case f.IP != "":
		for _, q := range t.addresses[f.IP] {
			note(q, ViaDNS)
		}
		for _, a := range c.asked[f.IP] {
			if a.Second < f.Second-before || a.Second > f.Second+after {
				continue
			}
			for _, q := range t.names[a.Name] {
				note(q, ViaAnswer)
			}
		}
	}
	return share(f, means)
}

// same are the processes' contacts that are the same connection; known says that
// there are any.
func (t *Talk) same(f *Flow, proxied bool) (same []*Contact, known bool) {
	if f.Local == 0 {
		known = !proxied && slices.ContainsFunc(t.remotes[f.IP], func(c *Contact) bool { return near(c.Second, f.Second) })
		return nil, known
	}
	for _, c := range t.ports[f.Local] {
		if near(c.Second, f.Second) && c.Proto == f.Proto && (proxied || c.IP == f.IP) {
			same = append(same, c)
		}
	}
	return same, len(same) > 0
}

// byPort are the processes whose contact is the flow, where the flow has a name and
// the contact has none: a contact with a proxy has at best the proxy's.
func byPort(f *Flow, name string, proxied bool, same []*Contact) []Likely {
	means := map[[2]string]string{}
	for _, c := range same {
		isIP := func(e string) bool { _, ok := graph.NormalIP(e); return ok }
		named := slices.ContainsFunc(c.Endpoints, func(e string) bool { return !isIP(e) })
		if name != "" && !slices.Contains(c.Endpoints, name) && (proxied || !named) {
			means[[2]string{c.Process, name}] = ViaPort
		}
	}
	return share(f, means)
}

// share deals a flow out to those that may have made it, by process and endpoint.
func share(f *Flow, means map[[2]string]string) []Likely {
	if len(means) > most {
		return nil
	}
	var out []Likely
	for _, key := range slices.SortedFunc(maps.Keys(means), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		how := means[key]
		out = append(out, Likely{Process: key[0], Endpoint: key[1], Tuple: Tuple{
			Flow: f.Flow, Client: f.Client, Means: how, Confidence: sure[how] / float64(len(means)),
		}})
	}
	return out
}
