package render

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// buffer collects output, so that a writer sees whole texts and one error.
type buffer = strings.Builder

// maxMarks is how many combining marks a character may carry; more of them
// paint over the lines above and below.
const maxMarks = 2

// Escape makes s safe to print on one line of a terminal: a rune that is not
// plainly visible (control characters and with them every ANSI sequence, line
// breaks, directional overrides and other format characters, invisible
// letters, piled-up marks) becomes <U+202E>, a byte that is not UTF-8 becomes
// <0xFF>. Backslashes stay as they are, for Windows paths are full of them;
// angle brackets can't stand in such a path, so the escapes can be told apart
// there.
func Escape(s string) string {
	if plainASCII(s) {
		return s
	}
	var b strings.Builder
	marks := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "<0x%02X>", s[i])
		case !visible(r), marks > maxMarks, marks > 0 && i == 0:
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// visible: strconv's printable runes leave out controls, format characters
// (bidi among them), separators and every space but ASCII's. What is left that
// can't be seen are ignorable letters and variation selectors.
func visible(r rune) bool {
	return strconv.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// width is the number of terminal columns s takes.
func width(s string) int { return uniseg.StringWidth(s) }

// cut shortens s to at most n columns, with an ellipsis where something went.
func cut(s string, n int) string {
	if width(s) <= n {
		return s
	}
	if n <= 0 {
		return ""
	}
	var b strings.Builder
	used, state := 0, -1
	for s != "" {
		var cluster string
		var w int
		cluster, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		if used+w > n-1 {
			break
		}
		used += w
		b.WriteString(cluster)
	}
	return b.String() + "…"
}
