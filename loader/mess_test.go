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

// origin makes what hosts see of logons and calls, with registrations that they
// may explain, and the command line of a process elsewhere.
func (m *messer) origin() {
	host, other := m.pick("h1", "h2"), m.pick("h1", "h2", "h3.example")
	at := m.at().Truncate(time.Second)
	ip, port := m.pick("10.0.0.1", "10.0.0.2", "10.0.0.3"), uint16(50000+m.rng.IntN(9))
	user, id := m.pick(`D\u`, `D\v`), uint64(1+m.rng.IntN(3))
	if m.rng.IntN(2) == 0 {
		m.out = append(m.out, &graph.LoggedOn{
			Header: m.head(host, at, "Security", 4624), LogonID: id, User: user, Type: uint8(2 + m.rng.IntN(2)), IP: m.pick("", ip), Port: port,
		})
	}
	if m.rng.IntN(2) == 0 {
		m.out = append(m.out, &graph.PipeOpened{
			Header: m.head(host, at.Add(time.Second), "Security", 5145), Target: "atsvc", User: user, LogonID: id, IP: ip, Port: port, Source: "5145",
		})
	}
	m.out = append(m.out, &graph.TaskChanged{
		Header: m.head(host, at.Add(2*time.Second), "Security", 4698), Path: m.pick(`\One`, `\Five`), Change: graph.Created, User: user,
		LogonID: uint64(m.rng.IntN(3)), Remote: m.rng.IntN(2) == 0,
	})
	m.out = append(m.out, &graph.Contacted{
		Header:  m.head(other, at, "Microsoft-Windows-Sysmon/Operational", 3),
		Process: graph.ProcessRef{GUID: guid(at, m.rng.Uint32()&0xffff), PID: 12, Image: images[2]}, RemoteIP: m.pick("10.0.0.1", "10.0.0.2"), RemotePort: 135,
		Protocol: "tcp", LocalIP: m.pick("10.0.0.1", "10.0.0.2", "10.0.0.3"), LocalPort: port, Source: "sysmon3",
	})
	if m.rng.IntN(2) == 0 {
		m.out = append(m.out, &graph.ProcessStarted{
			Header: m.head(other, at.Add(-time.Second), "Microsoft-Windows-Sysmon/Operational", 1), Source: graph.StartSysmon,
			Process: graph.ProcessRef{
				GUID: guid(at, m.rng.Uint32()&0xffff), PID: 16, Image: `C:\Windows\System32\schtasks.exe`,
				CommandLine: `schtasks /create /s ` + m.pick("h1", "h2", "10.0.0.1") + ` /tn ` + m.pick("One", "Five") + ` /tr x`,
			},
		})
	}
}

// trace makes writes to where Windows keeps tasks.
func (m *messer) trace(host string, at time.Time) {
	o := &graph.TaskTraced{
		Header: m.head(host, at, "Microsoft-Windows-Sysmon/Operational", 13), Kind: graph.TraceTree, Op: graph.TraceSet,
		Path: m.pick(`\One`, `\Six`), Value: m.pick("Id", "SD", "Index"), Data: m.pick("0", "3"), Source: "sysmon13",
		Process: graph.ProcessRef{PID: uint32(4 * (1 + m.rng.IntN(4))), Image: m.pick(images...)},
	}
	if m.rng.IntN(2) == 0 {
		o.Process.GUID = guid(at, m.rng.Uint32()&0xffff)
	}
	if m.rng.IntN(3) == 0 {
		o.Op = graph.TraceGone
	}
	if m.rng.IntN(4) == 0 {
		o.Kind, o.Op, o.Value, o.Source = graph.TraceFile, graph.TraceMade, "", "sysmon11"
	}
	m.out = append(m.out, o)
}

// network makes what the network saw of the hosts' addresses, which processes' own
// records may tell of too: flows with a name and without, through a proxy, and
// answers to questions.
func (m *messer) network() {
	host, at := m.pick("h1", "h2"), m.at()
	client := map[string]string{"h1": "10.1.0.1", "h2": "10.1.0.2"}[host]
	if m.rng.IntN(6) == 0 {
		client = m.pick("10.0.0.1", "10.0.0.2", "10.1.0.1")
	}
	ip, port := m.pick("52.1.1.1", "52.1.1.2", "52.1.1.3"), uint16(50000+m.rng.IntN(9))
	head := func() graph.Header {
		h := m.head("", at.Add(time.Duration(m.rng.IntN(3000))*time.Millisecond), "zeek/conn", 0)
		h.HostName = ""
		return h
	}
	if m.rng.IntN(3) > 0 {
		m.out = append(m.out, &graph.FlowSeen{
			Header: head(), ClientIP: client, ClientPort: port, RemoteIP: ip, RemotePort: 443, Protocol: "tcp", Source: "zeek",
		})
	}
	name := m.pick("one.example.com", "three.example.net", "two.example.org", "")
	switch m.rng.IntN(4) {
	case 0:
		m.out = append(m.out, &graph.FlowSeen{
			Header: head(), ClientIP: client, ClientPort: port, RemoteIP: ip, RemoteName: name, RemotePort: 443, Protocol: "tcp", Source: "zeek",
		})
	case 1:
		m.out = append(m.out, &graph.FlowSeen{
			Header: head(), ClientIP: client, ClientPort: uint16(m.rng.IntN(2)) * port, RemoteName: name, RemotePort: 443, Protocol: "tcp", Source: "proxy",
		})
	case 2:
		m.out = append(m.out, &graph.AnswerSeen{Header: head(), ClientIP: client, Name: name, Answers: []string{ip, "10.0.0.9"}, Source: "zeek"})
	}
	pid := uint32(4 * (1 + m.rng.IntN(4)))
	if m.rng.IntN(2) == 0 {
		m.out = append(m.out, &graph.Asked{
			Header:  m.head(host, at.Add(-time.Duration(m.rng.IntN(20))*time.Second), "Microsoft-Windows-Sysmon/Operational", 22),
			Process: graph.ProcessRef{PID: pid, Image: m.pick("", images[0])}, Name: m.pick("one.example.com", "three.example.net"), Status: "0",
			Answers: []string{m.pick(ip, "52.1.1.9")},
		})
	}
	if m.rng.IntN(3) == 0 {
		m.out = append(m.out, &graph.Contacted{
			Header: m.head(host, at.AddDate(0, 0, m.rng.IntN(5)-2), "Security", 5156), Process: graph.ProcessRef{PID: pid}, LocalIP: client,
			RemoteIP: ip, RemotePort: 443, Protocol: "tcp", LocalPort: port, Source: "5156",
		})
	}
}
