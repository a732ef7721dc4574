package winevent

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// loggedOn reads 4624. Logons of services, and of the system itself at boot (type
// 0), happen all the time and show nobody.
func loggedOn(e *Event) (graph.Observation, error) {
	id, ok := integer(e.Get("TargetLogonId"))
	if !ok || id == 0 {
		return nil, ErrNoLogon
	}
	kind := number(e.Get("LogonType"))
	if kind == 0 || kind == 5 || kind > 255 {
		return nil, ErrOfNoUse
	}
	ip, _ := graph.NormalIP(e.Get("IpAddress"))
	return &graph.LoggedOn{
		Header: header(e), LogonID: id, LinkedID: number(e.Get("TargetLinkedLogonId")),
		User: securityUser(e, "Target"), UserSID: strings.TrimSpace(first(e, "TargetUserSid")), Type: uint8(kind),
		IP: ip, Port: port(e.Get("IpPort")), Workstation: strings.TrimLeft(first(e, "WorkstationName"), `\`),
	}, nil
}

// usedCredentials reads 4648.
func usedCredentials(e *Event) (graph.Observation, error) {
	target := account(e.Get("TargetDomainName"), e.Get("TargetUserName"))
	if target == "" {
		return nil, ErrNoAccount
	}
	p := securityProcess(e)
	ip, _ := graph.NormalIP(first(e, "IpAddress", "NetworkAddress"))
	return &graph.UsedCredentials{
		Header: header(e), Process: p, LogonID: p.LogonID, User: p.User, TargetUser: target,
		TargetServer: strings.TrimSpace(first(e, "TargetServerName")), IP: ip, Port: port(first(e, "IpPort", "Port")),
	}, nil
}

// shareOpened reads 5140 and 5145. What tells of tasks: the pipe of the Schedule
// service, the folders of tasks on a drive's or Windows' own share, and the file
// by which a group policy deals tasks out.
func shareOpened(e *Event) (graph.Observation, error) {
	share := strings.TrimSpace(first(e, "ShareName"))
	if share == "" {
		return nil, ErrNoShare
	}
	target := strings.Trim(strings.TrimSpace(first(e, "RelativeTargetName")), `\`)
	if !taskShare(e.ID, share, target) {
		return nil, ErrOfNoUse
	}
	ip, _ := graph.NormalIP(e.Get("IpAddress"))
	p := &graph.PipeOpened{
		Header: header(e), Share: share, Target: target,
		User: securityUser(e, "Subject"), UserSID: strings.TrimSpace(first(e, "SubjectUserSid")),
		LogonID: number(e.Get("SubjectLogonId")), IP: ip, Port: port(e.Get("IpPort")),
		Write: written(e), Source: "5145",
	}
	if e.ID == 5140 {
		p.Source = "5140"
	}
	return p, nil
}

func taskShare(id uint32, share, target string) bool {
	_, name := splitLast(share)
	name = strings.ToUpper(name)
	switch {
	case id == 5140:
		return name == "IPC$"
	case name == "IPC$":
		return strings.EqualFold(target, taskPipe)
	case name == "SYSVOL":
		_, file := splitLast(target)
		return strings.EqualFold(file, "ScheduledTasks.xml")
	case name == "ADMIN$":
		_, ok := taskOfFile(`%windir%\` + target)
		return ok
	case len(name) == 2 && name[1] == '$':
		_, ok := taskOfFile(name[:1] + `:\` + target)
		return ok
	}
	return false
}

// written says whether a file was opened to be written: WriteData or AppendData
// in the mask of rights, or their messages' numbers in the list.
func written(e *Event) bool {
	if mask, ok := integer(e.Get("AccessMask")); ok {
		return mask&0x6 != 0
	}
	list := e.Get("AccessList")
	return strings.Contains(list, "%%4417") || strings.Contains(list, "%%4418")
}

// The client-side extensions, in upper case, by which a group policy deals out
// scheduled tasks: their presence in an attribute of the policy says that it
// does.
var taskExtensions = [...]string{"AADCED64-746C-4633-A97C-D61349046527", "CAB54552-DEEA-4691-817E-ED4A4D1AFC72"}

// policyChanged reads 5136. A change is logged as a value deleted and one added;
// the added one counts.
func policyChanged(e *Event) (graph.Observation, error) {
	attribute := strings.TrimSpace(first(e, "AttributeLDAPDisplayName"))
	if attribute == "" {
		return nil, ErrNoAttribute
	}
	value := first(e, "AttributeValue")
	upper := strings.ToUpper(value)
	about := strings.EqualFold(attribute, "gPCMachineExtensionNames") || strings.EqualFold(attribute, "gPCUserExtensionNames")
	if !about || strings.Contains(e.Get("OperationType"), "14675") ||
		!strings.Contains(upper, taskExtensions[0]) && !strings.Contains(upper, taskExtensions[1]) {
		return nil, ErrOfNoUse
	}
	return &graph.PolicyChanged{
		Header: header(e), Object: first(e, "ObjectDN"), Attribute: attribute, Value: value,
		User: securityUser(e, "Subject"), LogonID: number(e.Get("SubjectLogonId")),
	}, nil
}

// eventLog is the provider that tells of logs being cleared; others use its
// event ids for other things.
const eventLog = "Microsoft-Windows-Eventlog"

// logCleared reads Security 1102 and System 104.
func logCleared(e *Event) (graph.Observation, error) {
	if e.Provider != "" && !strings.EqualFold(e.Provider, eventLog) {
		return nil, ErrOfNoUse
	}
	log := Security
	if e.ID == 104 {
		log = first(e, "Channel")
	}
	if message, ok := strings.CutPrefix(e.Message, "The "); ok && log == "" {
		if name, _, ok := strings.Cut(message, " log file was cleared"); ok {
			log = name
		}
	}
	return &graph.LogTampered{Header: header(e), Log: log, User: securityUser(e, "Subject")}, nil
}

// logDisabled reads TaskScheduler 719: the log switched itself off, or was.
func logDisabled(e *Event) (graph.Observation, error) {
	return &graph.LogTampered{Header: header(e), Log: TaskScheduler, Off: true}, nil
}
