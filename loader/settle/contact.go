package settle

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// Keep is how many contacts one edge remembers: the newest.
const Keep = 4096

// Bound says how a record named its process: what is bound by GUID never moves
// to another instance, what is bound by PID may.
type Bound byte

// The kinds of binding.
const (
	ByGUID Bound = 'g'
	ByPID  Bound = 'p' // PID and image
	ByBare Bound = 'u' // PID alone
	// ByStart is PID and creation time. It names one instance for good, but the
	// node of that instance gets another key when Sysmon's record of it comes.
	ByStart Bound = 's'
)

// Contact is one distinct connection of a process.
type Contact struct {
	Second int64
	IP     string
	Port   uint16 // of the remote side
	Proto  string
	Local  uint16 // port on this host
	In     bool
	Name   string // what the source itself says the remote side is called; "" for nothing
}

// remote is the address, or the name where the record has no address.
func (c *Contact) remote() string { return cmp.Or(c.IP, c.Name) }

// bond is one way in which a contact is known: how the record named the
// process, and which event it was.
type bond struct {
	bound Bound
	name  string // base name of the image, where bound is ByPID; the creation time, where it is ByStart
	via   string
}

// how is all the ways in which a contact is known, sorted. They are kept apart:
// what was bound by GUID stays when what was bound by PID moves away.
type how []bond

func (h how) add(more ...bond) how {
	all := slices.Concat(h, more)
	slices.SortFunc(all, func(a, b bond) int {
		return cmp.Or(cmp.Compare(a.bound, b.bound), strings.Compare(a.name, b.name), strings.Compare(a.via, b.via))
	})
	return slices.Compact(all)
}

// split parts what is bound by GUID from what is bound by PID.
func (h how) split() (byGUID, byPID how) {
	for _, b := range h {
		if b.bound == ByGUID {
			byGUID = append(byGUID, b)
		} else {
			byPID = append(byPID, b)
		}
	}
	return byGUID, byPID
}

// encode gives g:sysmon3/pcmd.exe:5156. No separator can be part of a Windows
// file name, but of a forged one it can: it is escaped, so that what is read
// back speaks of the same process.
func (h how) encode() string {
	parts := make([]string, len(h))
	for i, b := range h {
		parts[i] = string(rune(b.bound)) + escape.Replace(b.name) + ":" + b.via
	}
	return strings.Join(parts, "/")
}

var (
	escape   = strings.NewReplacer("%", "%25", graph.Sep, "%7C", "/", "%2F", ":", "%3A")
	unescape = strings.NewReplacer("%25", "%", "%7C", graph.Sep, "%2F", "/", "%3A", ":")
)

func decodeHow(s string) how {
	var h how
	for part := range strings.SplitSeq(s, "/") {
		name, via, ok := strings.Cut(part, ":")
		if ok && name != "" {
			h = append(h, bond{Bound(name[0]), unescape.Replace(name[1:]), via})
		}
	}
	return h
}

// Question is one DNS question of a process, with the answers it got then.
type Question struct {
	Second  int64
	Name    string
	Answers string // canonical IPs, sorted, joined by commas
}

// Edge is one CONNECTED, ACCEPTED or RESOLVED relationship as it should be, or
// one to a task that the process created, changed or deleted.
type Edge struct {
	Type       string
	Endpoint   string // key
	Kind       string // of the other end: name, ip, task
	Tuples     []string
	Count      int
	Truncated  bool
	Times      []int64
	IPs        []string
	Ports      []int64
	Protocols  []string
	Via        []string
	Answered   bool
	Confidence float64 // of the name, or that it was the process that did it
	Reverse    []string
	Evidence   Evidences
}

// ID tells the edges of one process apart.
func (e *Edge) ID() string { return e.Type + " " + e.Endpoint }

// Relationships are the edges that follow from the talk: all names whose
// answers to this process hold an IP name its contacts, n names each with
// confidence 1/n; without a name the IP stands for itself.
func (t *Talk) Relationships() []*Edge { return t.RelationshipsBy(nil, "") }

// RelationshipsBy is [Talk.Relationships] of a process whose command line may say
// where a connection to a proxy really goes.
func (t *Talk) RelationshipsBy(proxies *Proxies, command string) []*Edge {
	edges := map[string]*edgeBuilder{}
	names, beyond := t.names(), proxies.beyond(command)
	for c, h := range t.Contacts {
		if c.In {
			build(edges, graph.RelAccepted, c.IP, 1).contact(c, h, t)
			continue
		}
		of := called(&c, names[c.IP])
		if through := beyond(&c, of); len(through) > 0 {
			of = through
		}
		for _, name := range of {
			build(edges, graph.RelConnected, name, 1/float64(len(of))).contact(c, h, t)
		}
	}
	for q, b := range t.Questions {
		build(edges, graph.RelResolved, q.Name, 1).question(q, b, t)
	}
	for a, h := range t.Acts {
		build(edges, strings.ToUpper(string(a.Change)), a.Task, 1).act(a, h, t)
	}
	out := make([]*Edge, 0, len(edges))
	for _, id := range slices.Sorted(maps.Keys(edges)) {
		out = append(out, edges[id].finish(t.Truncated))
	}
	return out
}

// names maps each IP to the names whose answers hold it.
func (t *Talk) names() map[string][]string {
	names := map[string][]string{}
	for q := range t.Questions {
		if q.Answers == "" {
			continue
		}
		if _, isIP := graph.NormalIP(q.Name); isIP {
			continue
		}
		for ip := range strings.SplitSeq(q.Answers, ",") {
			if !slices.Contains(names[ip], q.Name) {
				names[ip] = append(names[ip], q.Name)
			}
		}
	}
	return names
}

// tuple is one remembered contact or question in its sortable form.
type tuple struct {
	second int64
	text   string
	c      Contact
	how    how
	q      Question
}

type edgeBuilder struct {
	edge    *Edge
	tuples  []tuple
	reverse map[string]bool
}

func build(all map[string]*edgeBuilder, kind, endpoint string, confidence float64) *edgeBuilder {
	e := &Edge{Type: kind, Endpoint: endpoint, Kind: "name", Confidence: confidence}
	if b := all[e.ID()]; b != nil {
		// An endpoint that several IPs lead to is as sure as the least sure.
		b.edge.Confidence = min(b.edge.Confidence, confidence)
		return b
	}
	if _, ok := graph.NormalIP(endpoint); ok {
		e.Kind = "ip"
	}
	b := &edgeBuilder{edge: e, reverse: map[string]bool{}}
	all[e.ID()] = b
	return b
}

func (b *edgeBuilder) contact(c Contact, h how, t *Talk) {
	b.tuples = append(b.tuples, tuple{second: c.Second, text: encodeContact(c, h), c: c, how: h})
	b.edge.Evidence = b.edge.Evidence.Join(t.Evidence[EvidenceID(c.In, c.remote())])
	if r := t.Reverse[c.IP]; r != "" {
		b.reverse[c.IP+"="+r] = true
	}
}

func (b *edgeBuilder) question(q Question, h how, t *Talk) {
	b.tuples = append(b.tuples, tuple{second: q.Second, text: encodeQuestion(q, h), q: q, how: h})
	b.edge.Evidence = b.edge.Evidence.Join(t.Evidence[EvidenceID(false, q.Name)])
	b.edge.Answered = b.edge.Answered || q.Answers != ""
}

func (b *edgeBuilder) finish(truncated map[string]bool) *Edge {
	e := b.edge
	slices.SortFunc(b.tuples, func(x, y tuple) int {
		return cmp.Or(cmp.Compare(x.second, y.second), strings.Compare(x.text, y.text))
	})
	e.Truncated = truncated[e.ID()]
	if n := len(b.tuples); n > Keep {
		b.tuples, e.Truncated = b.tuples[n-Keep:], true
	}
	e.Count = len(b.tuples)
	ips, protos, via := map[string]bool{}, map[string]bool{}, map[string]bool{}
	ports := map[int64]bool{}
	for _, t := range b.tuples {
		e.Tuples = append(e.Tuples, t.text)
		e.Times = append(e.Times, t.second)
		for _, b := range t.how {
			via[b.via] = true
		}
		switch {
		case e.Type == graph.RelResolved:
			addAll(ips, t.q.Answers)
			continue
		case e.Kind == KindTask:
			continue
		}
		if t.c.IP != "" {
			ips[t.c.IP] = true
		}
		protos[t.c.Proto], ports[int64(t.c.Port)] = true, true
	}
	e.IPs, e.Protocols, e.Via = slices.Sorted(maps.Keys(ips)), slices.Sorted(maps.Keys(protos)), slices.Sorted(maps.Keys(via))
	e.Ports, e.Reverse = slices.Sorted(maps.Keys(ports)), slices.Sorted(maps.Keys(b.reverse))
	if e.Kind == KindTask {
		e.finishAct()
	}
	return e
}

func addAll(set map[string]bool, list string) {
	if list == "" {
		return
	}
	for s := range strings.SplitSeq(list, ",") {
		set[s] = true
	}
}

func encodeContact(c Contact, h how) string {
	parts := []string{
		strconv.FormatInt(c.Second, 10), c.IP, strconv.Itoa(int(c.Port)), escape.Replace(c.Proto),
		strconv.Itoa(int(c.Local)), h.encode(),
	}
	if c.Name != "" {
		parts = append(parts, escape.Replace(c.Name))
	}
	return strings.Join(parts, graph.Sep)
}

func encodeQuestion(q Question, h how) string {
	return strings.Join([]string{strconv.FormatInt(q.Second, 10), h.encode(), q.Answers}, graph.Sep)
}

// Restore puts what a stored edge remembers back into the talk.
func (t *Talk) Restore(kind, endpoint string, tuples []string) {
	for _, text := range tuples {
		parts := strings.Split(text, graph.Sep)
		second, err := strconv.ParseInt(parts[0], 10, 64)
		switch {
		case err != nil:
		case isAct(kind) && len(parts) == 2:
			t.restoreAct(kind, endpoint, parts, second)
		case kind == graph.RelResolved && len(parts) == 3:
			t.AddQuestion(Question{second, endpoint, parts[2]}, decodeHow(parts[1])...)
		case len(parts) == 6, len(parts) == 7:
			port, _ := strconv.ParseUint(parts[2], 10, 16)
			local, _ := strconv.ParseUint(parts[4], 10, 16)
			c := Contact{
				Second: second, IP: parts[1], Port: uint16(port), Proto: unescape.Replace(parts[3]),
				Local: uint16(local), In: kind == graph.RelAccepted,
			}
			if len(parts) == 7 {
				c.Name = unescape.Replace(parts[6])
			}
			t.AddContact(c, decodeHow(parts[5])...)
		}
	}
}

// RestoreEdge puts a stored edge back into the talk it came from.
func (t *Talk) RestoreEdge(e *Edge) {
	t.Restore(e.Type, e.Endpoint, e.Tuples)
	t.Edges[e.ID()] = e.Fingerprint()
	if e.Truncated {
		t.Truncated[e.ID()] = true
	}
	for _, r := range e.Reverse {
		if ip, name, ok := strings.Cut(r, "="); ok {
			t.Reverse[ip] = max(t.Reverse[ip], name)
		}
	}
	for of, evidence := range e.Evidence.ByPart() {
		t.Evidence[of] = t.Evidence[of].Join(evidence)
	}
}
