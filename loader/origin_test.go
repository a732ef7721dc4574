package loader_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
)

// observed is a record of a host at a second after the epoch.
func observed(host string, second int, id uint32) graph.Header {
	at := epoch.Add(time.Duration(second) * time.Second)
	return graph.Header{
		Host: host, HostName: host, Clock: graph.Clock{Claimed: at, Trust: graph.Honest},
		Evidence: graph.Evidence{Source: "test", Channel: "Security", Record: uint64(second), EventID: id, Time: at},
	}
}

// elsewhere is a task made on one machine from another, as both saw it.
func elsewhere() []graph.Observation {
	const target, source = "ws02.corp.example", "ws01.corp.example"
	return []graph.Observation{
		&graph.LoggedOn{Header: observed(target, 1, 4624), LogonID: 0x10, User: `CORP\adm`, Type: 3, IP: "10.0.0.1", Port: 50001},
		&graph.LoggedOn{Header: observed(target, 2, 4624), LogonID: 0x11, User: `CORP\adm`, Type: 3},
		&graph.LoggedOn{Header: observed(target, 0, 4624), LogonID: 0x12, User: `CORP\other`, Type: 2},
		&graph.PipeOpened{
			Header: observed(target, 3, 5145), Share: `\\*\IPC$`, Target: "atsvc", User: `CORP\adm`, LogonID: 0x10, IP: "10.0.0.1", Port: 50001, Source: "5145",
		},
		&graph.TaskChanged{
			Header: observed(target, 4, 4698), Path: `\Updater`, Change: graph.Created, User: `CORP\adm`, LogonID: 0x11, Remote: true,
		},
		&graph.TaskChanged{
			Header: observed(target, 5, 4698), Path: `\Own`, Change: graph.Created, User: `CORP\adm`, LogonID: 0x13,
			Client: graph.ProcessRef{PID: 4712},
		},
		&graph.Contacted{
			Header: observed(target, 6, 3), Process: graph.ProcessRef{GUID: guid(epoch, 9), PID: 900, Image: `C:\Windows\System32\svchost.exe`},
			RemoteIP: "10.0.0.9", RemotePort: 53, Protocol: "udp", LocalIP: "10.0.0.2", LocalPort: 53000, Source: "sysmon3",
		},
		&graph.ProcessStarted{
			Header: observed(source, 0, 1), Source: graph.StartSysmon, Process: graph.ProcessRef{
				GUID: guid(epoch, 1), PID: 100, Image: `C:\Windows\System32\schtasks.exe`,
				CommandLine: `schtasks /create /s ws02 /tn updater /tr calc.exe /sc daily`,
			},
		},
		&graph.Contacted{
			Header: observed(source, 2, 3), Process: graph.ProcessRef{GUID: guid(epoch, 2), PID: 104, Image: `C:\Tools\a.exe`},
			RemoteIP: "10.0.0.2", RemotePort: 49700, Protocol: "tcp", LocalIP: "10.0.0.1", LocalPort: 50001, Source: "sysmon3",
		},
	}
}

// TestOrigin says from which address, host and processes a task was made, in
// whatever order the two machines' logs come.
func TestOrigin(t *testing.T) {
	db, lib := open(t)
	want := []string{
		"(Address 10.0.0.1)<-REGISTERED_FROM 5145 0.95-(Task)",
		"(Host ws01.corp.example)-REGISTERED 5145 0.95->(Task)",
		"(Process a.exe)-REGISTERED source-port 0.95->(Task)",
		"(Process schtasks.exe)-REGISTERED command-line 0.7->(Task)",
		"remote true, attended true",
	}
	all := elsewhere()
	backwards := slices.Clone(elsewhere())
	slices.Reverse(backwards)
	for name, order := range map[string][]graph.Observation{"AsWritten": all, "Backwards": backwards} {
		t.Run("OK"+name, func(t *testing.T) {
			graphtest.Wipe(t, db)
			for _, o := range order {
				if _, err := newLoader(t, db, lib, 1).LoadObservations(t.Context(), []graph.Observation{o}); err != nil {
					t.Fatal(err)
				}
			}
			if got := origins(t, db, `\Updater`); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if got := origins(t, db, `\Own`); !slices.Equal(got, []string{"remote <nil>, attended true"}) {
				t.Errorf("a task made here: %q", got)
			}
		})
	}
}

func origins(t *testing.T, db *graphdb.DB, path string) []string {
	t.Helper()
	var out []string
	text, err := os.ReadFile("testdata/origins.cypher")
	if err != nil {
		t.Fatal(err)
	}
	err = db.Reader().Run(t.Context(), graphdb.Statement{Name: "origins", Text: string(text)}, map[string]any{"path": path}, func(r graphdb.Row) error {
		v := r.Values
		state := fmt.Sprintf("remote %v, attended %v", v[0], v[1])
		if !slices.Contains(out, state) {
			out = append(out, state)
		}
		switch v[2] {
		case "REGISTERED":
			out = append(out, fmt.Sprintf("(%v %v)-REGISTERED %v %v->(Task)", v[3], v[4], v[5], v[6]))
		case "REGISTERED_FROM":
			out = append(out, fmt.Sprintf("(%v %v)<-REGISTERED_FROM %v %v-(Task)", v[3], v[4], v[5], v[6]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
