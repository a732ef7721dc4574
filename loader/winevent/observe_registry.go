package winevent

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// The parts of the registry that are read, in lower case. Whatever stands before
// them names the hive: HKLM\SOFTWARE, \REGISTRY\MACHINE\SOFTWARE, a user's
// S-1-5-21-…_Classes, with or without WOW6432Node.
const (
	taskCache = `\schedule\taskcache\`
	classes   = `\clsid\`
)

// registryChange is a write to the registry as any record tells it.
type registryChange struct {
	key    string // with its hive, without the value
	value  string // the value's name, "" for the key itself
	op     graph.TraceOp
	data   string
	source string
}

// sysmonRegistry reads Sysmon 12, 13 and 14. TargetObject is the key, or the key
// and the name of the value.
func sysmonRegistry(e *Event) (graph.Observation, error) {
	target := first(e, "TargetObject")
	if target == "" {
		return nil, ErrNoObject
	}
	if !hasFold(target, taskCache) && !hasFold(target, classes) {
		return nil, ErrOfNoUse
	}
	c := registryChange{key: target, source: "sysmon12"}
	onValue := ofTask(target) // where nothing says what was done
	switch operation(e) {
	case "createkey":
		c.op, onValue = graph.TraceMade, false
	case "deletekey":
		c.op, onValue = graph.TraceGone, false
	case "deletevalue":
		c.op, onValue = graph.TraceGone, true
	case "setvalue":
		c.op, c.data, c.source, onValue = graph.TraceSet, details(e.Get("Details")), "sysmon13", true
	case "renamekey":
		c.op, c.data, c.source, onValue = graph.TraceRename, first(e, "NewName"), "sysmon14", false
	case "renamevalue":
		c.op, c.data, c.source, onValue = graph.TraceRename, first(e, "NewName"), "sysmon14", true
	default:
		if onValue { // Sysmon 12 names a value only when it is deleted
			c.op = graph.TraceGone
		}
	}
	if onValue {
		c.key, c.value = splitLast(target)
	}
	return registered(e, sysmonProcess(e), c)
}

// ofTask says whether a path is that of a value of a task's key in the tree,
// which has no others.
func ofTask(target string) bool {
	_, name := splitLast(target)
	switch strings.ToLower(name) {
	case "sd", "id", "index":
		return hasFold(target, taskCache+`tree\`)
	}
	return false
}

// operation is what Sysmon says was done, in lower case. NXLog has a field of
// the same name for itself and loses Sysmon's; the id tells it for 13, the
// message, which Sysmon writes in English everywhere, for 12.
func operation(e *Event) string {
	op := strings.ToLower(strings.TrimSpace(first(e, "EventType")))
	switch {
	case strings.HasSuffix(op, "key") || strings.HasSuffix(op, "value"):
		return op
	case e.ID == 13:
		return "setvalue"
	case e.ID == 14:
		return "renamekey"
	}
	_, rest, _ := strings.Cut(e.Message, "EventType: ")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.ToLower(strings.TrimSpace(line))
}

// details is a value's data as Sysmon writes them: numbers as DWORD (0x…), and
// nothing at all of binary ones.
func details(s string) string {
	s = strings.TrimSpace(present(s))
	if n, ok := strings.CutPrefix(s, "DWORD ("); ok {
		return decimal(strings.TrimSuffix(n, ")"))
	}
	if s == "Binary Data" || s == "(Empty)" {
		return ""
	}
	return s
}

// securityRegistry reads 4657. A value that is new or changed is set.
func securityRegistry(e *Event) (graph.Observation, error) {
	c := registryChange{
		key: first(e, "ObjectName"), value: first(e, "ObjectValueName"), source: "4657",
		op: graph.TraceSet, data: strings.TrimSpace(first(e, "NewValue")),
	}
	if c.key == "" {
		return nil, ErrNoObject
	}
	switch op := strings.ToLower(first(e, "OperationType")); {
	case strings.Contains(op, "1906"), strings.Contains(op, "delete"):
		c.op, c.data = graph.TraceGone, ""
	case op == "":
		return nil, ErrNoOperation
	}
	return registered(e, securityProcess(e), c)
}

// securityProcess is the process that a Security record says did something.
func securityProcess(e *Event) graph.ProcessRef {
	return graph.ProcessRef{
		PID: pid(e.Get("ProcessId")), Image: present(e.Get("ProcessName")),
		User: securityUser(e, "Subject"), LogonID: number(e.Get("SubjectLogonId")),
	}
}

// registered tells what a change of the registry means for tasks.
func registered(e *Event, p graph.ProcessRef, c registryChange) (graph.Observation, error) {
	if _, rest, ok := cutFold(c.key+`\`, taskCache); ok {
		return traced(e, p, c, strings.TrimSuffix(rest, `\`))
	}
	if hive, rest, ok := cutFold(c.key, classes); ok {
		return classChanged(e, p, c, hive, rest)
	}
	return nil, ErrOfNoUse
}

// traced reads a change below TaskCache: Tree has a key for each task, Tasks one
// for each id. The lists beside them (Boot, Logon, Plain, Maintenance) say
// nothing that those do not.
func traced(e *Event, p graph.ProcessRef, c registryChange, rest string) (graph.Observation, error) {
	t := &graph.TaskTraced{
		Header: header(e), Process: p, Op: c.op, Value: c.value, Data: c.data, Source: c.source,
	}
	branch, rest, _ := strings.Cut(rest, `\`)
	switch {
	case rest == "":
		return nil, ErrOfNoUse
	case strings.EqualFold(branch, "Tree"):
		t.Kind, t.Path = graph.TraceTree, graph.TaskPath(rest)
		if strings.EqualFold(c.value, "Id") {
			t.TaskID = graph.NormalGUID(c.data)
		}
	case strings.EqualFold(branch, "Tasks"):
		id, _, _ := strings.Cut(rest, `\`)
		if t.Kind, t.TaskID = graph.TraceTask, graph.NormalGUID(id); t.TaskID == "" {
			return nil, ErrOfNoUse
		}
	default:
		return nil, ErrOfNoUse
	}
	return t, nil
}

// servers are the subkeys of a class whose default value says what runs for it,
// in lower case.
var servers = map[string]bool{
	"inprocserver32": true, "inprocserver": true, "inprochandler32": true, "inprochandler": true,
	"localserver32": true, "localserver": true, "treatas": true, "autotreatas": true, "scriptleturl": true, "progid": true,
}

// serverValues are other values that say so: a .NET server's own file, the file
// that is started in the server's place, and the surrogate's application.
var serverValues = map[string]bool{"codebase": true, "serverexecutable": true, "appid": true}

// classChanged reads a change of a COM class. That a key was opened or made says
// nothing; what is set in it does.
func classChanged(e *Event, p graph.ProcessRef, c registryChange, hive, rest string) (graph.Observation, error) {
	class, rest, _ := strings.Cut(rest, `\`)
	id := graph.NormalGUID(class)
	if id == "" || c.op != graph.TraceSet && c.op != graph.TraceGone {
		return nil, ErrOfNoUse
	}
	kind, _, _ := strings.Cut(rest, `\`)
	switch value := strings.ToLower(c.value); {
	case serverValues[value]:
		kind = c.value
	case value != "" && value != "(default)":
		return nil, ErrOfNoUse
	case kind == "" && value == "" && c.op == graph.TraceGone: // the class as a whole
	case !servers[strings.ToLower(kind)]:
		return nil, ErrOfNoUse
	}
	return &graph.ClassChanged{
		Header: header(e), Process: p, ClassID: id, Kind: kind, Server: c.data,
		PerUser: userHive(hive), Gone: c.op == graph.TraceGone, Source: c.source,
	}, nil
}

// userHive says whether a key lies in a user's hive rather than the machine's.
func userHive(key string) bool {
	for _, prefix := range [...]string{`hku\`, `hkcu\`, `hkey_users\`, `hkey_current_user\`, `\registry\user\`} {
		if foldAt(key, prefix) {
			return true
		}
	}
	return false
}

func hasFold(s, lower string) bool {
	_, _, ok := cutFold(s, lower)
	return ok
}
