package settle

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// Proxies are the organisation's web proxies: a connection to one of them does not
// say where it goes. The nil pointer knows none.
type Proxies struct {
	ports map[string][]uint16 // by normal name or canonical IP; 0 is every port
	// targets are the destinations that a command line names: normal names and
	// canonical IPs.
	targets func(command string) []string
}

// NewProxies makes the set of host, host:port, IP, IP:port or [IPv6]:port. What
// can't be read is left out; targets gives the destinations that a command line
// names.
func NewProxies(list []string, targets func(command string) []string) *Proxies {
	p := &Proxies{ports: map[string][]uint16{}, targets: targets}
	for _, text := range list {
		if host, port, ok := ProxyAddress(text); ok {
			p.ports[host] = append(p.ports[host], port)
		}
	}
	if len(p.ports) == 0 {
		return nil
	}
	return p
}

// ProxyAddress reads host, host:port, IP, IP:port or [IPv6]:port; port is 0 where
// there is none.
func ProxyAddress(text string) (host string, port uint16, ok bool) {
	text = strings.TrimSpace(text)
	if ip, isIP := graph.NormalIP(text); isIP {
		return ip, 0, true
	}
	if at, err := netip.ParseAddrPort(text); err == nil {
		ip, _ := graph.NormalIP(at.Addr().String())
		return ip, at.Port(), true
	}
	name, digits, has := strings.Cut(text, ":")
	if has {
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || n == 0 {
			return "", 0, false
		}
		port = uint16(n)
	}
	if strings.ContainsAny(name, "/\\ @") {
		return "", 0, false
	}
	host, ok = graph.NormalName(name)
	return host, port, ok
}

// SetProxies has connections to proxies led to where they really go.
func (r *Round) SetProxies(p *Proxies) { r.proxies = p }

// Is says whether an endpoint is a proxy, on whatever port.
func (p *Proxies) Is(endpoint string) bool { return p != nil && p.ports[endpoint] != nil }

// serves says whether there is a proxy at that port.
func (p *Proxies) serves(endpoint string, port uint16) bool {
	ports := p.ports[endpoint]
	return slices.Contains(ports, port) || slices.Contains(ports, 0)
}

// called are the names that a contact goes by: the one that its record gives, those
// whose answers to the process hold the address, or else the address.
func called(c *Contact, names []string) []string {
	switch {
	case c.Name != "":
		return []string{c.Name}
	case len(names) > 0:
		return names
	}
	return []string{c.IP}
}

// beyond gives a function that says where a contact of a process with that command
// line goes, if it is one with a proxy and the command line names destinations.
func (p *Proxies) beyond(command string) func(c *Contact, names []string) []string {
	if p == nil {
		return func(*Contact, []string) []string { return nil }
	}
	var targets []string
	asked := false
	return func(c *Contact, names []string) []string {
		through := p.serves(c.IP, c.Port) && c.Name == "" ||
			slices.ContainsFunc(names, func(n string) bool { return p.serves(n, c.Port) })
		if !through {
			return nil
		}
		if !asked {
			asked, targets = true, p.destinations(command)
		}
		return targets
	}
}

// destinations are what a command line names, proxies left out.
func (p *Proxies) destinations(command string) []string {
	if command == "" {
		return nil
	}
	all := slices.DeleteFunc(slices.Clone(p.targets(command)), p.Is)
	slices.Sort(all)
	return slices.Compact(all)
}

// retold says that the command line of a stored process is another now, which may
// lead its connections through proxies elsewhere.
func (s *settling) retold(p *Process) bool {
	return s.proxies != nil && p.Stored != nil && p.Stored.Starts != p.Image()+graph.Sep+p.CommandLine()
}

// retell has the connections of such processes worked out again.
func (s *settling) retell() {
	for key, p := range s.procs {
		if s.retold(p) && !s.gone[key] {
			s.talk(key)
		}
	}
}
