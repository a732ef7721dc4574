package winevent

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/taskxml"
)

var securityChanges = map[uint32]graph.Change{
	4698: graph.Created, 4699: graph.Deleted, 4700: graph.Enabled, 4701: graph.Disabled, 4702: graph.Updated,
}

var schedulerChanges = map[uint32]graph.Change{
	106: graph.Created, 140: graph.Updated, 141: graph.Deleted, 142: graph.Disabled,
}

var schedulerStages = map[uint32]graph.Stage{
	100: graph.InstanceStart, 102: graph.InstanceEnd, 111: graph.Terminated,
	107: graph.Triggered, 108: graph.Triggered, 110: graph.Triggered, 118: graph.Triggered, 119: graph.Triggered,
	129: graph.Launched, 200: graph.ActionStart, 201: graph.ActionEnd, 202: graph.ActionFailed, 203: graph.ActionFailed,
}

var triggers = map[uint32]string{107: "time", 108: "event", 110: "demand", 118: "boot", 119: "logon"}

// securityChanged reads 4698 to 4702.
func securityChanged(e *Event) (graph.Observation, error) {
	path := taskPath(e)
	if path == "" {
		return nil, ErrNoTask
	}
	sid := strings.TrimSpace(first(e, "SubjectUserSid"))
	c := &graph.TaskChanged{
		Header:  header(e),
		Path:    path,
		Change:  securityChanges[e.ID],
		XML:     taskxml.Unescape(first(e, "TaskContentNew", "TaskContent")),
		User:    account(e.Get("SubjectDomainName"), e.Get("SubjectUserName")),
		UserSID: sid,
	}
	if c.User == "" {
		c.User = sid
	}
	c.Client.PID, c.Remote = client(e)
	return c, nil
}

// client is the process that asked for a change, and whether it was on another
// machine: then all that would name it is there and 0.
func client(e *Event) (id uint32, remote bool) {
	n, ok := integer(e.Get("ClientProcessId"))
	if !ok {
		return 0, false
	}
	key, ok := integer(e.Get("ClientProcessStartKey"))
	return pid(e.Get("ClientProcessId")), n == 0 && (!ok || key == 0)
}

// schedulerChanged reads 106, 140, 141 and 142.
func schedulerChanged(e *Event) (graph.Observation, error) {
	path := taskPath(e)
	if path == "" {
		return nil, ErrNoTask
	}
	user := runUser(e)
	return &graph.TaskChanged{
		Header: header(e), Path: path, Change: schedulerChanges[e.ID], User: user, UserSID: sidOf(user),
	}, nil
}

// schedulerRan reads what TaskScheduler/Operational tells of a task's runs.
func schedulerRan(e *Event) (graph.Observation, error) {
	path := taskPath(e)
	if path == "" {
		return nil, ErrNoTask
	}
	r := &graph.TaskRan{
		Header:   header(e),
		Path:     path,
		Stage:    schedulerStages[e.ID],
		Instance: instance(e),
		User:     runUser(e),
		Result:   decimal(e.Get("ResultCode")),
		Trigger:  triggers[e.ID],
	}
	switch e.ID {
	case 129:
		r.PID, r.Image = pid(first(e, "ProcessID", "ProcessId")), present(e.Get("Path"))
		if r.PID == e.ExecPID {
			r.PID = 0 // an export that has the logging service's id in its place
		}
	case 200, 201, 202, 203:
		r.PID, r.Image = pid(first(e, "EnginePID", "EnginePid")), present(e.Get("ActionName"))
	}
	return r, nil
}

// instance is the run's id. A launch has none, whatever its activity may be.
func instance(e *Event) string {
	if e.ID == 129 {
		return ""
	}
	id := first(e, "TaskInstanceId", "InstanceId", "TaskInstanceID", "InstanceID")
	if guid := graph.NormalGUID(id); guid != "" {
		return guid
	}
	return graph.NormalGUID(e.Activity)
}

func taskPath(e *Event) string { return strings.TrimSpace(first(e, "TaskName")) }

func runUser(e *Event) string { return strings.TrimSpace(first(e, "UserContext", "UserName")) }
