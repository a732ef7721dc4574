package cmdline

import (
	"regexp"
	"strings"
)

// Wildcard stands in an expanded text for what cannot be known from the text
// alone, such as a user's profile folder. It is a private-use character, so
// that an asterisk stays an asterisk.
const Wildcard = "\uE000"

// variables are those that are the same on all but a few machines. All others,
// the user's own among them, may be anything.
var variables = map[string]string{
	"windir":                  `C:\Windows`,
	"systemroot":              `C:\Windows`,
	"systemdrive":             `C:`,
	"programfiles":            `C:\Program Files`,
	"programw6432":            `C:\Program Files`,
	"programfiles(x86)":       `C:\Program Files (x86)`,
	"commonprogramfiles":      `C:\Program Files\Common Files`,
	"commonprogramw6432":      `C:\Program Files\Common Files`,
	"commonprogramfiles(x86)": `C:\Program Files (x86)\Common Files`,
	"programdata":             `C:\ProgramData`,
	"allusersprofile":         `C:\ProgramData`,
	"public":                  `C:\Users\Public`,
	"comspec":                 `C:\Windows\system32\cmd.exe`,
}

var (
	variable = regexp.MustCompile(`%[A-Za-z_][A-Za-z0-9_]*(?:\(x86\)|\(X86\))?%`)
	// $(Arg0) is what a caller hands to a run; $(name) what an event trigger's
	// value query does. Process command lines sometimes keep them as they are.
	taskArgument = regexp.MustCompile(`\$\([A-Za-z_][A-Za-z0-9_]*\)`)
)

// ExpandEnv replaces environment variables by what they are on an ordinary
// machine, and those that depend on the user or are unknown by [Wildcard].
func ExpandEnv(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	return variable.ReplaceAllStringFunc(s, func(v string) string {
		if value, ok := variables[strings.ToLower(v[1:len(v)-1])]; ok {
			return value
		}
		return Wildcard
	})
}

// open is a text as it is compared: expanded, task arguments opened, folded.
func open(s string) string {
	return fold(taskArgument.ReplaceAllString(ExpandEnv(s), Wildcard))
}

// compatible says whether some text fits both patterns.
func compatible(a, b string) bool {
	aw, bw := strings.Contains(a, Wildcard), strings.Contains(b, Wildcard)
	switch {
	case !aw && !bw:
		return a == b
	case !bw:
		return glob(a, b)
	case !aw:
		return glob(b, a)
	}
	// With a wildcard in both, whatever lies between can be made to fit: only
	// the fixed beginnings and ends can disagree.
	aHead, bHead := a[:strings.Index(a, Wildcard)], b[:strings.Index(b, Wildcard)]
	aTail := a[strings.LastIndex(a, Wildcard)+len(Wildcard):]
	bTail := b[strings.LastIndex(b, Wildcard)+len(Wildcard):]
	return (strings.HasPrefix(aHead, bHead) || strings.HasPrefix(bHead, aHead)) &&
		(strings.HasSuffix(aTail, bTail) || strings.HasSuffix(bTail, aTail))
}

// glob says whether text fits the pattern, in one pass: each fixed part is
// taken at its first place, which is right where a wildcard fits anything.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, Wildcard)
	last := len(parts) - 1
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, part := range parts[1:last] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, parts[last])
}
