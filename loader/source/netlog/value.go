package netlog

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// remote sets the destination from a host as requests name it: a name, or an
// address.
func remote(f *graph.FlowSeen, host string) {
	if ip, ok := graph.NormalIP(host); ok {
		f.RemoteIP = ip
		return
	}
	f.RemoteName = host
}

// hostPort cuts host:port; the port is 0 where there is none.
func hostPort(s string) (host string, p uint16) {
	if host, text, err := net.SplitHostPort(s); err == nil {
		return host, port(text)
	}
	return strings.Trim(s, "[]"), 0
}

func port(s string) uint16 {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

func bytesOf(s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// account is whom a proxy knows; "" for the ways of writing nobody.
func account(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// epoch reads seconds since 1970, with a fraction or without.
func epoch(s string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds < 631152000 || seconds >= 4102444800 { // 1990 to 2100
		return time.Time{}, false
	}
	nanos, err := strconv.ParseUint((fraction + "000000000")[:9], 10, 32)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(seconds, int64(nanos)).UTC(), true
}
