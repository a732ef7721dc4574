package decode

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	scriptStart = regexp.MustCompile(`(?i)(?:javascript|vbscript|about|mhtml):`)
	percent     = regexp.MustCompile(`(?:%[0-9A-Fa-f]{2})+`)
	slashX      = regexp.MustCompile(`(?:\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4})+`)
	unescaping  = regexp.MustCompile(`(?i)\b(?:unescape|decodeURI(?:Component)?)\(\s*(?:'([^']*)'|"([^"]*)")\s*\)`)
	percentU    = regexp.MustCompile(`%u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}`)
)

// scriptURL takes the percent signs out of a script URL, which mshta and rundll32
// run: javascript:a%3d1.
func scriptURL(d *decoder) {
	m := scriptStart.FindStringIndex(d.text)
	if m == nil || !strings.Contains(d.text, "%") {
		return
	}
	var pieces []piece
	for _, p := range percent.FindAllStringIndex(d.text[m[1]:], 4096) {
		from, to := m[1]+p[0], m[1]+p[1]
		if s := unpercent(d.text[from:to]); utf8.ValidString(s) && !strings.Contains(s, "\x00") {
			pieces = append(pieces, piece{from: from, to: to, text: s, name: "script-url"})
		}
	}
	d.apply(pieces)
}

func unpercent(s string) string {
	b := make([]byte, 0, len(s)/3)
	for i := 0; i+2 < len(s); i += 3 {
		v, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
		b = append(b, byte(v))
	}
	return string(b)
}

// escapes undoes \x41 and \u0041 in scripts, and unescape('%41').
func escapes(d *decoder) {
	if d.web() && d.has(`\x`, `\u00`) {
		d.each("escapes", slashX, func(g func(int) string) (string, bool) {
			var b strings.Builder
			for code := range strings.SplitSeq(g(0)[1:], `\`) {
				v, _ := strconv.ParseUint(code[1:], 16, 16)
				b.WriteRune(rune(v))
			}
			return sane(b.String())
		})
	}
	if d.has("unescape(", "decodeuri") {
		d.each("escapes", unescaping, func(g func(int) string) (string, bool) {
			text := percentU.ReplaceAllStringFunc(g(1)+g(2), func(s string) string {
				v, _ := strconv.ParseUint(strings.TrimLeft(s, "%u"), 16, 16)
				return string(rune(v))
			})
			text, ok := sane(text)
			return literal(text), ok
		})
	}
}
