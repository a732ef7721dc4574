package mde

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
)

var changes = map[string]graph.Change{
	"ScheduledTaskCreated": graph.Created, "ScheduledTaskUpdated": graph.Updated, "ScheduledTaskDeleted": graph.Deleted,
	"ScheduledTaskEnabled": graph.Enabled, "ScheduledTaskDisabled": graph.Disabled,
}

// deviceRow reads DeviceEvents.
func deviceRow(r row) ([]graph.Observation, error) {
	switch {
	case changes[r.action] != "":
		return taskChanged(r)
	case r.action == "DnsQueryResponse":
		return answered(r)
	case r.action == "NamedPipeEvent":
		return pipeOpened(r)
	}
	return nil, nil
}

// taskChanged reads ScheduledTaskCreated and its like. AdditionalFields has the
// fields of the security event (4698 to 4702) that the sensor made it from, as
// many of them as that version keeps.
func taskChanged(r row) ([]graph.Observation, error) {
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	x, err := r.extra()
	if err != nil {
		return nil, err
	}
	c := &graph.TaskChanged{
		Header: h, Change: changes[r.action],
		Path:    strings.TrimSpace(orElse(x.text("TaskName"), x.text("TaskPath"))),
		XML:     definition(orElse(x.text("TaskContentNew"), x.text("TaskContent"))),
		User:    account(x.text("SubjectDomainName"), x.text("SubjectUserName")),
		UserSID: strings.TrimSpace(x.text("SubjectUserSid")),
		LogonID: number(x.text("SubjectLogonId"), 64),
	}
	if c.Path == "" {
		return nil, ErrNoTask
	}
	asker := r.initiating()
	if c.User == "" && c.UserSID == "" && !isScheduler(asker) {
		c.User, c.UserSID, c.LogonID = asker.User, r.text(doer+"AccountSid"), asker.LogonID
	}
	c.User = orElse(c.User, c.UserSID)
	c.Client, c.Remote = client(x, asker)
	return append([]graph.Observation{c}, r.mention(h)...), nil
}

// client is the process that asked for the change. The row's own process may be
// the service that carried it out, which is nobody's asking; what the security
// event says of the client comes first, and says that it was on another machine
// where its ids are there and 0.
func client(x extra, asker graph.ProcessRef) (p graph.ProcessRef, remote bool) {
	id, key := uint32(number(x.text("ClientProcessId"), 32)), number(x.text("ClientProcessStartKey"), 64)
	switch {
	case id != 0 && id == asker.PID:
		asker.StartKey = key
		return asker, false
	case id != 0:
		return graph.ProcessRef{PID: id, StartKey: key}, false
	case x.has("ClientProcessId") && key == 0, strings.EqualFold(x.text("IsLocallyRegistered"), "false"):
		return graph.ProcessRef{}, true
	case isScheduler(asker):
		return graph.ProcessRef{}, false
	}
	return asker, false
}

// isScheduler says whether a process is the service that carries out changes of
// tasks: svchost with the Schedule service, or with the whole netsvcs group.
func isScheduler(p graph.ProcessRef) bool {
	if graph.BaseName(p.Image) != "svchost.exe" {
		return false
	}
	words := strings.Fields(strings.ToLower(p.CommandLine))
	service, group := "", ""
	for i := 0; i+1 < len(words); i++ {
		switch words[i] {
		case "-s":
			service = words[i+1]
		case "-k":
			group = words[i+1]
		}
	}
	return service == "schedule" || service == "" && (group == "netsvcs" || group == "")
}

// pipeOpened reads NamedPipeEvent where it is the Task Scheduler's pipe that was
// opened; others are not wanted.
func pipeOpened(r row) ([]graph.Observation, error) {
	x, err := r.extra()
	if err != nil {
		return nil, err
	}
	name := x.text("PipeName")
	if !strings.EqualFold(name[strings.LastIndexByte(name, '\\')+1:], "atsvc") {
		return nil, nil
	}
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	p := &graph.PipeOpened{
		Header: h, Process: r.initiating(), Target: "atsvc", User: r.account(doer), UserSID: r.text(doer + "AccountSid"),
		LogonID: r.wide(doer + "LogonId"), IP: r.ip("RemoteIP"), Port: r.port("RemotePort"), Source: "defender",
	}
	if p.IP == "" {
		p.IP, _ = graph.NormalIP(x.text("RemoteIP"))
	}
	return append([]graph.Observation{p}, r.mention(h)...), nil
}
