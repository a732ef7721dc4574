package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/queries"
)

// telemetryReport is what telemetry is there and what is missing of it.
type telemetryReport struct {
	Hosts   []hostReport          `json:"hosts"`
	Gaps    []gapReport           `json:"gaps"` // the gravest first
	Aliases []aliasReport         `json:"aliases"`
	Clocks  []clockReport         `json:"clocks"`
	Graph   queries.ObservedHosts `json:"graph"`
	// Uncovered are hosts of the graph that nothing is noted of: they were
	// loaded by an older version, or are known by name only. Only where no host
	// and no time was asked for.
	Uncovered int `json:"uncovered"`
}

// hostReport is what one host gave.
type hostReport struct {
	Host      string    `json:"host"`
	Days      int       `json:"days"`
	FirstSeen time.Time `json:"firstSeen"`
	LastSeen  time.Time `json:"lastSeen"`
	// Kinds are on how many of the days there was each kind of record.
	Kinds map[string]int `json:"kinds"`
	Logs  []string       `json:"logs"`
	Gaps  []string       `json:"gaps"` // their codes, the gravest first
}

// gapReport is one gap with the hosts that have it.
type gapReport struct {
	queries.Gap
	Hosts   []string `json:"hosts"`
	Days    int      `json:"days"` // of all these hosts together
	Details []string `json:"details"`
}

// aliasReport is a bare name that may be the machine of a full one.
type aliasReport struct {
	Name string   `json:"name"`
	Full []string `json:"full"`
	// Line is what to write under hosts.aliases; "" where several full names fit.
	Line string `json:"line,omitempty"`
}

type clockReport struct {
	Host    string   `json:"host"`
	Offsets []string `json:"offsets"`           // that were added
	Unknown int      `json:"unknown,omitempty"` // days with records that could not be corrected
}

func telemetry(days []queries.CoverageDay, all bool, hosts queries.ObservedHosts, aliases map[string]string) *telemetryReport {
	t := &telemetryReport{Graph: hosts, Hosts: hostReports(days), Gaps: gapReports(days), Clocks: clockReports(days)}
	names := make([]string, len(t.Hosts))
	for i, h := range t.Hosts {
		names[i] = h.Host
	}
	if all {
		t.Uncovered = max(0, int(hosts.Hosts)-len(names))
	}
	t.Aliases = suggestAliases(names, aliases)
	return t
}

// gravity is a gap's place in the table.
func gravity() map[string]int {
	order := map[string]int{}
	for i, g := range queries.Gaps() {
		order[g.Code] = i
	}
	return order
}

func hostReports(days []queries.CoverageDay) []hostReport {
	order := gravity()
	out := []hostReport{}
	for _, d := range days { // in the order of hosts
		if len(out) == 0 || out[len(out)-1].Host != d.Host {
			out = append(out, hostReport{Host: d.Host, FirstSeen: d.FirstSeen, Kinds: map[string]int{}, Logs: []string{}, Gaps: []string{}})
		}
		h := &out[len(out)-1]
		h.Days++
		h.LastSeen = d.LastSeen
		for _, k := range d.Kinds {
			h.Kinds[k]++
		}
		for _, e := range d.Events {
			h.Logs = insert(h.Logs, logOf(e))
		}
		for _, g := range d.Gaps {
			h.Gaps = insert(h.Gaps, g.Code)
		}
	}
	for i := range out {
		slices.SortFunc(out[i].Gaps, func(a, b string) int { return cmp.Compare(order[a], order[b]) })
	}
	return out
}

// insert keeps a sorted list without doubles.
func insert(list []string, s string) []string {
	if i, there := slices.BinarySearch(list, s); !there {
		return slices.Insert(list, i, s)
	}
	return list
}

// logOf is the channel of an event, whose name may hold slashes itself.
func logOf(event string) string {
	i := strings.LastIndexByte(event, '/')
	if i < 0 || strings.Trim(event[i+1:], "0123456789") != "" {
		return event
	}
	return event[:i]
}

func gapReports(days []queries.CoverageDay) []gapReport {
	order, by := gravity(), map[string]*gapReport{}
	for _, d := range days {
		counted := map[string]bool{}
		for _, g := range d.Gaps {
			r := by[g.Code]
			if r == nil {
				r = &gapReport{Gap: g, Hosts: []string{}, Details: []string{}}
				r.Detail = ""
				by[g.Code] = r
			}
			r.Hosts = insert(r.Hosts, d.Host)
			if g.Detail != "" {
				r.Details = insert(r.Details, g.Detail)
			}
			if !counted[g.Code] {
				r.Days++
			}
			counted[g.Code] = true
		}
	}
	out := []gapReport{}
	for _, code := range slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Compare(order[a], order[b]) }) {
		out = append(out, *by[code])
	}
	return out
}

func clockReports(days []queries.CoverageDay) []clockReport {
	out := []clockReport{}
	for _, d := range days {
		for _, g := range d.Gaps {
			if g.Code != "clock-shifted" && g.Code != "clock-unknown" {
				continue
			}
			if len(out) == 0 || out[len(out)-1].Host != d.Host {
				out = append(out, clockReport{Host: d.Host, Offsets: []string{}})
			}
			c := &out[len(out)-1]
			if g.Code == "clock-unknown" {
				c.Unknown++
			} else {
				c.Offsets = insert(c.Offsets, g.Detail)
			}
		}
	}
	return out
}

// suggestAliases finds bare names that are the first label of full ones.
func suggestAliases(hosts []string, known map[string]string) []aliasReport {
	full := map[string][]string{}
	for _, h := range hosts {
		if label, _, dotted := strings.Cut(h, "."); dotted {
			full[label] = append(full[label], h)
		}
	}
	out := []aliasReport{}
	for _, h := range hosts {
		names := full[h]
		if len(names) == 0 || known[h] != "" {
			continue
		}
		a := aliasReport{Name: h, Full: names}
		if len(names) == 1 {
			a.Line = h + ": " + names[0]
		}
		out = append(out, a)
	}
	return out
}
