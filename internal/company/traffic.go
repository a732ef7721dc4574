package company

import (
	"strings"
)

// ask is a DNS question of a process and its answer; the addresses come back.
func (m *machine) ask(p *process, s site) {
	results := ""
	if s.cname != "" {
		results = "type:  5 " + s.cname + ";"
	}
	for _, ip := range s.ips {
		results += "::ffff:" + ip + ";"
	}
	at := m.now
	m.emit(sysmonLog, 22, 5, at+m.lag(), m.base.sysmon.pid, "",
		str("RuleName", "-"), utc("UtcTime", at), uid("ProcessGuid", p.guid), pidOf("ProcessId", p.pid),
		str("QueryName", s.name), str("QueryStatus", "0"), str("QueryResults", results),
		str("Image", p.image), str("User", p.user.full()))
	m.defenderDNS(p, s)
	m.note(s.domain)
}

// lag is how late Sysmon tells of connections and questions: most at once, a
// few more than a minute.
func (m *machine) lag() int64 {
	if m.rng.IntN(50) == 0 {
		return minute + m.within(40*second)
	}
	return 40 + m.within(1500)
}

// note remembers that the host reached a planted destination or a decoy's.
func (m *machine) note(destination string) {
	if m.w.watched(destination) {
		m.reached[destination] = true
	}
}

// connect is an outbound connection of a process, made.
func (m *machine) connect(p *process, ip, name string, port16 uint16, udp bool) {
	m.ports++
	if m.ports < 49152 {
		m.ports = 49152
	}
	m.connectFrom(p, m.ports, ip, name, port16, udp)
}

// connectFrom is connect from a port that the other side knows of.
func (m *machine) connectFrom(p *process, local uint16, ip, name string, port16 uint16, udp bool) {
	protocol, number := "tcp", int64(6)
	if udp {
		protocol, number = "udp", 17
	}
	at := m.now
	m.emit(sysmonLog, 3, 5, at+m.lag(), m.base.sysmon.pid, "",
		str("RuleName", "-"), utc("UtcTime", at), uid("ProcessGuid", p.guid), pidOf("ProcessId", p.pid), str("Image", p.image),
		str("User", p.user.full()), str("Protocol", protocol), flag("Initiated", true), flag("SourceIsIpv6", false),
		str("SourceIp", m.ip), str("SourceHostname", m.name), num("SourcePort", int64(local)), str("SourcePortName", "-"),
		flag("DestinationIsIpv6", false), str("DestinationIp", ip), str("DestinationHostname", "-"),
		num("DestinationPort", int64(port16)), str("DestinationPortName", "-"))
	m.emit(securityLog, 5156, 1, at, 4, "",
		pidOf("ProcessID", p.pid), str("Application", p.onDevice()), str("Direction", "%%14593"),
		str("SourceAddress", m.ip), port("SourcePort", local), str("DestAddress", ip), port("DestPort", port16),
		num("Protocol", number), num("FilterRTID", 71234), str("LayerName", "%%14611"), num("LayerRTID", 48),
		str("RemoteUserID", "S-1-0-0"), str("RemoteMachineID", "S-1-0-0"))
	m.defenderConnection(p, ip, name, port16, local, protocol)
	m.note(ip)
}

// accept is an inbound connection from another host of the company.
func (m *machine) accept(p *process, from string, port16 uint16) {
	m.acceptFrom(p, from, uint16(49152+m.rng.IntN(16000)), port16)
}

// acceptFrom is accept from a port that the other side knows of.
func (m *machine) acceptFrom(p *process, from string, remote, port16 uint16) {
	at := m.now
	m.emit(sysmonLog, 3, 5, at+m.lag(), m.base.sysmon.pid, "",
		str("RuleName", "-"), utc("UtcTime", at), uid("ProcessGuid", p.guid), pidOf("ProcessId", p.pid), str("Image", p.image),
		str("User", p.user.full()), str("Protocol", "tcp"), flag("Initiated", false), flag("SourceIsIpv6", false),
		str("SourceIp", from), str("SourceHostname", "-"), num("SourcePort", int64(remote)), str("SourcePortName", "-"),
		flag("DestinationIsIpv6", false), str("DestinationIp", m.ip), str("DestinationHostname", m.name),
		num("DestinationPort", int64(port16)), str("DestinationPortName", "-"))
	m.emit(securityLog, 5156, 1, at, 4, "",
		pidOf("ProcessID", p.pid), str("Application", p.onDevice()), str("Direction", "%%14592"),
		str("SourceAddress", from), port("SourcePort", remote), str("DestAddress", m.ip), port("DestPort", port16),
		num("Protocol", 6), num("FilterRTID", 71236), str("LayerName", "%%14610"), num("LayerRTID", 44),
		str("RemoteUserID", "S-1-0-0"), str("RemoteMachineID", "S-1-0-0"))
}

// onDevice is the image as 5156 writes it.
func (p *process) onDevice() string {
	if p.device == "" {
		p.device = "System"
		if path, ok := strings.CutPrefix(p.image, `C:`); ok {
			p.device = `\device\harddiskvolume3` + strings.ToLower(path)
		}
	}
	return p.device
}

// visit is asking for a site and connecting to it shortly after.
func (m *machine) visit(p *process, s site, connections int) {
	m.ask(p, s)
	for range connections {
		ip := s.ips[m.rng.IntN(len(s.ips))]
		m.in(20+m.within(400), func() {
			if !p.ended {
				m.connect(p, ip, s.name, 443, false)
			}
		})
	}
}

// site picks a public site, the popular ones more often.
func (m *machine) site() site {
	f := m.rng.Float64()
	return m.w.sites[int(f*f*f*float64(len(m.w.sites)))]
}
