package flows

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/loader/settle"
)

// Stretch is a time of a client's address, in seconds since 1970, both ends
// included, whose flows are to be joined again.
type Stretch struct {
	IP       string
	From, To int64
}

// Saw gives the stretches in which new flows of a client, or new answers to it, bear
// on the join.
func Saw(client string, answers bool, seconds []int64) []Stretch {
	var out []Stretch
	for _, s := range seconds {
		if answers {
			out = append(out, Stretch{client, s - after, s + before})
		} else {
			out = append(out, Stretch{client, s - apart, s + apart})
		}
	}
	return union(out)
}

// Had gives the stretches for which it is new that a host had an address; the
// earlier ends are zero where the host was not known to have had it.
func Had(ip string, wasFirst, wasLast, first, last time.Time) []Stretch {
	from, to := first.Add(-day).Unix(), last.Add(day).Unix()
	if wasFirst.IsZero() {
		return []Stretch{{ip, from, to}}
	}
	var out []Stretch
	if wasFirst.After(first) {
		out = append(out, Stretch{ip, from, wasFirst.Add(-day).Unix()})
	}
	if last.After(wasLast) {
		out = append(out, Stretch{ip, wasLast.Add(day).Unix(), to})
	}
	return out
}

// said gives the stretches of a host's address in which a change of what its
// processes said bears on the join.
func said(ip string, t *settle.Talked) []Stretch {
	var out []Stretch
	for _, s := range t.Seconds {
		out = append(out, Stretch{ip, s - apart, s + before})
	}
	return union(out)
}

// union joins stretches that touch, in order of address and time.
func union(all []Stretch) []Stretch {
	slices.SortFunc(all, func(a, b Stretch) int {
		return cmp.Or(strings.Compare(a.IP, b.IP), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	var out []Stretch
	for _, s := range all {
		if n := len(out); n > 0 && out[n-1].IP == s.IP && s.From <= out[n-1].To+before {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

// holds says whether a second of an address lies in one of the stretches.
func holds(all []Stretch, ip string, second int64) bool {
	return slices.ContainsFunc(all, func(s Stretch) bool { return s.IP == ip && s.From <= second && second <= s.To })
}
