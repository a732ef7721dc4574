package mde

import (
	"path"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// doer is the prefix of the columns of the process that did what a row tells.
const doer = "InitiatingProcess"

// initiating is the process that did what the row tells.
func (r row) initiating() graph.ProcessRef {
	return graph.ProcessRef{
		PID:         r.pid(doer + "Id"),
		Image:       fullPath(r.text(doer+"FolderPath"), r.text(doer+"FileName")),
		CommandLine: r.text(doer + "CommandLine"),
		User:        r.account(doer),
		Started:     r.started(doer + "CreationTime"),
		StartKey:    r.wide(doer + "UniqueId"),
		LogonID:     r.wide(doer + "LogonId"),
	}
}

// mention is what a row tells in passing: the process that did it, and its
// parent. There is nothing to tell where the process lacks what names it.
func (r row) mention(h graph.Header) []graph.Observation {
	m := &graph.ProcessMentioned{
		Header: h, Process: r.initiating(), Integrity: r.text(doer + "IntegrityLevel"), Hashes: r.hashes(doer),
	}
	parent := graph.ProcessRef{
		PID: r.pid(doer + "ParentId"), Image: r.text(doer + "ParentFileName"), Started: r.started(doer + "ParentCreationTime"),
	}
	if parent.PID != 0 && !parent.Started.IsZero() {
		m.Parent = parent
	}
	if m.Process.PID == 0 || m.Process.Started.IsZero() {
		return nil
	}
	return []graph.Observation{m}
}

// processRow reads DeviceProcessEvents. What it tells is timed by the process'
// creation, which the row's own time follows by some milliseconds.
func processRow(r row) ([]graph.Observation, error) {
	if strings.TrimSuffix(r.action, aggregated) != "ProcessCreated" {
		return nil, nil
	}
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	p := graph.ProcessRef{
		PID:         r.pid("ProcessId"),
		Image:       fullPath(r.text("FolderPath"), r.text("FileName")),
		CommandLine: r.text("ProcessCommandLine"),
		User:        r.account(""),
		Started:     r.started("ProcessCreationTime"),
		StartKey:    r.wide("ProcessUniqueId"),
		LogonID:     r.wide("LogonId"),
	}
	if p.PID == 0 {
		return nil, ErrNoProcess
	}
	s := &graph.ProcessStarted{
		Header: h, Process: p, Parent: r.initiating(), Source: graph.StartDefender,
		Integrity: r.text("ProcessIntegrityLevel"), Hashes: r.hashes(""),
	}
	if !p.Started.IsZero() {
		s.Clock.Claimed = p.Started
	}
	return append([]graph.Observation{s}, r.mention(h)...), nil
}

// fullPath joins a folder's path and a file's name. Most rows have the whole
// path in FolderPath, some the folder only; a name in another spelling than the
// path's own end, as short names are, does not make it a folder.
func fullPath(folder, name string) string {
	switch {
	case folder == "" || strings.ContainsAny(name, `\/`):
		return orElse(name, folder)
	case name == "":
		return folder
	}
	base := folder[strings.LastIndexAny(folder, `\/`)+1:]
	if strings.EqualFold(base, name) || path.Ext(name) != "" && strings.EqualFold(path.Ext(base), path.Ext(name)) {
		return folder
	}
	if sep := `\`; !strings.Contains(folder, sep) && strings.HasPrefix(folder, "/") {
		return strings.TrimRight(folder, "/") + "/" + name
	}
	return strings.TrimRight(folder, `\`) + `\` + name
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
