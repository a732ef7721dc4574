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

// schedulerStages are the events that speak of one task and one run of it, or of
// why there was none (provider's manifest, the same from Windows 7 on but for
// added fields). Left out are those that name no task (104, 105, 115, 132, 134,
// the engine's 300 to 320, the service's 400 to 413, idle and maintenance), as
// nothing of theirs can be joined to one, and those without effect on a run (147,
// 152, 155, 304, 319, 331).
var schedulerStages = map[uint32]graph.Stage{
	100: graph.InstanceStart, 102: graph.InstanceEnd, 111: graph.Terminated, 129: graph.Launched,
	200: graph.ActionStart, 201: graph.ActionEnd, 202: graph.ActionFailed, 203: graph.ActionFailed,
	107: graph.Triggered, 108: graph.Triggered, 109: graph.Triggered, 110: graph.Triggered, 117: graph.Triggered,
	118: graph.Triggered, 119: graph.Triggered, 120: graph.Triggered, 121: graph.Triggered, 122: graph.Triggered,
	123: graph.Triggered, 124: graph.Triggered, 125: graph.Triggered,
	// It was to start and could not.
	101: graph.StartFailed, 103: graph.StartFailed, 126: graph.StartFailed, 127: graph.StartFailed, 130: graph.StartFailed,
	131: graph.StartFailed, 133: graph.StartFailed, 151: graph.StartFailed, 204: graph.StartFailed, 205: graph.StartFailed,
	305: graph.StartFailed,
	114: graph.Missed, 153: graph.Missed,
	// A condition did not hold: network, end of time, idle, battery, nobody logged
	// on, the kind of session; or another instance runs.
	112: graph.Refused, 128: graph.Refused, 135: graph.Refused, 322: graph.Refused, 324: graph.Refused, 325: graph.Refused,
	326: graph.Refused, 332: graph.Refused, 333: graph.Refused, 334: graph.Refused,
	// For a new instance, on battery, no longer idle, out of time, by a user.
	323: graph.Stopped, 327: graph.Stopped, 328: graph.Stopped, 329: graph.Stopped, 330: graph.Stopped,
	// Triggers that do not work, credentials not kept, an image that can't be loaded.
	113: graph.Misconfigured, 116: graph.Misconfigured, 146: graph.Misconfigured, 148: graph.Misconfigured,
	149: graph.Misconfigured, 150: graph.Misconfigured, 414: graph.Misconfigured,
}

var triggers = map[uint32]string{
	107: "time", 108: "event", 109: "registration", 110: "demand", 117: "idle", 118: "boot", 119: "logon",
	120: "console-connect", 121: "console-disconnect", 122: "remote-connect", 123: "remote-disconnect",
	124: "lock", 125: "unlock",
}

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
		LogonID: number(e.Get("SubjectLogonId")),
	}
	if c.User == "" {
		c.User = sid
	}
	c.Client.PID, c.Remote = client(e)
	c.Client.StartKey = number(e.Get("ClientProcessStartKey"))
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
		if r.PID == 0 {
			r.PID = messagePID(e.Message)
		}
	case 200, 201, 202, 203:
		r.PID, r.Image = pid(first(e, "EnginePID", "EnginePid")), present(e.Get("ActionName"))
	}
	return r, nil
}

// messagePID is the process id in the English message of a launch, its last
// number: `… launch task "\T" , instance "x.exe"  with process ID 1234.` The
// text before it holds names that the task's author chose.
func messagePID(message string) uint32 {
	i := strings.LastIndex(message, " with process ID ")
	if i < 0 {
		return 0
	}
	return pid(strings.TrimSuffix(strings.TrimSpace(message[i+len(" with process ID "):]), "."))
}

// instance is the run's id. A launch has none, whatever its activity may be; the
// id in 322 is of the run that goes on, not of the one that was refused.
func instance(e *Event) string {
	if e.ID == 129 || e.ID == 322 {
		return ""
	}
	id := first(e, "TaskInstanceId", "InstanceId", "TaskInstanceID", "InstanceID", "StoppedTaskInstanceId", "QueuedTaskInstanceId")
	if guid := graph.NormalGUID(id); guid != "" {
		return guid
	}
	return graph.NormalGUID(e.Activity)
}

func taskPath(e *Event) string { return strings.TrimSpace(first(e, "TaskName")) }

func runUser(e *Event) string { return strings.TrimSpace(first(e, "UserContext", "UserName")) }
