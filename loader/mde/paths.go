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

// taskFolders are where Windows keeps tasks as files, below its own folder:
// definitions as XML, those of an older Windows after an upgrade, and jobs.
var taskFolders = []string{`system32\tasks\`, `syswow64\tasks\`, `system32\tasks_migrated\`, `tasks\`}

const (
	jobFolder = `tasks\`
	jobSuffix = ".job"
)

// taskFile is the task whose file a path is; "" for other files.
func taskFile(path string) string {
	rest, ok := ofWindows(path)
	if !ok {
		return ""
	}
	low := lower(rest)
	for _, folder := range taskFolders {
		if !strings.HasPrefix(low, folder) || len(rest) == len(folder) {
			continue
		}
		task := rest[len(folder):]
		if folder == jobFolder {
			if !strings.HasSuffix(low, jobSuffix) || len(task) == len(jobSuffix) {
				return ""
			}
			task = task[:len(task)-len(jobSuffix)]
		}
		return graph.TaskPath(task)
	}
	return ""
}

// ofWindows is what follows Windows' own folder in a path: on some volume, since
// anybody can make a folder of that name elsewhere.
func ofWindows(path string) (rest string, ok bool) {
	path = strings.TrimPrefix(path, `\\?\`)
	low := lower(path)
	if i := strings.Index(low, `\windows\`); i >= 0 {
		volume := low[:i]
		disk, device := strings.CutPrefix(volume, `\device\`)
		if len(volume) == 2 && volume[1] == ':' || device && !strings.Contains(disk, `\`) {
			return path[i+len(`\windows\`):], true
		}
	}
	return "", false
}

// installed says whether a module lies where only Windows' own installer writes.
func installed(path string) bool {
	rest, ok := ofWindows(path)
	folder, name, _ := strings.Cut(lower(rest), `\`)
	return ok && (folder == "winsxs" || (folder == "system32" || folder == "syswow64") && !strings.Contains(name, `\`))
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
	kind    string // "" for the class as a whole
	perUser bool
}

// servers are the parts of a class's registration whose default value says what
// runs for it.
var servers = []string{
	"InprocServer32", "InprocServer", "InprocHandler32", "InprocHandler", "LocalServer32", "LocalServer", "TreatAs",
	"AutoTreatAs", "ScriptletURL", "ProgID",
}

// serverValues are other values that say so: a .NET server's own file, the file
// that is started in the server's place, and the surrogate's application.
var serverValues = []string{"CodeBase", "ServerExecutable", "AppID"}

// spelt is the one of the names that s is, whatever its case; "" for others.
func spelt(s string, names []string) string {
	for _, name := range names {
		if strings.EqualFold(name, s) {
			return name
		}
	}
	return ""
}

// comClass reads a change of a value, "" for the default one or the key itself,
// of a key …\CLSID\{id} or below it.
func comClass(key, value string) (classKey, bool) {
	rest, ok := after(key, `\clsid\`)
	if !ok {
		return classKey{}, false
	}
	id, below, _ := strings.Cut(rest, `\`)
	part, _, _ := strings.Cut(below, `\`)
	c := classKey{id: graph.NormalGUID(id), kind: spelt(part, servers), perUser: perUser(key)}
	if value != "" {
		c.kind = spelt(value, serverValues)
	}
	return c, c.id != "" && (c.kind != "" || value == "" && below == "")
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
