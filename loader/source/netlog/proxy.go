package netlog

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// squid reads Squid's native access log: time, milliseconds taken, client,
// result/status, bytes, method, URL, user, hierarchy/peer, type. Its time is
// that of the end.
type squid struct{}

func (squid) context() string       { return "" }
func (squid) comment(_ string) bool { return false }

func isSquid(line string) bool {
	f := strings.Fields(line)
	if len(f) < 10 || len(f[0]) < 12 || strings.IndexByte(f[0], '.') != 10 {
		return false
	}
	_, isTime := epoch(f[0])
	code, status, ok := strings.Cut(f[3], "/")
	return isTime && ok && strings.ToUpper(code) == code && len(status) <= 3 && strings.Contains(f[8], "/")
}

func (squid) record(line string) (graph.Observation, error) {
	v := strings.Fields(line)
	if len(v) < 9 {
		return nil, errForm
	}
	at, ok := epoch(v[0])
	if !ok {
		return nil, errNoTime
	}
	at = at.Add(-time.Duration(min(bytesOf(v[1]), 1<<40)) * time.Millisecond)
	client, ok := graph.NormalIP(v[2])
	if !ok {
		return nil, errNoClient
	}
	name, p := target(v[5], v[6])
	if name == "" {
		return nil, errSkip("squid without a destination")
	}
	f := &graph.FlowSeen{
		Header: header("proxy/squid", at), ClientIP: client, RemotePort: p, Protocol: "tcp",
		Received: bytesOf(v[4]), User: account(v[7]), Source: "proxy",
	}
	remote(f, name)
	how, peer, _ := strings.Cut(v[8], "/")
	if ip, ok := graph.NormalIP(peer); ok && (strings.HasSuffix(how, "DIRECT") || strings.HasSuffix(how, "ORIGINAL_DST")) {
		f.RemoteIP = ip // else the peer is a proxy too
	}
	return f, nil
}

// w3c reads the W3C's extended log format as proxies write it. Date and time
// are in UTC by the format.
type w3c struct {
	names []string
	tabs  bool
	date  string
	line  string // that names the fields
}

func isW3C(head []byte) bool {
	for line := range bytes.Lines(head) {
		switch {
		case bytes.HasPrefix(line, []byte("#Fields:")):
			return true
		case !bytes.HasPrefix(line, []byte("#")):
			return false
		}
	}
	return false
}

func (w *w3c) context() string {
	out := ""
	if w.date != "" {
		out = "#Date: " + w.date + "\n"
	}
	return out + w.line + "\n"
}

func (w *w3c) comment(line string) bool {
	if !strings.HasPrefix(line, "#") {
		return false
	}
	if rest, ok := strings.CutPrefix(line, "#Fields:"); ok {
		rest = strings.TrimLeft(rest, " ")
		w.tabs = strings.Contains(rest, "\t")
		w.names, w.line = w.split(strings.TrimSpace(rest)), line
	}
	if rest, ok := strings.CutPrefix(line, "#Date:"); ok {
		w.date = strings.TrimSpace(rest)
	}
	return true
}

// split cuts a line at its blanks, outside quotation marks, or at its tabs.
func (w *w3c) split(line string) []string {
	if w.tabs {
		return strings.Split(line, "\t")
	}
	var out []string
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		if line[0] == '"' {
			if end := strings.IndexByte(line[1:], '"'); end >= 0 {
				out, line = append(out, line[1:1+end]), line[end+2:]
				continue
			}
		}
		value, rest, _ := strings.Cut(line, " ")
		out, line = append(out, value), rest
	}
	return out
}

func (w *w3c) record(line string) (graph.Observation, error) {
	if w.names == nil {
		return nil, errNoFields
	}
	values := w.split(line)
	if len(values) != len(w.names) {
		return nil, errForm
	}
	get := func(names ...string) string {
		for _, name := range names {
			for i, n := range w.names {
				if strings.EqualFold(n, name) && values[i] != "-" && values[i] != "" {
					return strings.TrimSpace(values[i])
				}
			}
		}
		return ""
	}
	at, ok := w.time(get)
	if !ok {
		return nil, errNoTime
	}
	client, ok := graph.NormalIP(get("c-ip"))
	if !ok {
		return nil, errNoClient
	}
	f := &graph.FlowSeen{
		Header: header("proxy/w3c", at), ClientIP: client, ClientPort: port(get("c-port")), Protocol: "tcp",
		Sent: bytesOf(get("cs-bytes")), Received: bytesOf(get("sc-bytes")), User: account(get("cs-username")), Source: "proxy",
	}
	w.remote(f, get)
	if f.RemoteIP == "" && f.RemoteName == "" {
		return nil, errSkip("w3c log without a destination")
	}
	return f, nil
}

// remote finds the destination: the URL's or the request's host, and the
// address that the proxy connected to where it says so (r-ip). Its own address
// (s-ip) is none.
func (w *w3c) remote(f *graph.FlowSeen, get func(...string) string) {
	name, p := target(get("cs-method"), get("cs-uri", "c-uri"))
	if name == "" {
		name, p = hostPort(get("cs-host", "cs(Host)", "r-host", "r-dns", "s-supplier-name"))
	}
	for _, more := range []string{get("cs-uri-port"), get("r-port")} {
		if p == 0 {
			p = port(more)
		}
	}
	if p == 0 {
		p = schemePort(get("cs-uri-scheme"))
	}
	if p == 0 {
		p = port(get("s-port"))
	}
	f.RemotePort = p
	remote(f, name)
	if ip, ok := graph.NormalIP(get("r-ip", "s-supplier-ip")); ok {
		f.RemoteIP = ip
	}
}

func (w *w3c) time(get func(...string) string) (time.Time, bool) {
	date := get("date")
	if date == "" {
		date, _, _ = strings.Cut(w.date, " ")
	}
	if at, err := time.Parse("2006-01-02 15:04:05", date+" "+get("time")); err == nil {
		return at, true
	}
	return epoch(get("x-timestamp-unix", "timestamp"))
}

// target is the destination that a request to a proxy names: the host and port
// of CONNECT, or of an absolute URL.
func target(method, uri string) (name string, p uint16) {
	if strings.EqualFold(method, "CONNECT") {
		uri = strings.TrimPrefix(uri, "tcp://")
		return hostPort(strings.TrimSuffix(uri, "/"))
	}
	if !strings.Contains(uri, "://") {
		return "", 0
	}
	u, err := url.Parse(uri)
	if err != nil { // a bad escape behind the host does not make the host unknown
		scheme, rest, _ := strings.Cut(uri, "://")
		host, _, _ := strings.Cut(rest, "/")
		u = &url.URL{Scheme: scheme, Host: host}
	}
	if p = port(u.Port()); p == 0 {
		p = schemePort(u.Scheme)
	}
	return u.Hostname(), p
}

func schemePort(scheme string) uint16 {
	switch strings.ToLower(scheme) {
	case "http", "ws":
		return 80
	case "https", "wss", "ssl":
		return 443
	case "ftp":
		return 21
	}
	return 0
}
