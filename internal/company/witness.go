package company

// Birth is a process that started, as the company itself knows it, whatever its
// logs tell. Times are milliseconds since 1970.
type Birth struct {
	Host   string // as its records spell it
	Image  string
	PID    uint32
	GUID   string // Sysmon's, upper case without braces
	Start  int64
	Logged bool // its start is in the logs that the host has
	// Task is the path of the task whose run the process is the first of, "" for
	// any other.
	Task   string
	Parent *Birth // nil for none; its own Parent and Task are not told
}

// Act is that a process of the company had a task made, changed or deleted.
type Act struct {
	Host   string // of the task
	Task   string // path
	Change string // CREATED, UPDATED, DELETED, ENABLED, DISABLED
	At     int64
	By     *Birth // nil where nobody of that host asked for it
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

func (m *machine) did(change string, t *task, by *process) {
	if m.w.o.Witness == nil {
		return
	}
	a := Act{Host: m.name, Task: t.path, Change: change, At: m.now}
	if by != nil {
		a.By = m.birthOf(by)
	}
	m.batch.seen.acts = append(m.batch.seen.acts, a)
}
