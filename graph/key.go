package graph

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Sep stands between the parts of a key.
const Sep = "|"

// HostKey is the identity of a host: its name in lower case, as it is. A bare
// and a full name are different hosts unless the configuration aliases them.
func HostKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// TaskPath is a task's path with its leading backslash.
func TaskPath(path string) string {
	return `\` + strings.TrimLeft(strings.TrimSpace(path), `\`)
}

// TaskKey is the identity of a task on a host.
func TaskKey(host, path string) string { return host + Sep + strings.ToLower(TaskPath(path)) }

// TaskName is the last element of a task's path.
func TaskName(path string) string { return path[strings.LastIndexByte(path, '\\')+1:] }

// NormalGUID is a GUID in upper case without braces; "" for nothing, "-", and
// the all-zero GUID, which Sysmon writes for a process it does not know.
func NormalGUID(s string) string {
	s = strings.ToUpper(strings.Trim(strings.TrimSpace(s), "{}"))
	if len(s) != 36 || s == "00000000-0000-0000-0000-000000000000" {
		return ""
	}
	return s
}

// BaseName is the last element of a Windows or NT path, in lower case.
func BaseName(path string) string {
	path = strings.Trim(path, `" `)
	return strings.ToLower(path[strings.LastIndexAny(path, `\/`)+1:])
}

// NormalIP is the canonical form of an IP address: IPv4-mapped ones as IPv4,
// brackets and zones cut; ok is false where s is no address.
func NormalIP(s string) (ip string, ok bool) {
	s = strings.TrimSpace(s)
	if n := len(s); n > 2 && s[0] == '[' && s[n-1] == ']' {
		s = s[1 : n-1]
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return "", false
	}
	return a.Unmap().WithZone("").String(), true
}

// lenient maps names as browsers do, and lets pass what DNS has beyond host names,
// an underscore say.
var lenient = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// NormalName is a DNS name as it is stored: lower case, punycode, no trailing
// dot, no port; an address in place of a name is as [NormalIP] has it. ok is
// false where it is empty or "-". What IDNA refuses is only lower-cased.
func NormalName(s string) (name string, ok bool) {
	s = strings.TrimRight(withoutPort(strings.TrimSpace(s)), ".")
	if s == "" || s == "-" {
		return "", false
	}
	if s[0] == '[' || s[0] >= '0' && s[0] <= '9' || strings.Contains(s, ":") {
		if ip, ok := NormalIP(s); ok {
			return ip, true
		}
	}
	if isASCII(s) {
		return strings.ToLower(s), true
	}
	if a, err := lenient.ToASCII(s); err == nil {
		if a = strings.TrimRight(a, "."); a != "" {
			return a, true
		}
	}
	return strings.ToLower(s), true
}

// withoutPort cuts a port from a name, from an IPv4 address, and from an IPv6 one in brackets.
func withoutPort(s string) string {
	i := strings.LastIndexByte(s, ':')
	if i <= 0 || i == len(s)-1 || strings.Trim(s[i+1:], "0123456789") != "" || len(s)-i > 6 {
		return s
	}
	if strings.Contains(s[:i], ":") && s[i-1] != ']' {
		return s // IPv6
	}
	return s[:i]
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// Scope says what part of the network an endpoint lies in.
type Scope string

// The scopes.
const (
	Public    Scope = "public"
	Private   Scope = "private"
	Loopback  Scope = "loopback"
	LinkLocal Scope = "linklocal"
	Multicast Scope = "multicast"
	Reserved  Scope = "reserved"
	Internal  Scope = "internal"
)

var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("::/128"),
}

var sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598

// IPScope is the scope of a canonical IP (RFC 6890 registries).
func IPScope(ip string) Scope {
	a, err := netip.ParseAddr(ip)
	switch {
	case err != nil:
		return Reserved
	case a.IsLoopback():
		return Loopback
	case a.IsMulticast():
		return Multicast
	case a.IsLinkLocalUnicast():
		return LinkLocal
	case a.IsPrivate(), sharedSpace.Contains(a):
		return Private
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return Reserved
		}
	}
	return Public
}

// Domain is the registered domain of a normal name and its public suffix, by
// the whole public suffix list, private section included. A name that is a
// suffix itself, or has none, is its own domain.
func Domain(name string) (domain, suffix string) {
	suffix, _ = publicsuffix.PublicSuffix(name)
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return name, suffix
	}
	return domain, suffix
}
