package company_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/company"
)

// raw is a record of a host as evtx_dump's lines have it, read by nobody's
// decoder but this.
type raw struct {
	channel string
	id      int
	at      time.Time
	logger  int
	data    map[string]any
}

func (r *raw) text(name string) string {
	switch v := r.data[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// pid reads 0x1f4 and 500 alike.
func (r *raw) pid(name string) int64 {
	n, err := strconv.ParseInt(r.text(name), 0, 64)
	if err != nil {
		return -1
	}
	return n
}

type hostLogs struct {
	records []raw
	byGUID  map[string]*raw // Sysmon 1
}

func readHost(t *testing.T, dir, host string) *hostLogs {
	t.Helper()
	folder := filepath.Join(dir, "evtx-json", strings.ToLower(host))
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	h := &hostLogs{byGUID: map[string]*raw{}}
	for _, e := range entries {
		lines(t, filepath.Join(folder, e.Name()), func(line []byte) { h.records = append(h.records, parseRaw(t, host, line)) })
	}
	slices.SortStableFunc(h.records, func(a, b raw) int { return a.at.Compare(b.at) })
	for i := range h.records {
		if r := &h.records[i]; strings.Contains(r.channel, "Sysmon") && r.id == 1 {
			h.byGUID[r.text("ProcessGuid")] = r
		}
	}
	return h
}

func parseRaw(t *testing.T, host string, line []byte) raw {
	t.Helper()
	var v struct {
		Event struct {
			System struct {
				EventID           int
				Channel, Computer string
				TimeCreated       struct {
					A struct{ SystemTime time.Time } `json:"#attributes"`
				}
				Execution struct {
					A struct{ ProcessID int } `json:"#attributes"`
				}
			}
			EventData map[string]any
		}
	}
	d := json.NewDecoder(strings.NewReader(string(line)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	s := v.Event.System
	if s.Computer != host {
		t.Fatalf("a record of %s lies with %s", s.Computer, host)
	}
	return raw{s.Channel, s.EventID, s.TimeCreated.A.SystemTime, s.Execution.A.ProcessID, v.Event.EventData}
}

func (h *hostLogs) find(channel string, id int, fits func(*raw) bool) []*raw {
	var all []*raw
	for i := range h.records {
		if r := &h.records[i]; r.id == id && strings.Contains(r.channel, channel) && fits(r) {
			all = append(all, r)
		}
	}
	return all
}

func near(a, b time.Time, d time.Duration) bool { return a.Sub(b).Abs() <= d }

// TestTruth walks from each planted contact up to its task through the written
// records alone, and finds what the truth says.
func TestTruth(t *testing.T) {
	_, dir := generate(t, company.Options{
		Hosts: 40, Days: 1, Seed: 11, Rate: 0.3, Formats: []company.Format{company.EvtxJSON, company.Defender},
	})
	truth := readTruth(t, dir)
	hosts := map[string]*hostLogs{}
	ids := map[string]int{}
	for _, p := range truth.Planted {
		if hosts[p.Host] == nil {
			hosts[p.Host] = readHost(t, dir, p.Host)
		}
		h := hosts[p.Host]
		ids[p.ID]++
		t.Run("OK"+p.ID+"@"+p.Host, func(t *testing.T) {
			if len(p.Chain) != p.Depth || p.Hosts[company.EvtxJSON] < 1 || p.Runs < 1 {
				t.Fatalf("chain of %d, depth %d, %d hosts, %d runs", len(p.Chain), p.Depth, p.Hosts[company.EvtxJSON], p.Runs)
			}
			if slices.Contains([]string{"security+scheduler", "no-command-lines"}, p.Telemetry) {
				walkPIDs(t, h, &p)
			} else {
				walkGUIDs(t, h, &p)
			}
			checkLaunch(t, h, &p)
		})
	}
	want := map[string]int{
		"direct": 1, "script": 2, "deep": 1, "deepest": 1, "dynamic-dns": 1, "address": 1, "resolved": 1, "com-handler": 1,
		"remote": 1, "before": 1, "short": 1, "content-network": 1, "lost-root": 1, "lost-middle": 1, "security-log": 1,
		"sysmon-alone": 1, "lost-pids": 1, "definition": 1, "older": 1, "no-command-lines": 1, "older-sysmon": 1,
	}
	if fmt.Sprint(ids) != fmt.Sprint(want) {
		t.Errorf("planted are %v", ids)
	}
	t.Run("OKPrevalence", func(t *testing.T) { checkPrevalence(t, dir, truth) })
	t.Run("OKDefender", func(t *testing.T) { checkDefender(t, dir, truth) })
	t.Run("OKReuse", func(t *testing.T) { checkReuse(t, hosts, truth) })
}

// walkGUIDs goes from the process that makes contact to its parent by GUID,
// and on, as far as starts are logged.
func walkGUIDs(t *testing.T, h *hostLogs, p *company.Planted) {
	t.Helper()
	last := p.Chain[p.Depth-1]
	asked := h.find("Sysmon", 22, func(r *raw) bool {
		return r.text("ProcessGuid") == last.GUID && r.text("QueryName") == p.Name && strings.Contains(r.text("QueryResults"), "::ffff:"+p.IP+";")
	})
	connected := h.find("Sysmon", 3, func(r *raw) bool {
		return r.text("ProcessGuid") == last.GUID && r.text("DestinationIp") == p.IP && r.data["Initiated"] == true
	})
	if len(asked) != boolean(p.Name != "") || len(connected) != boolean(p.Via == "connected") {
		t.Errorf("%d questions, %d connections", len(asked), len(connected))
	}
	for i := p.Depth - 1; i >= 0; i-- {
		link := p.Chain[i]
		r := h.byGUID[link.GUID]
		if (r != nil) != link.Logged {
			t.Fatalf("process %d: logged %v, its record is there: %v", i+1, link.Logged, r != nil)
		}
		if r == nil {
			continue
		}
		if r.text("Image") != link.Image || r.text("CommandLine") != link.CommandLine || r.pid("ProcessId") != int64(link.PID) {
			t.Errorf("process %d is %s %s", i+1, r.text("Image"), r.text("CommandLine"))
		}
		parent := r.text("ParentCommandLine")
		if i > 0 && (r.text("ParentProcessGuid") != p.Chain[i-1].GUID || r.pid("ParentProcessId") != int64(p.Chain[i-1].PID)) {
			t.Errorf("process %d has parent %s", i+1, parent)
		}
		if i == 0 && !strings.HasSuffix(parent, "-s Schedule") && !(strings.HasPrefix(p.Telemetry, "older") && strings.HasSuffix(parent, "-k netsvcs")) {
			t.Errorf("the first process has parent %s", parent)
		}
	}
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// walkPIDs does the same where there is no Sysmon: the last start of a PID
// before its child's.
func walkPIDs(t *testing.T, h *hostLogs, p *company.Planted) {
	t.Helper()
	contact, err := time.Parse(time.RFC3339, p.FirstContact)
	if err != nil {
		t.Fatal(err)
	}
	connected := h.find("Security", 5156, func(r *raw) bool {
		return r.text("DestAddress") == p.IP && r.text("Direction") == "%%14593" && near(r.at, contact, time.Second)
	})
	if len(connected) != 1 {
		t.Fatalf("%d connections", len(connected))
	}
	id, at := connected[0].pid("ProcessID"), connected[0].at
	for i := p.Depth - 1; i >= 0; i-- {
		starts := h.find("Security", 4688, func(r *raw) bool { return r.pid("NewProcessId") == id && !r.at.After(at) })
		if len(starts) == 0 {
			t.Fatalf("process %d is not there", i+1)
		}
		r := starts[len(starts)-1]
		if r.text("NewProcessName") != p.Chain[i].Image || id != int64(p.Chain[i].PID) {
			t.Errorf("process %d is %s, %d", i+1, r.text("NewProcessName"), id)
		}
		id, at = r.pid("ProcessId"), r.at
	}
	if logged := h.find("TaskScheduler", 129, func(r *raw) bool { return r.logger == int(id) }); len(logged) == 0 {
		t.Errorf("the first process has a parent, %d, that is not the scheduler", id)
	}
}

// checkLaunch finds the run in the TaskScheduler log as the rung needs it, and
// the registration.
func checkLaunch(t *testing.T, h *hostLogs, p *company.Planted) {
	t.Helper()
	root := p.Chain[0]
	start, err := time.Parse(time.RFC3339, root.Start)
	if err != nil {
		t.Fatal(err)
	}
	of := func(r *raw) bool { return r.text("TaskName") == p.Task && near(r.at, start, time.Second) }
	launched, acted := h.find("TaskScheduler", 129, of), h.find("TaskScheduler", 200, of)
	registered := h.find("Security", 4698, func(r *raw) bool { return r.text("TaskName") == p.Task })
	pid := int64(root.PID)
	switch p.NamedBy {
	case "A", "":
		if len(launched) != 1 || len(acted) != 1 || launched[0].pid("ProcessID") != pid || acted[0].pid("EnginePID") != pid {
			t.Errorf("129 and 200 don't name %d", pid)
		}
	case "B2":
		if len(launched) != 1 || launched[0].pid("ProcessID") != -1 || launched[0].text("Path") != root.Image {
			t.Errorf("129 is not one without a PID")
		}
	case "C":
		if len(launched) != 0 || len(registered) != 1 || !registered[0].at.Before(start) {
			t.Errorf("the registration is not the only name")
		}
	case "D", "candidate":
		if len(launched)+len(registered) != 0 {
			t.Errorf("something names the task")
		}
	}
	deleted := h.find("Security", 4699, func(r *raw) bool { return r.text("TaskName") == p.Task && r.at.After(start) })
	if len(deleted) != boolean(p.ID == "remote") || p.ID == "before" && len(registered) != 0 {
		t.Errorf("%d deletions, %d registrations", len(deleted), len(registered))
	}
}

// checkPrevalence counts the hosts of each planted destination in all records.
func checkPrevalence(t *testing.T, dir string, truth *company.Truth) {
	folders, err := os.ReadDir(filepath.Join(dir, "evtx-json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) != truth.Hosts || truth.HostsObserved[company.EvtxJSON] != truth.Hosts {
		t.Errorf("%d hosts have logs, %d are observed", len(folders), truth.HostsObserved[company.EvtxJSON])
	}
	for _, p := range truth.Planted {
		n := 0
		for _, f := range folders {
			if mentions(t, filepath.Join(dir, "evtx-json", f.Name()), &p) {
				n++
			}
		}
		if n != p.Hosts[company.EvtxJSON] {
			t.Errorf("%s: %d hosts reach %s, the truth says %d", p.ID, n, p.Destination, p.Hosts[company.EvtxJSON])
		}
	}
}

// mentions says that some record of a host's has the destination: the question
// for its name, or a connection to an address that has no name.
func mentions(t *testing.T, folder string, p *company.Planted) (found bool) {
	t.Helper()
	marks := []string{`"DestAddress":"` + p.IP + `"`, `"DestinationIp":"` + p.IP + `"`}
	if p.Destination != p.IP {
		marks = []string{`"QueryName":"` + p.Name + `"`}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		body, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found = found || slices.ContainsFunc(marks, func(m string) bool { return strings.Contains(string(body), m) })
	}
	return found
}

// checkDefender finds the contact, and each step of the chain, in the portal's
// tables where the truth says that they tell.
func checkDefender(t *testing.T, dir string, truth *company.Truth) {
	started, contacts := map[string]map[string]string{}, map[string]bool{}
	key := func(host, pid, created string) string { return strings.ToLower(host) + "|" + pid + "|" + created }
	for _, r := range table(t, filepath.Join(dir, "defender", "DeviceProcessEvents.csv")) {
		started[key(r["DeviceName"], r["ProcessId"], r["ProcessCreationTime"])] = r
	}
	for _, r := range table(t, filepath.Join(dir, "defender", "DeviceNetworkEvents.csv")) {
		contacts[key(r["DeviceName"], r["InitiatingProcessId"], r["InitiatingProcessCreationTime"])+r["RemoteIP"]+r["RemoteUrl"]] = true
	}
	for _, p := range truth.Planted {
		if !p.VisibleIn[company.Defender] {
			continue
		}
		for i := p.Depth - 1; i >= 0; i-- {
			link := p.Chain[i]
			k := key(p.Host, strconv.Itoa(int(link.PID)), strings.TrimSuffix(link.Start, "Z")+"0000Z")
			row := started[k]
			if !link.Logged {
				checkMention(t, started, &p, i)
				continue
			}
			if row == nil {
				t.Fatalf("%s: process %d is not there", p.ID, i+1)
			}
			if i == p.Depth-1 && p.Via == "connected" && !contacts[k+p.IP+p.Name] {
				t.Errorf("%s: the connection is not there", p.ID)
			}
			if i > 0 && row["InitiatingProcessId"] != strconv.Itoa(int(p.Chain[i-1].PID)) {
				t.Errorf("%s: process %d has parent %s", p.ID, i+1, row["InitiatingProcessId"])
			}
			if i == 0 && row["InitiatingProcessCommandLine"] != "svchost.exe -k netsvcs -p -s Schedule" {
				t.Errorf("%s: started by %s", p.ID, row["InitiatingProcessCommandLine"])
			}
		}
	}
}

// checkMention finds whose child a process is whose own start is not logged, in
// the row of a child of its own.
func checkMention(t *testing.T, started map[string]map[string]string, p *company.Planted, i int) {
	t.Helper()
	name, pid := "svchost.exe", ""
	if i > 0 {
		name, pid = p.Chain[i-1].Image[strings.LastIndexByte(p.Chain[i-1].Image, '\\')+1:], strconv.Itoa(int(p.Chain[i-1].PID))
	}
	child := p.Chain[i+1]
	row := started[strings.ToLower(p.Host)+"|"+strconv.Itoa(int(child.PID))+"|"+strings.TrimSuffix(child.Start, "Z")+"0000Z"]
	if row["InitiatingProcessParentFileName"] != name || pid != "" && row["InitiatingProcessParentId"] != pid {
		t.Errorf("%s: the parent of process %d is not named by its child", p.ID, i+1)
	}
}

// checkReuse holds the decoys to what they are: the PID of a planted process
// that has ended, on the same host.
func checkReuse(t *testing.T, hosts map[string]*hostLogs, truth *company.Truth) {
	n := 0
	for _, d := range truth.Decoys {
		if d.Kind != "pid-reuse" {
			continue
		}
		n++
		ok := slices.ContainsFunc(truth.Planted, func(p company.Planted) bool {
			last := p.Chain[p.Depth-1]
			return p.Host == d.Host && last.PID == d.PID && last.Start < d.Start && last.GUID != d.GUID
		})
		starts := hosts[d.Host].find("Security", 4688, func(r *raw) bool { return r.pid("NewProcessId") == int64(d.PID) })
		if !ok || len(starts) < 2 || d.Hosts != 1 {
			t.Errorf("%d on %s is no second use of a PID", d.PID, d.Host)
		}
	}
	if n != 2 {
		t.Errorf("%d decoys of this kind, want 2", n)
	}
}
