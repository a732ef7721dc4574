package cmdline

import (
	"regexp"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// TaskCommand is what a command line asks the Task Scheduler to do.
type TaskCommand struct {
	Change graph.Change
	Path   string // the task's, with its leading backslash
	Server string // the machine, as written; "" for this one
	// Command and Arguments are what the task shall run (schtasks /tr); "" where
	// the command line does not say.
	Command, Arguments string
}

// TaskCommands is what a process with that image and command line asks for:
// schtasks in any name and case of its switches, PowerShell's cmdlets, and the
// Schedule.Service object of scripts. It reads what is written there, encoded
// commands must be decoded before.
func TaskCommands(image, commandLine string) []TaskCommand {
	lower := strings.ToLower(commandLine)
	var found []TaskCommand
	switch {
	case strings.Contains(lower, "scheduledtask"), strings.Contains(lower, "registertaskdefinition"):
		found = cmdlets(commandLine)
	case !strings.Contains(lower, "tn"):
	case !isShell(graph.BaseName(image)):
		if c, ok := schtasks(Tokens(commandLine)); ok {
			found = append(found, c)
		}
	}
	return found
}

// isShell says that a program runs others, which have records of their own.
func isShell(name string) bool {
	switch strings.TrimSuffix(name, ".exe") {
	case "cmd", "powershell", "pwsh", "powershell_ise", "conhost", "wmic", "psexec", "psexec64", "wscript", "cscript", "bash":
		return true
	}
	return false
}

// schtasks reads the arguments of schtasks.exe, by whatever name it was started:
// a verb and /tn is nothing else's.
func schtasks(tokens []string) (TaskCommand, bool) {
	c := TaskCommand{}
	enable, disable := false, false
	for i := 1; i < len(tokens); i++ {
		next := func() string {
			if i+1 < len(tokens) {
				return tokens[i+1]
			}
			return ""
		}
		switch flag := strings.ToLower(tokens[i]); strings.TrimLeft(flag, "/-") {
		case flag: // no switch
		case "create":
			c.Change = graph.Created
		case "change":
			c.Change = graph.Updated
		case "delete":
			c.Change = graph.Deleted
		case "enable":
			enable = true
		case "disable":
			disable = true
		case "tn":
			c.Path = next()
			i++
		case "s":
			c.Server = next()
			i++
		case "tr":
			c.Command, c.Arguments = program(next())
			i++
		}
	}
	switch {
	case c.Change == graph.Updated && enable:
		c.Change = graph.Enabled
	case c.Change == graph.Updated && disable:
		c.Change = graph.Disabled
	}
	if c.Change == "" || strings.TrimLeft(c.Path, `\ `) == "" || strings.Contains(c.Path, "*") {
		return TaskCommand{}, false
	}
	c.Path = graph.TaskPath(c.Path)
	c.Server = strings.TrimLeft(c.Server, `\`)
	return c, true
}

// program parts what a task shall run into command and arguments as schtasks
// does: quotes hold the command together, else it ends at the first space.
func program(s string) (command, arguments string) {
	s = strings.TrimSpace(s)
	for _, quote := range []string{`"`, "'"} {
		if rest, ok := strings.CutPrefix(s, quote); ok {
			if command, arguments, ok := strings.Cut(rest, quote); ok {
				return command, strings.TrimSpace(arguments)
			}
		}
	}
	command, arguments, _ = strings.Cut(s, " ")
	return command, strings.TrimSpace(arguments)
}

var (
	cmdlet = regexp.MustCompile(`(?i)\b(register|set|unregister|enable|disable)-scheduledtask\b([^;|\r\n]*)`)
	object = regexp.MustCompile(`(?i)\.RegisterTaskDefinition\s*\(\s*['"]([^'"]{1,500})['"]`)
	option = regexp.MustCompile(`(?i)[-–—―](taskname|taskpath)[: ]\s*('[^']*'|"[^"]*"|[^\s;,)}]+)`)
	// positional is a first argument without its name.
	positional = regexp.MustCompile(`^\s+('[^']*'|"[^"]*"|[^\s\-–—―;,(){}$@][^\s;,)}]*)`)
)

var verbs = map[string]graph.Change{
	"register": graph.Created, "set": graph.Updated, "unregister": graph.Deleted,
	"enable": graph.Enabled, "disable": graph.Disabled,
}

// cmdlets reads PowerShell. What is in a variable can't be known.
func cmdlets(text string) []TaskCommand {
	var found []TaskCommand
	for _, m := range cmdlet.FindAllStringSubmatch(text, 32) {
		var name, folder string
		for _, o := range option.FindAllStringSubmatch(m[2], 8) {
			if value := literal(o[2]); strings.EqualFold(o[1], "taskname") {
				name = value
			} else {
				folder = value
			}
		}
		if p := positional.FindStringSubmatch(m[2]); name == "" && p != nil {
			name = literal(p[1])
		}
		if name = strings.Trim(name, `\`); name == "" || strings.ContainsAny(name, "*?$") || strings.Contains(folder, "$") {
			continue
		}
		path := graph.TaskPath(strings.TrimRight(folder, `\`) + `\` + name)
		found = append(found, TaskCommand{Change: verbs[strings.ToLower(m[1])], Path: path})
	}
	for _, m := range object.FindAllStringSubmatch(text, 32) {
		found = append(found, TaskCommand{Change: graph.Created, Path: graph.TaskPath(m[1])})
	}
	return found
}

// literal is a value without its quotes.
func literal(s string) string { return strings.TrimSpace(strings.Trim(s, `'"\`)) }
