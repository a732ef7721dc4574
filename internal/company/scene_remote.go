package company

// sessions of callers from the network, by scene: the one that the pipe is
// opened in, and the call's own.
func (s *staging) sessions() (pipe, call uint64) {
	return 0x7100000 + uint64(s.port)<<4, 0x7200000 + uint64(s.port)<<4
}

// askTool has a task made on another host by schtasks, which calls it by TCP.
func (m *machine) askTool(s *staging) {
	t := sceneTask(s)
	command := `schtasks.exe /create /s ` + s.on.name + ` /tn "` + t.path + `" /sc daily /tr "` + t.image + `"`
	m.tool(1, schtasks, command, func(p *process) {
		m.connect(p, s.on.ip, s.on.name, 135, false)
		m.connectFrom(p, s.port, s.on.ip, s.on.name, 49670, false)
		m.registeredFrom(s, p, "4624", true)
	})
}

// askPipe has a task made on another host through the pipe of its scheduler.
func (m *machine) askPipe(s *staging) {
	image := `C:\ProgramData\Tools\remote.exe`
	m.tool(1, image, image+" "+s.on.name, func(p *process) {
		m.connectFrom(p, s.port, s.on.ip, s.on.name, 445, false)
		via := "5145"
		if s.id == "remote-near" {
			via = "4624-near"
		}
		m.registeredFrom(s, p, via, false)
	})
}

// registeredFrom notes what should be known of this host and its process having
// made a task of another.
func (m *machine) registeredFrom(s *staging, p *process, via string, asks bool) {
	act := func(by *Birth, logs string) {
		a := Act{Scene: s.id, Change: Registered, Host: s.on.name, Task: s.path, At: m.now, By: by, Via: map[Format][]string{}}
		a.see(logs, EvtxJSON, Winlogbeat)
		if asks {
			a.see("command-line", Defender)
		}
		m.tellAct(a)
	}
	act(&Birth{Host: m.name}, via)
	act(m.birthOf(p), "source-port")
}

// called is the other side: the logon of the caller, and what it has done. A
// caller of the pipe has a session for it that tells the address, and the call
// one of its own that doesn't.
func (m *machine) called(s *staging) {
	t, caller := sceneTask(s), *s.from.user
	pipe, call := s.sessions()
	caller.logon = call
	switch s.id {
	case "remote-session":
		m.acceptFrom(m.base.schedule, s.from.ip, s.port, 49670)
		m.networkLogon(&caller, s.from.ip, s.port)
	default:
		m.acceptFrom(m.base.kernel, s.from.ip, s.port, 445)
		of := caller
		of.logon = pipe
		m.networkLogon(&of, s.from.ip, s.port)
		if s.id == "remote-pipe" {
			m.openPipe(&of, s.from.ip, s.port, "atsvc")
		}
		m.networkLogon(&caller, "-", 0)
	}
	m.in(100, func() {
		m.registerAs(t, nil, &caller, false)
		m.tellFrom(s)
		if s.id != "remote-pipe" {
			return
		}
		m.in(200, func() {
			r := m.start(t, 110, false)
			m.in(second, func() {
				m.end(r)
				m.removeAs(t, nil, &caller, false)
			})
		})
	})
}

func (m *machine) tellFrom(s *staging) {
	via := map[string]string{"remote-session": "4624", "remote-pipe": "5145", "remote-near": "4624-near"}[s.id]
	a := Act{Scene: s.id, Change: RegisteredFrom, Host: m.name, Task: s.path, At: m.now, IP: s.from.ip, Port: s.port, Via: map[Format][]string{}}
	a.see(via, EvtxJSON, Winlogbeat)
	m.tellAct(a)
}

// networkLogon is a logon from the network.
func (m *machine) networkLogon(a *account, ip string, from uint16) {
	m.emit(securityLog, 4624, 2, m.now, m.base.lsass.pid, "",
		str("TargetUserSid", a.sid), str("TargetUserName", a.name), str("TargetDomainName", a.domain),
		hex("TargetLogonId", a.logon), num("LogonType", 3), str("IpAddress", ip), port("IpPort", from))
}

// openPipe is that a caller from the network opened a pipe.
func (m *machine) openPipe(a *account, ip string, from uint16, pipe string) {
	m.emit(securityLog, 5145, 0, m.now+20, 4, "", append(m.subject(a), str("ObjectType", "File"), str("IpAddress", ip),
		port("IpPort", from), str("ShareName", `\\*\IPC$`), str("ShareLocalPath", "-"), str("RelativeTargetName", pipe),
		str("AccessMask", "0x12019f"), str("AccessList", "%%1538 %%4416"))...)
}

// playDecoys is what looks like somebody at work on tasks, and is not.
func (m *machine) playDecoys(*task) {
	nothing := func(*process) {}
	m.tool(1, schtasks, `schtasks.exe /query /tn "\Scenes\Tool"`, nothing)
	m.tool(minute, powershell, `powershell.exe -Command "Get-ScheduledTask -TaskName 'Cmdlet'"`, nothing)
	m.tool(2*minute, `C:\Windows\System32\wbem\WMIC.exe`, `wmic.exe os get caption`, nothing)
	m.tool(3*minute, `C:\Windows\System32\sc.exe`, `sc.exe start w32time`, nothing)
	m.in(4*minute, func() {
		of := *m.user
		of.logon = 0x7300010
		m.acceptFrom(m.base.kernel, "10.20.0.8", 60999, 445)
		m.networkLogon(&of, "10.20.0.8", 60999)
		m.openPipe(&of, "10.20.0.8", 60999, "srvsvc")
		m.tool(20*second, `C:\IT\deploy.exe`, `C:\IT\deploy.exe /none`, nothing)
	})
}
