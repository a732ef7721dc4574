package settle

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// Sight is what the network saw of one client and one endpoint: connections, or
// questions for a name. It stores facts only; which process it was is worked out
// from them (package flows).
type Sight struct {
	Type      string // graph.RelFlowed, graph.RelAsked
	Client    string // canonical IP
	Endpoint  string // key
	Kind      string // of the endpoint: name, ip
	Truncated bool
	Evidence  Evidences
	tuples    map[string]int64 // to their second
}

// Flow is one connection that the network saw.
type Flow struct {
	Second int64
	Local  uint16 // the client's port; 0 where the record has none
	IP     string // "" where a proxy names only the host
	Port   uint16
	Proto  string
	Via    string // zeek, proxy
}

// Answer is one question that the network saw, with the addresses it got.
type Answer struct {
	Second int64
	Via    string
	IPs    []string
}

// The bounds of what a sender may put into one tuple.
const (
	mostProtocol = 16
	mostAnswers  = 64
)

func (r *Round) flowed(o *graph.FlowSeen) {
	r.further(o.Head())
	client, ok := client(o.ClientIP)
	ip, _ := graph.NormalIP(o.RemoteIP)
	if !ok || o.Clock.Unknown || inbound(client, ip) {
		return // no process of ours can have made it, or nothing can be joined to it
	}
	endpoint, kind := ip, "ip"
	if name, isName := remoteName(o.RemoteName); isName {
		endpoint, kind = name, "name"
	} else if name != "" && ip == "" {
		endpoint, ip = name, name
	}
	if endpoint == "" {
		return
	}
	proto := strings.ToLower(o.Protocol)
	r.saw(graph.RelFlowed, client, endpoint, kind, o.Head(), Flow{
		Second: o.Clock.At.Unix(), Local: o.ClientPort, IP: ip, Port: o.RemotePort, Proto: proto[:min(len(proto), mostProtocol)], Via: o.Source,
	}.encode())
}

func (r *Round) answered(o *graph.AnswerSeen) {
	r.further(o.Head())
	client, ok := client(o.ClientIP)
	name, isName := remoteName(o.Name)
	if !ok || !isName || o.Clock.Unknown {
		return
	}
	answers := slices.Clone(o.Answers)
	slices.Sort(answers)
	answers = slices.Compact(answers)
	r.saw(graph.RelAsked, client, name, "name", o.Head(), strings.Join([]string{
		strconv.FormatInt(o.Clock.At.Unix(), 10), o.Source, strings.Join(answers[:min(len(answers), mostAnswers)], ","),
	}, graph.Sep))
}

// client is the address of a machine that may be one of ours.
func client(text string) (ip string, ok bool) {
	ip, _ = graph.NormalIP(text)
	scope := graph.IPScope(ip)
	return ip, ip != "" && (scope == graph.Public || scope == graph.Private)
}

// inbound says that a connection came in from outside.
func inbound(client, remote string) bool {
	return remote != "" && graph.IPScope(client) == graph.Public && graph.IPScope(remote) == graph.Private
}

// remoteName is a name as it is kept; an address in place of one is no name.
func remoteName(text string) (name string, isName bool) {
	name, ok := graph.NormalName(text)
	if !ok {
		return "", false
	}
	ip, isIP := graph.NormalIP(name)
	if isIP {
		return ip, false
	}
	return name, true
}

func (r *Round) saw(kind, client, endpoint, of string, h *graph.Header, tuple string) {
	s := &Sight{Type: kind, Client: client, Endpoint: endpoint, Kind: of}
	if have := r.sights[s.ID()]; have != nil {
		s = have
	}
	r.sights[s.ID()] = s
	s.Evidence = s.Evidence.Add(h.Evidence, "")
	s.Add(tuple)
}

// ID tells sights apart.
func (s *Sight) ID() string { return s.Type + graph.Sep + s.Client + graph.Sep + s.Endpoint }

// Add adds tuples, as they were stored or made.
func (s *Sight) Add(tuples ...string) {
	if s.tuples == nil {
		s.tuples = map[string]int64{}
	}
	for _, t := range tuples {
		s.tuples[t] = Second(t)
	}
}

// Tuples are the newest that are remembered, in order of time. Older ones are
// forgotten, and Truncated says so.
func (s *Sight) Tuples() []string {
	all := slices.SortedFunc(maps.Keys(s.tuples), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.tuples[a], s.tuples[b]), strings.Compare(a, b))
	})
	if len(all) > Keep {
		all, s.Truncated = all[len(all)-Keep:], true
	}
	return all
}

// Second is when a tuple was, in seconds since 1970; 0 where it is damaged.
func Second(tuple string) int64 {
	second, _, _ := strings.Cut(tuple, graph.Sep)
	n, err := strconv.ParseInt(second, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (f Flow) encode() string {
	return strings.Join([]string{
		strconv.FormatInt(f.Second, 10), strconv.Itoa(int(f.Local)), f.IP, strconv.Itoa(int(f.Port)), escape.Replace(f.Proto), f.Via,
	}, graph.Sep)
}

// DecodeFlow reads a tuple of FLOWED; ok is false where it is damaged.
func DecodeFlow(tuple string) (f Flow, ok bool) {
	p := strings.Split(tuple, graph.Sep)
	if len(p) != 6 {
		return f, false
	}
	second, err := strconv.ParseInt(p[0], 10, 64)
	local, _ := strconv.ParseUint(p[1], 10, 16)
	port, _ := strconv.ParseUint(p[3], 10, 16)
	return Flow{second, uint16(local), p[2], uint16(port), unescape.Replace(p[4]), p[5]}, err == nil
}

// DecodeAnswer reads a tuple of ASKED; ok is false where it is damaged.
func DecodeAnswer(tuple string) (a Answer, ok bool) {
	p := strings.Split(tuple, graph.Sep)
	if len(p) != 3 {
		return a, false
	}
	second, err := strconv.ParseInt(p[0], 10, 64)
	a = Answer{Second: second, Via: p[1]}
	if p[2] != "" {
		a.IPs = strings.Split(p[2], ",")
	}
	return a, err == nil
}

// DecodeContacts reads the tuples of a stored CONNECTED edge.
func DecodeContacts(tuples []string) []Contact {
	t := NewTalk()
	t.Restore(graph.RelConnected, "", tuples)
	return slices.Collect(maps.Keys(t.Contacts))
}

// DecodeQuestions reads the tuples of a stored RESOLVED edge to a name.
func DecodeQuestions(name string, tuples []string) []Question {
	t := NewTalk()
	t.Restore(graph.RelResolved, name, tuples)
	return slices.Collect(maps.Keys(t.Questions))
}

// Talked says where what a host's processes said of the network changed.
type Talked struct {
	Host      string
	Processes []string
	Seconds   []int64 // in order
}

type talked struct {
	processes map[string]bool
	seconds   map[int64]bool
}

func (s *settling) noteTalk(host, process string, seconds ...int64) {
	t := s.talked[host]
	if t == nil {
		t = &talked{processes: map[string]bool{}, seconds: map[int64]bool{}}
		s.talked[host] = t
	}
	t.processes[process] = true
	for _, n := range seconds {
		t.seconds[n] = true
	}
}

func (t *talked) finish(host string) Talked {
	return Talked{Host: host, Processes: sortedKeys(t.processes), Seconds: slices.Sorted(maps.Keys(t.seconds))}
}

// changedSeconds are those of what is new in a process's talk, and of contacts
// that are called otherwise than before; all of it where contacts may have moved.
func (s *settling) changedSeconds(p *Process, t *Talk, before map[string][]string) []int64 {
	changed, after := s.talkers[p.Key], t.names()
	whole := s.hasMoved(p) || s.retold(p)
	if whole {
		changed = t
	}
	var out []int64
	for c := range changed.Contacts {
		out = append(out, c.Second)
	}
	for q := range changed.Questions {
		out = append(out, q.Second)
	}
	for c := range t.Contacts {
		if !whole && len(before[c.IP]) != len(after[c.IP]) { // names are only ever added here
			out = append(out, c.Second)
		}
	}
	return out
}
