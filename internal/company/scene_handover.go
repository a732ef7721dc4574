package company

const (
	msiexec = `C:\Windows\System32\msiexec.exe`
	wmiHost = `C:\Windows\System32\wbem\WmiPrvSE.exe`
)

// playHandovers runs a task whose processes have others started by brokers: WMI,
// the service control manager, COM's launcher, the installer. Each lives on for a
// moment, as its like does that waits for what it asked for.
func (m *machine) playHandovers(t *task) {
	m.tool(1, `C:\IT\deploy.exe`, `C:\IT\deploy.exe /one`, func(p *process) { m.register(t, p, false) })
	folder := `C:\ProgramData\Scenes\`
	m.in(minute, func() {
		r := m.start(t, 107, false)
		child := func(after int64, parent *process, image, command string, lasts int64, then func(*process)) {
			m.in(after, func() {
				p := m.begin(birth{image: image, command: command, user: parent.user, parent: parent})
				m.in(lasts, func() { m.finish(p) })
				if then != nil {
					then(p)
				}
			})
		}
		child(500, m.base.dcom, wmiHost, `C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding`, 5*minute, func(host *process) {
			child(500, r.root, `C:\Windows\System32\wbem\WMIC.exe`, `wmic.exe process call create "`+folder+`wmi.exe /a /b"`, 2*second, func(asked *process) {
				child(300, host, folder+`wmi.exe`, folder+`wmi.exe /a /b`, second, m.handed(t, "VIA_WMI", "command-line", asked))
			})
		})
		child(20*second, r.root, `C:\Windows\System32\sc.exe`, `sc.exe start SceneSvc`, 2*second, func(asked *process) {
			child(300, m.base.services, folder+`scenesvc.exe`, folder+`scenesvc.exe -service`, second, m.handed(t, "VIA_SERVICE", "name", asked))
		})
		command := `powershell.exe -NoProfile -Command "$m = New-Object -ComObject MMC20.Application; $m.Document"`
		child(40*second, r.root, powershell, command, 3*second, func(asked *process) {
			child(300, m.base.dcom, `C:\Windows\System32\mmc.exe`, `C:\Windows\system32\mmc.exe -Embedding`, second, m.handed(t, "VIA_COM", "name", asked))
		})
		child(minute, r.root, msiexec, `msiexec.exe /i `+folder+`scene.msi /qn`, 20*second, func(asked *process) {
			child(300, m.base.services, msiexec, `C:\Windows\system32\msiexec.exe /V`, minute, func(service *process) {
				m.handed(t, "VIA_MSI", "name", asked)(service)
				child(second, service, folder+`setup.exe`, folder+`setup.exe -s`, second, m.handed(t, "VIA_MSI", "client", asked))
			})
		})
		m.in(2*minute, func() { m.end(r) })
	})
}

// handed notes that one process had the broker start another.
func (m *machine) handed(t *task, kind, via string, asked *process) func(*process) {
	return func(worker *process) {
		a := Act{
			Scene: t.scene, Change: kind, Host: m.name, Task: t.path, At: worker.start,
			By: m.birthOf(asked), To: m.birthOf(worker), Via: map[Format][]string{},
		}
		a.see(via, EvtxJSON, Winlogbeat)
		if m.defender {
			a.see(via, Defender)
		}
		m.tellAct(a)
	}
}
