package loader_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/loader"
	"github.com/taskroot/taskroot/queries"
)

// open gives an empty database with the schema, and the library.
func open(t *testing.T) (*graphdb.DB, *queries.Library) {
	t.Helper()
	db := graphtest.Open(t)
	graphtest.Exclusive(t, db)
	lib, err := queries.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := lib.Migrate(t.Context(), db.Writer()); err != nil {
		t.Fatal(err)
	}
	return db, lib
}

// settings are those that the tests' made-up organisation would have.
func settings() loader.Config {
	c := loader.DefaultConfig()
	c.Proxies = []string{"52.1.1.2:443", "two.example.org"}
	return c
}

func newLoader(t *testing.T, db *graphdb.DB, lib *queries.Library, round int) *loader.Loader {
	c := settings()
	c.Round, c.RejectDir = round, t.TempDir()
	return loader.New(db, lib, slog.New(slog.DiscardHandler), c)
}

// dump is the graph as sorted text, without evidence.
func dump(t *testing.T, db *graphdb.DB) []string {
	t.Helper()
	var lines []string
	for _, name := range []string{"dump-nodes", "dump-edges"} {
		text, err := os.ReadFile("testdata/" + name + ".cypher")
		if err != nil {
			t.Fatal(err)
		}
		err = db.Reader().Run(t.Context(), graphdb.Statement{Name: name, Text: string(text)}, nil, func(r graphdb.Row) error {
			props, _ := r.Values[len(r.Values)-1].(map[string]any)
			delete(props, "evidence")
			for k, v := range props {
				if at, ok := v.(time.Time); ok {
					props[k] = at.UTC()
				}
			}
			b, err := json.Marshal(r.Values)
			lines = append(lines, string(b))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(lines)
	return lines
}

// diff says in few words how two dumps differ: what is in one only, and which
// properties of what is in both.
func diff(a, b []string) string {
	first, second := parse(a), parse(b)
	var out []string
	for id, p := range first {
		q, ok := second[id]
		if !ok {
			out = append(out, "- "+id)
			continue
		}
		for k := range p {
			if fmt.Sprint(p[k]) != fmt.Sprint(q[k]) {
				out = append(out, fmt.Sprintf("~ %s %s: %v -> %v", id, k, p[k], q[k]))
			}
		}
		for k := range q {
			if _, ok := p[k]; !ok {
				out = append(out, fmt.Sprintf("~ %s %s: none -> %v", id, k, q[k]))
			}
		}
	}
	for id := range second {
		if _, ok := first[id]; !ok {
			out = append(out, "+ "+id)
		}
	}
	slices.Sort(out)
	if len(out) > 24 {
		out = append(out[:24], fmt.Sprintf("… and %d more", len(out)-24))
	}
	return strings.Join(out, "\n")
}

func parse(lines []string) map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, l := range lines {
		var row []any
		if err := json.Unmarshal([]byte(l), &row); err != nil {
			panic(err)
		}
		props, _ := row[len(row)-1].(map[string]any)
		id := fmt.Sprint(row[:len(row)-1])
		if len(row) == 2 {
			id = fmt.Sprint(row[0], " ", props["key"], props["name"])
		}
		if row[0] == "DEFINED" {
			id += fmt.Sprint(props["from"])
		}
		all[id] = props
	}
	return all
}

// TestOrderDoesNotMatter loads one messy set of observations at once, then
// shuffled in small rounds, split over runs, and twice: the same graph each
// time, node for node.
func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range seeds(t) {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			db, lib := open(t)
			load := func(round int, all ...[]graph.Observation) []string {
				graphtest.Wipe(t, db)
				for _, part := range all {
					if _, err := newLoader(t, db, lib, round).LoadObservations(t.Context(), part); err != nil {
						t.Fatal(err)
					}
				}
				return dump(t, db)
			}
			want := load(100000, mess(seed))
			rng := rand.New(rand.NewPCG(seed, 1))
			shuffled := mess(seed)
			rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if d := diff(want, load(20, shuffled)); d != "" {
				t.Errorf("shuffled, in rounds of 20:\n%s", d)
			}
			backwards := mess(seed)
			slices.Reverse(backwards)
			cut := len(backwards) / 3
			if d := diff(want, load(50, backwards[:cut], backwards[cut:])); d != "" {
				t.Errorf("backwards, in two runs:\n%s", d)
			}
			if d := diff(want, load(40, mess(seed), mess(seed))); d != "" {
				t.Errorf("twice:\n%s", d)
			}
		})
	}
}

// seeds is how many sets to try: 6, or $TASKROOT_SEEDS.
func seeds(t *testing.T) uint64 {
	n, err := strconv.ParseUint(cmp.Or(os.Getenv("TASKROOT_SEEDS"), "6"), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestBooks holds the tally to its equation and a second load to making nothing.
func TestBooks(t *testing.T) {
	db, lib := open(t)
	all := mess(3)
	first, err := newLoader(t, db, lib, 25).LoadObservations(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	if first.Read != len(all) || first.Stored+first.Merged != first.Read {
		t.Errorf("read %d, stored %d, merged %d of %d", first.Read, first.Stored, first.Merged, len(all))
	}
	second, err := newLoader(t, db, lib, 100).LoadObservations(t.Context(), mess(3))
	if err != nil {
		t.Fatal(err)
	}
	if second.Stored != 0 || second.Merged != len(all) || len(second.Nodes) != 0 || len(second.Relationships) != 0 {
		t.Errorf("the second load: %+v", second)
	}
}

var epoch = time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC)

// mess makes observations of two hosts over a few minutes with everything that
// makes identity hard: few PIDs reused at once, names that differ, records
// without GUID or PID, ends that are missing, launches with and without PID.
func mess(seed uint64) []graph.Observation {
	m := &messer{rng: rand.New(rand.NewPCG(seed, 7))}
	for range 60 {
		m.process()
	}
	for range 40 {
		m.loose()
	}
	for range 12 {
		m.origin()
	}
	for range 60 {
		m.network()
	}
	for range 25 {
		m.handover()
	}
	for range 20 {
		m.listing()
	}
	for range 50 {
		m.class()
	}
	return m.out
}

type messer struct {
	rng *rand.Rand
	out []graph.Observation
	n   uint64
}

func (m *messer) pick(s ...string) string { return s[m.rng.IntN(len(s))] }

func (m *messer) head(host string, at time.Time, channel string, id uint32) graph.Header {
	m.n++
	return graph.Header{
		Host: host, HostName: strings.ToUpper(host), Clock: graph.Clock{Claimed: at, Trust: graph.Honest},
		Evidence: graph.Evidence{Source: "mess", Channel: channel, Record: m.n, EventID: id, Time: at},
	}
}

func (m *messer) at() time.Time {
	return epoch.Add(time.Duration(m.rng.IntN(240_000)) * time.Millisecond)
}

func guid(at time.Time, n uint32) string {
	s := uint32(at.Unix())
	return fmt.Sprintf("AAAAAAAA-%04X-%04X-%04X-00000000%04X", s&0xffff, s>>16, n, n)
}

var images = []string{`C:\Windows\System32\cmd.exe`, `C:\Windows\System32\svchost.exe`, `C:\Tools\a.exe`}

// process makes one real process and the records that happen to be kept of it.
func (m *messer) process() {
	host := m.pick("h1", "h2")
	at := m.at()
	pid := uint32(4 * (1 + m.rng.IntN(4)))
	image := m.pick(images...)
	ppid := uint32(4 * (1 + m.rng.IntN(4)))
	g := guid(at, m.rng.Uint32()&0xffff)
	parent := graph.ProcessRef{PID: ppid, Image: m.pick(images...)}
	if m.rng.IntN(2) == 0 {
		parent.GUID = guid(at.Add(-time.Duration(m.rng.IntN(60))*time.Second), m.rng.Uint32()&0xff)
		parent.CommandLine = m.pick("", `C:\Windows\system32\svchost.exe -k netsvcs -p -s Schedule`)
	}
	sysmon := graph.ProcessRef{GUID: g, PID: pid, Image: image, CommandLine: `run ` + m.pick("x", "y", "https://far.example.net/a", "http://one.example.com http://far.example.net"), User: `D\u`}
	if m.rng.IntN(6) == 0 {
		sysmon.PID = 0
	}
	if m.rng.IntN(3) > 0 {
		m.out = append(m.out, &graph.ProcessStarted{
			Header: m.head(host, at, "Microsoft-Windows-Sysmon/Operational", 1), Process: sysmon, Parent: parent, Source: graph.StartSysmon,
		})
	}
	if m.rng.IntN(3) > 0 {
		p := graph.ProcessRef{PID: pid, Image: image, CommandLine: sysmon.CommandLine, User: `D\u`}
		m.out = append(m.out, &graph.ProcessStarted{
			Header: m.head(host, at.Add(time.Duration(m.rng.IntN(1500)-300)*time.Millisecond), "Security", 4688), Process: p,
			Parent: graph.ProcessRef{PID: ppid, Image: m.pick("", parent.Image)}, Source: graph.StartSecurity,
		})
	}
	end := at.Add(time.Duration(1+m.rng.IntN(90)) * time.Second)
	switch m.rng.IntN(3) {
	case 0:
		m.out = append(m.out, &graph.ProcessEnded{
			Header: m.head(host, end, "Microsoft-Windows-Sysmon/Operational", 5), Process: graph.ProcessRef{GUID: g, PID: sysmon.PID, Image: image},
		})
	case 1:
		m.out = append(m.out, &graph.ProcessEnded{Header: m.head(host, end, "Security", 4689), Process: graph.ProcessRef{PID: pid, Image: image}})
	}
	for range m.rng.IntN(3) {
		m.contact(host, at.Add(time.Duration(m.rng.IntN(50000))*time.Millisecond), sysmon, pid)
	}
	if m.rng.IntN(3) == 0 {
		m.launch(host, at, pid, image)
	}
	if m.rng.IntN(2) == 0 {
		m.defender(host, at, pid, ppid, image)
	}
}

func (m *messer) contact(host string, at time.Time, p graph.ProcessRef, pid uint32) {
	ip := m.pick("52.1.1.1", "52.1.1.2", "10.0.0.9")
	switch m.rng.IntN(3) {
	case 0:
		m.out = append(m.out, &graph.Contacted{
			Header: m.head(host, at, "Microsoft-Windows-Sysmon/Operational", 3), Process: graph.ProcessRef{GUID: p.GUID, PID: p.PID, Image: p.Image},
			RemoteIP: ip, RemotePort: 443, Protocol: "tcp", LocalPort: uint16(50000 + m.rng.IntN(9)), Source: "sysmon3",
		})
	case 1:
		m.out = append(m.out, &graph.Contacted{
			Header: m.head(host, at, "Security", 5156), Process: graph.ProcessRef{PID: pid, Image: m.pick("", strings.ToLower(p.Image))},
			RemoteIP: ip, RemotePort: 443, Protocol: "tcp", LocalPort: uint16(50000 + m.rng.IntN(9)), Source: "5156", Inbound: m.rng.IntN(5) == 0,
		})
	default:
		ref := graph.ProcessRef{GUID: p.GUID, PID: p.PID, Image: p.Image}
		if m.rng.IntN(3) == 0 {
			ref = graph.ProcessRef{PID: pid}
		}
		m.out = append(m.out, &graph.Asked{
			Header: m.head(host, at, "Microsoft-Windows-Sysmon/Operational", 22), Process: ref,
			Name: m.pick("one.example.com", "two.example.org.", "WPAD"), Status: "0", Answers: []string{ip},
		})
	}
}

func (m *messer) launch(host string, at time.Time, pid uint32, image string) {
	path := m.pick(`\One`, `\Two`)
	instance := guid(at, m.rng.Uint32())
	at = at.Add(13 * time.Millisecond)
	if m.rng.IntN(3) == 0 {
		pid = 0
	}
	h := m.head(host, at, "Microsoft-Windows-TaskScheduler/Operational", 129)
	h.SchedulerPID = 8
	m.out = append(m.out, &graph.TaskRan{Header: h, Path: path, Stage: graph.Launched, PID: pid, Image: image})
	if m.rng.IntN(2) == 0 {
		h := m.head(host, at.Add(time.Millisecond), "Microsoft-Windows-TaskScheduler/Operational", 200)
		m.out = append(m.out, &graph.TaskRan{Header: h, Path: path, Stage: graph.ActionStart, PID: pid, Image: image, Instance: instance})
	}
	if m.rng.IntN(2) == 0 {
		h := m.head(host, at.Add(9*time.Second), "Microsoft-Windows-TaskScheduler/Operational", 201)
		m.out = append(m.out, &graph.TaskRan{Header: h, Path: path, Stage: graph.ActionEnd, PID: pid, Image: image, Instance: instance, Result: "0"})
	}
}

// loose makes changes of tasks.
func (m *messer) loose() {
	host, at := m.pick("h1", "h2"), m.at()
	change := graph.Change(m.pick("created", "updated", "deleted", "disabled"))
	o := &graph.TaskChanged{
		Header: m.head(host, at, m.pick("Security", "Microsoft-Windows-TaskScheduler/Operational"), 4698), Path: m.pick(`\One`, `One`, `\Two`, `\Three`),
		Change: change, User: m.pick(`D\u`, `D\v`, "S-1-5-18"),
	}
	if change != graph.Deleted && m.rng.IntN(2) == 0 {
		o.XML = `<Task><Actions><Exec><Command>` + m.pick("cmd.exe", `C:\Tools\a.exe`) + `</Command><Arguments>` + m.pick("x", "y", "http://one.example.com/a", "52.1.1.1", "https://three.example.net") +
			`</Arguments></Exec>` + m.handler() + `</Actions></Task>`
	}
	switch m.rng.IntN(4) {
	case 0:
		o.Client.PID = uint32(4 * (1 + m.rng.IntN(4)))
	case 1:
		o.Client = graph.ProcessRef{PID: uint32(4 * (1 + m.rng.IntN(4))), Image: m.pick(images...), Started: at.Add(-time.Second).Truncate(time.Second)}
	}
	m.out = append(m.out, o)
	m.ask(host, at)
	if m.rng.IntN(2) == 0 {
		m.trace(host, m.at())
	}
}

// listing makes what inventories say, of tasks with and without changes.
func (m *messer) listing() {
	origin := graph.Origin(m.pick("file", "schtasks", "get-scheduledtask", "taskcache"))
	o := &graph.TaskListed{
		Header: m.head(m.pick("h1", "h2"), m.at(), "inventory", 0), Path: m.pick(`\One`, `\Two`, `\Three`, `\Four`), Origin: origin,
	}
	if origin == graph.OriginCache {
		missing, index := m.rng.IntN(2) == 0, uint32(m.rng.IntN(3))
		o.NoSD, o.Index = &missing, &index
	}
	if m.rng.IntN(4) > 0 {
		o.XML = `<Task><RegistrationInfo>` + m.pick("", "<Date>2024-05-01T08:02:00Z</Date>", "<Date>2023-05-01T08:02:00</Date>") + `</RegistrationInfo>` +
			m.pick("", "<Settings><Hidden>true</Hidden></Settings>") + `<Actions><Exec><Command>` + m.pick("cmd.exe", `C:\Tools\a.exe`) +
			`</Command><Arguments>` + m.pick("x", "y") + `</Arguments></Exec>` + m.handler() + `</Actions></Task>`
	}
	if m.rng.IntN(4) == 0 {
		on := m.rng.IntN(2) == 0
		o.Enabled = &on
	}
	m.out = append(m.out, o)
}
