package decode

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// lower is s with ASCII letters in lower case.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// cut is at most n bytes of s, without half a rune at its end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func clip(s string) string {
	if len(s) <= excerpt {
		return s
	}
	return cut(s, excerpt) + "…"
}

// literal is s as a string of a script, or bare where quotes would not hold it.
func literal(s string) string {
	if strings.ContainsAny(s, "'\r\n") {
		return s
	}
	return "'" + s + "'"
}

// script is s in place of what gave it: code stands bare, so that it is decoded in its turn.
func script(s string) string { return strings.TrimRight(s, "\x00") }

// readable is b as text: UTF-16 where every other byte says so, else UTF-8, else
// single bytes that are nearly all ASCII.
func readable(b []byte) (string, bool) {
	b = trimBOM(b)
	if len(b) == 0 {
		return "", false
	}
	low, high := zeros(b)
	half := len(b) / 2
	switch {
	case len(b) >= 4 && high*5 >= half*3 && low*10 <= half:
		return sane(wide(b, false))
	case len(b) >= 4 && low*5 >= half*3 && high*10 <= half:
		return sane(wide(b, true))
	}
	if utf8.Valid(b) {
		return sane(string(b))
	}
	return single(b)
}

// zeros counts zero bytes at even and at odd places.
func zeros(b []byte) (even, odd int) {
	for i, c := range b {
		if c == 0 && i%2 == 0 {
			even++
		} else if c == 0 {
			odd++
		}
	}
	return even, odd
}

func trimBOM(b []byte) []byte {
	s := string(b[:min(3, len(b))])
	switch {
	case s == "\xef\xbb\xbf":
		return b[3:]
	case strings.HasPrefix(s, "\xff\xfe"):
		return b[2:]
	}
	return b
}

// wide is UTF-16 as text; an odd last byte, where telemetry cut it off, is dropped.
func wide(b []byte, bigEndian bool) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		lo, hi := b[2*i], b[2*i+1]
		if bigEndian {
			lo, hi = hi, lo
		}
		units[i] = uint16(hi)<<8 | uint16(lo)
	}
	return string(utf16.Decode(units))
}

// sane accepts text that people can read.
func sane(s string) (string, bool) {
	s = strings.TrimRight(s, "\x00")
	bad, n := 0, 0
	for _, r := range s {
		n++
		if r == utf8.RuneError || r != '\t' && r != '\n' && r != '\r' && !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			bad++
		}
	}
	return s, n > 0 && bad*50 <= n
}

// single is bytes of a one-byte code page as text, where 95 in 100 are plain ASCII.
func single(b []byte) (string, bool) {
	plain := 0
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\r' || c == '\t' {
			plain++
		}
	}
	if plain*100 < len(b)*95 {
		return "", false
	}
	return sane(string(runes))
}
