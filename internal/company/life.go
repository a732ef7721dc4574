package company

// baseProcesses are those that run from boot on.
type baseProcesses struct {
	kernel, services, lsass, sysmon *process
	schedule                        *process // svchost that hosts Schedule
	netsvcs                         *process // the shared one, or BITS's own
	dcom, dns, protect              *process
	explorer                        *process // nil where nobody is logged on
}

const (
	svchost  = `C:\Windows\System32\svchost.exe`
	explorer = `C:\Windows\explorer.exe`
	browser  = `C:\Program Files\Lantern Browser\lantern.exe`
)

// morning is when a workstation is switched on.
func (m *machine) morning() { m.boot(m.now, true) }

// boot starts the machine at that time, which is before the data begins for
// those that were up then: of these no start is logged.
func (m *machine) boot(at int64, logged bool) {
	m.epoch++
	m.up, m.boots = true, at
	m.ids = pids{next: 300 + uint32(m.rng.IntN(100))*4, live: map[uint32]bool{4: true}}
	m.live, m.browsers, m.base = nil, nil, baseProcesses{}
	b := &m.base
	offset := int64(0)
	up := func(parent *process, image, command string, user *account, seen bool) *process {
		offset += 40 + m.within(900)
		return m.begin(birth{image: image, command: command, user: user, parent: parent, unlogged: !seen || !logged, at: at + offset})
	}
	b.kernel = m.begin(birth{image: "System", user: system, pid: 4, unlogged: true, at: at})
	smss := up(b.kernel, `C:\Windows\System32\smss.exe`, `\SystemRoot\System32\smss.exe`, system, false)
	wininit := up(smss, `C:\Windows\System32\wininit.exe`, "wininit.exe", system, false)
	b.services = up(wininit, `C:\Windows\System32\services.exe`, `C:\Windows\system32\services.exe`, system, false)
	b.lsass = up(wininit, `C:\Windows\System32\lsass.exe`, `C:\Windows\system32\lsass.exe`, system, false)
	b.sysmon = up(b.services, `C:\Windows\Sysmon64.exe`, `C:\Windows\Sysmon64.exe`, system, false)
	b.dcom = up(b.services, svchost, `C:\Windows\system32\svchost.exe -k DcomLaunch -p`, system, true)
	b.dns = up(b.services, svchost, `C:\Windows\system32\svchost.exe -k NetworkService -p -s Dnscache`, networkService, true)
	if m.shared {
		b.netsvcs = up(b.services, svchost, `C:\Windows\system32\svchost.exe -k netsvcs`, system, true)
		b.schedule = b.netsvcs
	} else {
		b.netsvcs = up(b.services, svchost, `C:\Windows\system32\svchost.exe -k netsvcs -p -s BITS`, system, true)
		b.schedule = up(b.services, svchost, `C:\Windows\system32\svchost.exe -k netsvcs -p -s Schedule`, system, true)
	}
	b.protect = up(b.services, `C:\Program Files\Litware Protection\LpService.exe`, `"C:\Program Files\Litware Protection\LpService.exe"`, system, true)
	m.afterBoot(at, smss, logged)
}

// afterBoot logs the user on and puts the machine's day on its agenda.
func (m *machine) afterBoot(at int64, smss *process, logged bool) {
	if !logged {
		m.logon(at+minute, smss, false)
	} else {
		m.in(30*second+m.within(minute), func() { m.logon(m.now, smss, true) })
	}
	for _, t := range m.tasks() {
		m.plan(t, logged)
	}
	if m.role == workstation && !m.stayOn {
		midnight := m.now - (m.now-m.w.start)%day
		m.at(midnight+18*hour+15*minute+m.within(40*minute), m.epoch, m.evening)
	}
	m.in(2*minute, m.tick)
}

func (m *machine) logon(at int64, smss *process, logged bool) {
	if m.user == nil {
		return
	}
	start := func(parent *process, image, command string, user *account, after int64) *process {
		return m.begin(birth{image: image, command: command, user: user, parent: parent, unlogged: !logged, at: at + after})
	}
	winlogon := start(smss, `C:\Windows\System32\winlogon.exe`, "winlogon.exe", system, 1)
	userinit := start(winlogon, `C:\Windows\System32\userinit.exe`, `C:\Windows\system32\userinit.exe`, m.user, 700)
	m.base.explorer = start(userinit, explorer, `C:\Windows\Explorer.EXE`, m.user, 900)
	if !logged {
		return
	}
	m.in(20*second, func() { m.finish(userinit) })
	m.emit(securityLog, 4624, 2, at, m.base.lsass.pid, "",
		str("TargetUserSid", m.user.sid), str("TargetUserName", m.user.name), str("TargetDomainName", m.user.domain),
		hex("TargetLogonId", m.user.logon), num("LogonType", 2), str("IpAddress", "127.0.0.1"), str("IpPort", "0"))
	for _, t := range m.tasks() {
		if t.trigger == 119 {
			m.in(5*second+m.within(minute), func() { m.launch(t, 119) })
		}
	}
}

// evening is when a workstation is switched off: what runs ends, and the logs
// miss most of it.
func (m *machine) evening() {
	for _, p := range m.live {
		if !p.ended && m.chance(0.3) {
			m.finish(p)
		}
	}
	m.up = false
	midnight := m.now - (m.now-m.w.start)%day
	m.at(midnight+day+7*hour+30*minute+m.within(40*minute), 0, m.morning)
}

func (m *machine) tasks() []*task {
	if m.role == workstation {
		return workstationTasks
	}
	return serverTasks
}

// plan puts a normal task's runs since boot on the agenda.
func (m *machine) plan(t *task, fresh bool) {
	switch t.trigger {
	case 118:
		if fresh {
			m.in(20*second+m.within(20*second), func() { m.launch(t, 118) })
		}
	case 107:
		var again func()
		again = func() {
			m.launch(t, 107)
			m.in(t.every, again)
		}
		m.in(minute+m.within(t.every), again)
	}
}

// arrange puts on the agenda what is special about the host.
func (m *machine) arrange() {
	if m.imaged {
		m.at(m.w.start+8*hour+15*minute+m.within(10*minute), 0, m.image)
	}
	for _, p := range m.plants {
		m.arrangePlant(p)
	}
	m.arrangeDecoys()
	m.arrangeScenes()
}

// arrangePlant registers a planted task on the first morning and runs it in
// working hours, thrice a day.
func (m *machine) arrangePlant(p *planting) {
	if p.remote {
		m.at(m.w.start+10*hour+40*minute+m.within(10*minute), 0, func() { m.atexec(p) })
		return
	}
	if !p.before {
		m.at(m.w.start+8*hour+40*minute+m.within(15*minute), 0, func() { m.installs(p.task) })
	}
	m.arrangeRuns(p, m.w.start)
}

// arrangeRuns puts a day's runs of a planted task on the agenda, and the next
// day's making of the same.
func (m *machine) arrangeRuns(p *planting, midnight int64) {
	first := midnight + 9*hour + 10*minute + m.within(40*minute)
	for k := range int64(3) {
		m.at(first+k*p.task.every+m.within(second), 0, func() { m.runPlant(p, 107) })
	}
	m.at(midnight+day, 0, func() { m.arrangeRuns(p, midnight+day) })
}

// image registers the normal tasks, as a freshly installed host's log shows.
func (m *machine) image() {
	deploy := m.begin(birth{image: `C:\IT\deploy.exe`, command: `C:\IT\deploy.exe /tasks`, user: system, parent: m.base.services})
	for i, t := range m.tasks() {
		m.in(second*int64(1+i), func() { m.register(t, deploy, false) })
	}
	m.in(minute, func() { m.finish(deploy) })
	m.at(m.w.start+13*hour+m.within(hour), 0, m.changeInventory)
}

// changeInventory writes one of the normal tasks anew with other arguments,
// which its runs have from then on.
func (m *machine) changeInventory() {
	if !m.up {
		return
	}
	for _, t := range m.tasks() {
		if t.path == inventory {
			m.changed = inventoryAfter(t)
			m.update(m.changed, m.base.protect)
		}
	}
}

// installs registers a task by schtasks from a shell.
func (m *machine) installs(t *task) {
	user := m.user
	if user == nil {
		user = system
	}
	parent := m.base.explorer
	if parent == nil {
		parent = m.base.services
	}
	shell := m.begin(birth{image: cmd, command: `"C:\Windows\System32\cmd.exe" /c install.cmd`, user: user, parent: parent})
	m.in(400+m.within(second), func() {
		tool := m.begin(birth{
			image: `C:\Windows\System32\schtasks.exe`, user: user, parent: shell,
			command: `schtasks.exe /create /tn "` + t.path[1:] + `" /xml task.xml /f`,
		})
		m.in(60+m.within(100), func() {
			m.register(t, tool, true)
			m.in(40, func() {
				m.finish(tool)
				m.finish(shell)
			})
		})
	})
}
