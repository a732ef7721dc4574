package decode

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// Kind says in which form a destination stands in a text.
type Kind string

// The forms.
const (
	URL  Kind = "url"  // a URL, or a UNC path
	Host Kind = "host" // a name as an argument of a program that connects
	IP   Kind = "ip"   // an address
	// Proxy is what a program is told to go through: not where it goes.
	Proxy Kind = "proxy"
)

// Target is a destination that a text names.
type Target struct {
	Kind Kind   `json:"kind"`
	Host string `json:"host"`           // normal name, or canonical IP
	Port uint16 `json:"port,omitempty"` // 0 where none is given
	URL  string `json:"url,omitempty"`  // as written
}

// mostTargets bounds what one command line may name.
const mostTargets = 64

const hostPart = `((?:[\pL\pN_](?:[\pL\pN_-]*[\pL\pN_])?\.)+[\pL\pN][\pL\pN-]*\.?|\[[0-9A-Fa-f:.]+\])`

var (
	urls = regexp.MustCompile(`(?i)\b(?:https?|ftps?|wss?|file|ldaps?|tftp|sftp)://[^\s"'<>|^` + "`" + `\\){}\[\];,]*(?:\[[0-9a-f:.]+\][^\s"'<>|^` + "`" + `\\){}\[\];,]*)?`)
	unc  = regexp.MustCompile(`(?:^|[\s"'=(,;>|&])((?:\\\\|//)([\pL\pN_][\pL\pN_.-]*|\d[\d.]*)((?:@SSL)?(?:@\d{1,5})?)[\\/][^\s"'<>|:*?]+)`)
	ipv4 = regexp.MustCompile(`\d{1,3}(?:\.\d{1,3}){3}`)
	pair = regexp.MustCompile(`^:(\d{1,5})(?:\D|$)`)
	// What stands before a proxy's host, or its URL.
	proxies = regexp.MustCompile(`(?i)(?:\s--?(?:proxy|socks[45]a?|http-proxy|proxy-server|preproxy)(?:-hostname)?[\s=:]+|\s-x\s+|proxy(?:server|address|host)?\s*=\s*|\bwebproxy\s*\(?\s*)["']?(?:https?=)?` + hostPart + `(?::(\d{1,5}))?`)
	through = regexp.MustCompile(`(?i)(?:\s--?(?:proxy|socks[45]a?|http-proxy|proxy-server|preproxy)(?:-hostname)?[\s=:]+|\s-x\s+|proxy(?:server|address|host)?\s*=\s*|\bwebproxy\s*\(?\s*)["']?(?:https?=)?$`)
	// What stands before a host that a program is told to connect to. The host follows.
	towards = []*regexp.Regexp{
		regexp.MustCompile(`(?i)\bconnect\s+` + hostPart + `:(\d{1,5})`),
		regexp.MustCompile(`(?i)\b(?:tcpclient|udpclient)\s*\(?\s*["']` + hostPart + `["'](?:\s*,\s*["']?(\d{1,5}))?`),
		regexp.MustCompile(`(?i)\.connect\(\s*["']` + hostPart + `["'](?:\s*,\s*["']?(\d{1,5}))?`),
		regexp.MustCompile(`(?i)\bconnectaddress=["']?` + hostPart + `(?:["']?\s+connectport=(\d{1,5}))?`),
		regexp.MustCompile(`(?i)\s-(?:computername|cn|server|remotehost|smtpserver)\s+["']?` + hostPart + `(?::(\d{1,5}))?`),
	}
	// Programs whose first host-like argument is where they go.
	goers         = regexp.MustCompile(`(?i)(?:^|[\s"'\\/&|(;])(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod|ncat|nc|nc64|netcat|telnet|ftp|tftp|plink|ssh|sftp|psftp)(?:\.exe)?["']?\s+`)
	going         = regexp.MustCompile(`^(?:[\w.-]{1,64}@)?` + hostPart + `(?::(\d{1,5}))?(?:[/:]\S*)?$`)
	versionBefore = regexp.MustCompile(`(?i)(?:version|ver|vers|build|release|revision|culture|assembly)["']?\s*[=:,]?\s*["'v]*$`)
)

// finder gathers the destinations of texts, each once.
type finder struct {
	out   []Target
	seen  map[Target]bool
	taken map[string]bool // hosts and IPs that something longer named with a port
}

func newFinder() *finder { return &finder{seen: map[Target]bool{}, taken: map[string]bool{}} }

// named says that something longer named that host and port.
func (f *finder) named(host string, port uint16) bool {
	return slices.ContainsFunc(f.out, func(t Target) bool { return t.Host == host && t.Port == port })
}

func (f *finder) add(t Target) {
	if f.seen[t] || len(f.out) >= mostTargets {
		return
	}
	f.seen[t] = true
	f.taken[t.Host] = true
	f.out = append(f.out, t)
}

// find adds what s names: URLs, shares, arguments of programs that connect, then
// bare addresses.
func (f *finder) find(s string) {
	if !strings.ContainsAny(s, ".:\\/") {
		return
	}
	var covered [][]int
	if strings.Contains(s, "://") {
		for _, m := range urls.FindAllStringIndex(s, 256) {
			covered = append(covered, m)
			if !isNamespace(s, m[0], s[m[0]:m[1]]) {
				f.url(s[m[0]:m[1]], through.MatchString(s[max(0, m[0]-48):m[0]]))
			}
		}
	}
	for _, m := range unc.FindAllStringSubmatchIndex(s, 256) {
		if !overlaps(covered, m[2]) {
			f.share(s[m[2]:m[3]], s[m[4]:m[5]], s[m[6]:m[7]])
		}
	}
	for _, re := range towards {
		for _, m := range re.FindAllStringSubmatchIndex(s, 64) {
			if !overlaps(covered, m[2]) {
				f.host(Host, s[m[2]:m[3]], group(s, m, 2))
			}
		}
	}
	for _, m := range proxies.FindAllStringSubmatchIndex(s, 64) {
		if !overlaps(covered, m[2]) {
			f.host(Proxy, s[m[2]:m[3]], group(s, m, 2))
		}
	}
	for _, m := range goers.FindAllStringIndex(s, 32) {
		f.argument(s[m[1]:])
	}
	for _, m := range ipv4.FindAllStringIndex(s, 256) {
		if !overlaps(covered, m[0]) {
			f.address(s, m[0], m[1])
		}
	}
}

func group(s string, m []int, i int) string {
	if m[2*i] < 0 {
		return ""
	}
	return s[m[2*i]:m[2*i+1]]
}

func overlaps(covered [][]int, at int) bool {
	for _, c := range covered {
		if at >= c[0] && at < c[1] {
			return true
		}
	}
	return false
}

// isNamespace says that a URL is the name of an XML vocabulary, which nobody fetches.
func isNamespace(s string, at int, text string) bool {
	before := lower(s[max(0, at-40):at])
	if i := strings.LastIndex(before, "xmlns"); i >= 0 && !strings.ContainsAny(before[i:], " >;") {
		return true
	}
	low := lower(text)
	for _, p := range [...]string{
		"http://schemas.microsoft.com/", "http://schemas.xmlsoap.org/", "http://schemas.openxmlformats.org/", "http://schemas.dmtf.org/",
		"http://www.w3.org/1999/", "http://www.w3.org/2000/", "http://www.w3.org/2001/", "http://www.w3.org/tr/",
	} {
		if strings.HasPrefix(low, p) {
			return true
		}
	}
	return false
}

// url adds a URL's host.
func (f *finder) url(text string, proxy bool) {
	text = strings.TrimRight(text, ".,:;!*&")
	_, rest, _ := strings.Cut(text, "://")
	authority, _, _ := strings.Cut(rest, "/")
	authority, _, _ = strings.Cut(authority, "?")
	authority, _, _ = strings.Cut(authority, "#")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		host, port = authority[:i], authority[i+1:]
	}
	if plain, err := url.PathUnescape(host); err == nil {
		host = plain
	}
	if key := hostKey(host, true); key != "" {
		kind := URL
		if proxy {
			kind = Proxy
		}
		f.add(Target{Kind: kind, Host: key, Port: portOf(port), URL: text})
	}
}

// share adds a UNC path's server: \\server\share, \\server@SSL@8443\DavWWWRoot\x.
func (f *finder) share(text, host, at string) {
	if strings.HasPrefix(text, "//") && at == "" {
		return // a comment, or a path of another system
	}
	port := ""
	if i := strings.LastIndexByte(at, '@'); i >= 0 && at[i+1:] != "SSL" {
		port = at[i+1:]
	}
	if key := hostKey(host, true); key != "" {
		f.add(Target{Kind: URL, Host: key, Port: portOf(port), URL: strings.TrimRight(text, ".,;)")})
	}
}

// host adds a program's argument.
func (f *finder) host(kind Kind, host, port string) {
	key := hostKey(strings.Trim(host, "[]"), false)
	if key == "" || port == "" && f.taken[key] || isFile(key) {
		return
	}
	if _, ok := graph.NormalIP(key); ok && kind == Host {
		kind = IP
	}
	f.add(Target{Kind: kind, Host: key, Port: portOf(port)})
}

// argument adds the first argument that is a host and no file: nc -e cmd.exe HOST
// PORT, curl -o x.exe HOST/path, ssh user@HOST.
func (f *finder) argument(s string) {
	s = s[:min(len(s), 2048)]
	if i := strings.IndexAny(s, "&|;\r\n"); i >= 0 {
		s = s[:i]
	}
	words := strings.Fields(s)
	for i, w := range words {
		w = strings.Trim(w, `"'()`)
		if strings.Contains(w, "://") {
			return // a URL is where it goes, and is known
		}
		m := going.FindStringSubmatch(w)
		if m == nil || isFile(strings.ToLower(m[1])) {
			continue
		}
		port := m[2]
		if _, err := strconv.ParseUint(strings.Join(words[i+1:min(i+2, len(words))], ""), 10, 16); port == "" && err == nil {
			port = words[i+1]
		}
		if f.named(hostKey(strings.Trim(m[1], "[]"), false), portOf(port)) {
			continue // its proxy
		}
		f.host(Host, m[1], port)
		return
	}
}

// address adds a bare IPv4 address, unless it is rather a version or part of a path.
func (f *finder) address(s string, from, to int) {
	before, after := s[:from], s[to:]
	if before != "" {
		c := before[len(before)-1]
		if isLetter(c) || isDigit(c) || strings.ContainsRune(`.\/_-+%`, rune(c)) && !strings.HasSuffix(before, `\\`) {
			return
		}
	}
	if after != "" {
		c := after[0]
		if isLetter(c) || isDigit(c) || c == '_' || c == '-' || c == '\\' || c == '.' && len(after) > 1 && (isLetter(after[1]) || isDigit(after[1])) {
			return
		}
	}
	a, err := netip.ParseAddr(s[from:to])
	if err != nil || versionBefore.MatchString(before[max(0, len(before)-24):]) {
		return
	}
	b := a.As4()
	port := ""
	if m := pair.FindStringSubmatch(after); m != nil {
		port = m[1]
	}
	// 4.0.0.0 and 255.255.255.0 are no machine's address.
	if b[0] == 0 || b[0] >= 224 || b[3] == 0 && port == "" || port == "" && f.taken[a.String()] || f.named(a.String(), portOf(port)) {
		return
	}
	f.add(Target{Kind: IP, Host: a.String(), Port: portOf(port)})
}

// hostKey is the endpoint's key for a host as written; "" where it is none, a
// variable, say. A single label passes only where the place says that it is a host.
func hostKey(host string, single bool) string {
	if ip, ok := graph.NormalIP(strings.Trim(host, "[]")); ok {
		return ip
	}
	if ip := oldIPv4(host); ip != "" {
		return ip
	}
	key, ok := graph.NormalName(host)
	if !ok || len(key) > 253 || !single && !strings.Contains(key, ".") {
		return ""
	}
	for label := range strings.SplitSeq(key, ".") {
		if label == "" || len(label) > 63 {
			return ""
		}
		for i := range len(label) {
			if c := label[i]; !isLetter(c) && !isDigit(c) && c != '-' && c != '_' {
				return ""
			}
		}
	}
	if last := key[strings.LastIndexByte(key, '.')+1:]; isDigit(last[len(last)-1]) && strings.Contains(key, ".") {
		return "" // 1.2.3, or 300.1.1.1
	}
	return key
}

// oldIPv4 reads the other spellings of IPv4 that URLs may have: one number, and
// hexadecimal or octal parts (inet_aton).
func oldIPv4(host string) string {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if len(parts) > 4 || host == "" || !isDigit(host[0]) || len(parts) == 1 && len(host) < 7 {
		return ""
	}
	var v uint64
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 0, 32)
		if err != nil || strings.Contains(p, "_") || len(p) > 1 && strings.ContainsRune("bBoO", rune(p[1])) {
			return ""
		}
		last := i == len(parts)-1
		if !last && n > 255 || last && n >= 1<<(8*(5-len(parts))) {
			return ""
		}
		if last {
			v = v<<(8*(5-len(parts))) | n
		} else {
			v = v<<8 | n
		}
	}
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}).String()
}

func portOf(s string) uint16 {
	n, _ := strconv.ParseUint(s, 10, 16)
	return uint16(n)
}

// files are endings that a program's argument has where it names a file, though
// some of them are also top-level domains.
var files = map[string]bool{
	"exe": true, "dll": true, "ps1": true, "bat": true, "cmd": true, "vbs": true, "js": true, "txt": true, "log": true, "zip": true,
	"json": true, "xml": true, "html": true, "htm": true, "aspx": true, "php": true, "jpg": true, "png": true, "gif": true, "pem": true,
	"key": true, "ppk": true, "crt": true, "cer": true, "conf": true, "cfg": true, "ini": true, "msi": true, "cab": true, "hta": true,
	"sct": true, "sh": true, "py": true, "dat": true, "bin": true, "tmp": true, "csv": true, "psm1": true, "webclient": true,
}

func isFile(key string) bool { return files[key[strings.LastIndexByte(key, '.')+1:]] }
