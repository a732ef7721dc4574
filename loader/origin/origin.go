// Package origin says from where a task was made, changed or deleted: which
// address the call came from, and whether a person was at the machine.
//
// A task's own record names the account and, since Windows 10 1903, the calling
// process: PID 0 for a caller on another machine. The address is in other records,
// of the same logon session or, as the call has one of its own without an address,
// of the same account a moment before. So the result is a function of the task's
// facts and of what the host saw of logons and pipes around them.
package origin

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

// The ways in which an address is known, and how sure each is. When several
// addresses fit equally, each gets its share.
const (
	ViaPipe  = "5145"      // the account opened the Task Scheduler's pipe from there
	ViaLogon = "4624"      // the change's own logon session came from there
	ViaNear  = "4624-near" // the account logged on from there a moment before
)

var sure = map[string]float64{ViaPipe: 0.95, ViaLogon: 0.9, ViaNear: 0.7}

// The reach of the joins: how long before a change its call may have come, how
// far the logs' clocks may differ, how long a logon session may have lasted, and
// how long after a person's logon the person counts as being there.
const (
	before  = 10 * time.Second
	after   = 2 * time.Second
	session = 24 * time.Hour
	present = 8 * time.Hour
)

// Reach is the stretch before a change in which accesses bear on it.
const Reach = session

// Source is an address that a task was registered from.
type Source struct {
	IP         string
	Port       uint16 // of the caller; 0 where it is not known
	At         time.Time
	Change     graph.Change
	Via        string
	Confidence float64
}

// Origin is what is known of where a task's registrations came from.
type Origin struct {
	Sources []Source
	// Remote says that some change was asked for from another machine.
	Remote bool
	// Attended says whether a person had logged on at the machine in the hours
	// before the task was made; nil where no logon of any kind was seen then.
	Attended *bool
}

// Of works out the origin of a task from its facts and its host's accesses.
func Of(facts []settle.TaskFact, accesses []settle.Access) Origin {
	var o Origin
	for i := range facts {
		f := &facts[i]
		if f.Unknown || f.Channel == settle.ChannelCommand || !changes(f.Change) {
			continue
		}
		o.Remote = o.Remote || f.Remote
		if f.Local {
			continue
		}
		found := sources(f, accesses)
		o.Remote = o.Remote || len(found) > 0
		o.Sources = append(o.Sources, found...)
	}
	o.Sources = distinct(o.Sources)
	o.Attended = attended(facts, accesses)
	return o
}

func changes(c graph.Change) bool {
	return c == graph.Created || c == graph.Updated || c == graph.Deleted
}

// sources are the addresses that one change may have come from, by the first way
// that gives any.
func sources(f *settle.TaskFact, accesses []settle.Access) []Source {
	for _, way := range []struct {
		via  string
		fits func(*settle.TaskFact, *settle.Access) bool
	}{{ViaPipe, byPipe}, {ViaLogon, bySession}, {ViaNear, byTime}} {
		nearest := map[string]*settle.Access{}
		for i := range accesses {
			a := &accesses[i]
			if a.IP == "" || graph.IPScope(a.IP) == graph.Loopback || !way.fits(f, a) {
				continue
			}
			if have := nearest[a.IP]; have == nil || compare(a, have, f.At) < 0 {
				nearest[a.IP] = a
			}
		}
		var out []Source
		for ip, a := range nearest {
			out = append(out, Source{
				IP: ip, Port: a.Port, At: f.At, Change: f.Change, Via: way.via, Confidence: sure[way.via] / float64(len(nearest)),
			})
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

func compare(a, b *settle.Access, at time.Time) int {
	return cmp.Or(cmp.Compare(at.Sub(a.At).Abs(), at.Sub(b.At).Abs()), strings.Compare(a.Key, b.Key))
}

func near(f *settle.TaskFact, a *settle.Access) bool {
	return !a.At.Before(f.At.Add(-before)) && !a.At.After(f.At.Add(after))
}

// sameUser compares accounts without their domains: logs write those differently.
func sameUser(f *settle.TaskFact, a *settle.Access) bool {
	name := strings.ToLower(f.UserName[strings.LastIndexByte(f.UserName, '\\')+1:])
	return name != "" && name == a.User
}

func byPipe(f *settle.TaskFact, a *settle.Access) bool {
	return a.Kind == settle.AccessPipe && near(f, a) && (sameUser(f, a) || f.Logon != 0 && f.Logon == a.LogonID)
}

func bySession(f *settle.TaskFact, a *settle.Access) bool {
	return a.Kind == settle.AccessLogon && f.Logon != 0 && a.LogonID == f.Logon && !a.Person() &&
		!a.At.After(f.At.Add(after)) && f.At.Sub(a.At) <= session
}

func byTime(f *settle.TaskFact, a *settle.Access) bool {
	return a.Kind == settle.AccessLogon && a.Type == network && near(f, a) && sameUser(f, a)
}

const network = 3

func attended(facts []settle.TaskFact, accesses []settle.Access) *bool {
	i := slices.IndexFunc(facts, func(f settle.TaskFact) bool {
		return f.Change == graph.Created && !f.Unknown && f.Channel != settle.ChannelCommand
	})
	if i < 0 {
		return nil
	}
	at, seen, person := facts[i].At, false, false
	for j := range accesses {
		a := &accesses[j]
		if a.Kind != settle.AccessLogon || a.At.After(at.Add(after)) || at.Sub(a.At) > session {
			continue
		}
		seen = true
		person = person || a.Person() && at.Sub(a.At) <= present
	}
	if !seen {
		return nil
	}
	return &person
}

// distinct keeps of each address the surest and then the earliest.
func distinct(all []Source) []Source {
	slices.SortFunc(all, func(a, b Source) int {
		return cmp.Or(strings.Compare(a.IP, b.IP), cmp.Compare(b.Confidence, a.Confidence), a.At.Compare(b.At),
			strings.Compare(a.Via, b.Via), cmp.Compare(a.Port, b.Port), strings.Compare(string(a.Change), string(b.Change)))
	})
	return slices.CompactFunc(all, func(a, b Source) bool { return a.IP == b.IP })
}
