package winxml

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// text is what an element's content says: references resolved, sections of
// character data as they are, comments left out. Line ends stay as they are, as
// they do in binary logs. What no XML may hold (control characters, halves of
// surrogates, broken UTF-8) becomes the replacement character where no database
// would take it either; a reference that nothing is known of stays.
func text(b []byte) string {
	if bytes.IndexByte(b, '&') < 0 && bytes.IndexByte(b, '<') < 0 {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		i := bytes.IndexAny(b, "&<")
		if i < 0 {
			i = len(b)
		}
		out = append(out, b[:i]...)
		if b = b[i:]; len(b) == 0 {
			break
		}
		var n int
		out, n = special(out, b)
		b = b[n:]
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

// special appends what b, which begins with & or <, begins with, and says how
// long that is.
func special(out, b []byte) ([]byte, int) {
	const section, sectionEnd, comment, commentEnd = "<![CDATA[", "]]>", "<!--", "-->"
	switch {
	case b[0] == '&':
		if r, n := reference(b); n > 0 {
			return utf8.AppendRune(out, r), n
		}
	case bytes.HasPrefix(b, []byte(section)):
		if n := bytes.Index(b, []byte(sectionEnd)); n >= 0 {
			return append(out, b[len(section):n]...), n + len(sectionEnd)
		}
	case bytes.HasPrefix(b, []byte(comment)):
		if n := bytes.Index(b, []byte(commentEnd)); n >= 0 {
			return out, n + len(commentEnd)
		}
	}
	return append(out, b[0]), 1
}

// reference is the character that b, which begins with &, refers to; n is 0
// where it is none.
func reference(b []byte) (r rune, n int) {
	end := bytes.IndexByte(b[:min(len(b), 12)], ';')
	if end < 0 {
		return 0, 0
	}
	name := string(b[1:end])
	switch name {
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "amp":
		return '&', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, 0
	}
	base := 10
	if len(digits) > 0 && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base = digits[1:], 16
	}
	code, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0, 0
	}
	if code == 0 || code > utf8.MaxRune || !utf8.ValidRune(rune(code)) {
		return utf8.RuneError, end + 1
	}
	return rune(code), end + 1
}
