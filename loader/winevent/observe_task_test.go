package winevent_test

import (
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

func TestObserveTaskChanged(t *testing.T) {
	t.Parallel()
	who := []string{"SubjectUserSid", "S-1-5-21-1", "SubjectUserName", "bob", "SubjectDomainName", "D", "SubjectLogonId", "0x5a4"}
	const sys = "S-1-5-18"
	for _, tc := range []struct {
		name    string
		channel string
		id      uint32
		data    []string
		want    graph.TaskChanged
	}{
		{"OK 4698 local", "security", 4698, append([]string{"TaskName", `\a`, "TaskContent", "&lt;Task/&gt;", "ClientProcessId", "7356", "ClientProcessStartKey", "0x35"}, who...),
			graph.TaskChanged{Path: `\a`, Change: graph.Created, XML: "<Task/>", User: `D\bob`, UserSID: "S-1-5-21-1", LogonID: 0x5a4, Client: graph.ProcessRef{PID: 7356, StartKey: 53}}},
		{"OK 4698 remote", "Security", 4698, append([]string{"TaskName", `\a`, "TaskContent", "<Task/>", "ClientProcessId", "0", "ClientProcessStartKey", "0"}, who...),
			graph.TaskChanged{Path: `\a`, Change: graph.Created, XML: "<Task/>", User: `D\bob`, UserSID: "S-1-5-21-1", LogonID: 0x5a4, Remote: true}},
		{"OK 4698 client lost", "Security", 4698, append([]string{"TaskName", `\a`, "ClientProcessId", "0", "ClientProcessStartKey", "9"}, who...),
			graph.TaskChanged{Path: `\a`, Change: graph.Created, User: `D\bob`, UserSID: "S-1-5-21-1", LogonID: 0x5a4, Client: graph.ProcessRef{StartKey: 9}}},
		{"OK 4699 empty", "Security", 4699, append([]string{"TaskName", `a`, "TaskContent", ""}, who...),
			graph.TaskChanged{Path: `a`, Change: graph.Deleted, User: `D\bob`, UserSID: "S-1-5-21-1", LogonID: 0x5a4}},
		{"OK 4700", "Security", 4700, []string{"TaskName", `\a`, "SubjectUserSid", sys},
			graph.TaskChanged{Path: `\a`, Change: graph.Enabled, User: sys, UserSID: sys}},
		{"OK 4701", "Security", 4701, append([]string{"TaskName", `\a`}, who...),
			graph.TaskChanged{Path: `\a`, Change: graph.Disabled, User: `D\bob`, UserSID: "S-1-5-21-1", LogonID: 0x5a4}},
		{"OK 4702", "Security", 4702, append([]string{"TaskName", `\a`, "TaskContentNew", "<Task>&lt;</Task>"}, who...),
			graph.TaskChanged{Path: `\a`, Change: graph.Updated, XML: "<Task>&lt;</Task>", User: `D\bob`, UserSID: "S-1-5-21-1", LogonID: 0x5a4}},
		{"OK 106", winevent.TaskScheduler, 106, []string{"TaskName", `\a`, "UserContext", `D\bob`}, graph.TaskChanged{Path: `\a`, Change: graph.Created, User: `D\bob`}},
		{"OK 106 SID", winevent.TaskScheduler, 106, []string{"TaskName", `\a`, "UserContext", sys}, graph.TaskChanged{Path: `\a`, Change: graph.Created, User: sys, UserSID: sys}},
		{"OK 140", winevent.TaskScheduler, 140, []string{"TaskName", `\a`, "UserName", `NT AUTHORITY\Network Service`},
			graph.TaskChanged{Path: `\a`, Change: graph.Updated, User: `NT AUTHORITY\Network Service`, UserSID: "S-1-5-20"}},
		{"OK 141", winevent.TaskScheduler, 141, []string{"TaskName", `\a`}, graph.TaskChanged{Path: `\a`, Change: graph.Deleted}},
		{"OK 142", winevent.TaskScheduler, 142, []string{"TaskName", `\a`, "UserName", "System"}, graph.TaskChanged{Path: `\a`, Change: graph.Disabled, User: "System", UserSID: sys}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			channel := tc.channel
			if channel == "security" {
				channel = winevent.Security
			}
			want := tc.want
			want.Header = head(channel, tc.id, time.Time{})
			check(t, event(tc.channel, tc.id, tc.data...), &want)
		})
	}
}

func TestObserveTaskRan(t *testing.T) {
	t.Parallel()
	const activity = "FFBEDBA1-9858-4250-BEB7-F545AE86A0F5"
	for _, tc := range []struct {
		id   uint32
		data []string
		want graph.TaskRan
	}{
		{100, []string{"UserContext", `D\u`, "InstanceId", guid}, graph.TaskRan{Stage: graph.InstanceStart, User: `D\u`, Instance: guidUp}},
		{102, []string{"UserContext", `D\u`, "InstanceID", guid}, graph.TaskRan{Stage: graph.InstanceEnd, User: `D\u`, Instance: guidUp}},
		{107, []string{"InstanceId", guid}, graph.TaskRan{Stage: graph.Triggered, Trigger: "time", Instance: guidUp}},
		{108, []string{"InstanceId", guid}, graph.TaskRan{Stage: graph.Triggered, Trigger: "event", Instance: guidUp}},
		{110, []string{"InstanceId", guid, "UserContext", "u"}, graph.TaskRan{Stage: graph.Triggered, Trigger: "demand", Instance: guidUp, User: "u"}},
		{111, []string{"InstanceId", guid}, graph.TaskRan{Stage: graph.Terminated, Instance: guidUp}},
		{118, []string{"InstanceId", guid}, graph.TaskRan{Stage: graph.Triggered, Trigger: "boot", Instance: guidUp}},
		{119, []string{"InstanceId", guid, "UserName", "u"}, graph.TaskRan{Stage: graph.Triggered, Trigger: "logon", Instance: guidUp, User: "u"}},
		{129, []string{"Path", `%windir%\x.exe`, "ProcessID", "6292", "Priority", "32"}, graph.TaskRan{Stage: graph.Launched, PID: 6292, Image: `%windir%\x.exe`}},
		{129, []string{"Path", `x.exe`}, graph.TaskRan{Stage: graph.Launched, Image: `x.exe`}},
		{129, []string{"Path", `x.exe`, "ProcessID", "1144"}, graph.TaskRan{Stage: graph.Launched, Image: `x.exe`}},
		{200, []string{"ActionName", "cmd.exe", "TaskInstanceId", guid, "EnginePID", "6292"}, graph.TaskRan{Stage: graph.ActionStart, Instance: guidUp, Image: "cmd.exe", PID: 6292}},
		{200, []string{"ActionName", "cmd.exe"}, graph.TaskRan{Stage: graph.ActionStart, Instance: activity, Image: "cmd.exe"}},
		{201, []string{"ActionName", "cmd.exe", "TaskInstanceID", guid, "EnginePID", "6292", "ResultCode", "2147942401"},
			graph.TaskRan{Stage: graph.ActionEnd, Instance: guidUp, Image: "cmd.exe", PID: 6292, Result: "2147942401"}},
		{202, []string{"ActionName", "cmd.exe", "TaskInstanceId", guid, "ResultCode", "0x80070001"},
			graph.TaskRan{Stage: graph.ActionFailed, Instance: guidUp, Image: "cmd.exe", Result: "2147942401"}},
		{203, []string{"ActionName", "cmd.exe", "TaskInstanceId", guid, "ResultCode", "5"},
			graph.TaskRan{Stage: graph.ActionFailed, Instance: guidUp, Image: "cmd.exe", Result: "5"}},
		{101, []string{"UserContext", `D\u`, "ResultCode", "2147943785"}, graph.TaskRan{Stage: graph.StartFailed, User: `D\u`, Result: "2147943785", Instance: activity}},
		{103, []string{"InstanceId", guid, "UserContext", `D\u`, "ResultCode", "0x80070002"}, graph.TaskRan{Stage: graph.StartFailed, Instance: guidUp, User: `D\u`, Result: "2147942402"}},
		{109, []string{"InstanceId", guid}, graph.TaskRan{Stage: graph.Triggered, Trigger: "registration", Instance: guidUp}},
		{112, nil, graph.TaskRan{Stage: graph.Refused, Instance: activity}},
		{113, []string{"ResultCode", "5"}, graph.TaskRan{Stage: graph.Misconfigured, Instance: activity, Result: "5"}},
		{114, []string{"InstanceId", guid}, graph.TaskRan{Stage: graph.Missed, Instance: guidUp}},
		{116, []string{"ResultCode", "5"}, graph.TaskRan{Stage: graph.Misconfigured, Instance: activity, Result: "5"}},
		{117, []string{"InstanceId", guid}, graph.TaskRan{Stage: graph.Triggered, Trigger: "idle", Instance: guidUp}},
		{120, []string{"UserName", "u", "InstanceId", guid}, graph.TaskRan{Stage: graph.Triggered, Trigger: "console-connect", Instance: guidUp, User: "u"}},
		{121, []string{"UserName", "u", "InstanceId", guid}, graph.TaskRan{Stage: graph.Triggered, Trigger: "console-disconnect", Instance: guidUp, User: "u"}},
		{122, []string{"UserName", "u", "InstanceId", guid}, graph.TaskRan{Stage: graph.Triggered, Trigger: "remote-connect", Instance: guidUp, User: "u"}},
		{123, []string{"UserName", "u", "InstanceId", guid}, graph.TaskRan{Stage: graph.Triggered, Trigger: "remote-disconnect", Instance: guidUp, User: "u"}},
		{124, []string{"UserName", "u", "InstanceId", guid}, graph.TaskRan{Stage: graph.Triggered, Trigger: "lock", Instance: guidUp, User: "u"}},
		{125, []string{"UserName", "u", "InstanceId", guid}, graph.TaskRan{Stage: graph.Triggered, Trigger: "unlock", Instance: guidUp, User: "u"}},
		{126, []string{"ResultCode", "5"}, graph.TaskRan{Stage: graph.StartFailed, Instance: activity, Result: "5"}},
		{127, nil, graph.TaskRan{Stage: graph.StartFailed, Instance: activity}},
		{128, nil, graph.TaskRan{Stage: graph.Refused, Instance: activity}},
		{130, []string{"ResultCode", "5"}, graph.TaskRan{Stage: graph.StartFailed, Instance: activity, Result: "5"}},
		{131, []string{"CurrentQuota", "100"}, graph.TaskRan{Stage: graph.StartFailed, Instance: activity}},
		{133, []string{"TaskEngineName", "S-1-5-18:x", "UserName", "u"}, graph.TaskRan{Stage: graph.StartFailed, Instance: activity, User: "u"}},
		{135, nil, graph.TaskRan{Stage: graph.Refused, Instance: activity}},
		{146, []string{"ResultCode", "5"}, graph.TaskRan{Stage: graph.Misconfigured, Instance: activity, Result: "5"}},
		{148, []string{"ResultCode", "5"}, graph.TaskRan{Stage: graph.Misconfigured, Instance: activity, Result: "5"}},
		{149, nil, graph.TaskRan{Stage: graph.Misconfigured, Instance: activity}},
		{150, []string{"ResultCode", "5"}, graph.TaskRan{Stage: graph.Misconfigured, Instance: activity, Result: "5"}},
		{151, []string{"LogPoint", "p", "ResultCode", "5"}, graph.TaskRan{Stage: graph.StartFailed, Instance: activity, Result: "5"}},
		{153, nil, graph.TaskRan{Stage: graph.Missed, Instance: activity}},
		{204, []string{"ResultCode", "5"}, graph.TaskRan{Stage: graph.StartFailed, Instance: activity, Result: "5"}},
		{205, []string{"ResultCode", "5"}, graph.TaskRan{Stage: graph.StartFailed, Instance: activity, Result: "5"}},
		{305, []string{"TaskEngineName", "x", "ResultCode", "5"}, graph.TaskRan{Stage: graph.StartFailed, Instance: activity, Result: "5"}},
		{322, []string{"TaskInstanceId", guid}, graph.TaskRan{Stage: graph.Refused}},
		{323, []string{"StoppedTaskInstanceId", guid, "NewTaskInstanceId", activity}, graph.TaskRan{Stage: graph.Stopped, Instance: guidUp}},
		{324, []string{"QueuedTaskInstanceId", guid, "RunningTaskInstanceId", activity}, graph.TaskRan{Stage: graph.Refused, Instance: guidUp}},
		{325, []string{"QueuedTaskInstanceId", guid}, graph.TaskRan{Stage: graph.Refused, Instance: guidUp}},
		{326, nil, graph.TaskRan{Stage: graph.Refused, Instance: activity}},
		{327, []string{"TaskInstanceId", guid}, graph.TaskRan{Stage: graph.Stopped, Instance: guidUp}},
		{328, []string{"TaskInstanceId", guid}, graph.TaskRan{Stage: graph.Stopped, Instance: guidUp}},
		{329, []string{"TaskInstanceId", guid}, graph.TaskRan{Stage: graph.Stopped, Instance: guidUp}},
		{330, []string{"TaskInstanceId", guid, "UserContext", `D\u`}, graph.TaskRan{Stage: graph.Stopped, Instance: guidUp, User: `D\u`}},
		{332, []string{"UserName", "u"}, graph.TaskRan{Stage: graph.Refused, Instance: activity, User: "u"}},
		{333, nil, graph.TaskRan{Stage: graph.Refused, Instance: activity}},
		{334, nil, graph.TaskRan{Stage: graph.Refused, Instance: activity}},
		{414, []string{"Parameter", "p"}, graph.TaskRan{Stage: graph.Misconfigured, Instance: activity}},
	} {
		e := event(winevent.TaskScheduler, tc.id, append([]string{"TaskName", `\T`}, tc.data...)...)
		e.Activity = activity
		want := tc.want
		want.Header, want.Path = head(winevent.TaskScheduler, tc.id, time.Time{}), `\T`
		check(t, e, &want)
	}
}

func TestObserveLaunchMessage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, message string
		data          []string
		want          uint32
	}{
		{"OK", `Task Scheduler launch task "\T" , instance "x.exe"  with process ID 1456.`, nil, 1456},
		{"OK names that look like it", `Task Scheduler launch task "\T with process ID 7" , instance "x.exe"  with process ID 1456.`, nil, 1456},
		{"OK data first", `Task Scheduler launch task "\T" , instance "x.exe"  with process ID 1456.`, []string{"ProcessID", "9"}, 9},
		{"OK other language", `1456`, nil, 0},
		{"OK not a number", `Task Scheduler launch task "\T" , instance "x.exe"  with process ID %3.`, nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := event(winevent.TaskScheduler, 129, append([]string{"TaskName", `\T`, "Path", "x.exe"}, tc.data...)...)
			e.Message = tc.message
			check(t, e, &graph.TaskRan{Header: head(winevent.TaskScheduler, 129, time.Time{}), Path: `\T`, Stage: graph.Launched, Image: "x.exe", PID: tc.want})
		})
	}
}
