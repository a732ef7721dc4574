package decode

import (
	"strings"
	"unicode/utf8"
)

// dash gives the length of what PowerShell takes for the beginning of a parameter:
// a hyphen, a dash of Unicode, or a slash; one hyphen more is allowed.
func dash(s string) int {
	n := oneDash(s)
	if n == 0 {
		if s != "" && s[0] == '/' {
			return 1
		}
		return 0
	}
	return n + oneDash(s[n:])
}

func oneDash(s string) int {
	if s != "" && s[0] == '-' {
		return 1
	}
	for _, r := range [...]string{"\u2013", "\u2014", "\u2015"} {
		if strings.HasPrefix(s, r) {
			return len(r)
		}
	}
	return 0
}

// option is a parameter with its value, at the beginning of a text.
type option struct {
	to    int // where it ends
	value string
	args  bool // -EncodedArguments
}

// encodedOption reads -EncodedCommand or -EncodedArguments in any legal abbreviation
// at the beginning of s. powershell.exe takes every beginning of the word, down to
// -e, and -ec; what -e leaves open it decides in favour of this one, so that -ex and
// -ep alone are the execution policy. -encodeda and longer, and -ea, are the arguments.
func encodedOption(s string) (o option, ok bool) {
	n := dash(s)
	if n == 0 {
		return o, false
	}
	end := n
	for end < len(s) && isLetter(s[end]) {
		end++
	}
	word := s[n:end]
	switch {
	case len(word) == 0:
		return o, false
	case foldPrefix("encodedcommand", word), strings.EqualFold(word, "ec"):
	case len(word) >= 8 && foldPrefix("encodedarguments", word), strings.EqualFold(word, "ea"):
		o.args = true
	default:
		return o, false
	}
	at := end
	if at < len(s) && (s[at] == ':' || s[at] == '=') {
		at++
	}
	for at < len(s) && isSpace(s[at]) {
		at++
	}
	if at == end {
		return o, false
	}
	return value(s, at, o)
}

// value reads the base64 text of an option, in quotes or not.
func value(s string, at int, o option) (option, bool) {
	from := at
	for at < len(s) && (s[at] == '\\' || isQuote(s[at])) {
		at++
	}
	quoted := at > from
	begin := at
	for at < len(s) && (isBase64(s[at]) || quoted && isSpace(s[at])) {
		at++
	}
	o.value = s[begin:at]
	if len(o.value) < 4 || at < len(s) && !isSpace(s[at]) && !strings.ContainsRune("\"'\\);&|>}]%,`", rune(s[at])) {
		return o, false
	}
	for quoted && at < len(s) && (s[at] == '\\' || isQuote(s[at])) {
		at++
		if isQuote(s[at-1]) {
			break
		}
	}
	o.to = at
	return o, true
}

func encodedCommand(d *decoder)   { d.options(false) }
func encodedArguments(d *decoder) { d.options(true) }

// options replaces encoded commands by the same command in plain text.
func (d *decoder) options(args bool) {
	shell := d.has("powershell", "pwsh")
	var pieces []piece
	for i := 0; i < len(d.text); {
		_, size := utf8.DecodeRuneInString(d.text[i:])
		if i > 0 && !isBreak(d.text[i-1]) {
			i += size
			continue
		}
		o, ok := encodedOption(d.text[i:])
		if !ok || o.args != args {
			i += size
			continue
		}
		if text, ok := encoded(o.value, shell); ok {
			word, name := "-Command ", "encoded-command"
			if args {
				word, name = "-Args ", "encoded-arguments"
			}
			pieces = append(pieces, piece{from: i, to: i + o.to, text: word + text, name: name})
		}
		i += o.to
	}
	d.apply(pieces)
}

// encoded is the text of an encoded command. Without PowerShell's name beside it
// the text must be UTF-16 and longer than what chance gives.
func encoded(blob string, shell bool) (string, bool) {
	b, ok := unbase64(blob)
	if !ok {
		return "", false
	}
	low, high := zeros(b)
	if !shell && (len(b) < 12 || high*10 < len(b)/2*8 || low > 0) {
		return "", false
	}
	if text, ok := readable(b); ok && (high > 0 || len(b) >= 8) {
		return script(text), true
	}
	return foreign(b)
}

// foreign is a script that is mostly in letters beyond Latin: UTF-16 with some
// ASCII among it, as every script has.
func foreign(b []byte) (string, bool) {
	text := wide(b, false)
	plain, n := 0, 0
	for _, r := range text {
		n++
		if r < 0x80 {
			plain++
		}
	}
	if n < 4 || plain*5 < n {
		return "", false
	}
	return sane(text)
}

// tick takes out backticks before letters that they do not change.
func tick(d *decoder) {
	if !strings.Contains(d.text, "`") || !d.powershell() && len(d.steps) == 0 {
		return
	}
	var b strings.Builder
	first, quote := -1, byte(0)
	for i := 0; i < len(d.text); i++ {
		c := d.text[i]
		switch {
		case isQuote(c) && quote == 0:
			quote = c
		case c == quote:
			quote = 0
		case c == '`' && quote != '\'' && i+1 < len(d.text) && (idle(d.text[i+1]) ||
			quote == 0 && i > 0 && isLetter(d.text[i-1]) && isLetter(d.text[i+1])): // in single quotes it is itself, in a word never a tab
			if first < 0 {
				first = i
			}
			continue
		}
		b.WriteByte(c)
	}
	d.whole("tick", b.String(), first)
}

// idle says that a backtick before c changes nothing; before n it is a line's end, and so on.
func idle(c byte) bool {
	return (isLetter(c) || c == '-' || c == '.') && !strings.ContainsRune("abfnrtv", rune(c))
}

// whole replaces the text at once; first is the first place that changed, -1 for none.
func (d *decoder) whole(name, text string, first int) {
	if first < 0 {
		return
	}
	from := max(0, first-20)
	for from > 0 && !utf8.RuneStart(d.text[from]) {
		from--
	}
	if len(text) > d.most {
		text, d.truncated = cut(text, d.most), true
	}
	d.step(name, d.text[from:], text[min(from, len(text)):])
	d.set(text)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isSpace(c byte) bool  { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
func isQuote(c byte) bool  { return c == '"' || c == '\'' }
func isBase64(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '+' || c == '/' || c == '='
}

// isBreak says that an option may begin after c.
func isBreak(c byte) bool { return isSpace(c) || isQuote(c) || c == ',' || c == '(' || c == 0xa0 }

// foldPrefix says that s begins with prefix, in any case.
func foldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func foldSuffix(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}
