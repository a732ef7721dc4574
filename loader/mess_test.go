package loader_test

import (
	"time"

	"github.com/taskroot/taskroot/graph"
)

// defender makes the rows that Defender happens to keep of a process.
func (m *messer) defender(host string, at time.Time, pid, ppid uint32, image string) {
	at = at.Add(time.Duration(m.rng.IntN(9)) * 100 * time.Nanosecond)
	p := graph.ProcessRef{PID: pid, Image: image, CommandLine: "run " + m.pick("x", "y"), Started: at, StartKey: m.n}
	parent := graph.ProcessRef{
		PID: ppid, Image: m.pick(images...), Started: at.Add(-time.Duration(1+m.rng.IntN(5)) * time.Second).Truncate(time.Second),
		CommandLine: m.pick("", `svchost.exe -k netsvcs -p -s Schedule`),
	}
	if m.rng.IntN(3) > 0 {
		m.out = append(m.out, &graph.ProcessStarted{
			Header: m.head(host, at, "Defender/DeviceProcessEvents", 0), Process: p, Parent: parent, Source: graph.StartDefender,
		})
	}
	if m.rng.IntN(3) == 0 {
		m.out = append(m.out, &graph.ProcessMentioned{
			Header: m.head(host, at.Add(time.Second), "Defender/DeviceFileEvents", 0), Process: p,
			Parent: graph.ProcessRef{PID: ppid, Image: "svchost.exe", Started: parent.Started},
		})
	}
	for range m.rng.IntN(3) {
		m.out = append(m.out, &graph.Contacted{
			Header:  m.head(host, at.Add(time.Duration(m.rng.IntN(9000))*time.Millisecond), "Defender/DeviceNetworkEvents", 0),
			Process: p, RemoteIP: m.pick("52.1.1.1", "52.1.1.3"), RemoteName: m.pick("", "three.example.net"), RemotePort: 443,
			Protocol: "tcp", Source: "defender",
		})
	}
}

// ask makes a process that asks the Task Scheduler for something.
func (m *messer) ask(host string, at time.Time) {
	p := graph.ProcessRef{
		PID: uint32(4 * (1 + m.rng.IntN(4))), Image: `C:\Windows\System32\schtasks.exe`,
		CommandLine: `schtasks /` + m.pick("create", "change", "delete") + ` /tn ` + m.pick(`\One`, "two", "Four") + ` /tr "cmd.exe x"`,
	}
	if m.rng.IntN(2) == 0 {
		p.GUID = guid(at, m.rng.Uint32()&0xffff)
		m.out = append(m.out, &graph.ProcessStarted{
			Header: m.head(host, at, "Microsoft-Windows-Sysmon/Operational", 1), Process: p, Source: graph.StartSysmon,
		})
		return
	}
	m.out = append(m.out, &graph.ProcessStarted{
		Header: m.head(host, at, "Security", 4688), Process: p, Source: graph.StartSecurity,
	})
}
