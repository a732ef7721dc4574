package source_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader/source"
)

// fields are what the reference counts of the fields that identity hangs on.
type fields struct {
	Processes struct {
		Sysmon1     int `json:"sysmon1_events"`
		DistinctID  int `json:"sysmon1_distinct_guid"`
		WithoutGUID int `json:"sysmon1_without_guid"`
		WithoutPID  int `json:"sysmon1_without_pid"`
	}
	Connected struct {
		Sysmon3   int            `json:"sysmon3_events"`
		Initiated map[string]int `json:"initiated"`
		Outbound  int            `json:"sec5156_outbound"`
	}
	DNS struct {
		Events int `json:"sysmon22_events"`
	}
	Tasks struct {
		Registrations []struct{ Task string }
		Launches      int `json:"launches_129"`
	}
	Hosts []string `json:"hosts_lower"`
}

// TestSharedFields compares what the observations of the real JSON telemetry
// say with an independent walk: a wrong key or shape shows here, not in the
// counts of records.
func TestSharedFields(t *testing.T) {
	dir := testdata.Shared(t)
	raw, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected struct {
		Files []struct {
			File  string
			Truth fields
		}
	}
	if err := json.Unmarshal(raw, &expected); err != nil {
		t.Fatal(err)
	}
	for _, f := range expected.Files {
		kind, _, _ := strings.Cut(f.File, "/")
		if kind != "mordor" && kind != "splunk" && kind != "eql" {
			continue
		}
		t.Run(f.File, func(t *testing.T) {
			r := newRecorder(t)
			opt := source.Options{Host: "eqllib-art"}
			if err := source.Read(t.Context(), []string{filepath.Join(dir, f.File)}, nil, opt, r); err != nil {
				t.Fatal(err)
			}
			want := f.Truth.list()
			if strings.Contains(f.File, "log4shell") {
				// The reference doesn't look into EventData that is JSON in a
				// string, which is where these rows keep all of the event.
				want["sysmon1 guids"], want["sysmon1 without guid"], want["outbound sysmon3"] = 2, 0, 4
			}
			got := countFields(r.seen)
			for name, n := range want {
				if got[name] != n {
					t.Errorf("%s: %d, want %d", name, got[name], n)
				}
			}
			hosts := map[string]bool{}
			for _, h := range f.Truth.Hosts {
				hosts[h] = true
			}
			for _, o := range r.seen {
				if h := o.Head().Host; !hosts[h] {
					t.Fatalf("host %q is not in the reference's %v", h, f.Truth.Hosts)
				}
			}
		})
	}
}

func (f fields) list() map[string]int {
	return map[string]int{
		"sysmon1": f.Processes.Sysmon1, "sysmon1 guids": f.Processes.DistinctID,
		"sysmon1 without guid": f.Processes.WithoutGUID, "sysmon1 without pid": f.Processes.WithoutPID,
		"sysmon3": f.Connected.Sysmon3, "outbound sysmon3": f.Connected.Initiated["true"],
		"outbound 5156": f.Connected.Outbound, "sysmon22": f.DNS.Events,
		"created": len(f.Tasks.Registrations), "launched": f.Tasks.Launches,
	}
}

func countFields(seen []graph.Observation) map[string]int {
	got := map[string]int{}
	count := func(name string, yes bool) {
		if yes {
			got[name]++
		}
	}
	guids := map[string]bool{}
	for _, o := range seen {
		switch x := o.(type) {
		case *graph.ProcessStarted:
			sysmon := x.Source == graph.StartSysmon
			count("sysmon1", sysmon)
			count("sysmon1 without guid", sysmon && x.Process.GUID == "")
			count("sysmon1 without pid", sysmon && x.Process.PID == 0)
			count("sysmon1 guids", sysmon && x.Process.GUID != "" && !guids[x.Host+x.Process.GUID])
			guids[x.Host+x.Process.GUID] = true
		case *graph.Contacted:
			count("sysmon3", x.Source == "sysmon3")
			count("outbound sysmon3", x.Source == "sysmon3" && !x.Inbound)
			count("outbound 5156", x.Source == "5156" && !x.Inbound)
		case *graph.Asked:
			got["sysmon22"]++
		case *graph.TaskChanged:
			count("created", x.Change == graph.Created)
		case *graph.TaskRan:
			count("launched", x.Stage == graph.Launched)
		}
	}
	return got
}
