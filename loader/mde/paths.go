package mde

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// after is what follows the first of the parts in s, whatever their case, and
// whether one of them is there.
func after(s string, parts ...string) (rest string, ok bool) {
	low := lower(s)
	for _, part := range parts {
		if i := strings.Index(low, part); i >= 0 {
			return s[i+len(part):], true
		}
	}
	return "", false
}

// lower is s with its ASCII letters in lower case, as long as s: the parts that
// are looked for are ASCII, and other letters may change their length.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// taskFile is the task whose file a path is; "" for other files.
func taskFile(path string) string {
	rest, ok := after(path, `\windows\system32\tasks\`, `\windows\syswow64\tasks\`, `\windows\system32\tasks_migrated\`)
	if !ok || rest == "" {
		return ""
	}
	return graph.TaskPath(rest)
}

// cacheKey is a key of the Task Scheduler's own part of the registry.
type cacheKey struct {
	kind   graph.TraceKind
	path   string // of a Tree key
	taskID string // of a Tasks key
}

// taskCache reads a registry key below …\Schedule\TaskCache.
func taskCache(key string) (cacheKey, bool) {
	rest, ok := after(key, `\schedule\taskcache\`)
	if !ok {
		return cacheKey{}, false
	}
	if path, ok := after(`\`+rest, `\tree\`); ok && path != "" && strings.EqualFold(rest[:4], "tree") {
		return cacheKey{kind: graph.TraceTree, path: graph.TaskPath(path)}, true
	}
	if len(rest) > 6 && strings.EqualFold(rest[:6], `tasks\`) {
		id, _, _ := strings.Cut(rest[6:], `\`)
		if id = graph.NormalGUID(id); id != "" {
			return cacheKey{kind: graph.TraceTask, taskID: id}, true
		}
	}
	return cacheKey{}, false
}

// classKey is the part of a COM class's registration that a key is.
type classKey struct {
	id      string
	kind    string // "" for the class's own key
	perUser bool
}

// servers are the parts of a class's registration that say what code it is.
var servers = []string{
	"InprocServer32", "LocalServer32", "InprocHandler32", "InprocServer", "LocalServer", "TreatAs", "AutoTreatAs", "ProgID",
	"ScriptletURL", "VersionIndependentProgID",
}

// comClass reads a registry key …\CLSID\{id} or one directly below.
func comClass(key string) (classKey, bool) {
	rest, ok := after(key, `\clsid\`)
	if !ok {
		return classKey{}, false
	}
	id, kind, _ := strings.Cut(rest, `\`)
	c := classKey{id: graph.NormalGUID(id), perUser: perUser(key)}
	if c.id == "" {
		return classKey{}, false
	}
	if kind == "" {
		return c, true
	}
	for _, server := range servers {
		if strings.EqualFold(server, kind) {
			c.kind = server
			return c, true
		}
	}
	return classKey{}, false
}

// perUser says whether a key lies in a user's own hive.
func perUser(key string) bool {
	hive, _, _ := strings.Cut(strings.ToUpper(strings.TrimLeft(key, `\`)), `\`)
	switch hive {
	case "HKEY_CURRENT_USER", "HKCU", "HKEY_USERS", "HKU":
		return true
	}
	return strings.HasPrefix(hive, "S-1-")
}
