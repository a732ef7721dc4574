package company

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// process is one that runs, or ran, on a machine.
type process struct {
	pid     uint32
	guid    string
	image   string
	command string
	user    *account
	start   int64
	parent  *process // nil for none
	logged  bool     // its start is in the logs
	ended   bool

	device string // image as 5156 writes it, made when first needed
	row    string // its Defender columns, likewise
}

func (p *process) name() string { return p.image[strings.LastIndexByte(p.image, '\\')+1:] }

// pids hands out process ids: multiples of four, soon used again.
type pids struct {
	next  uint32
	live  map[uint32]bool
	freed []freed
}

type freed struct {
	pid uint32
	at  int64
}

// restAfter is how long an id stays unused: less would make two processes of
// one name and id in one second, which no telemetry tells apart.
const restAfter = 3 * second

func (m *machine) takePID() uint32 {
	ids := &m.ids
	if ids.live == nil {
		ids.live = map[uint32]bool{}
	}
	if len(ids.freed) > 0 && ids.freed[0].at+restAfter <= m.now && m.chance(0.4) {
		pid := ids.freed[0].pid
		ids.freed = ids.freed[1:]
		ids.live[pid] = true
		return pid
	}
	for {
		ids.next += 4 * uint32(1+m.rng.IntN(9))
		if ids.next > max(24000, 16*uint32(len(ids.live))) {
			ids.next = 600 + 4*uint32(m.rng.IntN(40))
		}
		if !ids.live[ids.next] && !slices.ContainsFunc(ids.freed, func(f freed) bool { return f.pid == ids.next }) {
			ids.live[ids.next] = true
			return ids.next
		}
	}
}

// freePID makes an ended process's id usable again, unless something waits for
// just that id.
func (m *machine) freePID(p *process, reserved bool) {
	if reserved {
		return
	}
	delete(m.ids.live, p.pid)
	m.ids.freed = append(m.ids.freed, freed{p.pid, m.now})
	if len(m.ids.freed) > 400 {
		m.ids.freed = slices.Clone(m.ids.freed[200:])
	}
}

// birth is how a process starts.
type birth struct {
	image, command string
	user           *account
	parent         *process
	pid            uint32 // 0 for any
	unlogged       bool
	task           string // whose run begins with it
	at             int64  // 0 for now
}

// lostStarts is how many of a thousand ordinary starts the logs miss.
const lostStarts = 25

// spawn starts an ordinary process, whose start the logs may miss.
func (m *machine) spawn(parent *process, image, command string, user *account) *process {
	return m.begin(birth{image: image, command: command, user: user, parent: parent, unlogged: m.rng.IntN(1000) < lostStarts})
}

// begin starts a process.
func (m *machine) begin(b birth) *process {
	p := &process{pid: b.pid, image: b.image, command: b.command, user: b.user, start: b.at, parent: b.parent, logged: !b.unlogged}
	if p.start == 0 {
		p.start = m.now
	}
	if p.pid == 0 {
		p.pid = m.takePID()
	}
	m.ids.live[p.pid] = true
	m.starts++
	sec := uint32(p.start / second)
	p.guid = fmt.Sprintf("%08X-%04X-%04X-%04X-%08X0800", m.guid, sec&0xffff, sec>>16, m.starts&0xffff, m.starts>>16)
	m.live = append(m.live, p)
	if len(m.live) > m.crowd {
		m.live = slices.DeleteFunc(m.live, func(p *process) bool { return p.ended })
		m.crowd = 512 + 2*len(m.live)
	}
	m.born(p, b.task)
	if p.logged {
		m.tellStart(p)
	}
	return p
}

// finish ends a process; its id can be used again.
func (m *machine) finish(p *process) { m.finishAs(p, false) }

func (m *machine) finishAs(p *process, reserved bool) {
	if p.ended {
		return
	}
	p.ended = true
	m.freePID(p, reserved)
	if m.rng.IntN(1000) < lostStarts {
		return
	}
	m.emit(sysmonLog, 5, 3, m.now+1+m.within(4), m.base.sysmon.pid, "",
		str("RuleName", "-"), utc("UtcTime", m.now), uid("ProcessGuid", p.guid), pidOf("ProcessId", p.pid),
		str("Image", p.image), str("User", p.user.full()))
	m.emit(securityLog, 4689, 0, m.now, 4, "", append(m.subject(p.user),
		str("Status", "0x0"), hex("ProcessId", uint64(p.pid)), str("ProcessName", p.image))...)
}

// subject is who did something, as Security tells it: the machine's own
// account has the domain's name.
func (m *machine) subject(a *account) []field {
	domain, name := a.domain, a.name
	if a == system {
		domain, name = netbios, strings.ToUpper(m.short())+"$"
	}
	return []field{
		str("SubjectUserSid", a.sid), str("SubjectUserName", name), str("SubjectDomainName", domain),
		hex("SubjectLogonId", a.logon),
	}
}

func (m *machine) short() string {
	name, _, _ := strings.Cut(m.name, ".")
	return name
}

func (m *machine) tellStart(p *process) {
	if m.logs[sysmonLog] {
		m.tellSysmonStart(p)
	}
	if m.logs[securityLog] {
		m.tellSecurityStart(p)
	}
	m.defenderStart(p)
}

var nobody = &process{guid: "00000000-0000-0000-0000-000000000000", image: "-", command: "-", user: &account{name: "-"}}

func (m *machine) tellSysmonStart(p *process) {
	parent := p.parent
	parentUser := "-"
	if parent == nil {
		parent = nobody
	} else {
		parentUser = parent.user.full()
	}
	session := int64(0)
	if p.user == m.user {
		session = 1
	}
	m.emit(sysmonLog, 1, 5, p.start+1+m.within(5), m.base.sysmon.pid, "",
		str("RuleName", "-"), utc("UtcTime", p.start), uid("ProcessGuid", p.guid), pidOf("ProcessId", p.pid),
		str("Image", p.image), str("FileVersion", "10.0.1.4"), str("Description", "-"), str("Product", "-"), str("Company", "-"),
		str("OriginalFileName", p.name()), str("CommandLine", p.command), str("CurrentDirectory", `C:\Windows\system32\`),
		str("User", p.user.full()), uid("LogonGuid", fmt.Sprintf("%08X-0000-0000-%04X-%08X0000", m.guid, p.user.logon&0xffff, p.user.logon>>16)),
		hex("LogonId", p.user.logon), num("TerminalSessionId", session), str("IntegrityLevel", p.user.integrity),
		str("Hashes", hashes(p.image)), uid("ParentProcessGuid", parent.guid), pidOf("ParentProcessId", parent.pid),
		str("ParentImage", parent.image), str("ParentCommandLine", parent.command), str("ParentUser", parentUser))
}

// hashes makes up a file's hashes from its path.
func hashes(image string) string {
	sum := sha256.Sum256([]byte(image))
	return fmt.Sprintf("MD5=%X,SHA256=%X,IMPHASH=%X", sum[:16], sum, sum[16:])
}

var mandatoryLabels = map[string]string{"System": "S-1-16-16384", "High": "S-1-16-12288", "Medium": "S-1-16-8192"}

func (m *machine) tellSecurityStart(p *process) {
	parentID, parentName := uint32(0), "-"
	if p.parent != nil {
		parentID, parentName = p.parent.pid, p.parent.image
	}
	fields := append(m.subject(p.user),
		hex("NewProcessId", uint64(p.pid)), str("NewProcessName", p.image), str("TokenElevationType", "%%1936"),
		hex("ProcessId", uint64(parentID)))
	commandLine := p.command
	if m.noCommand {
		commandLine = ""
	}
	fields = append(fields, str("CommandLine", commandLine),
		str("TargetUserSid", "S-1-0-0"), str("TargetUserName", "-"), str("TargetDomainName", "-"), hex("TargetLogonId", 0),
		str("ParentProcessName", parentName), str("MandatoryLabel", mandatoryLabels[p.user.integrity]))
	m.emit(securityLog, 4688, 2, p.start, 4, "", fields...)
}
