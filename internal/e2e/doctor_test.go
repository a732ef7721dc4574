package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/graphtest"
)

// TestDoctor asks the real program about a database before and after the first load.
func TestDoctor(t *testing.T) {
	db := graphtest.Open(t)
	graphtest.Exclusive(t, db)
	taskroot, state, c := program(t), t.TempDir(), graphtest.Config(t)
	run := func(input string, args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), taskroot, args...)
		cmd.Env = append(os.Environ(), "TASKROOT_NEO4J_URI="+c.URI, "TASKROOT_NEO4J_USERNAME="+c.Username, "TASKROOT_NEO4J_PASSWORD="+c.Password,
			"XDG_STATE_HOME="+state, "XDG_CONFIG_HOME="+state, "XDG_DATA_HOME="+state)
		cmd.Stdin, cmd.Stderr = strings.NewReader(input), os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return out
	}
	type report struct {
		Setup struct {
			Database struct {
				Reachable bool
				Version   string
			}
		}
		Telemetry struct {
			Hosts []struct{ Host string }
			Gaps  []struct {
				Code           string
				Blinds, Closes []string
			}
			Aliases []struct{ Line string }
		}
	}
	var before, after report
	if err := json.Unmarshal(run("", "doctor", "--json"), &before); err != nil {
		t.Fatal(err)
	}
	if d := before.Setup.Database; !d.Reachable || !strings.HasPrefix(d.Version, "Neo4j/5.") || len(before.Telemetry.Hosts) != 0 {
		t.Errorf("before: %+v", before)
	}
	var lines bytes.Buffer
	for _, host := range []string{"WS01", "ws01.corp.example"} {
		lines.WriteString(`{"Event":{"System":{"Provider":{"#attributes":{"Name":"x"}},"EventID":4688,"TimeCreated":{"#attributes":{"SystemTime":"2024-05-01T10:00:00Z"}},` +
			`"EventRecordID":1,"Channel":"Security","Computer":"` + host + `"},"EventData":{"NewProcessId":"0x2bc","NewProcessName":"C:\\a.exe","ProcessId":"0x10"}}}` + "\n")
	}
	run(lines.String(), "load", "-", "--json")
	if err := json.Unmarshal(run("", "doctor", "--json"), &after); err != nil {
		t.Fatal(err)
	}
	var hosts, codes []string
	for _, h := range after.Telemetry.Hosts {
		hosts = append(hosts, h.Host)
	}
	for _, g := range after.Telemetry.Gaps {
		codes = append(codes, g.Code)
		if len(g.Blinds) == 0 || len(g.Closes) == 0 {
			t.Errorf("%s says not what it blinds and what closes it", g.Code)
		}
	}
	if want := []string{"ws01", "ws01.corp.example"}; !slices.Equal(hosts, want) {
		t.Errorf("hosts %v, want %v", hosts, want)
	}
	if want := []string{"no-connections", "no-dns", "no-task-log", "no-registrations", "no-command-lines", "no-logons"}; !slices.Equal(codes, want) {
		t.Errorf("gaps %v, want %v", codes, want)
	}
	if a := after.Telemetry.Aliases; len(a) != 1 || a[0].Line != "ws01: ws01.corp.example" {
		t.Errorf("aliases %+v", a)
	}
}
