package settle_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

// nothing is a database with nothing in it.
type nothing struct{}

func (nothing) Processes(context.Context, settle.Lookup) ([]*settle.Process, error) { return nil, nil }
func (nothing) Talks(context.Context, []string) (map[string]*settle.Talk, error) {
	return map[string]*settle.Talk{}, nil
}
func (nothing) Tasks(context.Context, []string) ([]*settle.Task, error) { return nil, nil }
func (nothing) Runs(context.Context, []string, []settle.Window) ([]*settle.Run, error) {
	return nil, nil
}
func (nothing) Roots(context.Context, []settle.Window) ([]settle.StoredRoot, error) { return nil, nil }
func (nothing) Hosts(context.Context, []string) ([]settle.Host, error)              { return nil, nil }
func (nothing) Plans(context.Context, []string) (map[string][]settle.StoredPlan, error) {
	return map[string][]settle.StoredPlan{}, nil
}

func (nothing) Definitions(context.Context, []string) (map[string]settle.Matcher, error) {
	return map[string]settle.Matcher{}, nil
}

func record(host string, ms int, channel string) graph.Header {
	return graph.Header{
		Host: host, HostName: host, Clock: graph.Clock{At: at(ms), Claimed: at(ms), Trust: graph.Honest},
		Evidence: graph.Evidence{Source: "t", Channel: channel, Record: uint64(ms), Time: at(ms)},
	}
}

func settled(t *testing.T, all ...graph.Observation) *settle.Changes {
	t.Helper()
	r := settle.NewRound()
	for _, o := range all {
		r.Add(o)
	}
	c, err := r.Settle(t.Context(), nothing{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTraces says what writes to TaskCache and to task files tell of a task.
func TestTraces(t *testing.T) {
	t.Parallel()
	write := func(ms int, writer string, kind graph.TraceKind, op graph.TraceOp, value, data string) *graph.TaskTraced {
		return &graph.TaskTraced{
			Header: record("h", ms, "Microsoft-Windows-Sysmon/Operational"), Kind: kind, Op: op, Path: `\Updater`, Value: value, Data: data,
			Process: graph.ProcessRef{GUID: "AAAAAAAA-0000-6631-0001-000000000001", PID: 10, Image: writer}, Source: "sysmon13",
		}
	}
	const service, other = `C:\Windows\System32\svchost.exe`, `C:\Tools\ghost.exe`
	for _, tc := range []struct {
		name string
		all  []graph.Observation
		want string
	}{
		{"OK the service registers", []graph.Observation{write(1, service, graph.TraceTree, graph.TraceSet, "Id", "{x}")},
			`\Updater registered=true sd=nil index=nil acts=[]`},
		{"OK another program registers", []graph.Observation{write(1, other, graph.TraceTree, graph.TraceSet, "Id", "{x}")},
			`\Updater registered=false sd=nil index=nil acts=[CREATED task-tree 0.9]`},
		{"OK hidden by its SD", []graph.Observation{
			write(1, service, graph.TraceTree, graph.TraceSet, "SD", ""), write(2, other, graph.TraceTree, graph.TraceGone, "SD", ""),
		}, `\Updater registered=false sd=true index=nil acts=[UPDATED task-tree 0.9]`},
		{"OK hidden by its Index", []graph.Observation{write(1, other, graph.TraceTree, graph.TraceSet, "Index", "0")},
			`\Updater registered=false sd=nil index=0 acts=[UPDATED task-tree 0.9]`},
		{"OK a file by another program", []graph.Observation{write(1, other, graph.TraceFile, graph.TraceMade, "", "")},
			`\Updater registered=false sd=nil index=nil acts=[CREATED task-file 0.9]`},
		{"OK a file by the service", []graph.Observation{write(1, service, graph.TraceFile, graph.TraceMade, "", "")},
			`\Updater registered=false sd=nil index=nil acts=[]`},
		{"ErrFolder", []graph.Observation{write(1, service, graph.TraceTree, graph.TraceMade, "", "")}, "no task"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := settled(t, tc.all...)
			got := "no task"
			if len(c.Tasks) > 0 {
				s := c.Tasks[0].State()
				sd, index := "nil", "nil"
				if s.SDMissing != nil {
					sd = fmt.Sprint(*s.SDMissing)
				}
				if s.TreeIndex != nil {
					index = fmt.Sprint(*s.TreeIndex)
				}
				got = fmt.Sprintf("%s registered=%v sd=%s index=%s acts=%v", s.Path, s.Registered, sd, index, acts(c))
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if c.Others != len(tc.all) {
				t.Errorf("%d of %d records counted", c.Others, len(tc.all))
			}
		})
	}
}

func acts(c *settle.Changes) []string {
	var out []string
	for _, e := range c.Edges {
		if slices.Contains(settle.ActTypes(), e.Type) {
			out = append(out, fmt.Sprint(e.Type, " ", e.Via[0], " ", e.Confidence))
		}
	}
	return out
}

// TestDefender joins Defender's rows with the other channels' records of one
// machine, and parents by PID and creation time.
func TestDefender(t *testing.T) {
	t.Parallel()
	cmd, host := `C:\Windows\System32\cmd.exe`, `C:\Windows\System32\svchost.exe`
	service := graph.ProcessRef{PID: 8, Image: host, Started: at(-60000), CommandLine: "svchost.exe -k netsvcs -p -s Schedule"}
	row := &graph.ProcessStarted{
		Header: record("h", 400, "Defender/DeviceProcessEvents"), Process: graph.ProcessRef{PID: 10, Image: cmd, Started: at(400)},
		Parent: service, Source: graph.StartDefender,
	}
	contact := &graph.Contacted{
		Header: record("h", 900, "Defender/DeviceNetworkEvents"), Process: graph.ProcessRef{PID: 10, Image: "cmd.exe", Started: at(400)},
		RemoteIP: "52.1.1.1", RemoteName: "One.Example.com", RemotePort: 443, Protocol: "tcp", Source: "defender",
	}
	audit := &graph.ProcessStarted{
		Header: record("h", 401, "Security"), Process: graph.ProcessRef{PID: 10, Image: cmd}, Parent: graph.ProcessRef{PID: 8}, Source: graph.StartSecurity,
	}
	for _, tc := range []struct {
		name string
		all  []graph.Observation
		want []string
	}{
		{"OK a row alone", []graph.Observation{row}, []string{
			"cmd.exe observed=true parent=svchost.exe defender 1 by h|? 0.7",
			"svchost.exe observed=false",
		}},
		{"OK only contacts", []graph.Observation{contact}, []string{"cmd.exe observed=false to one.example.com"}},
		{"OK all of one process", []graph.Observation{contact, audit, row}, []string{
			"cmd.exe observed=true parent=svchost.exe defender 1 by h|? 0.7 to one.example.com",
			"svchost.exe observed=false",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := told(settled(t, tc.all...)); !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// told is each process with its parent, its task and where it connected.
func told(c *settle.Changes) []string {
	names := map[string]string{}
	for _, p := range c.Processes {
		names[p.Key] = p.Name()
	}
	var out []string
	for _, p := range c.Processes {
		line := fmt.Sprintf("%s observed=%v", p.Name(), p.Observed())
		for _, e := range c.Parents {
			if e.Child == p.Key {
				line += fmt.Sprintf(" parent=%s %s %v", names[e.Parent.Key], e.Parent.Via, e.Parent.Confidence)
			}
		}
		for _, s := range c.Spawns {
			if s.Process == p.Key {
				line += fmt.Sprintf(" by %.3s %v", s.Task, s.Confidence)
			}
		}
		for _, e := range c.Edges {
			if e.Process == p.Key {
				line += " to " + e.Endpoint
			}
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}
