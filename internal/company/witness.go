package company

// Birth is a process that started, as the company itself knows it, whatever its
// logs tell. Times are milliseconds since 1970.
type Birth struct {
	Host   string `json:"host"` // as its records spell it
	Image  string `json:"image,omitempty"`
	PID    uint32 `json:"pid,omitempty"` // 0 for the host itself, where no process is meant
	GUID   string `json:"guid,omitempty"`
	Start  int64  `json:"start,omitempty"`
	Logged bool   `json:"logged,omitempty"` // its start is in the logs that the host has
	// Task is the path of the task whose run the process is the first of, "" for
	// any other.
	Task   string `json:"-"`
	Parent *Birth `json:"-"` // nil for none; its own Parent and Task are not told
}

// The kinds of acts beside those that are named as the loader's edges are:
// CREATED, UPDATED, DELETED, ENABLED, DISABLED, and VIA_WMI and its like.
const (
	Registered     = "REGISTERED"      // from another host, by the host or by its process
	RegisteredFrom = "REGISTERED_FROM" // from an address
)

// Act is that somebody had a task made, changed or deleted: what an edge of the
// graph should say.
type Act struct {
	Scene  string `json:"scene,omitempty"` // what it is part of, "" for the company's usual days
	Change string `json:"change"`
	Host   string `json:"host"` // of the task
	Task   string `json:"task"` // its path
	At     int64  `json:"at"`   // milliseconds since 1970
	// By is the process that did it, or that had it done on another host; nil
	// where nobody of that host asked for it.
	By   *Birth `json:"by,omitempty"`
	To   *Birth `json:"to,omitempty"` // VIA_…: the process that a broker started for By
	IP   string `json:"ip,omitempty"` // REGISTERED_FROM: the caller's
	Port uint16 `json:"port,omitempty"`
	// Via is how each format shows it, in the words of the loader's edges; a
	// format that doesn't show it is not there.
	Via map[Format][]string `json:"via"`
}

// Witness is told of what happens, in the order of slices, hosts and time; nil
// functions are left out. The truth that is written keeps the planted only:
// all processes of a company would be as large as its logs.
type Witness struct {
	Born func(Birth)
	Did  func(Act)
}

// witnessed is what happened on one host in a slice.
type witnessed struct {
	births []Birth
	acts   []Act
}

func (w *Witness) tell(of *witnessed) {
	for _, b := range of.births {
		if w.Born != nil {
			w.Born(b)
		}
	}
	for _, a := range of.acts {
		if w.Did != nil {
			w.Did(a)
		}
	}
}

func (m *machine) birthOf(p *process) *Birth {
	return &Birth{Host: m.name, Image: p.image, PID: p.pid, GUID: p.guid, Start: p.start, Logged: p.logged}
}

func (m *machine) born(p *process, task string) {
	if m.w.o.Witness == nil {
		return
	}
	b := m.birthOf(p)
	b.Task = task
	if p.parent != nil {
		b.Parent = m.birthOf(p.parent)
	}
	m.batch.seen.births = append(m.batch.seen.births, *b)
}

// did notes that a process had a task of this machine changed; asks says that
// its command line tells so.
func (m *machine) did(change string, t *task, by *process, asks bool) {
	if by == nil {
		m.tellAct(Act{Change: change, Host: m.name, Task: t.path, At: m.now})
		return
	}
	a := Act{Scene: t.scene, Change: change, Host: m.name, Task: t.path, At: m.now, By: m.birthOf(by), Via: map[Format][]string{}}
	if m.logs[securityLog] {
		a.see("client-pid", EvtxJSON, Winlogbeat)
	}
	if m.defender {
		a.see("defender", Defender)
	}
	if asks {
		m.asked(&a, by)
	}
	m.tellAct(a)
}

// asked adds that a's process is seen asking for it by its command line.
func (m *machine) asked(a *Act, by *process) {
	if by.logged && (m.logs[sysmonLog] || m.logs[securityLog] && !m.noCommand) {
		a.see("command-line", EvtxJSON, Winlogbeat)
	}
	if by.logged && m.defender {
		a.see("command-line", Defender)
	}
}

func (a *Act) see(via string, in ...Format) {
	for _, f := range in {
		a.Via[f] = append(a.Via[f], via)
	}
}

// tellAct tells the witness, and the truth where it is part of a scene.
func (m *machine) tellAct(a Act) {
	for f := range a.Via {
		if !m.batch.wants[f] {
			delete(a.Via, f)
		}
	}
	if m.w.o.Witness != nil {
		m.batch.seen.acts = append(m.batch.seen.acts, a)
	}
	if a.Scene != "" {
		m.links = append(m.links, a)
	}
}
