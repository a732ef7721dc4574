package decode

import "strings"

// Hidden says whether a command line may have something to decode. It reads the
// line once and takes no memory; it may say yes to a line that has nothing, never
// no to one that has.
func Hidden(s string) bool {
	for i := 0; i < len(s); i++ {
		if marks[s[i]] && hint(s, i) {
			return true
		}
	}
	return false
}

// marks are the bytes that hint looks at.
var marks = [256]bool{
	'^': true, '`': true, '-': true, '/': true, 0xe2: true, '[': true, '(': true, ':': true, '+': true, '&': true, '=': true,
	'0': true, '\\': true, ']': true,
}

// hint looks at one place.
func hint(s string, i int) bool {
	next := byte(0)
	if i+1 < len(s) {
		next = s[i+1]
	}
	before := s[:i]
	switch s[i] {
	case '^', '`':
		return isLetter(next) || isDigit(next) || next == '-'
	case '-', '/', 0xe2:
		return dashed(s, i)
	case '[':
		return foldPrefix(s[i:], "[char") || foldPrefix(s[i:], "[-1") || foldPrefix(s[i:], "[ -1")
	case '(':
		return called(before)
	case ':':
		return next == '~' || foldSuffix(before, "script") || foldSuffix(before, "about") || foldSuffix(before, "mhtml") || foldSuffix(before, "data") ||
			foldPrefix(s[i:], "::fromhexstring") || foldPrefix(s[i:], "::frombase64string")
	case '+', '&':
		return joins(before, s[i+1:])
	case '=':
		return sets(before, s[i+1:])
	case '0':
		return len(s) > i+5 && next|0x20 == 'x' && strings.Contains(s[i+4:min(len(s), i+8)], "0") && strings.Contains(s[i+4:min(len(s), i+8)], ",")
	case '\\':
		return next == 'x' && i+3 < len(s) && isHex(s[i+2]) && isHex(s[i+3]) || foldPrefix(s[i:], `\u00`)
	case ']':
		return i > 0 && isDigit(s[i-1]) && strings.Contains(before[max(0, i-40):], "$")
	}
	return false
}

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// dashed: -enc, -f, -replace, base64 -d, certutil -decode.
func dashed(s string, i int) bool {
	rest := s[i:]
	if i == 0 || isBreak(s[i-1]) {
		if _, ok := encodedOption(rest); ok {
			return true
		}
	}
	switch {
	case foldPrefix(rest, "-decode"), foldPrefix(rest, "/decode"), foldPrefix(rest, "-d "), foldPrefix(rest, "--decode"):
		return true
	case foldPrefix(rest, "-replace"), foldPrefix(rest, "-creplace"):
		return true
	case foldPrefix(rest, "-f"):
		return strings.Contains(s[:i], "{0}") || strings.Contains(s[:i], "{1}")
	}
	return false
}

// called: the name before a bracket.
func called(before string) bool {
	for _, name := range [...]string{"chr", "chrw", "fromcharcode", "unescape", "strreverse", "decodeuri", "decodeuricomponent", ".replace", "frombase64string", "getstring"} {
		if foldSuffix(before, name) {
			return true
		}
	}
	return false
}

// joins: a sign between two strings.
func joins(before, after string) bool {
	for before != "" && isSpace(before[len(before)-1]) {
		before = before[:len(before)-1]
	}
	for after != "" && (isSpace(after[0]) || after[0] == '\\') {
		after = after[1:]
	}
	if before == "" || after == "" {
		return false
	}
	if after[0] == '$' {
		return true
	}
	return (isQuote(before[len(before)-1]) || variableEnds(before)) && isQuote(after[0])
}

// variableEnds says that s ends with a script's variable.
func variableEnds(s string) bool {
	for n := len(s); n > 0 && len(s)-n < 40; n-- {
		if c := s[n-1]; c == '$' {
			return n < len(s)
		} else if !isLetter(c) && !isDigit(c) && c != '_' {
			return false
		}
	}
	return false
}

// sets: set x=, with a use of some variable behind it.
func sets(before, after string) bool {
	n := len(before)
	for n > 0 && len(before)-n < 64 && !isSpace(before[n-1]) {
		n--
	}
	return n >= 4 && foldSuffix(before[:n-1], "set") && strings.ContainsAny(after, "%!")
}
