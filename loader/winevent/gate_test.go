package winevent_test

import (
	"strings"
	"testing"

	"github.com/taskroot/taskroot/loader/winevent"
)

// gated is every field that a gate reads.
var gated = []struct {
	channel string
	id      uint32
	field   string
}{
	{winevent.Sysmon, 7, "Image"}, {winevent.Sysmon, 7, "ImageLoaded"}, {winevent.Sysmon, 10, "GrantedAccess"},
	{winevent.Sysmon, 11, "TargetFilename"}, {winevent.Sysmon, 12, "TargetObject"}, {winevent.Sysmon, 13, "TargetObject"},
	{winevent.Sysmon, 14, "TargetObject"}, {winevent.Sysmon, 17, "PipeName"}, {winevent.Sysmon, 18, "PipeName"},
	{winevent.Sysmon, 23, "TargetFilename"}, {winevent.Sysmon, 26, "TargetFilename"},
	{winevent.Security, 4624, "LogonType"}, {winevent.Security, 4657, "ObjectName"},
	{winevent.Security, 5136, "AttributeLDAPDisplayName"}, {winevent.Security, 5140, "ShareName"}, {winevent.Security, 5145, "RelativeTargetName"},
}

func TestGate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		channel string
		id      uint32
		value   string
		want    bool
	}{
		{winevent.Sysmon, 7, `C:\\Windows\\System32\\taskhostw.exe`, true},
		{winevent.Sysmon, 7, `C:\Windows\System32\TASKSCHD.dll`, true},
		{winevent.Sysmon, 7, `taskeng.exe`, true},
		{winevent.Sysmon, 7, `C:\\Windows\\System32\\backgroundTaskHost.exe`, false},
		{winevent.Sysmon, 10, "0x1fffff", true},
		{winevent.Sysmon, 10, "2097151", true},
		{winevent.Sysmon, 10, "0x1410", false},
		{winevent.Sysmon, 10, "all", true},
		{winevent.Sysmon, 11, `C:\\windows\\system32\\TASKS\\x`, true},
		{winevent.Sysmon, 11, `C:\\windows\\system32\\\u0054asks\\x`, true},
		{winevent.Sysmon, 11, `C:\windows\system32\&#84;asks\x`, true},
		{winevent.Sysmon, 11, `C:\\windows\\temp`, false},
		{winevent.Sysmon, 13, `HKLM\\x\\Schedule\\taskcache\\Tree\\x`, true},
		{winevent.Sysmon, 13, `HKCR\\CLSID\\x`, true},
		{winevent.Sysmon, 13, `HKLM\\System`, false},
		{winevent.Security, 4624, "3", true},
		{winevent.Security, 4624, "5", false},
		{winevent.Security, 4624, "0", false},
		{winevent.Security, 5140, `\\\\*\\IPC$`, true},
		{winevent.Security, 5140, `\\\\*\\SYSVOL`, false},
	} {
		if got := winevent.GateOf(strings.ToUpper(tc.channel), tc.id).Opens([]byte(tc.value)); got != tc.want {
			t.Errorf("%s %d %s: %v", tc.channel, tc.id, tc.value, got)
		}
	}
	if winevent.GateOf(winevent.Sysmon, 1) != nil || winevent.GateOf("Application", 7) != nil {
		t.Error("a gate for what is always read")
	}
	for _, g := range gated {
		if !winevent.GateOf(g.channel, g.id).Reads([]byte(g.field)) || winevent.GateOf(g.channel, g.id).Reads([]byte("Message")) {
			t.Errorf("%s %d does not read %s", g.channel, g.id, g.field)
		}
	}
}

// FuzzGate: what a gate stops says nothing.
func FuzzGate(f *testing.F) {
	for i, value := range []string{
		`C:\Windows\System32\taskhostw.exe`, `C:\Windows\System32\taskschd.dll`, "0x1fffff", `C:\Windows\System32\Tasks\x`,
		tree + `x\SD`, tasks + class, `HKCR\CLSID\` + class, `\atsvc`, "3", `\\*\IPC$`, "gPCMachineExtensionNames", "atsvc",
	} {
		f.Add(uint8(i), value)
	}
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		g := gated[int(which)%len(gated)]
		if winevent.GateOf(g.channel, g.id).Opens([]byte(value)) {
			return
		}
		e := event(g.channel, g.id, append([]string{g.field, value, "EventType", "SetValue", "OperationType", "%%1905",
			"TargetProcessId", "7", "SourceProcessId", "8", "TargetLogonId", "9", "ShareName", `\\*\IPC$`, "ImageLoaded", `C:\x.dll`}, actor...)...)
		if o, err := winevent.Observe(e); err == nil {
			t.Errorf("%s %d %s=%q says %+v", g.channel, g.id, g.field, value, o)
		}
	})
}
