package cmdline_test

import (
	"slices"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/cmdline"
)

func TestTaskCommands(t *testing.T) {
	t.Parallel()
	const powershell = `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`
	for _, tc := range []struct {
		name, image, line string
		want              []cmdline.TaskCommand
	}{
		{"OK schtasks", `C:\Windows\System32\schtasks.exe`, `schtasks /Create /SC DAILY /TN Updater /TR "C:\Tools\a.exe -x 1" /F`,
			[]cmdline.TaskCommand{{Change: graph.Created, Path: `\Updater`, Command: `C:\Tools\a.exe`, Arguments: "-x 1"}}},
		{"OK quoted program", `schtasks.exe`, `schtasks.exe -create -tn "\Vendor\My Task" -tr "\"C:\Program Files\a.exe\" -x"`,
			[]cmdline.TaskCommand{{Change: graph.Created, Path: `\Vendor\My Task`, Command: `C:\Program Files\a.exe`, Arguments: "-x"}}},
		{"OK renamed", `C:\Users\Public\s.exe`, `s.exe /create /tn x /tr calc.exe`,
			[]cmdline.TaskCommand{{Change: graph.Created, Path: `\x`, Command: "calc.exe"}}},
		{"OK remote", `schtasks.exe`, `schtasks /create /s \\ws02.corp.example /tn x /tr calc.exe`,
			[]cmdline.TaskCommand{{Change: graph.Created, Path: `\x`, Server: "ws02.corp.example", Command: "calc.exe"}}},
		{"OK disabled", `schtasks.exe`, `schtasks /change /tn x /disable`, []cmdline.TaskCommand{{Change: graph.Disabled, Path: `\x`}}},
		{"OK enabled", `schtasks.exe`, `schtasks /change /enable /tn x`, []cmdline.TaskCommand{{Change: graph.Enabled, Path: `\x`}}},
		{"OK changed", `schtasks.exe`, `schtasks /change /tn x /tr b.exe`,
			[]cmdline.TaskCommand{{Change: graph.Updated, Path: `\x`, Command: "b.exe"}}},
		{"OK deleted", `schtasks.exe`, `SCHTASKS /Delete /TN "x" /F`, []cmdline.TaskCommand{{Change: graph.Deleted, Path: `\x`}}},
		{"OK cmdlet", powershell, `powershell -c "Register-ScheduledTask -Action $a -TaskName 'My Task' -TaskPath '\Vendor\' -Trigger $t; exit"`,
			[]cmdline.TaskCommand{{Change: graph.Created, Path: `\Vendor\My Task`}}},
		{"OK cmdlet positional", powershell, `Unregister-ScheduledTask Updater -Confirm:$false`,
			[]cmdline.TaskCommand{{Change: graph.Deleted, Path: `\Updater`}}},
		{"OK object", powershell, `$f.RegisterTaskDefinition("Updater", $d, 6, "", "", 3)`,
			[]cmdline.TaskCommand{{Change: graph.Created, Path: `\Updater`}}},
		{"ErrAll", `schtasks.exe`, `schtasks /delete /tn * /f`, nil},
		{"ErrShell", `C:\Windows\System32\cmd.exe`, `cmd /c schtasks /create /tn x /tr a.exe`, nil},
		{"ErrQuery", `schtasks.exe`, `schtasks /query /tn x`, nil},
		{"ErrNoName", `schtasks.exe`, `schtasks /create /tr a.exe /tn`, nil},
		{"ErrVariable", powershell, `Register-ScheduledTask -TaskName $name -Action $a`, nil},
		{"ErrOther", `C:\Tools\a.exe`, `a.exe /tn x`, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := cmdline.TaskCommands(tc.image, tc.line); !slices.Equal(got, tc.want) {
				t.Errorf("got %+v\nwant %+v", got, tc.want)
			}
		})
	}
}
