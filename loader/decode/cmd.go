package decode

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	cmdStart = regexp.MustCompile(`(?i)(?:^|[\s"'\\/&|(])(?:cmd(?:\.exe)?|%comspec%)["']?\s[^&|]*?/[ckr]\s*`)
	setWord  = regexp.MustCompile(`(?i)(?:^|[\s&|("@])set\s+"?([a-z0-9_.\-#$@~?']{1,64})=([^&|"\r\n]*)`)
	variable = regexp.MustCompile(`[%!]([A-Za-z_][A-Za-z0-9_()]{0,63}|[a-z0-9_.\-#$@~?']{1,64})(?::~(-?\d{1,4})(?:,(-?\d{1,4}))?|:([^%!=\s"]{1,40})=([^%!"]{0,40}))?[%!]`)
)

// caret takes out cmd's escape characters where they part letters: p^ow^ershell.
// One that shields an operator is no hiding and starts nothing.
func caret(d *decoder) {
	if !strings.Contains(d.text, "^") {
		return
	}
	m := cmdStart.FindStringIndex(d.text)
	if m == nil {
		return
	}
	at := m[1]
	if at < len(d.text) && d.text[at] == '"' {
		at++ // the quotes around all of it are cmd's own, and go
	}
	var b strings.Builder
	b.WriteString(d.text[:at])
	first, quoted := -1, false
	for ; at < len(d.text); at++ {
		c := d.text[at]
		switch {
		case c == '"':
			quoted = !quoted
		case c == '^' && !quoted && at+1 < len(d.text):
			next := d.text[at+1]
			if first < 0 && (isLetter(next) || isDigit(next)) {
				first = at
			}
			if next != '"' {
				at++
				b.WriteByte(next)
				continue
			}
			continue
		}
		b.WriteByte(c)
	}
	d.whole("caret", b.String(), first)
}

// fixed are the variables that every Windows has, as installed on drive C.
var fixed = map[string]string{
	"comspec": `C:\Windows\system32\cmd.exe`, "windir": `C:\Windows`, "systemroot": `C:\Windows`, "systemdrive": "C:", "os": "Windows_NT",
	"programfiles": `C:\Program Files`, "programfiles(x86)": `C:\Program Files (x86)`, "programdata": `C:\ProgramData`,
	"allusersprofile": `C:\ProgramData`, "public": `C:\Users\Public`, "commonprogramfiles": `C:\Program Files\Common Files`,
	"pathext": ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC", "driverdata": `C:\Windows\System32\Drivers\DriverData`,
	"psmodulepath": `C:\Program Files\WindowsPowerShell\Modules;C:\Windows\system32\WindowsPowerShell\v1.0\Modules`,
	"pshome":       `C:\Windows\System32\WindowsPowerShell\v1.0`, "shellid": "Microsoft.PowerShell",
	"verbosepreference": "SilentlyContinue",
}

// variables puts in cmd's variables that the line itself sets, %x% and !x!, and
// pieces of those that Windows sets: %comspec:~0,1%. A whole %comspec% hides
// nothing and stays.
func variables(d *decoder) {
	set := map[string]string{}
	for _, m := range setWord.FindAllStringSubmatch(d.text, mostSteps) {
		set[strings.ToLower(m[1])] = strings.TrimRight(m[2], " ")
	}
	if len(set) == 0 && !strings.Contains(d.text, ":~") {
		return
	}
	var pieces []piece
	for at := 0; at < len(d.text) && len(pieces) < 4096; {
		m := variable.FindStringSubmatchIndex(d.text[at:])
		if m == nil {
			break
		}
		group := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return d.text[at+m[2*i] : at+m[2*i+1]]
		}
		name := strings.ToLower(group(1))
		value, own := set[name]
		part := m[4] >= 0
		if !own && part {
			value = fixed[name]
		}
		if !own && value == "" || d.text[at+m[0]] != d.text[at+m[1]-1] {
			at += m[0] + 1 // the closing sign may open the next
			continue
		}
		switch {
		case part:
			value = substring(value, group(2), group(3))
		case m[8] >= 0:
			value = swap(value, group(4), group(5))
		}
		pieces = append(pieces, piece{from: at + m[0], to: at + m[1], text: value, name: "variable"})
		at += m[1]
	}
	d.apply(pieces)
}

// substring is cmd's %x:~from,n%: negative numbers count from the end.
func substring(s, from, n string) string {
	start, _ := strconv.Atoi(from)
	if start < 0 {
		start = max(0, len(s)+start)
	}
	start = min(start, len(s))
	end := len(s)
	if n != "" {
		k, _ := strconv.Atoi(n)
		if k < 0 {
			end = max(start, len(s)+k)
		} else {
			end = min(len(s), start+k)
		}
	}
	return s[start:end]
}

// swap is cmd's %x:old=new%, in any case.
func swap(s, old, replacement string) string {
	low, find := lower(s), lower(old)
	if len(s)*max(1, len(replacement)) > longest {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(low, find)
		if i < 0 {
			break
		}
		b.WriteString(s[:i] + replacement)
		s, low = s[i+len(find):], low[i+len(find):]
	}
	return b.String() + s
}
