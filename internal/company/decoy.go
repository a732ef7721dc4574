package company

// The decoys are what a careless reader of the same telemetry would report.
const (
	decoyReuse   = "pid-reuse"
	decoyBrowser = "rare-by-browser"
	decoyAnswer  = "other-process-answer"
	decoyService = "shared-svchost-child"
	decoyCommon  = "common-by-task"
	decoyShared  = "dynamic-dns-common"
)

var decoySites = map[string]string{
	"www.quillfeather-hobby.net": "quillfeather-hobby.net",
	"docs.larchwell-sensor.com":  "larchwell-sensor.com",
	"cab.tallowdean-fetch.com":   "tallowdean-fetch.com",
	"homecam.duckdns.org":        "homecam.duckdns.org",
	"track.brackenmill-post.com": "brackenmill-post.com",
	"track.osierbank-post.com":   "osierbank-post.com",
}

// decoySite is a decoy's site; its address is made from its name's length and
// letters, so that each has its own.
func decoySite(name string) site {
	sum := 0
	for _, c := range name {
		sum = (sum*31 + int(c)) % 60000
	}
	return site{name: name, domain: decoySites[name], ips: []string{"151.249." + itoa(int64(sum/240)) + "." + itoa(int64(1+sum%240))}}
}

// reuseSite is where the browser goes that gets a planted process's PID.
func reuseSite(p *planting) site {
	if p.id == "direct" {
		return decoySite("track.brackenmill-post.com")
	}
	return decoySite("track.osierbank-post.com")
}

// watched says that the truth tells how many hosts reach a destination.
func (w *world) watched(destination string) bool {
	return w.watch[destination]
}

func (w *world) watchAll() {
	w.watch = map[string]bool{"contoso-software.com": true}
	for _, domain := range decoySites {
		w.watch[domain] = true
	}
	for name := range decoySites {
		w.watch[decoySite(name).ips[0]] = true
	}
	for _, p := range w.plantings {
		if p.domain != "" {
			w.watch[p.domain] = true
		}
		w.watch[p.ip] = true
	}
}

// arrangeDecoys puts on the agenda what only looks like a planted task.
func (m *machine) arrangeDecoys() {
	if m.role != workstation {
		return
	}
	if m.index == 2 {
		m.once(11*hour, func() {
			m.browseDecoy(decoyBrowser, "www.quillfeather-hobby.net", "a rare domain, by a browser that no task started")
		})
	}
	if m.index%2 == 0 || m.index%5 == 1 {
		m.once(11*hour+30*minute, func() {
			m.visit(m.browser(), decoySite("homecam.duckdns.org"), 1)
		})
	}
	if m.telemetry.name == "older" && m.index < 20 {
		m.once(13*hour, m.serviceDecoy)
	}
	for _, p := range m.plants {
		if p.id == "address" {
			m.at(m.w.start+8*hour+30*minute, 0, func() { m.answerDecoy(p) })
		}
	}
}

// once does something on the first day, somewhere in the quarter of an hour
// from then on, if the machine is up and someone is logged on.
func (m *machine) once(after int64, do func()) {
	m.at(m.w.start+after+m.within(15*minute), 0, func() {
		if m.up && m.base.explorer != nil {
			do()
		}
	})
}

func (m *machine) decoy(kind string, p *process, destination, why string) {
	m.decoys = append(m.decoys, Decoy{
		Kind: kind, Host: m.name, Destination: destination, Image: p.image, PID: p.pid, GUID: p.guid, Start: stamp(p.start), Why: why,
	})
}

// destination is a site as this host's logs can name it.
func (m *machine) destination(s site) string {
	if !m.logs[sysmonLog] {
		return s.ips[0]
	}
	return s.domain
}

func (m *machine) browseDecoy(kind, name, why string) {
	s, b := decoySite(name), m.browser()
	m.visit(b, s, 2)
	m.decoy(kind, b, m.destination(s), why)
}

// reusePID gives the id of a planted process that has ended to a browser, which
// goes to a rare domain of its own.
func (m *machine) reusePID(p *planting, pid uint32) {
	parent, user := m.base.explorer, m.user
	if parent == nil {
		parent, user = m.base.services, system
	}
	b := m.begin(birth{image: browser, command: `"` + browser + `" --new-window`, user: user, parent: parent, pid: pid})
	s := reuseSite(p)
	m.in(300, func() { m.visit(b, s, 2) })
	m.in(10*minute, func() { m.finish(b) })
	m.decoy(decoyReuse, b, m.destination(s), "a browser with the PID that a process of "+p.path+" had seconds before")
}

// answerDecoy lets a browser resolve a name to the address that a planted task
// goes to without a name.
func (m *machine) answerDecoy(p *planting) {
	if !m.up || m.base.explorer == nil {
		return
	}
	s := decoySite("docs.larchwell-sensor.com")
	s.ips = []string{p.ip}
	b := m.browser()
	m.ask(b, s)
	m.decoy(decoyAnswer, b, m.destination(s), "a browser was told this name for the address that "+p.path+" goes to; the task was not")
}

// serviceDecoy is a child of a shared svchost that is no task's.
func (m *machine) serviceDecoy() {
	p := m.begin(birth{
		image: `C:\Windows\System32\regsvr32.exe`, command: `C:\Windows\system32\regsvr32.exe /s C:\ProgramData\fetch.dll`,
		user: system, parent: m.base.netsvcs,
	})
	s := decoySite("cab.tallowdean-fetch.com")
	m.in(300, func() { m.visit(p, s, 1) })
	m.in(8*second, func() { m.finish(p) })
	m.decoy(decoyService, p, m.destination(s), "a child of a shared svchost that no task started: at most a candidate")
}
