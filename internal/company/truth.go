package company

import (
	"strconv"
	"strings"
)

// Truth is what a company's telemetry holds: the answer sheet.
type Truth struct {
	Seed  uint64  `json:"seed"`
	Hosts int     `json:"hosts"`
	Days  int     `json:"days"`
	Rate  float64 `json:"rate"`
	Start string  `json:"start"`
	End   string  `json:"end"`
	// HostsObserved is, by format, how many hosts have network or DNS telemetry.
	HostsObserved map[Format]int    `json:"hostsObserved"`
	Telemetry     map[string]string `json:"telemetry"` // of the hosts that lack some, by name
	Planted       []Planted         `json:"planted"`
	Decoys        []Decoy           `json:"decoys"`
	// Links are what the planted scenes should show of who had which task made,
	// changed and deleted, and from where.
	Links []Act `json:"links"`
	// Events counts records by format and, of logs, "channel|id", of tables,
	// "table|action".
	Events map[Format]map[string]int64 `json:"events"`
	Files  []File                      `json:"files"`
}

// Planted is a task that reaches a rare destination on a host.
type Planted struct {
	ID   string `json:"id"`
	Host string `json:"host"`
	Task string `json:"task"`
	// Destination is what the logs can name; Destinations says it by format.
	Destination  string            `json:"destination"`
	Destinations map[Format]string `json:"destinations"`
	Name         string            `json:"name,omitempty"` // what was resolved
	IP           string            `json:"ip"`
	Via          string            `json:"via"` // connected or resolved
	Depth        int               `json:"depth"`
	Runs         int               `json:"runs"`
	FirstContact string            `json:"firstContact"`
	// Hosts is the destination's prevalence by format.
	Hosts map[Format]int `json:"hosts"`
	// Chain is the first run's processes, from the one that the task started.
	Chain []Link `json:"chain"`
	// NamedBy is the rung of the ladder that names the task, by format: A, B2,
	// C; D where nothing names it; candidate where it is only one; "" where
	// nothing ties it to the contact.
	NamedBy   string            `json:"namedBy"`
	NamedByIn map[Format]string `json:"namedByIn"`
	VisibleIn map[Format]bool   `json:"visibleIn"` // found without asking for candidates
	Telemetry string            `json:"telemetry"`
	Why       string            `json:"why"`
}

// Link is a process of a planted chain.
type Link struct {
	Image       string `json:"image"`
	CommandLine string `json:"commandLine"`
	PID         uint32 `json:"pid"`
	GUID        string `json:"guid"`
	Start       string `json:"start"`
	Logged      bool   `json:"logged"` // its start is in the logs
}

// Decoy is something that must not be reported as a task's.
type Decoy struct {
	Kind        string `json:"kind"`
	Host        string `json:"host"` // "" for several
	Destination string `json:"destination"`
	Hosts       int    `json:"hosts"` // that reached it, in the logs
	Image       string `json:"image,omitempty"`
	PID         uint32 `json:"pid,omitempty"`
	GUID        string `json:"guid,omitempty"`
	Start       string `json:"start,omitempty"`
	Why         string `json:"why"`
}

func stamp(ms int64) string { return string(appendUTC(nil, ms, 'T', 3)) }

// truth is told after all is written.
func (r *run) truth() *Truth {
	t := &Truth{
		Seed: r.o.Seed, Hosts: r.o.Hosts, Days: r.o.Days, Rate: r.o.Rate, Start: stamp(r.w.start), End: stamp(r.w.end),
		HostsObserved: map[Format]int{}, Telemetry: map[string]string{}, Planted: []Planted{}, Decoys: []Decoy{}, Links: []Act{},
		Events: map[Format]map[string]int64{}, Files: r.out.list(),
	}
	for _, f := range r.o.Formats {
		t.Events[f] = map[string]int64{}
		t.HostsObserved[f] = 0
	}
	for _, m := range r.machines {
		t.Links = append(t.Links, m.links...)
		if m.telemetry.name != everything.name {
			t.Telemetry[m.name] = m.telemetry.name
		}
		for key, n := range m.counts {
			what := key.what
			if what == "" {
				what = logs[key.channel].name + "|" + strconv.Itoa(int(key.id))
			}
			t.Events[key.carrier][what] += n
		}
		for _, f := range r.o.Formats {
			if f == Defender && m.defTalks || f != Defender && m.talks {
				t.HostsObserved[f]++
			}
		}
	}
	for _, p := range r.w.plantings {
		if p.runs > 0 {
			t.Planted = append(t.Planted, r.planted(p))
		}
	}
	t.Decoys = r.decoys()
	return t
}

func (r *run) decoys() []Decoy {
	all := []Decoy{}
	for _, m := range r.machines {
		for _, d := range m.decoys {
			d.Hosts = r.prevalence(d.Destination, EvtxJSON)
			all = append(all, d)
		}
	}
	return append(all,
		Decoy{
			Kind: decoyCommon, Destination: "contoso-software.com", Hosts: r.prevalence("contoso-software.com", EvtxJSON),
			Why: `\ContosoUpdateTaskMachineUA goes there on every host`,
		},
		Decoy{
			Kind: decoyShared, Destination: "homecam.duckdns.org", Hosts: r.prevalence("homecam.duckdns.org", EvtxJSON),
			Why: "a customer of a dynamic DNS service that many hosts go to: another one's rarity is its own",
		})
}

// prevalence is how many hosts' telemetry shows that they reached it.
func (r *run) prevalence(destination string, f Format) int {
	n := 0
	for _, m := range r.machines {
		if f == Defender && !m.defender || !m.reached[destination] {
			continue
		}
		if f == Defender || m.logs[sysmonLog] || isAddress(destination) && m.logs[securityLog] {
			n++
		}
	}
	return n
}

func isAddress(s string) bool { return strings.Trim(s, "0123456789.") == "" }

func (r *run) planted(p *planting) Planted {
	via := "connected"
	if p.resolvedOnly {
		via = "resolved"
	}
	t := Planted{
		ID: p.id, Host: p.host.name, Task: p.path, Name: p.name, IP: p.ip, Via: via, Depth: p.depth, Runs: p.runs,
		FirstContact: stamp(p.contact), Chain: p.chain, Telemetry: p.host.telemetry.name, Why: p.why,
		Destination: p.destination(EvtxJSON), NamedBy: p.namedBy(EvtxJSON),
		Destinations: map[Format]string{}, Hosts: map[Format]int{}, NamedByIn: map[Format]string{}, VisibleIn: map[Format]bool{},
	}
	for _, f := range r.o.Formats {
		t.Destinations[f] = p.destination(f)
		t.Hosts[f] = r.prevalence(t.Destinations[f], f)
		t.NamedByIn[f] = p.namedBy(f)
		t.VisibleIn[f] = t.NamedByIn[f] != "" && t.NamedByIn[f] != "candidate"
	}
	return t
}

// destination is what a format can name it by.
func (p *planting) destination(f Format) string {
	if p.domain == "" || f != Defender && !p.host.logs[sysmonLog] {
		return p.ip
	}
	return p.domain
}

// namedBy is the rung by which a format's telemetry ties the task to the
// contact; see Planted.
func (p *planting) namedBy(f Format) string {
	h := p.host
	switch {
	case f == Defender && !h.defender:
		return ""
	case f != Defender && p.lostMiddle:
		return ""
	case f == Defender && (p.before || p.com):
		return "D"
	case f == Defender:
		return "C"
	case h.logs[schedulerLog] && h.lostPID:
		return "B2"
	case h.logs[schedulerLog]:
		return "A"
	case h.shared:
		return "candidate"
	case h.logs[securityLog] && !p.before:
		return "C"
	}
	return "D"
}
