package cmdline

import (
	"regexp"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// MatchKind says how well a process fits an action.
type MatchKind uint8

// The kinds, from worst to best.
const (
	None      MatchKind = iota
	ImageOnly           // the image fits and the process has no command line to compare
	Full                // image and arguments fit
)

// interpreters start the files that are no programs themselves.
var interpreters = map[string]string{
	".bat": "cmd.exe", ".cmd": "cmd.exe",
	".vbs": "wscript.exe", ".vbe": "wscript.exe", ".js": "wscript.exe",
	".jse": "wscript.exe", ".wsf": "wscript.exe",
}

// Match says whether a process with that image and command line is what an
// Exec action with that command and arguments starts. Environment variables
// are expanded, quotes, case and white space folded, task arguments such as
// $(Arg0) fit anything on either side.
func Match(command, arguments, image, commandLine string) MatchKind {
	program, more := splitCommand(command)
	program = cleanPath(open(program))
	arguments = open(strings.TrimSpace(more + " " + arguments))
	line := open(commandLine)
	path := cleanPath(open(image))
	if path == "" && line != "" {
		first, _ := firstToken(strings.TrimSpace(commandLine))
		path = cleanPath(open(first))
	}
	if program == "" || path == "" {
		return None
	}
	if with := interpreters[extension(program)]; with != "" && baseOf(path) == with {
		return matchScript(program, arguments, path, commandLine)
	}
	if !sameProgram(program, path) {
		return None
	}
	if line == "" {
		return ImageOnly
	}
	for _, rest := range afterProgram(commandLine, program, path) {
		if compatible(arguments, rest) {
			return Full
		}
	}
	return None
}

// splitCommand parts a command that wrongly holds its arguments as well, which
// shows where it begins with a quote.
func splitCommand(command string) (program, arguments string) {
	command = strings.TrimSpace(command)
	if !strings.HasPrefix(command, `"`) {
		return command, ""
	}
	end := strings.IndexByte(command[1:], '"')
	if end < 0 {
		return command[1:], ""
	}
	return command[1 : end+1], strings.TrimSpace(command[end+2:])
}

// matchScript compares what comes after the interpreter and its switches with
// the script and its arguments.
func matchScript(script, arguments, path, commandLine string) MatchKind {
	if strings.TrimSpace(commandLine) == "" {
		return ImageOnly
	}
	want := strings.TrimSpace(script + " " + arguments)
	for _, rest := range afterProgram(commandLine, path, path) {
		for {
			if compatible(want, cleanPath(rest)) {
				return Full
			}
			word, after, _ := strings.Cut(rest, " ")
			if !strings.HasPrefix(word, "/") {
				break
			}
			rest = after
		}
	}
	return None
}

// afterProgram is every reading of what a command line says after its program:
// an unquoted path may hold spaces, so the known spellings are tried first.
func afterProgram(commandLine, program, path string) []string {
	line := cleanPath(open(commandLine))
	var rests []string
	for _, name := range []string{program, path, baseOf(program), baseOf(path)} {
		for _, name := range []string{name, strings.TrimSuffix(name, ".exe")} {
			if rest, ok := strings.CutPrefix(line, name); ok && (rest == "" || rest[0] == ' ') {
				rests = append(rests, strings.TrimPrefix(rest, " "))
			}
		}
	}
	if len(rests) == 0 {
		_, rest := firstToken(strings.TrimSpace(commandLine))
		rests = append(rests, open(rest))
	}
	return rests
}

// sameProgram compares a command with an image: as paths where both are, else
// by base name, .exe being optional.
func sameProgram(program, path string) bool {
	if !strings.Contains(program, `\`) || !strings.Contains(path, `\`) {
		program, path = baseOf(program), baseOf(path)
	} else if strings.HasPrefix(path, `\`) && len(program) > 2 && program[1] == ':' {
		program = program[2:] // the image is a device path: its volume is unknown
	}
	if extension(program) == "" {
		program += ".exe" // as Windows does
	}
	return compatible(program, path)
}

func baseOf(path string) string { return graph.BaseName(path) }

// extension is that of a program's file, in lower case.
func extension(program string) string {
	base := baseOf(program)
	if i := strings.LastIndexByte(base, '.'); i >= 0 {
		return base[i:]
	}
	return ""
}

var device = regexp.MustCompile(`^\\device\\harddiskvolume\d+`)

// cleanPath is a folded path without the prefixes that mean nothing here: the
// Win32 and NT namespaces, and the number of a volume.
func cleanPath(path string) string {
	for _, prefix := range []string{`\\?\`, `\??\`} {
		path = strings.TrimPrefix(path, prefix)
	}
	if rest, ok := strings.CutPrefix(path, `\systemroot\`); ok {
		return `c:\windows\` + rest
	}
	return device.ReplaceAllString(path, "")
}

// Handled says whether a process is the task host of a COM handler with that data:
// taskhostw.exe and its elder names get the data as their command line. Where
// either has no more than what a trigger filled in, it is many handlers'.
func Handled(data, image, commandLine string) bool {
	name := graph.BaseName(image)
	switch name {
	case "taskhostw.exe", "taskhost.exe", "taskhostex.exe":
	default:
		return false
	}
	tokens := Tokens(commandLine)
	if !telling(data) || len(tokens) < 2 || !telling(strings.Join(tokens[1:], " ")) {
		return false
	}
	return Match(name, data, image, commandLine) == Full
}

// telling says that a text is more than task arguments.
func telling(s string) bool {
	s = strings.TrimSpace(s)
	return s != "" && !strings.HasPrefix(s, "$(")
}
