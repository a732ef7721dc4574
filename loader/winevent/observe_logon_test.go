package winevent_test

import (
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

func TestObserveLogon(t *testing.T) {
	t.Parallel()
	logon := func(kind string, more ...string) []string {
		return append([]string{"LogonType", kind, "TargetUserSid", "S-1-5-21-2", "TargetUserName", "eve", "TargetDomainName", "E",
			"TargetLogonId", "0x0000000005a419bc", "WorkstationName", `\\EVIL`, "IpAddress", "::ffff:10.23.123.11", "IpPort", "49237",
			"SubjectLogonId", "0x3e7"}, more...)
	}
	in := func(kind uint8, linked uint64) *graph.LoggedOn {
		return &graph.LoggedOn{LogonID: 0x5a419bc, LinkedID: linked, User: `E\eve`, UserSID: "S-1-5-21-2", Type: kind,
			IP: "10.23.123.11", Port: 49237, Workstation: "EVIL"}
	}
	checkSaid(t, winevent.Security, nil, []said{
		{"OK network", 4624, logon("3"), in(3, 0), nil},
		{"OK batch, linked", 4624, logon("4", "TargetLinkedLogonId", "0x12"), in(4, 0x12), nil},
		{"OK interactive, nothing else", 4624, []string{"LogonType", "2", "TargetUserSid", "S-1-5-18", "TargetUserName", "PC1$", "TargetDomainName", "CORP",
			"TargetLogonId", "1000", "IpAddress", "-", "IpPort", "-", "WorkstationName", "-", "TargetLinkedLogonId", "0x0"},
			&graph.LoggedOn{LogonID: 1000, User: `NT AUTHORITY\SYSTEM`, UserSID: "S-1-5-18", Type: 2}, nil},
		{"ErrOfNoUse service", 4624, logon("5"), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse boot", 4624, logon("0"), nil, winevent.ErrOfNoUse},
		{"ErrNoLogon", 4624, []string{"LogonType", "3", "TargetLogonId", "-"}, nil, winevent.ErrNoLogon},
	})
	checkSaid(t, winevent.Security, who, []said{
		{"OK credentials", 4648, []string{"ProcessId", "0xd8c", "ProcessName", `C:\a.exe`, "TargetUserName", "eve", "TargetDomainName", "E",
			"TargetServerName", "srv01.corp.example", "IpAddress", "192.0.2.7", "IpPort", "445"},
			&graph.UsedCredentials{Process: whoP, LogonID: 0x5a4, User: `D\bob`, TargetUser: `E\eve`, TargetServer: "srv01.corp.example",
				IP: "192.0.2.7", Port: 445}, nil},
		{"ErrNoAccount", 4648, []string{"TargetUserName", "-"}, nil, winevent.ErrNoAccount},
	})
}

func TestObserveShares(t *testing.T) {
	t.Parallel()
	open := func(share, target, mask string) []string {
		return []string{"IpAddress", "10.0.2.17", "IpPort", "49237", "ShareName", share, "RelativeTargetName", target, "AccessMask", mask,
			"AccessList", "%%4416\r\n\t\t\t\t%%4417\r\n\t\t\t\t"}
	}
	opened := func(source, share, target string, write bool) *graph.PipeOpened {
		return &graph.PipeOpened{Share: share, Target: target, User: `D\bob`, UserSID: "S-1-5-21-1", LogonID: 0x5a4,
			IP: "10.0.2.17", Port: 49237, Write: write, Source: source}
	}
	const policy = `corp.example\Policies\{31B2F340-016D-11D2-945F-00C04FB984F9}\Machine\Preferences\ScheduledTasks\ScheduledTasks.xml`
	checkSaid(t, winevent.Security, who, []said{
		{"OK pipe", 5145, open(`\\*\IPC$`, "atsvc", "0x3"), opened("5145", `\\*\IPC$`, "atsvc", true), nil},
		{"OK pipe read, other case", 5145, open(`\\*\ipc$`, `\ATSVC`, "0x1"), opened("5145", `\\*\ipc$`, "ATSVC", false), nil},
		{"OK rights as a list", 5145, open(`\\*\IPC$`, "atsvc", ""), opened("5145", `\\*\IPC$`, "atsvc", true), nil},
		{"OK policy", 5145, open(`\\*\SYSVOL`, policy, "0x2"), opened("5145", `\\*\SYSVOL`, policy, true), nil},
		{"OK ADMIN$", 5145, open(`\\*\ADMIN$`, `System32\Tasks\Nightly`, "0x2"), opened("5145", `\\*\ADMIN$`, `System32\Tasks\Nightly`, true), nil},
		{"OK C$", 5145, open(`\\*\C$`, `Windows\Tasks\At1.job`, "0x2"), opened("5145", `\\*\C$`, `Windows\Tasks\At1.job`, true), nil},
		{"OK 5140", 5140, open(`\\*\IPC$`, "", "0x1"), opened("5140", `\\*\IPC$`, "", false), nil},
		{"ErrOfNoUse another pipe", 5145, open(`\\*\IPC$`, "srvsvc", "0x3"), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse another policy file", 5145, open(`\\*\SYSVOL`, `corp.example\gpt.ini`, "0x2"), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse another file", 5145, open(`\\*\ADMIN$`, `Temp\x.tmp`, "0x2"), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse another share", 5145, open(`\\*\data`, `atsvc`, "0x2"), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse 5140", 5140, open(`\\*\SYSVOL`, "", "0x1"), nil, winevent.ErrOfNoUse},
		{"ErrNoShare", 5145, open("", "atsvc", "0x3"), nil, winevent.ErrNoShare},
	})
}

func TestObserveSecurityRegistryAndPolicy(t *testing.T) {
	t.Parallel()
	const key = `\REGISTRY\MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Nightly`
	value := func(object, name, op, data string) []string {
		return []string{"ProcessId", "0xd8c", "ProcessName", `C:\a.exe`, "ObjectName", object, "ObjectValueName", name, "OperationType", op, "NewValue", data}
	}
	traced := func(op graph.TraceOp, name, data string) *graph.TaskTraced {
		return &graph.TaskTraced{Process: whoP, Kind: graph.TraceTree, Op: op, Path: `\Nightly`, Value: name, Data: data, Source: "4657"}
	}
	checkSaid(t, winevent.Security, who, []said{
		{"OK deleted", 4657, value(key, "SD", "%%1906", "-"), traced(graph.TraceGone, "SD", ""), nil},
		{"OK new", 4657, value(key, "Index", "%%1904", "3"), traced(graph.TraceSet, "Index", "3"), nil},
		{"OK changed", 4657, value(key, "Index", "%%1905", "0"), traced(graph.TraceSet, "Index", "0"), nil},
		{"OK class", 4657, value(`\REGISTRY\USER\S-1-5-21-1-2-3-1001_Classes\CLSID\`+class+`\InprocServer32`, "", "%%1905", `C:\x.dll`),
			&graph.ClassChanged{Process: whoP, ClassID: classU, Kind: "InprocServer32", Server: `C:\x.dll`, PerUser: true, Source: "4657"}, nil},
		{"ErrOfNoUse", 4657, value(`\REGISTRY\MACHINE\SYSTEM\x`, "y", "%%1905", "1"), nil, winevent.ErrOfNoUse},
		{"ErrNoObject", 4657, value("-", "y", "%%1905", "1"), nil, winevent.ErrNoObject},
		{"ErrNoOperation", 4657, value(key, "SD", "", "1"), nil, winevent.ErrNoOperation},
	})
	policy := func(attribute, value, op string) []string {
		return []string{"ObjectDN", "CN={31B2},CN=POLICIES,DC=corp,DC=example", "AttributeLDAPDisplayName", attribute, "AttributeValue", value, "OperationType", op}
	}
	const extensions = "[{aadced64-746c-4633-a97c-d61349046527}{CAB54552-DEEA-4691-817E-ED4A4D1AFC72}]"
	checkSaid(t, winevent.Security, who, []said{
		{"OK policy", 5136, policy("gPCMachineExtensionNames", extensions, "%%14674"),
			&graph.PolicyChanged{Object: "CN={31B2},CN=POLICIES,DC=corp,DC=example", Attribute: "gPCMachineExtensionNames", Value: extensions,
				User: `D\bob`, LogonID: 0x5a4}, nil},
		{"ErrOfNoUse taken away", 5136, policy("gPCMachineExtensionNames", extensions, "%%14675"), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse other extensions", 5136, policy("gPCUserExtensionNames", "[{35378EAC}]", "%%14674"), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse other attribute", 5136, policy("description", extensions, "%%14674"), nil, winevent.ErrOfNoUse},
		{"ErrNoAttribute", 5136, nil, nil, winevent.ErrNoAttribute},
	})
}

func TestObserveLogTampered(t *testing.T) {
	t.Parallel()
	checkSaid(t, winevent.Security, who, []said{
		{"OK 1102", 1102, nil, &graph.LogTampered{Log: winevent.Security, User: `D\bob`}, nil},
	})
	checkSaid(t, winevent.System, who[2:], []said{
		{"OK 104", 104, []string{"Channel", winevent.Sysmon, "BackupPath", ""}, &graph.LogTampered{Log: winevent.Sysmon, User: `D\bob`}, nil},
	})
	checkSaid(t, winevent.TaskScheduler, nil, []said{
		{"OK 719", 719, nil, &graph.LogTampered{Log: winevent.TaskScheduler, Off: true}, nil},
	})
	for message, log := range map[string]string{
		"The System log file was cleared.":                                   "System",
		"The Microsoft-Windows-PowerShell/Operational log file was cleared.": "Microsoft-Windows-PowerShell/Operational",
		"Die Protokolldatei System wurde gelöscht.":                          "",
	} {
		e := event(winevent.System, 104)
		e.Provider, e.Message = "Microsoft-Windows-Eventlog", message
		check(t, e, &graph.LogTampered{Header: head(winevent.System, 104, time.Time{}), Log: log})
	}
	e := event(winevent.System, 104)
	e.Provider = "Some-Driver"
	if _, err := winevent.Observe(e); err != winevent.ErrOfNoUse { //nolint:errorlint // it is given as it is
		t.Errorf("got %v", err)
	}
}

// TestNeedsMessage: the message is asked for only where the data are short.
func TestNeedsMessage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		e    *winevent.Event
		want bool
	}{
		{"OK launch", event(winevent.TaskScheduler, 129, "TaskName", `\T`), true},
		{"OK launch with id", event(winevent.TaskScheduler, 129, "ProcessID", "4"), false},
		{"OK registry", event("microsoft-windows-sysmon/operational", 12), true},
		{"OK registry with operation", event(winevent.Sysmon, 12, "EventType", "CreateKey"), false},
		{"OK log", event(winevent.System, 104), true},
		{"OK log named", event(winevent.System, 104, "Channel", "System"), false},
		{"OK other", event(winevent.Security, 4688), false},
	} {
		if got := tc.e.NeedsMessage(); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}
