// Package cmdline reads Windows command lines: it splits and normalises them,
// and says whether a process is what a task's action would start.
package cmdline

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// Pattern is a normal form of an image and its command line: lower case,
// quotes folded, white space collapsed, nothing more. It keys unnamed tasks.
func Pattern(image, commandLine string) string {
	return fold(image) + graph.Sep + fold(commandLine)
}

// HasScheduleToken says whether a command line names the Schedule service: the
// token -s with Schedule after it, in any case and any spelling of the path.
func HasScheduleToken(commandLine string) bool {
	return hasPair(Tokens(commandLine), "-s", "schedule")
}

// Netsvcs says whether a command line is that of a shared netsvcs host: it has
// -k netsvcs and no -s, so Schedule may live there among other services.
func Netsvcs(commandLine string) bool {
	tokens := Tokens(commandLine)
	for _, t := range tokens {
		if strings.EqualFold(t, "-s") {
			return false
		}
	}
	return hasPair(tokens, "-k", "netsvcs")
}

func hasPair(tokens []string, flag, value string) bool {
	for i := 1; i < len(tokens); i++ {
		if strings.EqualFold(tokens[i-1], flag) && strings.EqualFold(tokens[i], value) {
			return true
		}
	}
	return false
}

// fold is lower case without double quotes and with single spaces.
func fold(s string) string {
	s = strings.ReplaceAll(s, `"`, "")
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// Tokens splits a command line into arguments as Windows programs do: quotes
// group, backslashes escape a quote only where they stand before one, and in
// the first token they are plain.
func Tokens(commandLine string) []string {
	s := strings.TrimLeft(commandLine, " \t\r\n")
	if s == "" {
		return nil
	}
	first, s := firstToken(s)
	tokens := []string{first}
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" {
			return tokens
		}
		var t string
		t, s = nextToken(s)
		tokens = append(tokens, t)
	}
}

// firstToken cuts the program off a command line; a quote in it only groups.
func firstToken(s string) (token, rest string) {
	quoted := false
	end := strings.IndexFunc(s, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && isSpace(r)
	})
	if end < 0 {
		end = len(s)
	}
	return strings.ReplaceAll(s[:end], `"`, ""), s[end:]
}

// nextToken cuts one argument off: 2n backslashes and a quote are n
// backslashes and a quote that groups, one more makes the quote itself plain.
func nextToken(s string) (token, rest string) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); {
		slashes := len(s[i:]) - len(strings.TrimLeft(s[i:], `\`))
		i += slashes
		isQuote := i < len(s) && s[i] == '"'
		if !isQuote {
			b.WriteString(strings.Repeat(`\`, slashes))
			if i == len(s) {
				break
			}
			if !quoted && isSpace(rune(s[i])) {
				return b.String(), s[i:]
			}
			b.WriteByte(s[i])
			i++
			continue
		}
		b.WriteString(strings.Repeat(`\`, slashes/2))
		if slashes%2 == 1 {
			b.WriteByte('"')
		} else {
			quoted = !quoted
		}
		i++
	}
	return b.String(), ""
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }
