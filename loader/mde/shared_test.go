package mde_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader/mde"
)

// record is a row of CSV.
type record struct {
	columns map[string]int
	values  []string
}

func (r record) Get(name string) string {
	if i, ok := r.columns[name]; ok && i < len(r.values) {
		return r.values[i]
	}
	return ""
}

// TestSharedCSV reads the portal's export of a real DeviceProcessEvents: all of
// its rows are starts with a parent and a grandparent.
func TestSharedCSV(t *testing.T) {
	f, err := os.Open(filepath.Join(testdata.Shared(t), "mde", "DeviceProcessEvents_2021-06-22_23.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyN(io.Discard, f, int64(len("\ufeff"))); err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(f)
	header, err := in.Read()
	if err != nil || !mde.Known(header) {
		t.Fatalf("header %q, %v", header, err)
	}
	names := map[string]int{}
	for i, name := range header {
		names[name] = i
	}
	counts := map[string]int{}
	for n := uint64(1); ; n++ {
		values, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		said, skipped, err := mde.Observe("", record{names, values}, mde.Place{Source: "csv", Ordinal: n})
		if err != nil || skipped != "" {
			t.Fatalf("row %d: skipped %q, %v", n, skipped, err)
		}
		tell(counts, said)
	}
	want := map[string]int{"started": 678, "with parent": 678, "with creation time": 678, "mentioned": 678, "with grandparent": 678}
	for k, n := range want {
		if counts[k] != n {
			t.Errorf("%s: %d, want %d", k, counts[k], n)
		}
	}
}

func tell(counts map[string]int, said []graph.Observation) {
	count := func(what string, is bool) {
		if is {
			counts[what]++
		}
	}
	for _, o := range said {
		switch o := o.(type) {
		case *graph.ProcessStarted:
			count("started", o.Process.PID != 0 && o.Clock.Claimed.Equal(o.Process.Started))
			count("with parent", o.Parent.PID != 0 && o.Parent.Image != "" && !o.Parent.Started.IsZero())
			count("with creation time", !o.Process.Started.IsZero())
		case *graph.ProcessMentioned:
			count("mentioned", o.Process.Image != "")
			count("with grandparent", o.Parent.PID != 0 && o.Parent.Image != "")
		default:
			count("other", true)
		}
	}
}

// TestSharedStream reads rows of the streaming API as an agent received them.
func TestSharedStream(t *testing.T) {
	f, err := os.Open(filepath.Join(testdata.Shared(t), "mde", "m365_streaming_device_events.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	counts := map[string]int{}
	for d := json.NewDecoder(f); ; {
		var line struct {
			Category   string
			Properties columns
		}
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		said, skipped, err := mde.Observe(mde.TableOf(line.Category), line.Properties, mde.Place{Source: "stream", Ordinal: 1})
		switch {
		case err != nil:
			t.Errorf("%s: %v", line.Category, err)
		case skipped != "":
			counts[skipped]++
		default:
			counts[strings.TrimPrefix(typeName(said[0]), "*graph.")]++
		}
	}
	want := map[string]int{
		"Contacted": 1, "ProcessStarted": 1, "DeviceNetworkEvents/InboundConnectionAcknowledged without process": 1,
		"DeviceEvents/NtAllocateVirtualMemoryApiCall": 2, "DeviceEvents/ScriptContent": 2, "DeviceLogonEvents/LogonFailed": 2,
		"DeviceEvents/PowerShellCommand": 1, "DeviceEvents/UsbDriveMounted": 1, "DeviceFileEvents/FileDeleted": 1,
		"DeviceImageLoadEvents/ImageLoaded": 1, "DeviceInfo": 1, "DeviceNetworkInfo": 1,
		"DeviceEvents/ProcessCreatedUsingWmiQuery": 1, "DeviceRegistryEvents/RegistryValueSet": 1,
	}
	for k, n := range want {
		if counts[k] != n {
			t.Errorf("%s: %d, want %d", k, counts[k], n)
		}
		delete(counts, k)
	}
	if len(counts) > 0 {
		t.Errorf("not expected: %v", counts)
	}
}
