package loader_test

import (
	"maps"
	"slices"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// handover makes a process that asks a broker for another one, and the broker's
// child, in the records that happen to be kept of each; others may fit as well.
func (m *messer) handover() {
	host, at := m.pick("h1", "h2"), m.at()
	what := m.pick("calc.exe", "calc", `cmd.exe /c "x"`)
	asks := map[string]string{
		`C:\Windows\System32\wbem\WMIC.exe`:                         "wmic process call create " + what,
		`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`: "powershell Invoke-WmiMethod Win32_Process Create $x",
		`C:\Windows\System32\sc.exe`:                                "sc start calc",
		`C:\Windows\System32\msiexec.exe`:                           "msiexec /i x.msi",
	}
	image := m.pick(slices.Sorted(maps.Keys(asks))...)
	m.started(host, at, image, asks[image], graph.ProcessRef{PID: 8, Image: images[0]})
	parent := m.pick(`C:\Windows\System32\wbem\WmiPrvSE.exe`, `C:\Windows\System32\services.exe`, `C:\Windows\System32\msiexec.exe`)
	m.started(host, at.Add(time.Duration(m.rng.IntN(5000)-500)*time.Millisecond), `C:\Windows\System32\calc.exe`, what, graph.ProcessRef{PID: 12, Image: parent})
}

// started is a start as Sysmon, Security or both tell it, and maybe its end.
func (m *messer) started(host string, at time.Time, image, command string, parent graph.ProcessRef) {
	pid := uint32(4 * (1 + m.rng.IntN(6)))
	p := graph.ProcessRef{GUID: guid(at, m.rng.Uint32()&0xffff), PID: pid, Image: image, CommandLine: command, User: `D\u`, LogonID: uint64(m.rng.IntN(3))}
	kept := m.rng.IntN(3)
	if kept != 0 {
		m.out = append(m.out, &graph.ProcessStarted{
			Header: m.head(host, at, "Microsoft-Windows-Sysmon/Operational", 1), Process: p, Parent: parent, Source: graph.StartSysmon,
		})
	}
	if kept != 1 {
		q := p
		q.GUID, q.CommandLine = "", m.pick(command, "")
		m.out = append(m.out, &graph.ProcessStarted{
			Header: m.head(host, at.Add(time.Duration(m.rng.IntN(1200)-200)*time.Millisecond), "Security", 4688), Process: q,
			Parent: graph.ProcessRef{PID: parent.PID, Image: m.pick("", parent.Image)}, Source: graph.StartSecurity,
		})
	}
	if m.rng.IntN(2) == 0 {
		m.out = append(m.out, &graph.ProcessEnded{
			Header: m.head(host, at.Add(time.Duration(m.rng.IntN(9000))*time.Millisecond), "Security", 4689), Process: graph.ProcessRef{PID: pid, Image: image},
		})
	}
}
