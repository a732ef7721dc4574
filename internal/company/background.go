package company

import "math"

// tick is one thing that happens beside tasks; the next follows after a while.
func (m *machine) tick() {
	if m.w.o.Rate <= 0 {
		return
	}
	perHour := 70.0
	hourOfDay := (m.now - m.w.start) % day / hour
	switch {
	case m.role == controller:
		perHour = 90
	case m.role == server:
		perHour = 40
	case hourOfDay < 7 || hourOfDay >= 19:
		perHour = 6
	}
	gap := -math.Log(1-m.rng.Float64()) * float64(hour) / (perHour * m.w.o.Rate)
	m.in(1+int64(gap), m.tick)
	if m.base.explorer == nil || m.base.explorer.start > m.now {
		m.serve()
		return
	}
	m.work()
}

// work is what a workstation does while its user is there.
func (m *machine) work() {
	switch r := m.rng.Float64(); {
	case r < 0.42:
		m.visit(m.browser(), m.site(), 1+m.rng.IntN(3))
	case r < 0.54:
		m.app()
	case r < 0.62:
		m.connect(m.base.dns, "10.20.0.2", "dc-0000."+internalSuffix, 53, true)
	case r < 0.68:
		m.visit(m.base.protect, m.w.vendors["definitions.litware-protection.com"], 1)
	case r < 0.72:
		m.visit(m.base.netsvcs, m.w.vendors["cdn.fabrikam-cloud.net"], 2)
	case r < 0.82:
		m.unwanted()
	case r < 0.90:
		b := m.browser()
		tab := m.spawn(b, browser, `"`+browser+`" --type=renderer --lang=en`, m.user)
		m.in(minute+m.within(20*minute), func() { m.finish(tab) })
	case r < 0.94:
		m.connect(m.base.kernel, "10.20.0.8", "srv-files."+internalSuffix, 445, false)
	default:
		m.broker()
	}
}

// serve is what servers do, and workstations that nobody is logged on to.
func (m *machine) serve() {
	switch r := m.rng.Float64(); {
	case r < 0.5:
		from := m.w.hosts[m.rng.IntN(len(m.w.hosts))].ip
		if m.role == controller {
			m.accept(m.base.lsass, from, 88)
		} else {
			m.accept(m.base.kernel, from, 445)
		}
	case r < 0.65:
		m.connect(m.base.dns, "10.20.0.2", "dc-0000."+internalSuffix, 53, true)
	case r < 0.75:
		m.visit(m.base.protect, m.w.vendors["definitions.litware-protection.com"], 1)
	case r < 0.9:
		m.unwanted()
	default:
		m.broker()
	}
}

// browser is the user's browser, started where there is none; now and then it
// is closed and started again.
func (m *machine) browser() *process {
	if n := len(m.browsers); n > 0 && !m.browsers[n-1].ended {
		b := m.browsers[n-1]
		if m.rng.IntN(60) > 0 {
			return b
		}
		m.finish(b)
	}
	b := m.spawn(m.base.explorer, browser, `"`+browser+`"`, m.user)
	m.browsers = []*process{b}
	return b
}

var apps = []step{
	{`C:\Program Files\Fabrikam Office\writer.exe`, `"C:\Program Files\Fabrikam Office\writer.exe" /n`},
	{`C:\Program Files\Fabrikam Office\sheets.exe`, `"C:\Program Files\Fabrikam Office\sheets.exe" /e`},
	{`C:\Windows\System32\notepad.exe`, `"C:\Windows\system32\notepad.exe"`},
	{`C:\Program Files\Parley\parley.exe`, `"C:\Program Files\Parley\parley.exe" --minimized`},
	{`C:\Windows\System32\mmc.exe`, `"C:\Windows\system32\mmc.exe" C:\Windows\system32\services.msc`},
	{powershell, `"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"`},
}

// app is a program that the user starts.
func (m *machine) app() {
	a := apps[m.rng.IntN(len(apps))]
	p := m.spawn(m.base.explorer, a.image, a.command, m.user)
	if a.image == powershell {
		console := m.spawn(p, `C:\Windows\System32\conhost.exe`, `\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1`, m.user)
		m.in(minute, func() { m.finish(console) })
	} else if m.chance(0.4) {
		m.in(second+m.within(20*second), func() {
			if !p.ended {
				m.visit(p, m.w.vendors["telemetry.fabrikam-office.com"], 1)
			}
		})
	}
	m.in(30*second+m.within(30*minute), func() { m.finish(p) })
}

// broker is a short process that a service starts.
func (m *machine) broker() {
	parent, image, command := m.base.dcom, `C:\Windows\System32\wbem\WmiPrvSE.exe`, `C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding`
	switch {
	case m.shared && m.chance(0.5):
		// What else lives in the shared host starts processes as well.
		parent, image, command = m.base.netsvcs, `C:\Windows\System32\wbem\WMIADAP.exe`, `wmiadap.exe /F /T /R`
	case m.chance(0.5):
		image, command = `C:\Windows\System32\dllhost.exe`, `C:\Windows\system32\DllHost.exe /Processid:{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}`
	}
	p := m.spawn(parent, image, command, system)
	m.in(5*second+m.within(minute), func() { m.finish(p) })
}

// unwanted is what the logs also hold and no loader of ours reads.
func (m *machine) unwanted() {
	p := m.base.protect
	if e := m.base.explorer; e != nil {
		p = e
	}
	head := func() []field {
		return []field{
			str("RuleName", "-"), utc("UtcTime", m.now), uid("ProcessGuid", p.guid), pidOf("ProcessId", p.pid), str("Image", p.image),
		}
	}
	at, logger := m.now+m.within(20), m.base.sysmon.pid
	switch m.rng.IntN(4) {
	case 0:
		m.emit(sysmonLog, 7, 3, at, logger, "", append(head(), str("ImageLoaded", `C:\Windows\System32\taskschd.dll`),
			str("Hashes", hashes("taskschd.dll")), flag("Signed", true), str("Signature", "-"), str("SignatureStatus", "Valid"))...)
	case 1:
		target := m.base.lsass
		m.emit(sysmonLog, 10, 3, at, logger, "", str("RuleName", "-"), utc("UtcTime", m.now), uid("SourceProcessGUID", p.guid),
			pidOf("SourceProcessId", p.pid), num("SourceThreadId", 4120), str("SourceImage", p.image), uid("TargetProcessGUID", target.guid),
			pidOf("TargetProcessId", target.pid), str("TargetImage", target.image), hex("GrantedAccess", 0x1000), str("CallTrace", "-"))
	case 2:
		m.emit(sysmonLog, 11, 2, at, logger, "", append(head(), str("TargetFilename", `C:\Windows\Temp\~df`+itoa(m.within(100000))+`.tmp`),
			utc("CreationUtcTime", m.now))...)
	default:
		m.emit(securityLog, 4624, 2, at, m.base.lsass.pid, "", append(m.subject(system),
			str("TargetUserSid", "S-1-5-18"), str("TargetUserName", "SYSTEM"), str("TargetDomainName", "NT AUTHORITY"),
			hex("TargetLogonId", 0x3e7), num("LogonType", 5), str("IpAddress", "-"), str("IpPort", "-"))...)
	}
	if m.rng.IntN(40) == 0 {
		t := m.tasks()[0]
		m.update(t, m.base.protect)
	}
}
