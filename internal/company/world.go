package company

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
)

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour

	netbios = "ALDERBROOK"
	// internalSuffix is the company's own; its names have private addresses.
	internalSuffix = "corp.alderbrook.internal"
	domainSID      = "S-1-5-21-2917423801-1184066273-3301775519"
)

// account is who a process runs as.
type account struct {
	domain, name, sid string
	logon             uint64
	integrity         string
}

func (a *account) full() string { return a.domain + `\` + a.name }

var (
	system         = &account{"NT AUTHORITY", "SYSTEM", "S-1-5-18", 0x3e7, "System"}
	networkService = &account{"NT AUTHORITY", "NETWORK SERVICE", "S-1-5-20", 0x3e4, "System"}
)

// role is what a host is for.
type role uint8

const (
	workstation role = iota
	server
	controller
)

// telemetry says what of a host's is logged.
type telemetry struct {
	name      string
	logs      [channels]bool
	defender  bool
	noCommand bool // 4688 without command lines
	lostPID   bool // 129 without ProcessID, 200 without EnginePID
	shared    bool // an older host: Schedule lives in a shared svchost -k netsvcs
	imaged    bool // its normal tasks are registered within the data
}

// The kinds of telemetry, by the host's number modulo 20; the others have all.
var kinds = map[int]telemetry{
	3:  {name: "security+scheduler", logs: [channels]bool{securityLog: true, schedulerLog: true}, defender: true},
	5:  {name: "sysmon", logs: [channels]bool{sysmonLog: true}, defender: true},
	7:  {name: "lost-pids", logs: [channels]bool{true, true, true}, defender: true, lostPID: true},
	9:  {name: "no-scheduler-log", logs: [channels]bool{sysmonLog: true, securityLog: true}, defender: true, imaged: true},
	11: {name: "older", logs: [channels]bool{true, true, true}, shared: true},
	13: {name: "no-command-lines", logs: [channels]bool{securityLog: true, schedulerLog: true}, defender: true, noCommand: true},
	15: {name: "older-sysmon", logs: [channels]bool{sysmonLog: true}, shared: true},
}

var everything = telemetry{name: "all", logs: [channels]bool{true, true, true}, defender: true}

// host is a machine as it was bought; what happens on it is in machine.
type host struct {
	telemetry
	index    int
	name     string // as its records spell it
	role     role
	ip       string
	user     *account // nil on servers
	guid     uint32   // first part of its Sysmon GUIDs
	device   string   // Defender's id
	plants   []*planting
	scenes   []*staging
	stayOn   bool
	baseline uint64 // record ids begin here
}

// site is a public name that hosts go to.
type site struct {
	name, domain string
	cname        string
	ips          []string
}

// world is what all hosts share; it doesn't change after it is made.
type world struct {
	o          Options
	start, end int64
	slice      int64
	hosts      []*host
	sites      []site // by popularity
	vendors    map[string]site
	plantings  []*planting
	watch      map[string]bool // destinations that the truth counts the hosts of
}

var (
	adjectives = strings.Fields("amber birch cedar copper crimson dapper drift ember frost gentle golden granite hazel indigo ivory jolly lunar maple mellow north olive pebble quiet river russet saffron silver tidal umber velvet willow winter")
	nouns      = strings.Fields("anchor badger basin beacon bramble canyon cobble comet dune falcon fern gable harbor heron kettle lantern ledger marble meadow orchard otter pantry plover quarry ridge sparrow tavern thicket tulip valley walnut yarrow")
	purposes   = strings.Fields("news shop forum travel maps recipes music mail video weather sports books")
	endings    = strings.Fields("com net org io co.uk de com com")
	firsts     = strings.Fields("ada bruno carla dinesh edda farid greta hiro ines jonas kadia lars mina nadia oskar petra quentin rosa selim tilda ugo vera wanda xenia yusuf zofia")
	lasts      = strings.Fields("abbot brandt castel dorn ekman fuchs garner hale iversen jansen kowal lund moreau nyberg osei pires quade reyes stahl tanaka ulrich varga weiss young zeller")
)

const sitesCount = 240

func newWorld(o Options) *world {
	w := &world{o: o, start: o.Start.UnixMilli(), vendors: map[string]site{}}
	w.end = w.start + int64(o.Days)*day
	// A slice is an hour at rate 1 and holds about as many events at any rate.
	w.slice = hour
	for w.slice > minute && float64(hour/w.slice) < o.Rate {
		w.slice /= 2
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0x5173))
	w.makeSites(rng)
	for i := range o.Hosts {
		w.hosts = append(w.hosts, w.makeHost(i, rng))
	}
	w.plant()
	w.stage()
	w.watchAll()
	return w
}

func (w *world) makeSites(rng *rand.Rand) {
	seen := map[string]bool{}
	for len(w.sites) < sitesCount {
		stem := adjectives[rng.IntN(len(adjectives))] + nouns[rng.IntN(len(nouns))]
		if seen[stem] {
			continue
		}
		seen[stem] = true
		domain := stem + "-" + purposes[rng.IntN(len(purposes))] + "." + endings[rng.IntN(len(endings))]
		n := len(w.sites)
		s := site{name: "www." + domain, domain: domain}
		if n%3 == 0 {
			// A content network's customers share its addresses.
			edge := rng.IntN(6)
			s.cname = fmt.Sprintf("e%d.edge.fabrikam-cloud.net", 1000+n)
			s.ips = []string{fmt.Sprintf("151.139.%d.10", 8+edge), fmt.Sprintf("151.139.%d.11", 8+edge)}
		} else {
			s.ips = []string{fmt.Sprintf("52.%d.%d.%d", 84+n%9, rng.IntN(256), 1+rng.IntN(250))}
		}
		w.sites = append(w.sites, s)
	}
	for i, name := range []string{
		"updates.contoso-software.com", "sync.contoso-software.com", "telemetry.fabrikam-office.com",
		"definitions.litware-protection.com", "cdn.fabrikam-cloud.net",
	} {
		_, domain, _ := strings.Cut(name, ".")
		w.vendors[name] = site{name: name, domain: domain, ips: []string{fmt.Sprintf("20.190.%d.%d", 130+i, 20+i)}}
	}
}

func (w *world) makeHost(i int, rng *rand.Rand) *host {
	h := &host{telemetry: everything, index: i, guid: rng.Uint32() | 1, baseline: 1000 + rng.Uint64N(400_000)}
	if k, ok := kinds[i%20]; ok {
		h.telemetry = k
	}
	short := fmt.Sprintf("WS-%04d", i)
	switch {
	case i == 0 && w.o.Hosts > 4:
		h.role, short = controller, "DC-0000"
	case i%8 == 6:
		h.role, short = server, fmt.Sprintf("SRV-%04d", i)
	default:
		n := i % (len(firsts) * len(lasts))
		name := firsts[n%len(firsts)] + "." + lasts[(n/len(firsts)+n)%len(lasts)]
		if i != n {
			name += fmt.Sprint(i)
		}
		h.user = &account{netbios, name, fmt.Sprintf("%s-%d", domainSID, 1100+i), 0x40000 + uint64(rng.Uint32()>>8), "Medium"}
	}
	h.name = short + "." + internalSuffix
	if i%9 == 4 {
		h.name = short // some log their bare name
	}
	h.ip = fmt.Sprintf("10.%d.%d.%d", 20+i/62500, i/250%250, 2+i%250)
	h.stayOn = h.role != workstation || i%6 == 4
	h.imaged = h.imaged || i%4 == 1
	h.device = fmt.Sprintf("%016x%016x%08x", rng.Uint64(), rng.Uint64(), rng.Uint32())
	return h
}

// stream makes a host's own random numbers, which nothing else draws from.
func (w *world) stream(h *host) *rand.Rand {
	sum := fnv.New64a()
	fmt.Fprintf(sum, "host %d", h.index) // a hash takes every write
	return rand.New(rand.NewPCG(w.o.Seed, sum.Sum64()))
}
