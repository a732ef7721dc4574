package company

import (
	"encoding/base64"
	"encoding/binary"
	"unicode/utf16"
)

// scene is a story of who had a task made, changed or deleted, which the
// telemetry shows in the ways that the truth's links say.
type scene struct {
	id, path string
	play     func(*machine, *task)
	// ask is what the other host does where the task is made from there.
	ask func(*machine, *staging)
}

// staging is a scene on its hosts.
type staging struct {
	*scene
	on, from *host // from is nil unless another host has it made
	at       int64
	port     uint16 // that the call comes from
}

const schtasks = `C:\Windows\System32\schtasks.exe`

// scenes is the table of what is played once, on the first afternoon.
var scenes = []scene{
	{id: "schtasks", path: `\Scenes\Tool`, play: (*machine).playTool},
	{id: "cmdlets", path: `\Scenes\Cmdlet`, play: (*machine).playCmdlets},
	{id: "encoded", path: `\Scenes\Encoded`, play: (*machine).playEncoded},
	{id: "sd-removed", path: `\Scenes\No Descriptor`, play: (*machine).playHidden},
	{id: "index-zero", path: `\Scenes\No Index`, play: (*machine).playHidden},
	{id: "registry-only", path: `\Scenes\Written`, play: (*machine).playWritten},
	{id: "remote-session", path: `\Scenes\Far Tool`, ask: (*machine).askTool},
	{id: "remote-pipe", path: `\qWxTzLmB`, ask: (*machine).askPipe},
	{id: "remote-near", path: `\Scenes\Far Near`, ask: (*machine).askPipe},
	{id: "hand-overs", path: `\Scenes\Brokers`, play: (*machine).playHandovers},
	{id: "decoys", play: (*machine).playDecoys},
}

// stage puts the scenes on workstations that log everything, in turn; those with
// two hosts need as many.
func (w *world) stage() {
	fit := w.fitting(everything.name)
	for i := range scenes {
		s := &staging{scene: &scenes[i], at: w.start + 13*hour + int64(i)*10*minute, port: uint16(61000 + i)}
		if len(fit) == 0 || s.ask != nil && len(fit) < 2 {
			continue
		}
		s.on = fit[i%len(fit)]
		s.on.scenes = append(s.on.scenes, s)
		if s.ask != nil {
			s.from = fit[(i+1)%len(fit)]
			s.from.scenes = append(s.from.scenes, s)
		}
	}
}

func (m *machine) arrangeScenes() {
	for _, s := range m.scenes {
		m.at(s.at, 0, func() {
			switch {
			case m.base.explorer == nil || !m.up:
			case s.from == m.host:
				s.ask(m, s)
			case s.from != nil:
				m.at(m.now+500, 0, func() { m.called(s) })
			default:
				s.play(m, sceneTask(s))
			}
		})
	}
}

func sceneTask(s *staging) *task {
	image := `C:\ProgramData\Scenes\` + s.id + `.exe`
	return &task{path: s.path, image: image, command: image, args: "/run", trigger: 107, every: 24 * hour, lasts: second, scene: s.id}
}

// tool runs a program of the user's, which does something after a moment.
func (m *machine) tool(after int64, image, command string, do func(*process)) {
	m.in(after, func() {
		p := m.begin(birth{image: image, command: command, user: m.user, parent: m.base.explorer})
		m.in(120, func() {
			do(p)
			m.in(80, func() { m.finish(p) })
		})
	})
}

func (m *machine) playTool(t *task) {
	of := `schtasks.exe /%s /tn "` + t.path + `"`
	say := func(verb, rest string) string {
		return of[:len(`schtasks.exe /`)] + verb + of[len(`schtasks.exe /%s`):] + rest
	}
	program := ` /tr "` + t.image + ` ` + t.args + `"`
	m.tool(1, schtasks, say("create", " /sc daily"+program), func(p *process) { m.register(t, p, true) })
	m.tool(minute, schtasks, say("change", program), func(p *process) { m.change(updated, t, p, true) })
	m.tool(2*minute, schtasks, say("change", " /disable"), func(p *process) { m.change(disabled, t, p, true) })
	m.tool(3*minute, schtasks, say("change", " /enable"), func(p *process) { m.change(enabled, t, p, true) })
	m.tool(4*minute, schtasks, say("delete", " /f"), func(p *process) { m.remove(t, p, true) })
}

func (m *machine) playCmdlets(t *task) {
	say := func(verb, rest string) string {
		return `powershell.exe -NoProfile -Command "` + verb + `-ScheduledTask -TaskPath '\Scenes\' -TaskName 'Cmdlet'` + rest + `"`
	}
	m.tool(1, powershell, say("Register", " -Action $a"), func(p *process) { m.register(t, p, true) })
	m.tool(minute, powershell, say("Set", " -Action $b"), func(p *process) { m.change(updated, t, p, true) })
	m.tool(2*minute, powershell, say("Unregister", " -Confirm:$false"), func(p *process) { m.remove(t, p, true) })
}

func (m *machine) playEncoded(t *task) {
	var raw []byte
	for _, unit := range utf16.Encode([]rune(`Register-ScheduledTask -TaskName '` + t.path + `' -Action $a`)) {
		raw = binary.LittleEndian.AppendUint16(raw, unit)
	}
	command := "powershell.exe -NoP -enc " + base64.StdEncoding.EncodeToString(raw)
	m.tool(1, powershell, command, func(p *process) { m.register(t, p, true) })
}

// playHidden has a task made and then taken from the lists of tasks by a write
// to the registry.
func (m *machine) playHidden(t *task) {
	m.tool(1, `C:\IT\deploy.exe`, `C:\IT\deploy.exe /one`, func(p *process) { m.register(t, p, false) })
	m.tool(minute, `C:\ProgramData\Scenes\hide.exe`, `C:\ProgramData\Scenes\hide.exe`, func(p *process) {
		if t.scene == "sd-removed" {
			m.writeTree(t, p, "UPDATED", 12, "DeleteValue", "SD", "")
		} else {
			m.writeTree(t, p, "UPDATED", 13, "SetValue", "Index", "DWORD (0x00000000)")
		}
	})
}

// playWritten has a task made by writing to the registry alone, and run.
func (m *machine) playWritten(t *task) {
	m.tool(1, `C:\ProgramData\Scenes\write.exe`, `C:\ProgramData\Scenes\write.exe`, func(p *process) {
		m.writeTree(t, p, "CREATED", 13, "SetValue", "Id", "{5A0C2D11-93E4-4B7A-8C1D-2F6E7B9A0C31}")
	})
	m.in(minute, func() {
		r := m.start(t, 107, false)
		m.in(second, func() { m.end(r) })
	})
}

// writeTree is a write of a process to a task's key in the tree of tasks.
func (m *machine) writeTree(t *task, p *process, change string, id uint16, operation, value, data string) {
	fields := []field{
		str("RuleName", "-"), str("EventType", operation), utc("UtcTime", m.now), uid("ProcessGuid", p.guid), pidOf("ProcessId", p.pid),
		str("Image", p.image), str("TargetObject", `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree`+t.path+`\`+value),
	}
	if data != "" {
		fields = append(fields, str("Details", data))
	}
	m.emit(sysmonLog, id, 2, m.now+1, m.base.sysmon.pid, "", append(fields, str("User", p.user.full()))...)
	a := Act{Scene: t.scene, Change: change, Host: m.name, Task: t.path, At: m.now, By: m.birthOf(p), Via: map[Format][]string{}}
	if m.logs[sysmonLog] {
		a.see("task-tree", EvtxJSON, Winlogbeat)
	}
	m.tellAct(a)
}
