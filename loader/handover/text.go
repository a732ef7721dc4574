package handover

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/cmdline"
)

// maxText bounds what is compared of a command line, the length that Windows
// allows for one.
const maxText = 32 << 10

// plain is a text as it is compared: lower case; quotes, carets, escapes and what
// else parts arguments in scripts are spaces; single spaces.
func plain(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	var b strings.Builder
	b.Grow(len(s))
	space := true
	for _, r := range strings.ToLower(s) {
		switch r {
		case '"', '\'', '`', ',', ' ', '\t', '\r', '\n', '(', ')', ';', '{', '}':
			if !space {
				b.WriteByte(' ')
			}
			space = true
		case '^':
		default:
			b.WriteRune(r)
			space = false
		}
	}
	return strings.ReplaceAll(strings.TrimSpace(b.String()), `\\`, `\`)
}

// holds says whether a request's text has the worker's command line in it: all of
// it, or the program's name and all of its arguments.
func (r *request) holds(w *work) bool {
	if r.text == "" {
		return false
	}
	if len(w.command) >= 3 && hasWords(r.text, w.command) || len(w.image) >= 3 && r.bare && hasWords(r.text, w.image) {
		return true
	}
	program := strings.TrimSuffix(w.name, ".exe")
	if len(program) < 2 || !hasWords(r.text, program) && !hasWords(r.text, w.name) {
		return false
	}
	if len(w.tokens) <= 1 {
		return true
	}
	arguments := plain(afterProgram(w.Command))
	return arguments == "" || hasWords(r.text, arguments)
}

// afterProgram is a command line without its first token.
func afterProgram(line string) string {
	line = strings.TrimLeft(line, " \t")
	quoted := false
	for i, r := range line {
		if r == '"' {
			quoted = !quoted
		}
		if !quoted && (r == ' ' || r == '\t') {
			return line[i:]
		}
	}
	return ""
}

// hasWords says whether text has words in it that do not go on at either end.
func hasWords(text, words string) bool {
	for from := 0; words != ""; {
		i := strings.Index(text[from:], words)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(words)
		if (start == 0 || !wordly(text[start-1])) && (end == len(text) || !wordly(text[end]) || text[end] == '.' && strings.HasPrefix(text[end:], ".exe")) {
			return true
		}
		from = start + 1
	}
	return false
}

func wordly(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 0x80
}

// hasFold says whether s has sub in it, which is lower-case ASCII, in any case.
func hasFold(s, sub string) bool {
	_, ok := after(s, sub)
	return ok
}

// after is what follows sub in s, which is lower-case ASCII, in any case.
func after(s, sub string) (rest string, ok bool) {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i]|0x20 == sub[0]|0x20 && strings.EqualFold(s[i:i+len(sub)], sub) {
			return s[i+len(sub):], true
		}
	}
	return "", false
}

// has says whether a command line has one of the switches, written with a slash
// or a dash.
func has(command string, switches ...string) bool {
	for _, t := range cmdline.Tokens(command) {
		if len(t) < 2 || t[0] != '/' && t[0] != '-' {
			continue
		}
		for _, s := range switches {
			if strings.EqualFold(t[1:], s) {
				return true
			}
		}
	}
	return false
}

// pair says whether a command line has a flag with that value after it.
func pair(command, flag, value string) bool {
	tokens := cmdline.Tokens(command)
	for i := 1; i < len(tokens); i++ {
		if strings.EqualFold(tokens[i-1], flag) && strings.EqualFold(tokens[i], value) {
			return true
		}
	}
	return false
}

func base(image string) string { return graph.BaseName(image) }
