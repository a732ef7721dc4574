package winevent

import (
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// absent is what Windows writes for nothing.
var absent = map[string]bool{
	"": true, "-": true, "<unknown process>": true, "S-1-0-0": true, "NULL SID": true,
}

// present is a value as written, or "" where it stands for nothing.
func present(value string) string {
	if absent[strings.TrimSpace(value)] {
		return ""
	}
	return value
}

// first is the first of the named fields that holds something.
func first(e *Event, names ...string) string {
	for _, name := range names {
		if v := present(e.Get(name)); v != "" {
			return v
		}
	}
	return ""
}

// integer reads a number as carriers write it, decimal or hexadecimal.
func integer(s string) (n uint64, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	digits, hex := strings.CutPrefix(s, "0x")
	base := 10
	if hex {
		base = 16
	}
	n, err := strconv.ParseUint(digits, base, 64)
	return n, err == nil
}

// number is a number, 0 for none.
func number(s string) uint64 {
	n, _ := integer(s)
	return n
}

// pid is a process id, 0 for none.
func pid(s string) uint32 {
	n, ok := integer(s)
	if !ok || n > 1<<32-1 {
		return 0
	}
	return uint32(n)
}

// port is a port number, 0 for none.
func port(s string) uint16 {
	n, ok := integer(s)
	if !ok || n > 1<<16-1 {
		return 0
	}
	return uint16(n)
}

// decimal is a number in decimal, or the text as it is.
func decimal(s string) string {
	if n, ok := integer(s); ok {
		return strconv.FormatUint(n, 10)
	}
	return present(s)
}

// protocol is tcp or udp, or the number.
func protocol(s string) string {
	switch s = strings.ToLower(strings.TrimSpace(present(s))); s {
	case "6":
		return "tcp"
	case "17":
		return "udp"
	}
	return s
}

// serviceAccounts are the accounts that every machine has for itself. Security
// events write the machine's domain account for the first and the last.
var serviceAccounts = map[string]string{
	"S-1-5-18": `NT AUTHORITY\SYSTEM`,
	"S-1-5-19": `NT AUTHORITY\LOCAL SERVICE`,
	"S-1-5-20": `NT AUTHORITY\NETWORK SERVICE`,
}

// account is DOMAIN\name, the bare name where there is no domain.
func account(domain, name string) string {
	domain, name = present(domain), present(name)
	if domain == "" || name == "" {
		return name
	}
	return domain + `\` + name
}

// sidOf is the SID that a user's text is or, for a service account, means.
func sidOf(user string) string {
	if strings.HasPrefix(strings.ToUpper(user), "S-1-") {
		return strings.ToUpper(user)
	}
	for sid, name := range serviceAccounts {
		if strings.EqualFold(user, name) || strings.EqualFold(user, graph.TaskName(name)) {
			return sid
		}
	}
	return ""
}

// cutFold is [strings.Cut] without regard to the case of ASCII letters; sep is
// in lower case. It gives slices of s itself, which a search in a lower-cased
// copy could not: some letters change their length.
func cutFold(s, sep string) (before, after string, found bool) {
	for i := 0; i+len(sep) <= len(s); i++ {
		if s[i]|0x20 == sep[0]|0x20 && foldAt(s[i:], sep) {
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}

// foldAt says whether s begins with lower, which is in lower case.
func foldAt[T string | []byte](s T, lower string) bool {
	if len(s) < len(lower) {
		return false
	}
	for i := range len(lower) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// splitLast cuts a path before its last element.
func splitLast(path string) (dir, last string) {
	i := strings.LastIndexByte(path, '\\')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}
