package settle

import (
	"context"
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// Some exports lose the PID of Sysmon's records. Such a process joins the 4688
// of the same host, second, image, command line and parent, where there is one
// candidate on each side, and borrows its PID (contract section 2, rule 2).

// SecondKey names a second of a host's time.
func SecondKey(host string, second int64) string {
	return host + graph.Sep + "t" + graph.Sep + strconv.FormatInt(second, 10)
}

// Second is the key under which a process can be found by the second of its
// start: set for Sysmon starts without a PID, and for 4688s.
func (p *Process) Second() string {
	switch {
	case p.GUID != "" && p.Sysmon != nil && p.OwnPID() == 0:
		return SecondKey(p.Host, p.Sysmon.At.Unix())
	case p.GUID == "" && p.Security != nil && !p.Security.Unknown:
		return SecondKey(p.Host, p.Security.At.Unix())
	}
	return ""
}

func (p *Process) lacksPID() bool { return p.GUID != "" && p.Sysmon != nil && p.OwnPID() == 0 }

// findHosts learns which hosts lose PIDs (most don't, and need no look-up) and
// which have parents whose GUIDs are too young.
func (s *settling) findHosts(ctx context.Context) error {
	stored, err := s.store.Hosts(ctx, sortedKeys(s.hosts))
	if err != nil {
		return err
	}
	for _, h := range stored {
		own := s.hosts[h.Key]
		own.Pidless, own.Skewed = h.Pidless, h.Skewed
	}
	for _, p := range s.procs {
		if h := s.hosts[p.Host]; p.lacksPID() && h != nil {
			h.Pidless = true
		}
	}
	for key, h := range s.hosts {
		if h.Pidless {
			s.pidless[key] = true
		}
	}
	return nil
}

// seconds are the seconds around the starts that may have to be joined.
func (s *settling) seconds() []string {
	if len(s.pidless) == 0 {
		return nil
	}
	var keys []string
	around := func(host string, second int64) {
		for _, d := range []int64{-1, 0, 1} {
			keys = append(keys, SecondKey(host, second+d))
		}
	}
	for _, p := range s.procs {
		if !s.pidless[p.Host] {
			continue
		}
		if p.lacksPID() {
			around(p.Host, p.Sysmon.At.Unix())
		}
		if p.Stored != nil && p.Security != nil && p.Unit() != "" {
			s.touched[p.Unit()] = true // to be taken apart
		}
	}
	for _, u := range s.units {
		for i := range u.Security {
			if s.pidless[u.Host] && !u.Security[i].Unknown {
				around(u.Host, u.Security[i].At.Unix())
			}
		}
	}
	return keys
}

// borrow joins processes without a PID to 4688s.
func (s *settling) borrow() {
	if len(s.pidless) == 0 {
		return
	}
	bySecond := map[string][]*Start{}
	for _, u := range s.units {
		if !s.pidless[u.Host] {
			continue
		}
		for i := range u.Security {
			start := &u.Security[i]
			start.PID = u.PID
			if !start.Unknown {
				key := SecondKey(u.Host, start.At.Unix())
				bySecond[key] = append(bySecond[key], start)
			}
		}
	}
	fits := map[*Process][]*Start{}
	rivals := map[*Start]int{}
	for _, p := range s.procs {
		if !p.lacksPID() {
			continue
		}
		p.PID = 0
		for _, d := range []int64{-1, 0, 1} {
			for _, start := range bySecond[SecondKey(p.Host, p.Sysmon.At.Unix()+d)] {
				if sameStart(p.Sysmon, start) {
					fits[p] = append(fits[p], start)
					rivals[start]++
				}
			}
		}
	}
	for p, starts := range fits {
		if len(starts) != 1 || rivals[starts[0]] != 1 {
			s.Ambiguous++
			continue
		}
		p.PID = starts[0].PID
		u := s.unit(p.Host, p.PID)
		u.GUIDs = append(u.GUIDs, p)
	}
}

// sameStart says that a Sysmon start without a PID and a 4688 agree in all
// that both know.
func sameStart(a, b *Start) bool {
	agree := func(x, y string) bool { return x == "" || y == "" || strings.EqualFold(x, y) }
	return a.At.Sub(b.At).Abs() <= joinWithin && strings.EqualFold(a.Image, b.Image) &&
		agree(a.Command, b.Command) && agree(graph.BaseName(a.ParentImage), graph.BaseName(b.ParentImage)) &&
		(a.ParentPID == 0 || b.ParentPID == 0 || a.ParentPID == b.ParentPID)
}
