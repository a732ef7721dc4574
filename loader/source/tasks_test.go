package source_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/testdata"
)

// TestNotAboutTasks: each record is counted once, under a name that says that
// the event is read.
func TestNotAboutTasks(t *testing.T) {
	registry := func(object string) string {
		return `{"EventID":13,"Channel":"Microsoft-Windows-Sysmon/Operational","UtcTime":"2024-03-01 06:21:00","RecordNumber":9,` +
			`"ProcessId":"7","Computer":"A","TargetObject":"` + object + `"}` + "\n"
	}
	dir := folder(t, map[string]string{"a.json": registry(`HKLM\\x`) + registry(`HKCR\\CLSID\\x`) + // the gate lets it through
		registry(`HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\T\\SD`) +
		strings.Replace(line(1), `"EventID":5`, `"EventID":4`, 1)})
	check(t, run(t, dir, nil), filepath.ToSlash(dir)+"/", []string{"file INa.json", "saw a Microsoft-Windows-Sysmon/Operational/13 record 9",
		"skipped 2 Microsoft-Windows-Sysmon/Operational/13: not about tasks", "skipped 1 Microsoft-Windows-Sysmon/Operational/4"})
}

// traces is what the observations of traces say, short, with how often.
func traces(seen []graph.Observation) map[string]int {
	got := map[string]int{}
	for _, o := range seen {
		s := ""
		switch x := o.(type) {
		case *graph.TaskTraced:
			s = fmt.Sprintf("%s %s %s%s %s", x.Source, x.Op, x.Path, x.TaskID, x.Value)
		case *graph.ModuleLoaded:
			s = fmt.Sprintf("%s %s %v", graph.BaseName(x.Process.Image), graph.BaseName(x.Path), x.Valid)
		case *graph.PipeOpened:
			s = fmt.Sprintf("%s %s %s %s %v", x.Source, x.Share, x.Target, x.IP, x.Write)
		case *graph.LoggedOn:
			s = fmt.Sprintf("logon %d %s %s", x.Type, x.User, x.IP)
		case *graph.LogTampered:
			s = fmt.Sprintf("log %s %s %v", x.Log, x.User, x.Off)
		case *graph.TaskRan:
			s = fmt.Sprintf("%s %s %d", x.Stage, x.Path, x.PID)
		default:
			continue
		}
		got[s]++
	}
	return got
}

// TestTraces reads real telemetry that is known to hold each kind of trace.
func TestTraces(t *testing.T) {
	dir := testdata.Shared(t)
	const licence = `\Microsoft\Windows\SoftwareProtectionPlatform\EventCacheManager`
	const id = "47CDCDF5-3457-4925-96E5-DB6635FFCDDE"
	for name, want := range map[string][]string{ // the lines that begin with what the first of them begins with
		"sigma-regression/registry_delete_schtasks_hide_task_via_sd_value_removal":    {`sysmon12`, `sysmon12 gone \MaliciousTask SD×2`},
		"sigma-regression/registry_delete_schtasks_hide_task_via_index_value_removal": {`sysmon12`, `sysmon12 gone \MaliciousTask Index×2`},
		"evtx/evtx-attack-samples/sysmon_1_11_exec_as_system_via_schedtask.evtx":      {``, `sysmon11 set \elevator ×1`},
		"evtx/evtx-attack-samples/LM_ScheduledTask_ATSVC_target_host.evtx": {``,
			`5140 \\*\IPC$  10.0.2.17 false×1`, `5145 \\*\IPC$ atsvc 10.0.2.17 true×1`,
			`log Security EXAMPLE\administrator false×1`, `logon 3 EXAMPLE\Administrator ×1`,
			`logon 3 EXAMPLE\Administrator 10.0.2.17×2`, `logon 3 NT AUTHORITY\ANONYMOUS LOGON 10.0.2.17×1`,
			`logon 3 NT AUTHORITY\SYSTEM ::1×1`, `logon 3 NT AUTHORITY\SYSTEM fe80::79bf:8ee2:433c:2567×1`,
		},
		"evtx/evtx-attack-samples/LM_sysmon_remote_task_src_powershell.evtx":                  {``, `powershell.exe taskschd.dll true×1`},
		"evtx/evtx-attack-samples/sysmon_uacbypass_CDSSync_schtask_hijack_byeintegrity5.evtx": {`taskhostw.exe npm`, `taskhostw.exe npmproxy.dll false×1`},
		"mordor/covenant_dcom_executeexcel4macro_allowed.zip": {`launched`,
			`launched \Microsoft\Office\Office Automatic Updates 2.0 1456×1`,
			`launched \Microsoft\Windows\Work Folders\Work Folders Logon Synchronization 1256×1`,
		},
		"mordor/schtask_create.zip": {`sysmon`,
			`sysmon11 set ` + licence + ` ×1`, `sysmon12 made ` + id + ` ×1`, `sysmon12 made ` + licence + ` ×1`,
			`sysmon13 set ` + id + ` Actions×1`, `sysmon13 set ` + id + ` Author×1`, `sysmon13 set ` + id + ` Date×1`,
			`sysmon13 set ` + id + ` DynamicInfo×1`, `sysmon13 set ` + id + ` Hash×1`, `sysmon13 set ` + id + ` Path×1`,
			`sysmon13 set ` + id + ` Schema×1`, `sysmon13 set ` + id + ` Triggers×1`, `sysmon13 set ` + id + ` URI×1`,
			`sysmon13 set ` + licence + ` Index×1`, `sysmon13 set ` + licence + ` SD×1`, `sysmon13 set ` + licence + id + ` Id×1`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecorder(t)
			readInto(t, r, filepath.Join(dir, filepath.FromSlash(name)))
			got := traces(r.seen)
			var list []string
			for _, s := range slices.Sorted(maps.Keys(got)) {
				if strings.HasPrefix(s, want[0]) {
					list = append(list, fmt.Sprintf("%s×%d", s, got[s]))
				}
			}
			if !slices.Equal(list, want[1:]) {
				t.Errorf("got\n%s", strings.Join(list, "\n"))
			}
		})
	}
}
