package winevent

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// sysmonProcess is the process that a Sysmon record is about. Its PID is in
// ProcessId and nowhere else: ProcessID is Sysmon's own where it occurs.
func sysmonProcess(e *Event) graph.ProcessRef {
	return graph.ProcessRef{
		GUID:        graph.NormalGUID(first(e, "ProcessGuid", "ProcessGUID")),
		PID:         pid(e.Get("ProcessId")),
		Image:       present(e.Get("Image")),
		CommandLine: present(e.Get("CommandLine")),
		User:        present(e.Get("User")),
		LogonID:     number(e.Get("LogonId")),
	}
}

func unnamed(p graph.ProcessRef) bool { return p.GUID == "" && p.PID == 0 }

func sysmonStarted(e *Event) (graph.Observation, error) {
	p := sysmonProcess(e)
	if unnamed(p) {
		return nil, ErrNoProcess
	}
	return &graph.ProcessStarted{
		Header:  header(e),
		Process: p,
		Parent: graph.ProcessRef{
			GUID:        graph.NormalGUID(first(e, "ParentProcessGuid", "ParentProcessGUID")),
			PID:         pid(e.Get("ParentProcessId")),
			Image:       present(e.Get("ParentImage")),
			CommandLine: present(e.Get("ParentCommandLine")),
			User:        present(e.Get("ParentUser")),
		},
		Source:    graph.StartSysmon,
		Integrity: integrity(e.Get("IntegrityLevel")),
		Hashes:    present(e.Get("Hashes")),
	}, nil
}

func sysmonEnded(e *Event) (graph.Observation, error) {
	p := sysmonProcess(e)
	if unnamed(p) {
		return nil, ErrNoProcess
	}
	return &graph.ProcessEnded{Header: header(e), Process: p, Source: "sysmon5"}, nil
}

// securityStarted reads 4688, where ProcessId is the creator's.
func securityStarted(e *Event) (graph.Observation, error) {
	p := graph.ProcessRef{
		PID:         pid(e.Get("NewProcessId")),
		Image:       present(e.Get("NewProcessName")),
		CommandLine: present(e.Get("CommandLine")),
		User:        effectiveUser(e),
		LogonID:     number(e.Get("TargetLogonId")),
	}
	if p.LogonID == 0 {
		p.LogonID = number(e.Get("SubjectLogonId"))
	}
	if unnamed(p) {
		return nil, ErrNoProcess
	}
	return &graph.ProcessStarted{
		Header:  header(e),
		Process: p,
		Parent: graph.ProcessRef{
			PID:   pid(first(e, "ProcessId", "CreatorProcessId")),
			Image: present(e.Get("ParentProcessName")),
		},
		Source:    graph.StartSecurity,
		Integrity: integrity(e.Get("MandatoryLabel")),
	}, nil
}

func securityEnded(e *Event) (graph.Observation, error) {
	p := graph.ProcessRef{
		PID:   pid(e.Get("ProcessId")),
		Image: present(e.Get("ProcessName")),
		User:  securityUser(e, "Subject"),
	}
	if unnamed(p) {
		return nil, ErrNoProcess
	}
	return &graph.ProcessEnded{Header: header(e), Process: p, Source: "4689"}, nil
}

// effectiveUser is whom a new process runs as: the target, where it was started
// for another logon, else the one that started it.
func effectiveUser(e *Event) string {
	if id, ok := integer(e.Get("TargetLogonId")); ok && id != 0 && first(e, "TargetUserName") != "" {
		return securityUser(e, "Target")
	}
	return securityUser(e, "Subject")
}

// securityUser is an account of a Security event. Service accounts get the name
// that Sysmon gives them, so that both tell the same of one process.
func securityUser(e *Event, who string) string {
	if name, ok := serviceAccounts[strings.ToUpper(e.Get(who+"UserSid"))]; ok {
		return name
	}
	return account(e.Get(who+"DomainName"), e.Get(who+"UserName"))
}

// integrity is a level's name. A mandatory label is a SID whose last part
// counts up; what lies between two levels belongs to the lower.
func integrity(s string) string {
	s = strings.TrimSpace(present(s))
	rid, ok := strings.CutPrefix(strings.ToUpper(s), "S-1-16-")
	if !ok {
		return s
	}
	n, ok := integer(rid)
	switch {
	case !ok:
		return ""
	case n < 0x1000:
		return "Untrusted"
	case n < 0x2000:
		return "Low"
	case n < 0x3000:
		return "Medium"
	case n < 0x4000:
		return "High"
	}
	return "System"
}
