package settle

import (
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// AccessKind says what kind of access a host saw.
type AccessKind string

// The kinds of accesses.
const (
	AccessLogon AccessKind = "logon"
	AccessPipe  AccessKind = "pipe" // the Task Scheduler's, opened from the network
)

// Access is a logon, or a call from the network, that may explain who made a task.
// The key holds all that tells two of them apart.
type Access struct {
	Key      string
	Host     string
	Kind     AccessKind
	At       time.Time
	LogonID  uint64
	User     string // account without domain, lower case
	Type     uint8  // of a logon
	IP       string
	Port     uint16
	Target   string // the pipe
	Evidence Evidences
}

// Person says that a logon is a person's at the machine: at its console, by
// unlocking it, by remote desktop, or with cached credentials.
func (a *Access) Person() bool {
	switch a.Type {
	case 2, 7, 10, 11, 12, 13:
		return a.Kind == AccessLogon
	}
	return false
}

// Address is that a host had an address.
type Address struct {
	Host, IP string
	Seen     Span
}

// account is an account's name without its domain, in lower case.
func account(user string) string {
	return strings.ToLower(user[strings.LastIndexByte(user, '\\')+1:])
}

func (r *Round) access(h *graph.Header, a Access) {
	r.further(h)
	if h.Clock.Unknown {
		return // nothing can be joined to it
	}
	a.Host, a.At = h.Host, h.Clock.At
	a.Key = strings.Join([]string{
		a.Host, string(a.Kind), strconv.FormatInt(a.At.Unix(), 10), strconv.FormatUint(a.LogonID, 16), strconv.Itoa(int(a.Type)),
		a.IP, strconv.Itoa(int(a.Port)), a.User,
	}, graph.Sep)
	have := r.accesses[a.Key]
	if have == nil {
		have = &a
		r.accesses[a.Key] = have
	}
	have.At, have.Target = earlier(have.At, a.At), min(have.Target, a.Target)
	have.Evidence = have.Evidence.Add(h.Evidence, "")
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// further counts a record that makes no process, contact or task.
func (r *Round) further(h *graph.Header) {
	if !h.Further {
		r.others++
	}
}

// loggedOn keeps logons that tell an address, and those of persons.
func (r *Round) loggedOn(o *graph.LoggedOn) {
	ip, _ := graph.NormalIP(o.IP)
	if graph.IPScope(ip) == graph.Loopback {
		ip = ""
	}
	a := Access{Kind: AccessLogon, LogonID: o.LogonID, User: account(o.User), Type: o.Type, IP: ip, Port: o.Port}
	if ip == "" && !a.Person() {
		r.further(o.Head())
		return
	}
	r.access(o.Head(), a)
}

// pipe keeps openings of the Task Scheduler's pipe from the network.
func (r *Round) pipe(o *graph.PipeOpened) {
	ip, _ := graph.NormalIP(o.IP)
	if ip == "" || !strings.EqualFold(strings.Trim(o.Target, `\`), "atsvc") {
		r.further(o.Head())
		return
	}
	r.access(o.Head(), Access{
		Kind: AccessPipe, LogonID: o.LogonID, User: account(o.User), IP: ip, Port: o.Port,
		Target: strings.ToLower(strings.Trim(o.Target, `\`)),
	})
}

// address notes that the host of a record had an address.
func (r *Round) address(h *graph.Header, ip string) {
	if h.Clock.Unknown {
		return
	}
	switch graph.IPScope(ip) {
	case graph.Public, graph.Private:
	default:
		return
	}
	key := h.Host + graph.Sep + ip
	a := r.addresses[key]
	if a == nil {
		a = &Address{Host: h.Host, IP: ip}
		r.addresses[key] = a
	}
	a.Seen.Add(h.Clock.At)
}

// SetAddresses gives hosts addresses that their own records do not show, for as
// long as there are records of them.
func (r *Round) SetAddresses(of map[string][]string) { r.given = of }
