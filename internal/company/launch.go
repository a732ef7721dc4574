package company

// runUser is who a task runs as on the machine.
func (m *machine) runUser(t *task) *account {
	if t.user && m.user != nil {
		return m.user
	}
	return system
}

// launch runs a normal task.
func (m *machine) launch(t *task, trigger uint16) {
	if m.changed != nil && m.changed.path == t.path {
		t = m.changed
	}
	r := m.start(t, trigger, m.rng.IntN(1000) < lostStarts)
	p := r.root
	if t.site != "" {
		m.in(100+m.within(second), func() {
			if !p.ended {
				m.call(p, m.w.vendors[t.site])
			}
		})
	}
	if t.share {
		m.in(200+m.within(second), func() {
			if !p.ended {
				m.connect(p, "10.20.0.8", "srv-files."+internalSuffix, 445, false)
			}
		})
	}
	if t.child != nil {
		m.in(60+m.within(300), func() {
			c := m.spawn(p, t.child.image, t.child.command, p.user)
			m.in(m.within(t.lasts), func() { m.finish(c) })
		})
	}
	m.in(2*second+t.lasts/2+m.within(t.lasts), func() { m.end(r) })
}

// call is a normal task's contact with its vendor. Hosts whose DNS nobody logs
// go through the company's proxy: an address that only they know as an address
// would look rare.
func (m *machine) call(p *process, s site) {
	if m.logs[sysmonLog] {
		m.visit(p, s, 1+m.rng.IntN(2))
		return
	}
	m.connect(p, "10.20.0.9", "proxy."+internalSuffix, 8080, false)
}

// instance is one run of a task.
type instance struct {
	task *task
	id   string
	root *process
}

// start starts a task's process and logs the run as the service does: the
// launch first, then the instance, its action, and what triggered it.
func (m *machine) start(t *task, trigger uint16, unlogged bool) *instance {
	user := m.runUser(t)
	r := &instance{task: t, id: m.newGUID()}
	r.root = m.begin(birth{image: t.image, command: t.commandLine(), user: user, parent: m.base.schedule, unlogged: unlogged, task: t.path})
	at, logger := m.now+13, m.base.schedule.pid
	launched := []field{str("TaskName", t.path), str("Path", t.launchPath()), pidOf("ProcessID", r.root.pid), num("Priority", 16384)}
	if m.lostPID {
		launched = append(launched[:2:2], launched[3])
	}
	m.emit(schedulerLog, 129, 0, at, logger, "", launched...)
	m.emit(schedulerLog, 100, 0, at, logger, r.id,
		str("TaskName", t.path), str("UserContext", user.full()), uid("InstanceId", r.id))
	if m.lostPID {
		m.emit(schedulerLog, 200, 0, at+1, logger, r.id,
			str("TaskName", t.path), str("ActionName", t.action()), uid("TaskInstanceId", r.id))
	} else {
		m.emit(schedulerLog, 200, 1, at+1, logger, r.id, str("TaskName", t.path), str("ActionName", t.action()),
			uid("TaskInstanceId", r.id), pidOf("EnginePID", r.root.pid))
	}
	fields := []field{str("TaskName", t.path), uid("InstanceId", r.id)}
	switch trigger {
	case 110:
		fields = append(fields, str("UserContext", user.full()))
	case 119:
		fields = []field{str("TaskName", t.path), str("UserName", user.full()), uid("InstanceId", r.id)}
	}
	m.emit(schedulerLog, trigger, 0, at+2, logger, r.id, fields...)
	return r
}

// end ends a task's process and with it the run.
func (m *machine) end(r *instance) { m.endAs(r, false) }

func (m *machine) endAs(r *instance, reserved bool) {
	if r.root.ended {
		return
	}
	m.finishAs(r.root, reserved)
	at, logger := m.now+3, m.base.schedule.pid
	fields := []field{str("TaskName", r.task.path), uid("TaskInstanceId", r.id), str("ActionName", r.task.action()), num("ResultCode", 0)}
	version := uint8(1)
	if !m.lostPID {
		fields, version = append(fields, pidOf("EnginePID", r.root.pid)), 2
	}
	m.emit(schedulerLog, 201, version, at, logger, r.id, fields...)
	m.emit(schedulerLog, 102, 0, at+1, logger, r.id,
		str("TaskName", r.task.path), str("UserContext", m.runUser(r.task).full()), uid("InstanceId", r.id))
}

// register logs a task's registration by a process of this machine, nil for
// one that came from another.
func (m *machine) register(t *task, by *process, asks bool) { m.registerAs(t, by, system, asks) }

// registerAs is register where the caller on another machine is known.
func (m *machine) registerAs(t *task, by *process, user *account, asks bool) {
	startKey, clientPID, parentPID := uint64(0), uint32(0), uint32(0)
	if by != nil {
		user, clientPID = by.user, by.pid
		startKey = 7<<48 | uint64(m.starts)
		if by.parent != nil {
			parentPID = by.parent.pid
		}
	}
	xml := t.xml(user)
	fields := append(m.subject(user), str("TaskName", t.path), str("TaskContent", xml),
		num("ClientProcessStartKey", int64(startKey)), pidOf("ClientProcessId", clientPID), pidOf("ParentProcessId", parentPID),
		num("RpcCallClientLocality", 0), str("FQDN", m.name))
	m.emit(securityLog, 4698, 1, m.now+2, m.base.lsass.pid, "", fields...)
	m.emit(schedulerLog, 106, 0, m.now+1, m.base.schedule.pid, "",
		str("TaskName", t.path), str("UserContext", user.full()))
	m.defenderTask("ScheduledTaskCreated", t, xml, by)
	m.did("CREATED", t, by, asks)
}

// change is one of the changes of a task that leave it there.
type change struct {
	id, log uint16 // of Security and of TaskScheduler, 0 for none
	content string // name of the field with the definition
	row     string // Defender's action
	edge    string
}

var (
	updated  = &change{4702, 140, "TaskContentNew", "ScheduledTaskUpdated", "UPDATED"}
	enabled  = &change{4700, 0, "TaskContent", "ScheduledTaskEnabled", "ENABLED"}
	disabled = &change{4701, 142, "TaskContent", "ScheduledTaskDisabled", "DISABLED"}
)

// update logs that a task was written again; its definition stays.
func (m *machine) update(t *task, by *process) { m.change(updated, t, by, false) }

// change logs a change of a task by a process of this machine.
func (m *machine) change(c *change, t *task, by *process, asks bool) {
	xml := t.xml(by.user)
	fields := append(m.subject(by.user), str("TaskName", t.path), str(c.content, xml),
		num("ClientProcessStartKey", int64(7<<48|uint64(m.starts))), pidOf("ClientProcessId", by.pid), pidOf("ParentProcessId", 0),
		num("RpcCallClientLocality", 0), str("FQDN", m.name))
	m.emit(securityLog, c.id, 1, m.now+2, m.base.lsass.pid, "", fields...)
	if c.log != 0 {
		m.emit(schedulerLog, c.log, 0, m.now+1, m.base.schedule.pid, "", str("TaskName", t.path), str("UserName", by.user.full()))
	}
	m.defenderTask(c.row, t, xml, by)
	m.did(c.edge, t, by, asks)
}

// remove logs that a task was deleted, without its content, as is common.
func (m *machine) remove(t *task, by *process, asks bool) { m.removeAs(t, by, system, asks) }

// removeAs is remove where the caller on another machine is known.
func (m *machine) removeAs(t *task, by *process, user *account, asks bool) {
	clientPID := uint32(0)
	if by != nil {
		user, clientPID = by.user, by.pid
	}
	fields := append(m.subject(user), str("TaskName", t.path), str("TaskContent", ""),
		num("ClientProcessStartKey", 0), pidOf("ClientProcessId", clientPID), pidOf("ParentProcessId", 0),
		num("RpcCallClientLocality", 0), str("FQDN", m.name))
	m.emit(securityLog, 4699, 1, m.now+2, m.base.lsass.pid, "", fields...)
	m.emit(schedulerLog, 141, 0, m.now+1, m.base.schedule.pid, "", str("TaskName", t.path), str("UserName", user.full()))
	m.defenderTask("ScheduledTaskDeleted", t, "", by)
	m.did("DELETED", t, by, asks)
}

// atexec is a task from another host: registered, run on demand, deleted.
func (m *machine) atexec(p *planting) {
	if !m.up {
		return
	}
	m.accept(m.base.schedule, "10.20.9.77", 49667)
	m.register(p.task, nil, false)
	m.in(300, func() { m.runPlant(p, 110) })
	m.in(2500, func() { m.remove(p.task, nil, false) })
}

// runPlant runs a planted task: its chain of processes, the contact that the
// last one makes, and their end in the opposite order.
func (m *machine) runPlant(p *planting, trigger uint16) {
	if !m.up {
		return
	}
	c := &chainRun{planting: p, steps: p.steps(), gap: 60, spread: 400}
	if p.short {
		c.gap, c.spread = 15, 40
	}
	r := m.start(p.task, trigger, p.lostRoot)
	c.run, c.processes = r, []*process{r.root}
	m.in(c.gap+m.within(c.spread), func() { m.nextStep(c) })
}

// chainRun is a run of a planted task under way.
type chainRun struct {
	*planting
	run         *instance
	steps       []step
	processes   []*process
	gap, spread int64
}

func (m *machine) nextStep(c *chainRun) {
	n := len(c.processes)
	if n < len(c.steps) {
		s := c.steps[n]
		c.processes = append(c.processes, m.begin(birth{
			image: s.image, command: s.command, user: c.run.root.user, parent: c.processes[n-1],
			unlogged: c.lostMiddle && n == 1,
		}))
		m.in(c.gap+m.within(c.spread), func() { m.nextStep(c) })
		return
	}
	m.contactPlant(c)
	m.in(200+2*c.spread+m.within(c.spread), func() { m.unwind(c, n-1) })
}

func (m *machine) contactPlant(c *chainRun) {
	last := c.processes[len(c.processes)-1]
	s := c.site()
	if s.name != "" {
		m.ask(last, s)
	}
	if !c.resolvedOnly {
		m.in(30+m.within(60), func() { m.connect(last, c.ip, s.name, 443, false) })
	}
	c.runs++
	if c.runs > 1 {
		return
	}
	c.contact = m.now
	for _, p := range c.processes {
		c.chain = append(c.chain, Link{
			Image: p.image, CommandLine: p.command, PID: p.pid, GUID: p.guid, Start: stamp(p.start), Logged: p.logged,
		})
	}
}

// unwind ends the chain's processes from the last to the first.
func (m *machine) unwind(c *chainRun, n int) {
	p := c.processes[n]
	reused := c.reuse && c.runs == 1 && n == len(c.processes)-1
	if n == 0 {
		m.endAs(c.run, reused)
	} else {
		m.finishAs(p, reused)
		m.in(10+m.within(30), func() { m.unwind(c, n-1) })
	}
	if reused {
		m.in(5*second+m.within(4*second), func() { m.reusePID(c.planting, p.pid) })
	}
}

// site is the plant's destination as a process resolves it.
func (p *planting) site() site {
	s := site{name: p.name, domain: p.domain, ips: []string{p.ip}}
	if p.sharedIP {
		s.cname = "e9017.edge.fabrikam-cloud.net"
	}
	return s
}
