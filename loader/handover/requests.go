package handover

import (
	"regexp"
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/cmdline"
	"github.com/taskroot/taskroot/loader/decode"
	"github.com/taskroot/taskroot/loader/settle"
)

// request is what a command line asks a broker for.
type request struct {
	kind   string // relationship type
	server string // machine it is asked of, as written; "" for this one
	text   string // plain text that should hold what is started; "" where it gives none
	name   string // of a service, as written
	starts bool   // it asks for the service to be started
	vague  bool   // what is started is in a variable
	bare   bool   // text is or holds the path of a program
	shell  bool   // it may ask for an unelevated shell
}

// scripted says that a process runs scripts, which may use any COM class.
func scripted(s *settle.Sketch) bool {
	switch strings.TrimSuffix(base(s.Image), ".exe") {
	case "powershell", "pwsh", "powershell_ise", "wscript", "cscript", "mshta", "rundll32", "regsvr32":
		return true
	}
	return false
}

// requests is what a process's own command line asks for.
func requests(s *settle.Sketch) []request {
	if s.Command == "" {
		return nil
	}
	var out []request
	switch name := strings.TrimSuffix(base(s.Image), ".exe"); name {
	case "sc":
		out = serviceControl(cmdline.Tokens(s.Command))
	case "net", "net1":
		if t := cmdline.Tokens(s.Command); len(t) > 2 && strings.EqualFold(t[1], "start") {
			out = []request{{kind: graph.RelViaService, name: t[2], starts: true}}
		}
	case "msiexec":
		if installs(s.Command) {
			out = []request{{kind: graph.RelViaMSI}}
		}
	case "explorer":
		out = explorer(s.Command)
	case "bitsadmin":
		out = notify(s.Command)
	case "runas":
		out = []request{{kind: graph.RelViaLogon, text: plain(afterProgram(s.Command))}}
	case "cmd": // what it runs has a record of its own
	default:
		if !scripted(s) {
			break
		}
		out = script(s.Command)
		if text, ok := decode.Text(s.Command); ok {
			out = append(out, script("- "+text)...) // in place of the program
		}
	}
	return append(out, wmic(s)...)
}

var (
	wmicNode    = regexp.MustCompile(`(?i)[/-]node:\s*"?([^"\s]+)`)
	wmicService = regexp.MustCompile(`(?i)\bservice\b(?:\s+where)?[^a-z]*(?:name\s*=\s*)?["'(\s]*([^"'()\s]+)["')\s]+call\s+startservice`)
)

// wmic is read by its syntax: the program goes by other names, too.
func wmic(s *settle.Sketch) []request {
	name := strings.TrimSuffix(base(s.Image), ".exe")
	if name == "cmd" || scripted(s) && !hasFold(s.Command, "wmic") || !hasFold(s.Command, " call ") {
		return nil
	}
	server := ""
	if m := wmicNode.FindStringSubmatch(s.Command); m != nil {
		server = m[1]
	}
	if text, ok := after(s.Command, "call create"); ok {
		return []request{{kind: graph.RelViaWMI, server: server, text: plain(text)}}
	}
	if m := wmicService.FindStringSubmatch(s.Command); m != nil {
		return []request{{kind: graph.RelViaService, server: server, name: m[1], starts: true}}
	}
	return nil
}

// serviceControl reads sc's arguments.
func serviceControl(t []string) []request {
	if len(t) < 3 {
		return nil
	}
	r := request{kind: graph.RelViaService}
	t = t[1:]
	if strings.HasPrefix(t[0], `\\`) {
		r.server, t = t[0], t[1:]
	}
	if len(t) < 2 {
		return nil
	}
	r.name = t[1]
	switch strings.ToLower(t[0]) {
	case "start":
		r.starts = true
		return []request{r}
	case "create", "config":
		for i := 2; i < len(t); i++ {
			rest, ok := cutFold(t[i], "binpath=")
			if !ok {
				continue
			}
			if rest == "" && i+1 < len(t) {
				rest = t[i+1]
			}
			r.text, r.bare = plain(rest), true
			return []request{r}
		}
	}
	return nil
}

func cutFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// installs says that msiexec's client was started to do something: /i, /x,
// /package and the others, with or without the value right after.
func installs(command string) bool {
	doing := false
	for i, t := range cmdline.Tokens(command) {
		if i == 0 || len(t) < 2 || t[0] != '/' && t[0] != '-' {
			continue
		}
		switch flag := strings.ToLower(t[1:]); {
		case flag == "v" || flag == "embedding":
			return false
		case strings.ContainsRune("ixpajf", rune(flag[0])), strings.HasPrefix(flag, "uninstall"), strings.HasPrefix(flag, "update"):
			doing = true
		}
	}
	return doing
}

// explorer reads a command line of the shell: it may ask the running, unelevated
// shell to open something, or for such a shell.
func explorer(command string) []request {
	if has(command, "nouaccheck", "embedding") {
		return nil
	}
	out := []request{{kind: graph.RelViaShell, shell: true}}
	what := strings.TrimSpace(afterProgram(command))
	if root, ok := cutFold(what, "/root,"); ok {
		what = root
	}
	if text := plain(what); text != "" && text[0] != '/' && text[0] != '-' {
		out = append(out, request{kind: graph.RelViaShell, text: text, bare: true})
	}
	return out
}

// notify reads what shall run when a BITS job is done.
func notify(command string) []request {
	text, ok := after(command, "notifycmdline")
	if !ok {
		return nil
	}
	return []request{{kind: graph.RelViaBITS, text: plain(text), bare: true}}
}

var (
	computer     = regexp.MustCompile(`(?i)(?:[-–—―](?:computername|computer|cn|cimsession)[: ]\s*['"]?([^'"\s\\,;)}|]+)|\\\\([^'"\s\\,;)}|]+)\\root\b)`)
	comServer    = regexp.MustCompile(`(?i)(?:gettypefrom(?:progid|clsid)|createobject)\s*\(?\s*[^,()]{1,120},\s*['"]([^'"]+)['"]`)
	startService = regexp.MustCompile(`(?i)\b(?:re)?start-service\s+([^;|\r\n]*)`)
	serviceName  = regexp.MustCompile(`(?i)^(?:.*?[-–—―](?:name|displayname)[: ]\s*|[-–—―]inputobject\s+)?['"]?([^'"\s,;)}-][^'"\s,;)}]*)`)
)

// script reads a script's text, of PowerShell or of the scripting host.
func script(command string) []request {
	lower := strings.ToLower(command)
	contains := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(lower, w) {
				return true
			}
		}
		return false
	}
	text, asks := plain(afterProgram(command)), []request(nil)
	add := func(r request) {
		r.text = text
		asks = append(asks, r)
	}
	if contains("win32_process") && contains("create") {
		add(request{kind: graph.RelViaWMI, server: first(computer, command), vague: strings.Contains(command, "$")})
	}
	if contains("new-service", "win32_service") && contains("binarypathname", "pathname", "create", "new-service") {
		add(request{kind: graph.RelViaService, server: first(computer, command), bare: true})
	}
	for _, m := range startService.FindAllStringSubmatch(command, 16) {
		if name := serviceName.FindStringSubmatch(strings.TrimSpace(m[1])); name != nil {
			asks = append(asks, request{kind: graph.RelViaService, name: name[1], starts: true})
		}
	}
	if contains("notifycmdline") {
		asks = append(asks, notify(command)...)
	}
	if contains("shellexecute", "shell.application", "9ba05972-f6a8-11cf-a442-00a0c90a8f39", "c08afd90-f2a1-11d1-8455-00a0c91f3880") {
		add(request{kind: graph.RelViaShell, server: first(comServer, command)})
	}
	if contains("start-process", "saps ") && contains("-credential") {
		add(request{kind: graph.RelViaLogon})
	}
	if contains("comobject", "createobject", "getobject", "gettypefrom", "activator", "{") {
		asks = append(asks, request{kind: graph.RelViaCOM, server: first(comServer, command), text: lower})
	}
	return asks
}

// first is what the first match of re captures; "" for none.
func first(re *regexp.Regexp, s string) string {
	if m := re.FindStringSubmatch(s); m != nil {
		return strings.Join(m[1:], "")
	}
	return ""
}

// classes are names and ids of the COM classes that attackers use most, by the
// program that serves them; others are known by NAME.Application and by the id on
// dllhost's command line.
var classes = map[string][]string{
	"mmc.exe":      {"mmc20.application", "49b2791a-b1ae-4c90-9b8e-e860ba07f889"},
	"iexplore.exe": {"internetexplorer.application", "0002df01-0000-0000-c000-000000000046"},
	"excel.exe":    {"excel.application", "00024500-0000-0000-c000-000000000046"},
	"winword.exe":  {"word.application", "000209ff-0000-0000-c000-000000000046"},
	"powerpnt.exe": {"powerpoint.application", "91493441-5a91-11cf-8700-00aa0060263b"},
	"outlook.exe":  {"outlook.application", "0006f03a-0000-0000-c000-000000000046"},
	"msaccess.exe": {"access.application"},
	"explorer.exe": {"9ba05972-f6a8-11cf-a442-00a0c90a8f39", "c08afd90-f2a1-11d1-8455-00a0c91f3880"},
}

// names says whether a script's text names the class that w serves.
func (r *request) names(w *work) bool {
	for _, class := range classes[w.name] {
		if strings.Contains(r.text, class) {
			return true
		}
	}
	if strings.Contains(r.text, strings.TrimSuffix(w.name, ".exe")+".application") {
		return true
	}
	id := processID(w.Command)
	return id != "" && strings.Contains(r.text, id)
}

// processID is the id that dllhost serves, in lower case without braces.
func processID(command string) string {
	lower := strings.ToLower(command)
	i := strings.Index(lower, "/processid:{")
	if i < 0 {
		return ""
	}
	id, _, ok := strings.Cut(lower[i+len("/processid:{"):], "}")
	if !ok || len(id) != 36 {
		return ""
	}
	return id
}

// brokers are the relationship types that may lead to a process, by what its
// parent is. A service host whose command line is not known may be any.
func brokers(s *settle.Sketch) []string {
	switch base(s.ParentImage) {
	case "wmiprvse.exe":
		return []string{graph.RelViaWMI}
	case "services.exe":
		if base(s.Image) == "msiexec.exe" {
			return []string{graph.RelViaMSI}
		}
		return []string{graph.RelViaService}
	case "msiexec.exe":
		if s.ParentCommand == "" || has(s.ParentCommand, "v") {
			return []string{graph.RelViaMSI}
		}
	case "explorer.exe":
		return []string{graph.RelViaShell}
	case "svchost.exe":
		return hosted(s)
	}
	return nil
}

func hosted(s *settle.Sketch) []string {
	open := s.ParentCommand == ""
	shared := open || cmdline.Netsvcs(s.ParentCommand)
	switch {
	case (open || pair(s.ParentCommand, "-k", "dcomlaunch")) && served(s):
		return []string{graph.RelViaCOM}
	case (shared || cmdline.HasScheduleToken(s.ParentCommand)) && base(s.Image) == "explorer.exe" && has(s.Command, "nouaccheck"):
		return []string{graph.RelViaShell}
	case shared:
		return []string{graph.RelViaBITS, graph.RelViaLogon}
	case pair(s.ParentCommand, "-s", "bits"):
		return []string{graph.RelViaBITS}
	case pair(s.ParentCommand, "-s", "seclogon"):
		return []string{graph.RelViaLogon}
	}
	return nil
}

// served says that a process was started to serve a COM class. The WMI provider
// host serves everybody, the runtime's own helpers start with every window.
func served(s *settle.Sketch) bool {
	switch base(s.Image) {
	case "wmiprvse.exe", "runtimebroker.exe", "backgroundtaskhost.exe", "applicationframehost.exe", "smartscreen.exe":
		return false
	}
	return has(s.Command, "embedding", "automation") || processID(s.Command) != ""
}
