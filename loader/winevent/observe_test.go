package winevent_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

var at = time.Date(2020, 9, 22, 7, 45, 14, 0, time.UTC)

const (
	guid   = "{b34bc01c-abd1-5f69-8e02-000000000900}"
	guidUp = "B34BC01C-ABD1-5F69-8E02-000000000900"
	zero   = "{00000000-0000-0000-0000-000000000000}"
)

// event is one with the fields given as name, value, name, value.
func event(channel string, id uint32, pairs ...string) *winevent.Event {
	e := &winevent.Event{
		Channel: channel, ID: id, Computer: "PC1.Corp.local", RecordID: 7, ExecPID: 1144,
		Time: at, Trust: graph.Honest, Received: at.Add(time.Second), Source: "f.evtx", Ordinal: 3,
	}
	for i := 0; i < len(pairs); i += 2 {
		e.Data = append(e.Data, winevent.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return e
}

// head is the header of such an event.
func head(channel string, id uint32, utc time.Time) graph.Header {
	h := graph.Header{
		Host: "pc1.corp.local", HostName: "PC1.Corp.local",
		Clock:    graph.Clock{Claimed: at, Trust: graph.Honest, Received: at.Add(time.Second), UTC: utc},
		Evidence: graph.Evidence{Source: "f.evtx", Channel: channel, Record: 7, EventID: id, Time: at},
	}
	if channel == winevent.TaskScheduler {
		h.SchedulerPID = 1144
	}
	return h
}

func check(t *testing.T, e *winevent.Event, want graph.Observation) {
	t.Helper()
	got, err := winevent.Observe(e)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestObserveSysmonProcess(t *testing.T) {
	t.Parallel()
	utc := time.Date(2020, 9, 22, 7, 45, 12, 998e6, time.UTC)
	t.Run("OK 1", func(t *testing.T) {
		t.Parallel()
		check(t, event(strings.ToUpper(winevent.Sysmon), 1, "UtcTime", "2020-09-22 07:45:12.998", "ProcessGuid", guid, "ProcessId", "812",
			"ProcessID", "3", "Image", `C:\a.exe`, "CommandLine", `a  -x `, "User", `D\u`, "LogonId", "0x3e7", "IntegrityLevel", "High", "Hashes", "MD5=1",
			"ParentProcessGuid", zero, "ParentProcessId", "0x10", "ParentImage", "-", "ParentCommandLine", "p", "ParentUser", "-"),
			&graph.ProcessStarted{
				Header:  head(winevent.Sysmon, 1, utc),
				Process: graph.ProcessRef{GUID: guidUp, PID: 812, Image: `C:\a.exe`, CommandLine: `a  -x `, User: `D\u`, LogonID: 0x3e7},
				Parent:  graph.ProcessRef{PID: 16, CommandLine: "p"}, Source: graph.StartSysmon, Integrity: "High", Hashes: "MD5=1",
			})
	})
	t.Run("OK 1 without ProcessId and UtcTime", func(t *testing.T) {
		t.Parallel()
		check(t, event(winevent.Sysmon, 1, "ProcessGuid", guidUp, "ProcessID", "3044", "IntegrityLevel", "S-1-16-8448"),
			&graph.ProcessStarted{
				Header:  head(winevent.Sysmon, 1, time.Date(2020, 9, 22, 7, 46, 25, 0, time.UTC)),
				Process: graph.ProcessRef{GUID: guidUp}, Source: graph.StartSysmon, Integrity: "Medium",
			})
	})
	t.Run("OK 5", func(t *testing.T) {
		t.Parallel()
		check(t, event(winevent.Sysmon, 5, "ProcessGuid", zero, "ProcessId", "812", "Image", "<unknown process>", "UtcTime", "2020-09-22T07:45:12.9980000Z"),
			&graph.ProcessEnded{Header: head(winevent.Sysmon, 5, utc), Process: graph.ProcessRef{PID: 812}, Source: "sysmon5"})
	})
}

func TestObserveSecurityProcess(t *testing.T) {
	t.Parallel()
	subject := []string{"SubjectUserSid", "S-1-5-21-1", "SubjectUserName", "bob", "SubjectDomainName", "D", "SubjectLogonId", "0x5"}
	started := func(user, integrity string, logon uint64) *graph.ProcessStarted {
		return &graph.ProcessStarted{
			Header:  head(winevent.Security, 4688, time.Time{}),
			Process: graph.ProcessRef{PID: 0xd8c, Image: `C:\a.exe`, User: user, LogonID: logon},
			Parent:  graph.ProcessRef{PID: 0x10, Image: `C:\p.exe`}, Source: graph.StartSecurity, Integrity: integrity,
		}
	}
	base := append([]string{"NewProcessId", "0x0000000000000d8c", "NewProcessName", `C:\a.exe`, "ProcessId", "0x10", "ParentProcessName", `C:\p.exe`}, subject...)
	for _, tc := range []struct {
		name            string
		more            []string
		user, integrity string
		logon           uint64
	}{
		{"OK subject", []string{"TargetLogonId", "0x0", "TargetUserName", "-", "MandatoryLabel", "S-1-16-12288"}, `D\bob`, "High", 5},
		{"OK target", []string{"TargetLogonId", "0x3e9", "TargetUserName", "eve", "TargetDomainName", "E", "TargetUserSid", "S-1-0-0", "MandatoryLabel", "S-1-16-16384"}, `E\eve`, "System", 0x3e9},
		{"OK target service", []string{"TargetLogonId", "0x3e5", "TargetUserName", "PC1$", "TargetDomainName", "D", "TargetUserSid", "S-1-5-19", "MandatoryLabel", "S-1-16-4096"}, `NT AUTHORITY\LOCAL SERVICE`, "Low", 0x3e5},
		{"OK target unnamed", []string{"TargetLogonId", "0x3e9", "TargetUserName", "-", "MandatoryLabel", "S-1-16-8192"}, `D\bob`, "Medium", 0x3e9},
		{"OK old version", nil, `D\bob`, "", 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			check(t, event("security", 4688, append(append([]string{}, base...), tc.more...)...), started(tc.user, tc.integrity, tc.logon))
		})
	}
	t.Run("OK 4689", func(t *testing.T) {
		t.Parallel()
		check(t, event(winevent.Security, 4689, append([]string{"ProcessId", "0xd8c", "ProcessName", `C:\a.exe`}, subject...)...),
			&graph.ProcessEnded{Header: head(winevent.Security, 4689, time.Time{}),
				Process: graph.ProcessRef{PID: 0xd8c, Image: `C:\a.exe`, User: `D\bob`}, Source: "4689"})
	})
}

func TestObserveErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		e    *winevent.Event
		want error
		text string
	}{
		{"ErrNotWanted", event("Application", 1), winevent.ErrNotWanted, "Application 1 is not an event that is read"},
		{"ErrNotWantedID", event(winevent.Sysmon, 2), winevent.ErrNotWanted, winevent.Sysmon + " 2 is not an event that is read"},
		{"Err1", event(winevent.Sysmon, 1, "ProcessGuid", zero, "ProcessID", "44"), winevent.ErrNoProcess, "sysmon 1 names no process"},
		{"Err5", event(winevent.Sysmon, 5), winevent.ErrNoProcess, "sysmon 5 names no process"},
		{"Err3Process", event(winevent.Sysmon, 3, "Initiated", "true", "DestinationIp", "1.1.1.1"), winevent.ErrNoProcess, "sysmon 3 names no process"},
		{"Err3Remote", event(winevent.Sysmon, 3, "Initiated", "true", "ProcessId", "4", "DestinationIp", "-"), winevent.ErrNoRemote, "sysmon 3 names no remote address"},
		{"Err3Direction", event(winevent.Sysmon, 3, "ProcessId", "4", "DestinationIp", "1.1.1.1"), winevent.ErrNoDirection, "sysmon 3 does not say who opened the connection"},
		{"Err22Name", event(winevent.Sysmon, 22, "ProcessId", "4", "QueryName", "-"), winevent.ErrNoQuery, "sysmon 22 names no DNS name"},
		{"Err22Process", event(winevent.Sysmon, 22, "QueryName", "a"), winevent.ErrNoProcess, "sysmon 22 names no process"},
		{"Err4688", event(winevent.Security, 4688, "NewProcessId", "0x0"), winevent.ErrNoProcess, "security 4688 names no process"},
		{"Err4689", event(winevent.Security, 4689), winevent.ErrNoProcess, "security 4689 names no process"},
		{"Err5156Direction", event(winevent.Security, 5156, "ProcessID", "9", "Direction", "%%1", "DestAddress", "1.1.1.1"), winevent.ErrNoDirection, "security 5156 does not say who opened the connection"},
		{"Err5156Nobody", event(winevent.Security, 5156, "ProcessID", "0", "Direction", "%%14593", "DestAddress", "1.1.1.1"), winevent.ErrNoProcess, "security 5156 names no process"},
		{"Err4698", event(winevent.Security, 4698), winevent.ErrNoTask, "security 4698 names no task"},
		{"Err106", event(winevent.TaskScheduler, 106), winevent.ErrNoTask, "taskscheduler 106 names no task"},
		{"Err129", event(winevent.TaskScheduler, 129, "TaskName", "-"), winevent.ErrNoTask, "taskscheduler 129 names no task"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := winevent.Observe(tc.e)
			if !errors.Is(err, tc.want) || err.Error() != tc.text {
				t.Errorf("got %v, want %s", err, tc.text)
			}
		})
	}
}

// TestObserveAllWanted holds the two tables of events to each other.
func TestObserveAllWanted(t *testing.T) {
	t.Parallel()
	known := 0
	for _, channel := range []string{winevent.Sysmon, winevent.Security, winevent.TaskScheduler, winevent.System} {
		for id := range uint32(6000) {
			_, err := winevent.Observe(event(channel, id))
			if reads := !errors.Is(err, winevent.ErrNotWanted); reads != winevent.Wanted(channel, id) {
				t.Errorf("%s %d: read %v, wanted %v", channel, id, reads, winevent.Wanted(channel, id))
			} else if reads {
				known++
			}
		}
	}
	if known != 92 {
		t.Errorf("%d events are read, want 92", known)
	}
}

func TestObserveEvidenceWithoutRecordID(t *testing.T) {
	t.Parallel()
	e := event(winevent.Sysmon, 5, "ProcessId", "8")
	e.RecordID = 0
	o, err := winevent.Observe(e)
	if err != nil {
		t.Fatal(err)
	}
	if got := o.Head().Evidence.Record; got != 3 {
		t.Errorf("record %d, want the ordinal 3", got)
	}
}
