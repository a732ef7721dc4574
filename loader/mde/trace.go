package mde

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
)

var registryOps = map[string]graph.TraceOp{
	"RegistryValueSet": graph.TraceSet, "RegistryKeyCreated": graph.TraceMade, "RegistryKeyDeleted": graph.TraceGone,
	"RegistryValueDeleted": graph.TraceGone, "RegistryKeyRenamed": graph.TraceRename,
}

// registryRow reads DeviceRegistryEvents: keys of the Task Scheduler and of COM
// classes, no others. A key or value that is deleted stands in the columns of
// what was before, and on some versions in both.
func registryRow(r row) ([]graph.Observation, error) {
	op := registryOps[r.action]
	if op == "" {
		return nil, nil
	}
	now, before := r.text("RegistryKey"), r.text("PreviousRegistryKey")
	if op == graph.TraceRename {
		return renamed(r, before, now)
	}
	if cache, ok := taskCache(orElse(now, before)); ok {
		return taskKey(r, op, cache)
	}
	if class, ok := comClass(orElse(now, before), r.valueName()); ok {
		return classChanged(r, op, class)
	}
	return nil, nil
}

// renamed reads a key that got another name; what it was called before is what
// it is about, unless only the new name is a task's.
func renamed(r row, before, now string) ([]graph.Observation, error) {
	if cache, ok := taskCache(before); ok {
		return taskKey(r, graph.TraceRename, cache)
	}
	if cache, ok := taskCache(now); ok {
		return taskKey(r, graph.TraceMade, cache)
	}
	return nil, nil
}

func taskKey(r row, op graph.TraceOp, cache cacheKey) ([]graph.Observation, error) {
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	t := &graph.TaskTraced{
		Header: h, Process: r.initiating(), Kind: cache.kind, Op: op, Path: cache.path, TaskID: cache.taskID,
		Value: r.valueName(), Source: "defender",
	}
	switch op {
	case graph.TraceRename:
		t.Data = r.text("RegistryKey")
	case graph.TraceSet:
		t.Data = r.text("RegistryValueData")
		if t.TaskID == "" && strings.EqualFold(t.Value, "Id") {
			t.TaskID = graph.NormalGUID(t.Data)
		}
	}
	return append([]graph.Observation{t}, r.mention(h)...), nil
}

// valueName is the value that a row is about; "" for a key or a key's default.
func (r row) valueName() string {
	if strings.HasPrefix(r.action, "RegistryKey") {
		return ""
	}
	name := orElse(r.text("RegistryValueName"), r.text("PreviousRegistryValueName"))
	if strings.EqualFold(name, "(Default)") {
		return ""
	}
	return name
}

// classChanged reads a change of what runs for a class, or the class being
// deleted. That a key was made says nothing; what is set in it does.
func classChanged(r row, op graph.TraceOp, class classKey) ([]graph.Observation, error) {
	gone := op == graph.TraceGone
	if op != graph.TraceSet && !gone || class.kind == "" && !gone {
		return nil, nil
	}
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	c := &graph.ClassChanged{
		Header: h, Process: r.initiating(), ClassID: class.id, Kind: class.kind, PerUser: class.perUser, Gone: gone,
		Source: "defender",
	}
	if op == graph.TraceSet {
		c.Server = r.text("RegistryValueData")
	}
	return append([]graph.Observation{c}, r.mention(h)...), nil
}

var fileOps = map[string]graph.TraceOp{
	"FileCreated": graph.TraceMade, "FileModified": graph.TraceSet, "FileDeleted": graph.TraceGone, "FileRenamed": graph.TraceMade,
}

// fileRow reads DeviceFileEvents: the files that are tasks, no others. A file
// that got another name is one that went and one that came.
func fileRow(r row) ([]graph.Observation, error) {
	op := fileOps[strings.TrimSuffix(r.action, aggregated)]
	if op == "" {
		return nil, nil
	}
	now := taskFile(fullPath(r.text("FolderPath"), r.text("FileName")))
	before := ""
	if r.action == "FileRenamed" {
		before = taskFile(fullPath(r.text("PreviousFolderPath"), r.text("PreviousFileName")))
	}
	if now == "" && before == "" {
		return nil, nil
	}
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	t := graph.TaskTraced{Header: h, Process: r.initiating(), Kind: graph.TraceFile, Op: op, Path: now, Source: "defender"}
	var said []graph.Observation
	if now != "" {
		said = append(said, &t)
	}
	if before != "" && before != now {
		went := t
		went.Op, went.Path = graph.TraceGone, before
		said = append(said, &went)
	}
	return append(append(said, r.overNetwork(h)...), r.mention(h)...), nil
}

// overNetwork is a file's change that came over a share, which the row says in
// its request columns.
func (r row) overNetwork(h graph.Header) []graph.Observation {
	ip := r.ip("RequestSourceIP")
	if ip == "" || graph.IPScope(ip) == graph.Loopback {
		return nil
	}
	return []graph.Observation{&graph.PipeOpened{
		Header: h, Share: r.text("ShareName"), Target: fullPath(r.text("FolderPath"), r.text("FileName")),
		User: account(r.text("RequestAccountDomain"), r.text("RequestAccountName")), UserSID: r.text("RequestAccountSid"),
		IP: ip, Port: r.port("RequestSourcePort"), Write: true, Source: "defender",
	}}
}

// hosts are the programs that run tasks' DLLs.
var hosts = map[string]bool{
	"taskhostw.exe": true, "taskhostex.exe": true, "taskhost.exe": true, "taskeng.exe": true, "dllhost.exe": true,
}

// clients are the libraries that speak to the Schedule service.
var clients = map[string]bool{"taskschd.dll": true, "taskcomp.dll": true, "mstask.dll": true}

// imageRow reads DeviceImageLoadEvents: the Task Scheduler's client libraries,
// what the hosts of tasks load, and what its service loads from outside of
// Windows; others are not wanted.
func imageRow(r row) ([]graph.Observation, error) {
	if r.action != "ImageLoaded" {
		return nil, nil
	}
	p, path := r.initiating(), fullPath(r.text("FolderPath"), r.text("FileName"))
	switch {
	case clients[graph.BaseName(path)], hosts[graph.BaseName(p.Image)]:
	case installed(path) || !isScheduler(p):
		return nil, nil
	}
	h, err := r.header()
	switch {
	case err != nil:
		return nil, err
	case p.PID == 0:
		return nil, withoutProcess
	}
	m := &graph.ModuleLoaded{Header: h, Process: p, Path: path, Hashes: r.hashes(""), Source: "defender"}
	return append([]graph.Observation{m}, r.mention(h)...), nil
}

// logonTypes are the names that Defender gives to Windows' types of logons.
var logonTypes = map[string]uint8{
	"interactive": 2, "network": 3, "batch": 4, "service": 5, "unlock": 7, "networkcleartext": 8, "newcredentials": 9,
	"remoteinteractive": 10, "cachedinteractive": 11, "cachedremoteinteractive": 12, "cachedunlock": 13,
}

// logonRow reads DeviceLogonEvents' LogonSuccess.
func logonRow(r row) ([]graph.Observation, error) {
	if r.action != "LogonSuccess" {
		return nil, nil
	}
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	l := &graph.LoggedOn{
		Header: h, LogonID: r.wide("LogonId"), User: r.account(""), UserSID: r.text("AccountSid"),
		Type: logonType(r.text("LogonType")), IP: r.ip("RemoteIP"), Port: r.port("RemotePort"),
		Workstation: r.text("RemoteDeviceName"),
	}
	if l.LogonID == 0 {
		return nil, withoutSession
	}
	return append([]graph.Observation{l}, r.mention(h)...), nil
}

// logonType is the number of a logon's type, 0 where it is not known.
func logonType(s string) uint8 {
	s = strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(s))
	if n := number(s, 8); n != 0 {
		return uint8(n)
	}
	if strings.HasPrefix(s, "remoteinteractive") { // "Remote interactive (RDP) logons"
		s = "remoteinteractive"
	}
	return logonTypes[s]
}
