package handover_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/handover"
	"github.com/taskroot/taskroot/loader/settle"
)

const (
	system32 = `C:\Windows\System32\`
	dcom     = `C:\Windows\system32\svchost.exe -k DcomLaunch -p`
)

var epoch = time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC)

// proc makes a process that starts so many seconds after the epoch.
func proc(key string, at float64, image, command string, more ...func(*handover.Process)) handover.Process {
	p := handover.Process{Key: key, Sketch: settle.Sketch{
		Image: image, Command: command, Start: epoch.Add(time.Duration(at * float64(time.Second))).UnixNano(),
	}}
	for _, m := range more {
		m(&p)
	}
	return p
}

func under(image, command string) func(*handover.Process) {
	return func(p *handover.Process) { p.ParentImage, p.ParentCommand = system32+image, command }
}

func ended(at float64) func(*handover.Process) {
	return func(p *handover.Process) { p.End = epoch.Add(time.Duration(at * float64(time.Second))).UnixNano() }
}

func session(id uint64) func(*handover.Process) {
	return func(p *handover.Process) { p.Logon = id }
}

func user(name string) func(*handover.Process) { return func(p *handover.Process) { p.User = name } }

func pid(own, parent uint32) func(*handover.Process) {
	return func(p *handover.Process) { p.PID, p.ParentPID = own, parent }
}

// link ties all that work to all that ask, and writes the edges down.
func link(all ...handover.Process) []string {
	var asking, working []handover.Process
	for _, p := range all {
		if handover.Asks(&p.Sketch) {
			asking = append(asking, p)
		}
		if handover.Works(&p.Sketch) {
			working = append(working, p)
		}
	}
	var out []string
	for _, e := range handover.Link("ws01.corp.example", asking, working) {
		out = append(out, fmt.Sprintf("%s %s %s %s %.2f", e.From, e.Type, e.To, e.Via, e.Confidence))
	}
	slices.Sort(out)
	return out
}

var (
	wmic   = system32 + `wbem\WMIC.exe`
	ps     = system32 + `WindowsPowerShell\v1.0\powershell.exe`
	calc   = proc("w", 2, system32+"calc.exe", "calc.exe", under(`wbem\WmiPrvSE.exe`, system32+`wbem\wmiprvse.exe -secured -Embedding`))
	scStop = proc("stop", 0, system32+"sc.exe", "sc stop Upd")
)

// encoded is a script as PowerShell's -EncodedCommand has it.
func encoded(script string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(script)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func TestLink(t *testing.T) {
	t.Parallel()
	script := func(key, text string) handover.Process { return proc(key, 1, ps, "powershell.exe -nop -c "+text) }
	service := proc("w", 2, `C:\Tools\upd.exe`, `C:\Tools\upd.exe -run`, under("services.exe", system32+"services.exe"))
	hosted := proc("w", 2, system32+"svchost.exe", `svchost.exe -k netsvcs -p -s Upd`, under("services.exe", ""))
	msi := proc("w", 2, system32+"msiexec.exe", `C:\Windows\system32\msiexec.exe /V`, under("services.exe", ""))
	custom := proc("c", 30, `C:\Windows\Installer\MSI1.tmp`, `"C:\Windows\Installer\MSI1.tmp"`, under("msiexec.exe", `C:\Windows\system32\msiexec.exe /V`))
	mmc := proc("w", 2, system32+"mmc.exe", system32+"mmc.exe -Embedding", under("svchost.exe", dcom), session(7))
	surrogate := proc("w", 2, system32+"dllhost.exe", system32+`DllHost.exe /Processid:{3E5FC7F9-9A51-4367-9063-A120244FBEC7}`, under("svchost.exe", dcom))
	notified := proc("w", 400, `C:\Tools\n.exe`, `C:\Tools\n.exe -x`, under("svchost.exe", `svchost.exe -k netsvcs -p -s BITS`))
	for _, tc := range []struct {
		name string
		all  []handover.Process
		want []string
	}{
		{"OK wmic", []handover.Process{proc("r", 1, wmic, `wmic  process call create "calc.exe"`), calc}, []string{"r VIA_WMI w command-line 0.85"}},
		{"OK wmic renamed", []handover.Process{proc("r", 1, `C:\t\a.exe`, `a.exe process call create 'calc'`), calc}, []string{"r VIA_WMI w command-line 0.85"}},
		{"OK wmic on this host", []handover.Process{proc("r", 1, wmic, `wmic /node:"WS01" process call create calc.exe`), calc}, []string{"r VIA_WMI w command-line 0.85"}},
		{"OK wmic within a shell", []handover.Process{
			proc("shell", 0, system32+"cmd.exe", `cmd /c wmic process call create calc.exe`, pid(4, 0)),
			proc("ps", 0.5, ps, `powershell wmic process call create calc.exe`, pid(8, 4)),
			proc("r", 1, wmic, `wmic process call create calc.exe`, pid(12, 8)), calc,
		}, []string{"r VIA_WMI w command-line 0.85"}},
		{"OK two that fit", []handover.Process{
			proc("r", 1, wmic, `wmic process call create calc.exe`), proc("s", 1.2, wmic, `wmic process call create calc`), calc,
		}, []string{"r VIA_WMI w command-line 0.50", "s VIA_WMI w command-line 0.50"}},
		{"OK CIM", []handover.Process{script("r", `Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments @{CommandLine='calc.exe'}`), calc}, []string{"r VIA_WMI w command-line 0.85"}},
		{"OK CIM with a variable", []handover.Process{script("r", `$c=Get-Content x; ([wmiclass]'Win32_Process').Create($c)`), calc}, []string{"r VIA_WMI w time 0.50"}},
		{"OK encoded", []handover.Process{proc("r", 1, ps, `powershell.exe -e `+encoded(`Invoke-WmiMethod -Class Win32_Process -Name Create -ArgumentList calc`)), calc}, []string{"r VIA_WMI w command-line 0.85"}},
		{"ErrOther command", []handover.Process{proc("r", 1, wmic, `wmic process call create notcalc.exe`), calc}, nil},
		{"ErrOther machine", []handover.Process{proc("r", 1, wmic, `wmic /node:ws02 process call create calc.exe`), calc}, nil},
		{"ErrOther machine in PowerShell", []handover.Process{script("r", `Invoke-WmiMethod -ComputerName ws02 -Class Win32_Process -Name Create -ArgumentList calc.exe`), calc}, nil},
		{"ErrTooEarly", []handover.Process{proc("r", -60, wmic, `wmic process call create calc.exe`), calc}, nil},
		{"ErrAfterwards", []handover.Process{proc("r", 9, wmic, `wmic process call create calc.exe`), calc}, nil},
		{"ErrNobodyAsked", []handover.Process{scStop, calc}, nil},

		{"OK service by its program", []handover.Process{proc("r", 1, system32+"sc.exe", `sc start Upd`), service}, []string{"r VIA_SERVICE w name 0.70"}},
		{"OK service by -s", []handover.Process{proc("r", 1, system32+"net1.exe", `net1 start "upd"`), hosted}, []string{"r VIA_SERVICE w name 0.70"}},
		{"OK service just made", []handover.Process{proc("r", 1, system32+"sc.exe", `sc.exe create Z binPath= "C:\Tools\upd.exe -run" start= auto`), service}, []string{"r VIA_SERVICE w bin-path 0.70"}},
		{"OK service by PowerShell", []handover.Process{script("r", `New-Service -Name z -BinaryPathName "C:\Tools\upd.exe"; Start-Service z`), service}, []string{"r VIA_SERVICE w bin-path 0.70"}},
		{"OK Start-Service", []handover.Process{script("r", `Start-Service -Name Upd`), hosted}, []string{"r VIA_SERVICE w name 0.70"}},
		{"ErrService of another name", []handover.Process{proc("r", 1, system32+"sc.exe", `sc start Other`), service}, nil},
		{"ErrService elsewhere", []handover.Process{proc("r", 1, system32+"sc.exe", `sc \\ws02 start Upd`), service}, nil},
		{"ErrService is stopped", []handover.Process{scStop, service}, nil},

		{"OK installer", []handover.Process{proc("r", 1, system32+"msiexec.exe", `msiexec /qn /i https://a.example/x.msi`), msi, custom},
			[]string{"r VIA_MSI c client 0.60", "r VIA_MSI w name 0.70"}},
		{"ErrTwo installers", []handover.Process{
			proc("r", 25, system32+"msiexec.exe", `msiexec /i a.msi`), proc("s", 26, system32+"msiexec.exe", `msiexec /x{1}`), custom,
		}, nil},
		{"OK installer that ended", []handover.Process{
			proc("r", 25, system32+"msiexec.exe", `msiexec /i a.msi`), proc("s", 20, system32+"msiexec.exe", `msiexec /i b.msi`, ended(22)), custom,
		}, []string{"r VIA_MSI c client 0.60"}},

		{"OK COM by class", []handover.Process{script("r", `[activator]::CreateInstance([type]::GetTypeFromProgID('MMC20.Application'))`), mmc}, []string{"r VIA_COM w name 0.70"}},
		{"OK COM by id", []handover.Process{script("r", `[Type]::GetTypeFromCLSID('3E5FC7F9-9A51-4367-9063-A120244FBEC7')`), surrogate}, []string{"r VIA_COM w name 0.70"}},
		{"OK COM by session", []handover.Process{proc("r", 1, system32+"wscript.exe", `wscript a.vbs`, session(7)), mmc}, []string{"r VIA_COM w session 0.40"}},
		{"ErrCOM elsewhere", []handover.Process{script("r", `[type]::GetTypeFromProgID('MMC20.Application','ws02')`), mmc}, nil},
		{"ErrCOM of the system", []handover.Process{
			proc("r", 1, system32+"wscript.exe", `wscript a.vbs`, session(0x3e7)), proc("w", 2, system32+"mmc.exe", "mmc -Embedding", under("svchost.exe", dcom), session(0x3e7)),
		}, nil},
		{"ErrCOM of a third", []handover.Process{proc("r", 1, system32+"wscript.exe", `wscript a.vbs`, session(8)), mmc}, nil},

		{"OK BITS", []handover.Process{proc("r", 1, system32+"bitsadmin.exe", `bitsadmin /SetNotifyCmdLine job C:\Tools\n.exe -x`), notified}, []string{"r VIA_BITS w command-line 0.85"}},
		{"ErrBITS of another", []handover.Process{proc("r", 1, system32+"bitsadmin.exe", `bitsadmin /SetNotifyCmdLine job C:\Tools\m.exe -x`), notified}, nil},

		{"OK shell opens", []handover.Process{
			proc("r", 1, `C:\Windows\explorer.exe`, `explorer.exe "C:\Tools\x.exe"`), proc("w", 2, `C:\Tools\x.exe`, `"C:\Tools\x.exe" `, under("explorer.exe", "")),
		}, []string{"r VIA_SHELL w name 0.70"}},
		{"OK shell opens a batch file", []handover.Process{
			proc("r", 1, `C:\Windows\explorer.exe`, `explorer.exe C:\Tools\x.bat`),
			proc("w", 2, system32+"cmd.exe", `C:\Windows\system32\cmd.exe /c ""C:\Tools\x.bat" "`, under("explorer.exe", "")),
		}, []string{"r VIA_SHELL w name 0.70"}},
		{"OK shell by COM", []handover.Process{
			script("r", `$s=New-Object -ComObject Shell.Application; $s.ShellExecute('cmd.exe','/c whoami')`),
			proc("w", 2, system32+"cmd.exe", `"C:\Windows\System32\cmd.exe" /c whoami`, under("explorer.exe", "")),
		}, []string{"r VIA_SHELL w name 0.70"}},
		{"OK unelevated shell", []handover.Process{
			proc("r", 1, `C:\Windows\explorer.exe`, `explorer.exe`, user(`D\u`)),
			proc("w", 2, `C:\Windows\explorer.exe`, `C:\Windows\explorer.exe /NOUACCHECK`, under("svchost.exe", `svchost.exe -k netsvcs -p -s Schedule`), user(`d\U`)),
		}, []string{"r VIA_SHELL w task 0.70"}},
		{"ErrShell opens another", []handover.Process{
			proc("r", 1, `C:\Windows\explorer.exe`, `explorer.exe "C:\Tools\x.exe"`), proc("w", 2, `C:\Tools\y.exe`, `C:\Tools\y.exe`, under("explorer.exe", "")),
		}, nil},

		{"OK secondary logon", []handover.Process{
			proc("r", 1, system32+"runas.exe", `runas /user:d\a "cmd.exe /c whoami"`), proc("w", 2, system32+"cmd.exe", `cmd.exe /c whoami`, under("svchost.exe", `svchost.exe -k netsvcs -p -s seclogon`)),
		}, []string{"r VIA_LOGON w command-line 0.85"}},
		{"ErrChild of the scheduler", []handover.Process{
			proc("r", 1, system32+"runas.exe", `runas /user:d\a "cmd.exe /c whoami"`), proc("w", 2, system32+"cmd.exe", `cmd.exe /c whoami`, under("svchost.exe", `svchost.exe -k netsvcs -p -s Schedule`)),
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := link(tc.all...); !slices.Equal(got, tc.want) {
				t.Errorf("got %q; want %q", got, tc.want)
			}
		})
	}
}

// TestNearest holds the number of edges down: paths multiply along them.
func TestNearest(t *testing.T) {
	t.Parallel()
	all := []handover.Process{calc}
	for i := range 9 {
		all = append(all, proc(fmt.Sprint("r", i), -float64(i), wmic, `wmic process call create calc.exe`))
	}
	var want []string
	for i := range 4 {
		want = append(want, fmt.Sprintf("r%d VIA_WMI w command-line 0.11", i))
	}
	if got := link(all...); !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

// FuzzLink says that no command line breaks the linking, and that an edge is as it
// has to be.
func FuzzLink(f *testing.F) {
	for _, s := range []string{`wmic process call create calc`, `sc \\ create x binPath=`, ` `, `msiexec /i`, `explorer /root,`, `İİ call create x`} {
		f.Add(s, `calc`, `cmd`)
	}
	f.Fuzz(func(t *testing.T, asks, works, parent string) {
		for _, image := range []string{wmic, ps, "sc.exe", "net.exe", "msiexec.exe", "explorer.exe", "bitsadmin.exe", "runas.exe", "cmd.exe"} {
			for _, broker := range []string{"services.exe", "svchost.exe", "explorer.exe", "WmiPrvSE.exe", "msiexec.exe"} {
				all := []handover.Process{proc("r", 1, image, asks), proc("w", 2, system32+"dllhost.exe", works, under(broker, parent))}
				for _, e := range handover.Link("h", all, all) {
					if e.From == e.To || e.Confidence <= 0 || e.Confidence > 0.85 || !slices.Contains(graph.HandOvers, e.Type) {
						t.Fatalf("%+v", e)
					}
				}
			}
		}
	})
}
