package winevent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

const (
	tree   = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\`
	tasks  = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tasks\`
	class  = "{17c7da62-8517-3df1-a67c-bd4bcd2c5c3f}"
	classU = "17C7DA62-8517-3DF1-A67C-BD4BCD2C5C3F"
)

var (
	actor  = []string{"ProcessGuid", guid, "ProcessId", "812", "Image", `C:\a.exe`, "User", `D\u`}
	actorP = graph.ProcessRef{GUID: guidUp, PID: 812, Image: `C:\a.exe`, User: `D\u`}
	who    = []string{"SubjectUserSid", "S-1-5-21-1", "SubjectUserName", "bob", "SubjectDomainName", "D", "SubjectLogonId", "0x5a4"}
	whoP   = graph.ProcessRef{PID: 0xd8c, Image: `C:\a.exe`, User: `D\bob`, LogonID: 0x5a4}
)

// said is one record and what it says: want, or err.
type said struct {
	name string
	id   uint32
	data []string
	want graph.Observation
	err  error
}

func checkSaid(t *testing.T, channel string, common []string, cases []said) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := event(channel, tc.id, append(append([]string{}, tc.data...), common...)...)
			if tc.err != nil {
				if _, err := winevent.Observe(e); !errors.Is(err, tc.err) {
					t.Errorf("got %v, want %v", err, tc.err)
				}
				return
			}
			*tc.want.Head() = head(channel, tc.id, time.Time{})
			check(t, e, tc.want)
		})
	}
}

func TestObserveSysmonTaskCache(t *testing.T) {
	t.Parallel()
	traced := func(kind graph.TraceKind, op graph.TraceOp, path, id, value, data, source string) *graph.TaskTraced {
		return &graph.TaskTraced{Process: actorP, Kind: kind, Op: op, Path: path, TaskID: id, Value: value, Data: data, Source: source}
	}
	checkSaid(t, winevent.Sysmon, actor, []said{
		{"OK 12 key made", 12, []string{"EventType", "CreateKey", "TargetObject", tree + `Corp\Nightly`},
			traced(graph.TraceTree, graph.TraceMade, `\Corp\Nightly`, "", "", "", "sysmon12"), nil},
		{"OK 12 key deleted", 12, []string{"EventType", "DeleteKey", "TargetObject", tree + `Nightly`},
			traced(graph.TraceTree, graph.TraceGone, `\Nightly`, "", "", "", "sysmon12"), nil},
		{"OK 12 SD deleted", 12, []string{"EventType", "DeleteValue", "TargetObject", tree + `Nightly\SD`},
			traced(graph.TraceTree, graph.TraceGone, `\Nightly`, "", "SD", "", "sysmon12"), nil},
		{"OK 12 Index deleted, other hive spelling and case", 12,
			[]string{"EventType", "DeleteValue", "TargetObject", `\REGISTRY\MACHINE\software\WOW6432Node\microsoft\windows nt\currentversion\schedule\TASKCACHE\TREE\Nightly\Index`},
			traced(graph.TraceTree, graph.TraceGone, `\Nightly`, "", "Index", "", "sysmon12"), nil},
		{"OK 12 what was done is lost", 12, []string{"TargetObject", tree + `Nightly`}, traced(graph.TraceTree, "", `\Nightly`, "", "", "", "sysmon12"), nil},
		{"OK 12 lost, but a value can only be deleted", 12, []string{"EventType", "INFO", "TargetObject", tree + `Nightly\SD`},
			traced(graph.TraceTree, graph.TraceGone, `\Nightly`, "", "SD", "", "sysmon12"), nil},
		{"OK 13 Index zero", 13, []string{"EventType", "SetValue", "TargetObject", tree + `Nightly\Index`, "Details", "DWORD (0x00000000)"},
			traced(graph.TraceTree, graph.TraceSet, `\Nightly`, "", "Index", "0", "sysmon13"), nil},
		{"OK 13 Id", 13, []string{"TargetObject", tree + `Nightly\Id`, "Details", class},
			traced(graph.TraceTree, graph.TraceSet, `\Nightly`, classU, "Id", class, "sysmon13"), nil},
		{"OK 13 SD", 13, []string{"EventType", "INFO", "TargetObject", tree + `Nightly\SD`, "Details", "Binary Data"},
			traced(graph.TraceTree, graph.TraceSet, `\Nightly`, "", "SD", "", "sysmon13"), nil},
		{"OK 13 Path of a task", 13, []string{"EventType", "SetValue", "TargetObject", tasks + class + `\Path`, "Details", `\Corp\Nightly`},
			traced(graph.TraceTask, graph.TraceSet, "", classU, "Path", `\Corp\Nightly`, "sysmon13"), nil},
		{"OK 13 Actions of a task", 13, []string{"EventType", "SetValue", "TargetObject", tasks + class + `\Actions`, "Details", `Binary Data`},
			traced(graph.TraceTask, graph.TraceSet, "", classU, "Actions", "", "sysmon13"), nil},
		{"OK 12 key of a task deleted", 12, []string{"EventType", "DeleteKey", "TargetObject", tasks + class},
			traced(graph.TraceTask, graph.TraceGone, "", classU, "", "", "sysmon12"), nil},
		{"OK 14 key renamed", 14, []string{"EventType", "RenameKey", "TargetObject", tree + `A`, "NewName", tree + `B`},
			traced(graph.TraceTree, graph.TraceRename, `\A`, "", "", tree+`B`, "sysmon14"), nil},
		{"OK 14 value renamed", 14, []string{"EventType", "RenameValue", "TargetObject", tree + `A\SD`, "NewName", tree + `A\SDx`},
			traced(graph.TraceTree, graph.TraceRename, `\A`, "", "SD", tree+`A\SDx`, "sysmon14"), nil},
		{"ErrOfNoUse the tree itself", 12, []string{"EventType", "CreateKey", "TargetObject", tree[:len(tree)-1]}, nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse no id", 12, []string{"EventType", "CreateKey", "TargetObject", tasks + "x"}, nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse list of boot tasks", 12, []string{"EventType", "CreateKey", "TargetObject",
			`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Boot\` + class}, nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse elsewhere", 13, []string{"EventType", "SetValue", "TargetObject", `HKLM\System\TaskCacheOfSomebody`}, nil, winevent.ErrOfNoUse},
		{"ErrNoObject", 13, []string{"TargetObject", "-"}, nil, winevent.ErrNoObject},
	})
}

func TestObserveRegistryMessage(t *testing.T) {
	t.Parallel()
	e := event(winevent.Sysmon, 12, append([]string{"TargetObject", tree + `Nightly`}, actor...)...)
	e.Message = "Registry object added or deleted:\r\nRuleName: -\r\nEventType: DeleteKey\r\nUtcTime: 2020-09-17 21:45:41.527"
	check(t, e, &graph.TaskTraced{Header: head(winevent.Sysmon, 12, time.Time{}), Process: actorP, Kind: graph.TraceTree,
		Op: graph.TraceGone, Path: `\Nightly`, Source: "sysmon12"})
}

func TestObserveSysmonClass(t *testing.T) {
	t.Parallel()
	changed := func(kind, server string, user, gone bool, source string) *graph.ClassChanged {
		return &graph.ClassChanged{Process: actorP, ClassID: classU, Kind: kind, Server: server, PerUser: user, Gone: gone, Source: source}
	}
	set := func(object, details string) []string {
		return []string{"EventType", "SetValue", "TargetObject", object, "Details", details}
	}
	checkSaid(t, winevent.Sysmon, actor, []said{
		{"OK machine", 13, set(`HKCR\WOW6432Node\CLSID\`+class+`\InprocServer32\(Default)`, `C:\x.dll`), changed("InprocServer32", `C:\x.dll`, false, false, "sysmon13"), nil},
		{"OK user's classes", 13, set(`HKU\S-1-5-21-1-2-3-1001_Classes\CLSID\`+class+`\InprocServer32\(Default)`, `C:\x.dll`), changed("InprocServer32", `C:\x.dll`, true, false, "sysmon13"), nil},
		{"OK user's software", 13, set(`HKCU\Software\Classes\CLSID\`+class+`\LocalServer32\(Default)`, `C:\x.exe`), changed("LocalServer32", `C:\x.exe`, true, false, "sysmon13"), nil},
		{"OK TreatAs", 13, set(`HKLM\SOFTWARE\Classes\CLSID\`+class+`\TreatAs\(Default)`, class), changed("TreatAs", class, false, false, "sysmon13"), nil},
		{"OK file of a .NET server", 13, set(`HKLM\SOFTWARE\Classes\CLSID\`+class+`\InprocServer32\CodeBase`, "file:///C:/x.dll"), changed("CodeBase", "file:///C:/x.dll", false, false, "sysmon13"), nil},
		{"OK surrogate", 13, set(`HKLM\SOFTWARE\Classes\CLSID\`+class+`\AppID`, class), changed("AppID", class, false, false, "sysmon13"), nil},
		{"OK server deleted", 12, []string{"EventType", "DeleteKey", "TargetObject", `HKCR\CLSID\` + class + `\InprocServer32`}, changed("InprocServer32", "", false, true, "sysmon12"), nil},
		{"OK server's value deleted", 12, []string{"EventType", "DeleteValue", "TargetObject", `HKCR\CLSID\` + class + `\InprocServer32\(Default)`}, changed("InprocServer32", "", false, true, "sysmon12"), nil},
		{"OK class deleted", 12, []string{"EventType", "DeleteKey", "TargetObject", `HKCR\CLSID\` + class}, changed("", "", false, true, "sysmon12"), nil},
		{"ErrOfNoUse opened", 12, []string{"EventType", "CreateKey", "TargetObject", `HKCR\CLSID\` + class + `\InprocServer32`}, nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse what was done is lost", 12, []string{"TargetObject", `HKCR\CLSID\` + class + `\Instance`}, nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse threads", 13, set(`HKCR\CLSID\`+class+`\InprocServer32\ThreadingModel`, "Both"), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse icon", 13, set(`HKCR\CLSID\`+class+`\DefaultIcon\(Default)`, "x.ico"), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse no class", 13, set(`HKCR\CLSID\x\InprocServer32\(Default)`, "x.dll"), nil, winevent.ErrOfNoUse},
	})
}

func TestObserveSysmonFile(t *testing.T) {
	t.Parallel()
	traced := func(op graph.TraceOp, path, source string) *graph.TaskTraced {
		return &graph.TaskTraced{Process: actorP, Kind: graph.TraceFile, Op: op, Path: path, Source: source}
	}
	file := func(name string) []string { return []string{"TargetFilename", name} }
	checkSaid(t, winevent.Sysmon, actor, []said{
		{"OK 11", 11, file(`C:\Windows\System32\Tasks\Corp\Nightly`), traced(graph.TraceSet, `\Corp\Nightly`, "sysmon11"), nil},
		{"OK 11 32 bits", 11, file(`D:\WINDOWS\syswow64\TASKS\Nightly`), traced(graph.TraceSet, `\Nightly`, "sysmon11"), nil},
		{"OK 11 device", 11, file(`\Device\HarddiskVolume3\Windows\System32\Tasks\Nightly`), traced(graph.TraceSet, `\Nightly`, "sysmon11"), nil},
		{"OK 11 long path", 11, file(`\\?\C:\Windows\System32\Tasks_Migrated\Nightly`), traced(graph.TraceSet, `\Nightly`, "sysmon11"), nil},
		{"OK 11 job", 11, file(`C:\Windows\Tasks\At1.job`), traced(graph.TraceSet, `\At1`, "sysmon11"), nil},
		{"OK 23", 23, file(`C:\Windows\System32\Tasks\Nightly`), traced(graph.TraceGone, `\Nightly`, "sysmon23"), nil},
		{"OK 26", 26, file(`C:\Windows\System32\Tasks\Nightly`), traced(graph.TraceGone, `\Nightly`, "sysmon26"), nil},
		{"ErrOfNoUse somebody's folder", 11, file(`C:\Users\eve\Windows\System32\Tasks\Nightly`), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse no job", 11, file(`C:\Windows\Tasks\SA.DAT`), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse the folder", 11, file(`C:\Windows\System32\Tasks\`), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse elsewhere", 23, file(`C:\Temp\x`), nil, winevent.ErrOfNoUse},
		{"ErrNoFile", 11, file("-"), nil, winevent.ErrNoFile},
	})
}

func TestObserveSysmonModule(t *testing.T) {
	t.Parallel()
	load := func(image, path string) []string {
		return []string{"ProcessGuid", guid, "ProcessId", "812", "Image", image, "ImageLoaded", path, "Hashes", "SHA1=1",
			"Signed", "true", "Signature", "Corp", "SignatureStatus", "Valid"}
	}
	loaded := func(image, path string) *graph.ModuleLoaded {
		return &graph.ModuleLoaded{Process: graph.ProcessRef{GUID: guidUp, PID: 812, Image: image}, Path: path, Hashes: "SHA1=1",
			Signature: "Corp", Valid: true, Source: "sysmon7"}
	}
	const host, svc = `C:\Windows\System32\taskhostw.exe`, `C:\Windows\System32\svchost.exe`
	unsigned := loaded(host, `C:\Users\eve\x.dll`)
	unsigned.Valid, unsigned.Signature = false, ""
	checkSaid(t, winevent.Sysmon, nil, []said{
		{"OK task host", 7, load(host, `C:\Windows\System32\x.dll`), loaded(host, `C:\Windows\System32\x.dll`), nil},
		{"OK surrogate", 7, load(`C:\Windows\System32\dllhost.exe`, `C:\x.dll`), loaded(`C:\Windows\System32\dllhost.exe`, `C:\x.dll`), nil},
		{"OK unsigned", 7, append([]string{"Signed", "false", "Signature", "-", "SignatureStatus", "Unavailable"}, load(host, `C:\Users\eve\x.dll`)...), unsigned, nil},
		{"OK task library", 7, load(`C:\x.exe`, `C:\Windows\System32\TaskSchd.dll`), loaded(`C:\x.exe`, `C:\Windows\System32\TaskSchd.dll`), nil},
		{"OK service host, strange library", 7, load(svc, `C:\ProgramData\x.dll`), loaded(svc, `C:\ProgramData\x.dll`), nil},
		{"OK the service", 7, load(svc, `C:\Windows\System32\schedsvc.dll`), loaded(svc, `C:\Windows\System32\schedsvc.dll`), nil},
		{"OK service host, strange folder of Windows", 7, load(svc, `C:\Windows\System32\Tasks\x.dll`), loaded(svc, `C:\Windows\System32\Tasks\x.dll`), nil},
		{"ErrOfNoUse service host", 7, load(svc, `C:\Windows\System32\x.dll`), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse service host, management", 7, load(svc, `C:\Windows\System32\wbem\x.dll`), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse service host, side by side", 7, load(svc, `C:\Windows\WinSxS\amd64_x\x.dll`), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse itself", 7, load(host, host), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse another host", 7, load(`C:\Windows\System32\backgroundTaskHost.exe`, `C:\x.dll`), nil, winevent.ErrOfNoUse},
		{"ErrNoModule", 7, load(host, "-"), nil, winevent.ErrNoModule},
		{"ErrNoProcess", 7, []string{"Image", host, "ImageLoaded", `C:\x.dll`}, nil, winevent.ErrNoProcess},
	})
}

func TestObserveSysmonInjectedAndPipes(t *testing.T) {
	t.Parallel()
	between := []string{"SourceProcessId", "812", "SourceImage", `C:\a.exe`, "TargetProcessId", "0x10", "TargetImage", `C:\b.exe`}
	guids := func(form string) []string {
		return []string{"SourceProcess" + form, guid, "TargetProcess" + form, guidUp}
	}
	injected := func(source string, rights uint32) *graph.Injected {
		return &graph.Injected{Process: graph.ProcessRef{GUID: guidUp, PID: 812, Image: `C:\a.exe`},
			Target: graph.ProcessRef{GUID: guidUp, PID: 16, Image: `C:\b.exe`}, Rights: rights, Source: source}
	}
	checkSaid(t, winevent.Sysmon, between, []said{
		{"OK 8", 8, guids("Guid"), injected("sysmon8", 0), nil},
		{"OK 10", 10, append(guids("GUID"), "GrantedAccess", "0x1fffff"), injected("sysmon10", 0x1fffff), nil},
		{"ErrOfNoUse 10 reads", 10, append(guids("GUID"), "GrantedAccess", "0x1410"), nil, winevent.ErrOfNoUse},
		{"ErrOfNoUse 10 without rights", 10, guids("GUID"), nil, winevent.ErrOfNoUse},
		{"ErrNoProcess", 8, []string{"TargetProcessId", "0"}, nil, winevent.ErrNoProcess},
	})
	opened := func(source string) *graph.PipeOpened {
		return &graph.PipeOpened{Process: actorP, Target: "atsvc", User: `D\u`, Source: source}
	}
	checkSaid(t, winevent.Sysmon, actor, []said{
		{"OK 17", 17, []string{"EventType", "CreatePipe", "PipeName", `\atsvc`}, opened("sysmon17"), nil},
		{"OK 18", 18, []string{"EventType", "ConnectPipe", "PipeName", `\ATSVC`}, opened("sysmon18"), nil},
		{"ErrOfNoUse", 18, []string{"PipeName", `\lsass`}, nil, winevent.ErrOfNoUse},
		{"ErrNoPipe", 18, nil, nil, winevent.ErrNoPipe},
	})
}
