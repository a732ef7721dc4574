package taskxml

import (
	"html"
	"regexp"
	"strings"
	"unicode/utf16"
)

// escaped is how a text begins that was HTML-escaped as a whole, once or more.
var escaped = regexp.MustCompile(`^(?i:&(?:amp;)*(?:lt|#0*60|#x0*3c);)`)

// maxEscapes is how often a text may have been escaped; more is left alone.
const maxEscapes = 4

// Unescape undoes the HTML escaping that some exporters put over a whole
// definition. Plain text comes back as it is, so twice is the same as once.
func Unescape(s string) string {
	body := strings.TrimLeft(s, "\uFEFF \t\r\n")
	begin := escaped.FindString(body)
	if begin == "" {
		return s
	}
	times := 1 + strings.Count(strings.ToLower(begin), "amp;")
	if times > maxEscapes {
		return s
	}
	for range times {
		s = html.UnescapeString(s)
	}
	return s
}

var prologue = regexp.MustCompile(`^<\?xml[^>]*\?>`)

// plain is the definition without all that carriers do to it: decoded,
// unescaped, without byte order mark, prologue and characters that XML forbids.
func plain(s string) string {
	s = Unescape(decodeUTF16(s))
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r':
			return r
		case r < ' ', r == 0xFFFE, r == 0xFFFF, r == '\uFEFF':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	return strings.TrimSpace(prologue.ReplaceAllString(s, ""))
}

// decodeUTF16 turns the bytes of a UTF-16 text into UTF-8; other text stays.
func decodeUTF16(s string) string {
	high, low := 1, 0
	switch {
	case len(s) < 4, len(s)%2 != 0:
		return s
	case strings.HasPrefix(s, "\xFF\xFE"), strings.HasPrefix(s, "<\x00"):
	case strings.HasPrefix(s, "\xFE\xFF"), strings.HasPrefix(s, "\x00<"):
		high, low = 0, 1
	default:
		return s
	}
	units := make([]uint16, 0, len(s)/2)
	for i := 0; i+1 < len(s); i += 2 {
		units = append(units, uint16(s[i+high])<<8|uint16(s[i+low]))
	}
	return string(utf16.Decode(units))
}
