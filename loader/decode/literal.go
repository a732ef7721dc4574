package decode

import (
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
)

var (
	joined    = regexp.MustCompile(`'[^'\r\n]*'(?:\s*\+\s*'[^'\r\n]*')+|"[^"\r\n]*"(?:\s*\+\s*"[^"\r\n]*")+`)
	mixed     = regexp.MustCompile(`('[^'"\r\n]*'|"[^'"\r\n]*")\s*\+\s*('[^'"\r\n]*'|"[^'"\r\n]*")`)
	escaped   = regexp.MustCompile(`\\"[^"\\\r\n]*\\"(?:\s*\+\s*\\"[^"\\\r\n]*\\")+`)
	ampersand = regexp.MustCompile(`"[^"\r\n]*"(?:\s*&\s*"[^"\r\n]*")+`)
	formatted = regexp.MustCompile(`(?i)(?:\(\s*)?["']((?:[^"'{}]*\{\d{1,3}\})+[^"'{}]*)["']\s*-f\s*((?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*"))*)\s*\)?`)
	quoted    = regexp.MustCompile(`'([^']*)'|"([^"]*)"`)
	slot      = regexp.MustCompile(`\{(\d{1,3})\}`)
	charPlus  = regexp.MustCompile(`(?i)\[char\]\s*\(?\s*(0x[0-9a-f]{1,4}|\d{1,5})\s*\)?(?:\s*\+\s*\[char\]\s*\(?\s*(?:0x[0-9a-f]{1,4}|\d{1,5})\s*\)?)*`)
	chrPlus   = regexp.MustCompile(`(?i)\bchrw?\(\s*(?:&h[0-9a-f]{1,4}|\d{1,5})\s*\)(?:\s*[&+]\s*chrw?\(\s*(?:&h[0-9a-f]{1,4}|\d{1,5})\s*\))*`)
	fromChar  = regexp.MustCompile(`(?i)\bstring\.fromcharcode\(\s*((?:0x[0-9a-f]{1,4}|\d{1,5})(?:\s*,\s*(?:0x[0-9a-f]{1,4}|\d{1,5}))*)\s*\)`)
	getString = regexp.MustCompile(`(?i)\[?(?:system\.)?(?:text\.)?encoding\]?::\w+\.getstring\(\s*(?:\[byte\[\]\]\s*)?@?\(\s*((?:0x[0-9a-f]{1,2}|\d{1,3})(?:\s*,\s*(?:0x[0-9a-f]{1,2}|\d{1,3}))+)\s*\)\s*\)`)
	assigned  = regexp.MustCompile(`\$(\w{1,40})\s*=\s*(?:'([^']*)'|"([^"$\x60]*)")\s*(?:[;)}\r\n]|$)`)
	assigning = regexp.MustCompile(`\$(\w{1,40})\s*[-+*]?=`)
	added     = regexp.MustCompile(`(?:\$\w{1,40}|'[^']*')(?:\s*\+\s*(?:\$\w{1,40}|'[^']*'))+`)
	operand   = regexp.MustCompile(`\$(\w+)|'([^']*)'`)
	number    = regexp.MustCompile(`(?i)0x[0-9a-f]{1,4}|&h[0-9a-f]{1,4}|\d{1,5}`)
	charList  = regexp.MustCompile(`(?i)(?:\[string\]::join\(\s*['"]{2}\s*,\s*)?(?:-join\s*)?(?:\(\s*)?\[char\[\]\]\s*@?\(\s*((?:0x[0-9a-f]{1,4}|\d{1,5})(?:\s*,\s*(?:0x[0-9a-f]{1,4}|\d{1,5}))*)\s*\)\s*\)?(?:\s*-join\s*['"]{2})?`)
	mapped    = regexp.MustCompile(`(?i)(?:\(\s*)?((?:0x[0-9a-f]{1,4}|\d{1,5})(?:\s*,\s*(?:0x[0-9a-f]{1,4}|\d{1,5})){2,})\s*\)?\s*\|\s*(?:%|foreach(?:-object)?)\s*\{\s*\(?\s*\[char\]\s*(?:\[int\]\s*)?\$_\s*\)?\s*\}\s*\)?(?:\s*-join\s*['"]{2})?`)
	split     = regexp.MustCompile(`(?i)(?:\(\s*)?['"]([0-9a-fx ,;:~!@#$%^&*_|.\-]{5,})['"]\s*(?:\.split\(\s*['"][^'"]{1,8}['"]\s*\)|-split\s*['"][^'"]{1,12}['"])\s*\)?\s*\|[^}]{0,40}\{[^}]*\[char\][^}]*\}\s*\)?(?:\s*-join\s*['"]{2})?`)
	bytesList = regexp.MustCompile(`(?i)0x[0-9a-f]{2}(?:\s*,\s*0x[0-9a-f]{2}){5,}`)
	hexCall   = regexp.MustCompile(`(?i)\[?(?:system\.)?convert\]?::fromhexstring\(\s*["']([0-9a-f]{2,})["']\s*\)`)
	replacing = regexp.MustCompile(`(?i)\(?'([^']*)'\)?\s*(?:\.replace\(\s*'([^']{1,40})'\s*,\s*'([^']{0,40})'\s*\)|-c?replace\s*'([\w\s~#@!%&;:=/<>-]{1,40})'\s*,\s*'([^'$]{0,40})')`)
	backwards = regexp.MustCompile(`(?i)(?:\(\s*)?["']([^"']+)["']\s*\)?\s*\[\s*-\s*1\s*\.\.\s*-\s*\(?\s*\d+\s*\)?\s*\]\s*(?:-join\s*['"]{2})?`)
	strrev    = regexp.MustCompile(`(?i)\bstrreverse\(\s*"([^"]+)"\s*\)`)
	indexed   = regexp.MustCompile(`(?i)\$(?:env:)?(comspec|public|pshome|shellid|windir|systemroot|programdata|verbosepreference)(?:\.tostring\(\))?\[\s*(\d{1,3}(?:\s*,\s*\d{1,3})*)\s*\]`)
)

// each replaces every match by what of gives for its groups; ok false leaves it.
func (d *decoder) each(name string, re *regexp.Regexp, of func(group func(int) string) (string, bool)) {
	var pieces []piece
	for _, m := range re.FindAllStringSubmatchIndex(d.text, 4096) {
		group := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return d.text[m[2*i]:m[2*i+1]]
		}
		text, ok := of(group)
		if text = even(d.text[m[0]:m[1]], text); ok && text != d.text[m[0]:m[1]] {
			pieces = append(pieces, piece{from: m[0], to: m[1], text: text, name: name})
		}
	}
	d.apply(pieces)
}

// even gives text the brackets that were taken from only one side of a match.
func even(match, text string) string {
	switch n := open(match); {
	case n > 0:
		return strings.Repeat("(", n) + text
	case n < 0:
		return text + strings.Repeat(")", -n)
	}
	return text
}

// open is how many more brackets s opens than it closes, outside of strings.
func open(s string) int {
	n, quote := 0, byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quote == 0 && isQuote(c):
			quote = c
		case c == quote:
			quote = 0
		case quote == 0 && c == '(':
			n++
		case quote == 0 && c == ')':
			n--
		}
	}
	return n
}

// concat puts strings together that were cut in pieces: 'a'+'b', in VBScript "a"&"b".
func concat(d *decoder) {
	if !d.scripted() {
		return
	}
	if strings.Contains(d.text, "+") {
		d.each("concat", escaped, func(g func(int) string) (string, bool) {
			return `\"` + strings.Join(pieceTexts(strings.ReplaceAll(g(0), `\"`, `"`)), "") + `\"`, true
		})
		d.each("concat", joined, func(g func(int) string) (string, bool) {
			q := g(0)[:1]
			return q + strings.Join(pieceTexts(g(0)), "") + q, true
		})
		d.each("concat", mixed, func(g func(int) string) (string, bool) {
			return "'" + strings.Trim(g(1), `"'`) + strings.Trim(g(2), `"'`) + "'", true
		})
	}
	if d.has("vbscript", "execute(", "createobject") {
		d.each("concat", ampersand, func(g func(int) string) (string, bool) {
			return `"` + strings.Join(pieceTexts(g(0)), "") + `"`, true
		})
	}
}

func pieceTexts(s string) []string {
	var out []string
	for _, m := range quoted.FindAllStringSubmatch(s, -1) {
		out = append(out, m[1]+m[2])
	}
	return out
}

// sums puts strings together that variables hold, each set once in the same text:
// $a='ht';$b='tp';$a+$b.
func sums(d *decoder) {
	if !strings.Contains(d.text, "+") || !strings.Contains(d.text, "$") || !d.scripted() {
		return
	}
	times, values := map[string]int{}, map[string]string{}
	for _, m := range assigning.FindAllStringSubmatch(d.text, 256) {
		times[lower(m[1])]++
	}
	for _, m := range assigned.FindAllStringSubmatch(d.text, 256) {
		values[lower(m[1])] = m[2] + m[3]
	}
	d.each("concat", added, func(g func(int) string) (string, bool) {
		var b strings.Builder
		for _, m := range operand.FindAllStringSubmatch(g(0), 256) {
			value, ok := values[lower(m[1])]
			if m[1] == "" {
				value, ok = m[2], true
			} else if times[lower(m[1])] != 1 {
				ok = false
			}
			if b.WriteString(value); !ok || b.Len() > d.most {
				return "", false
			}
		}
		return literal(b.String()), true
	})
}

// format undoes the operator -f with plain strings: '{1}{0}' -f 'b','a'.
func format(d *decoder) {
	if !d.has("-f") || !strings.Contains(d.text, "{") {
		return
	}
	d.each("format", formatted, func(g func(int) string) (string, bool) {
		args, good := pieceTexts(g(2)), true
		size := 0
		out := slot.ReplaceAllStringFunc(g(1), func(s string) string {
			n, _ := strconv.Atoi(s[1 : len(s)-1])
			if n >= len(args) || size > d.most {
				good = false
				return s
			}
			size += len(args[n])
			return args[n]
		})
		return literal(out), good
	})
}

// charCodes undoes characters given by number: [char]65+[char]66, Chr(65)&Chr(66),
// String.fromCharCode(65,66), -join [char[]](65,66), (65,66|%{[char]$_})-join”.
func charCodes(d *decoder) {
	list := func(i int) func(func(int) string) (string, bool) {
		return func(g func(int) string) (string, bool) { return chars(g(i)) }
	}
	if d.has("[char") {
		d.each("char-codes", charList, list(1))
		d.each("char-codes", mapped, list(1))
		d.each("char-codes", split, func(g func(int) string) (string, bool) { return splitChars(g(1), g(0)) })
		d.each("char-codes", charPlus, list(0))
	}
	if d.has("getstring(") {
		d.each("char-codes", getString, list(1))
	}
	if d.has("chr(", "chrw(") {
		d.each("char-codes", chrPlus, func(g func(int) string) (string, bool) {
			s, ok := chars(g(0))
			return `"` + strings.Trim(s, "'") + `"`, ok
		})
	}
	if d.has("fromcharcode(") {
		d.each("char-codes", fromChar, list(1))
	}
}

// chars is the text of all numbers in a list.
func chars(list string) (string, bool) {
	var b strings.Builder
	for _, n := range number.FindAllString(list, -1) {
		base, digits := 10, n
		if len(n) > 2 && (n[1]|0x20 == 'x' || n[0] == '&') {
			base, digits = 16, n[2:]
		}
		v, err := strconv.ParseUint(digits, base, 16)
		if err != nil {
			return "", false
		}
		b.WriteRune(rune(v))
	}
	s, ok := sane(b.String())
	return literal(s), ok
}

// splitChars is '73,69,78' split and mapped to characters; the code around it says
// whether the numbers are hexadecimal.
func splitChars(list, code string) (string, bool) {
	base := 10
	if low := lower(code); strings.Contains(low, ",16)") || strings.Contains(low, ", 16)") || strings.Contains(low, "'0x'+") {
		base = 16
	}
	var b strings.Builder
	for _, f := range strings.FieldsFunc(list, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEFxX", r) }) {
		f = strings.TrimPrefix(lower(f), "0x")
		v, err := strconv.ParseUint(f, base, 16)
		if err != nil {
			return "", false
		}
		b.WriteRune(rune(v))
	}
	s, ok := sane(b.String())
	return literal(s), ok
}

// numbers undoes lists of bytes that are text: 0x68,0x74,0x74,0x70.
func numbers(d *decoder) {
	if !d.has("0x") {
		return
	}
	d.each("hex", bytesList, func(g func(int) string) (string, bool) {
		b, err := hex.DecodeString(strings.Join(hexDigits(g(0)), ""))
		if err != nil {
			return "", false
		}
		text, names, ok := d.unpack(b)
		return literal(text), ok && len(names) == 0
	})
}

func hexDigits(list string) []string {
	var out []string
	for _, n := range number.FindAllString(list, -1) {
		out = append(out, n[2:])
	}
	return out
}

// hexCalls undoes [Convert]::FromHexString('4142').
func hexCalls(d *decoder) {
	if !d.has("fromhexstring") {
		return
	}
	d.each("hex", hexCall, func(g func(int) string) (string, bool) {
		b, err := hex.DecodeString(g(1))
		if err != nil {
			return "", false
		}
		text, _, ok := d.unpack(b)
		return literal(text), ok
	})
}

// replaced does plain replacements: 'hXXp'.Replace('XX','tt').
func replaced(d *decoder) {
	if !d.has("replace") {
		return
	}
	d.each("replace", replacing, func(g func(int) string) (string, bool) {
		old, replacement := g(2)+g(4), g(3)+g(5)
		if strings.Count(g(1), old)*len(replacement) > d.most {
			return "", false
		}
		if g(4) != "" {
			return literal(swap(g(1), old, replacement)), true
		}
		return literal(strings.ReplaceAll(g(1), old, replacement)), true
	})
}

// reversed undoes ('cba'[-1..-3]-join”) and StrReverse("cba").
func reversed(d *decoder) {
	turn := func(g func(int) string) (string, bool) {
		r := []rune(g(1))
		for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
			r[i], r[j] = r[j], r[i]
		}
		return literal(string(r)), true
	}
	if d.has("[-1..", "[ -1..", "[-1 ..") {
		d.each("reverse", backwards, turn)
	}
	if d.has("strreverse(") {
		d.each("reverse", strrev, turn)
	}
}

// index undoes letters taken out of variables that every Windows has:
// $env:comspec[4,15,25]-join”, $pshome[21]+$pshome[30].
func index(d *decoder) {
	if !strings.Contains(d.text, "[") || !strings.Contains(d.text, "$") {
		return
	}
	d.each("variable", indexed, func(g func(int) string) (string, bool) {
		value := fixed[lower(g(1))]
		var b strings.Builder
		for _, n := range number.FindAllString(g(2), -1) {
			i, _ := strconv.Atoi(n)
			if i >= len(value) {
				return "", false
			}
			b.WriteByte(value[i])
		}
		return "'" + b.String() + "'", true
	})
}
