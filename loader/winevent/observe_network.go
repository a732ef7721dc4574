package winevent

import (
	"net/netip"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// side is one end of a connection as a record writes it.
type side struct {
	ip   string // canonical; "" for none
	port uint16
	name string // reverse look-up, "" for none
}

func sideOf(address, portText, name string) side {
	ip, _ := graph.NormalIP(address)
	return side{ip: ip, port: port(portText), name: present(name)}
}

// sysmonContacted reads Sysmon 3.
func sysmonContacted(e *Event) (graph.Observation, error) {
	initiated, ok := truth(e.Get("Initiated"))
	if !ok {
		return nil, ErrNoDirection
	}
	c := &graph.Contacted{
		Header: header(e), Process: sysmonProcess(e), Inbound: !initiated,
		Protocol: protocol(e.Get("Protocol")), Source: "sysmon3",
	}
	return contacted(c, e.Computer,
		sideOf(e.Get("SourceIp"), e.Get("SourcePort"), e.Get("SourceHostname")),
		sideOf(e.Get("DestinationIp"), e.Get("DestinationPort"), e.Get("DestinationHostname")))
}

// systemPID is the process id of the kernel, on every Windows.
const systemPID = 4

// securityContacted reads 5156. Some exports have lost the event's own process
// id and hold that of the kernel, which logs, in its place: the kernel's id
// beside another program's name is no id.
func securityContacted(e *Event) (graph.Observation, error) {
	inbound, ok := direction(e.Get("Direction"))
	if !ok {
		return nil, ErrNoDirection
	}
	p := graph.ProcessRef{PID: pid(first(e, "ProcessId", "ProcessID")), Image: present(e.Get("Application"))}
	if name := graph.BaseName(p.Image); p.PID == systemPID && name != "" && name != "system" {
		p.PID = 0
	}
	c := &graph.Contacted{
		Header: header(e), Process: p, Inbound: inbound,
		Protocol: protocol(e.Get("Protocol")), Source: "5156",
	}
	return contacted(c, e.Computer,
		sideOf(e.Get("SourceAddress"), e.Get("SourcePort"), ""),
		sideOf(first(e, "DestAddress", "DestinationAddress"), first(e, "DestPort", "DestinationPort"), ""))
}

func contacted(c *graph.Contacted, computer string, source, dest side) (graph.Observation, error) {
	if unnamed(c.Process) && c.Process.Image == "" {
		return nil, ErrNoProcess
	}
	local, remote := source, dest
	if c.Inbound && !sourceIsLocal(c, computer, source, dest) {
		local, remote = dest, source
	}
	if remote.ip == "" {
		return nil, ErrNoRemote
	}
	c.RemoteIP, c.RemotePort, c.ReverseName = remote.ip, remote.port, remote.name
	c.LocalIP, c.LocalPort = local.ip, local.port
	return c, nil
}

// sourceIsLocal says which end of an accepted connection is this machine's.
// The records do not agree: current Sysmon writes the peer as the source of TCP
// and itself as the source of UDP, old Sysmon writes itself always; 5156 writes
// the peer, and itself on old Windows. So what the ends themselves show comes
// first: a group address is where it was received, the machine's own name is
// its own, and who accepts does so on the lower, well-known port.
func sourceIsLocal(c *graph.Contacted, computer string, source, dest side) bool {
	if a, b := isGroup(source.ip), isGroup(dest.ip); a != b {
		return a
	}
	if graph.IPScope(source.ip) != graph.Loopback || graph.IPScope(dest.ip) != graph.Loopback {
		if a, b := sameMachine(source.name, computer), sameMachine(dest.name, computer); a != b {
			return a
		}
	}
	if a, b := portClass(source.port), portClass(dest.port); a != b {
		return a < b
	}
	return c.Source == "sysmon3" && c.Protocol == "udp"
}

// isGroup says whether an address is many machines' at once.
func isGroup(ip string) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && (a.IsMulticast() || (a.Is4() && a.As4()[3] == 255))
}

func sameMachine(name, computer string) bool {
	a, _, _ := strings.Cut(name, ".")
	b, _, _ := strings.Cut(computer, ".")
	return a != "" && strings.EqualFold(a, b)
}

// portClass is 0 for the system's ports, 1 for registered ones, 2 for those
// that systems of today hand out to clients (Linux begins at 32768).
func portClass(p uint16) int {
	switch {
	case p < 1024:
		return 0
	case p < 32768:
		return 1
	}
	return 2
}

// truth reads a boolean of any carrier.
func truth(s string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "1", "yes":
		return true, true
	case "false", "0", "no":
		return false, true
	}
	return false, false
}

// direction reads the direction of 5156: the number of a message, or the
// message itself in the language of the machine.
func direction(s string) (inbound, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch strings.TrimPrefix(s, "%%") {
	case "14592", "inbound", "in", "受信", "eingehend", "entrant", "entrante", "entrada", "in ingresso", "входящий", "входящие":
		return true, true
	case "14593", "outbound", "out", "送信", "ausgehend", "sortant", "saliente", "saída", "in uscita", "исходящий", "исходящие":
		return false, true
	}
	return false, false
}
