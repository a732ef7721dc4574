package loader_test

import (
	"time"

	"github.com/taskroot/taskroot/graph"
)

var classIDs = []string{"11111111-2222-4333-8444-000000000001", "11111111-2222-4333-8444-000000000002", "11111111-2222-4333-8444-000000000003"}

// handler is a COM handler of a definition, or nothing.
func (m *messer) handler() string {
	if m.rng.IntN(2) == 0 {
		return ""
	}
	return `<ComHandler><ClassId>{` + m.pick(classIDs...) + `}</ClassId></ComHandler>`
}

// actor is a process as some source names it: by GUID, by PID and start, by PID,
// or not at all.
func (m *messer) actor(at time.Time) graph.ProcessRef {
	p := graph.ProcessRef{PID: uint32(4 * (1 + m.rng.IntN(4))), Image: m.pick(images...)}
	switch m.rng.IntN(5) {
	case 0, 1:
		n := m.rng.Uint32() & 0xf // the same process is met again, and has its PID
		p.GUID, p.PID = guid(at.Add(-time.Duration(m.rng.IntN(20))*time.Second), n), 4*(1+n%4)
	case 2:
		p.Started = at.Add(-time.Duration(m.rng.IntN(9)) * time.Second).Truncate(time.Second)
	case 3:
		p.Image = m.pick(p.Image, "")
	default:
		if m.rng.IntN(3) == 0 {
			p.PID = 0
		}
	}
	return p
}

// class makes changes of COM classes, and what processes load.
func (m *messer) class() {
	host, at := m.pick("h1", "h2"), m.at()
	if m.rng.IntN(3) == 0 {
		at = at.Truncate(30 * time.Second) // several at one time
	}
	if m.rng.IntN(2) == 0 {
		o := &graph.ClassChanged{
			Header: m.head(host, at, "Microsoft-Windows-Sysmon/Operational", 13), Process: m.actor(at), ClassID: m.pick(classIDs...),
			Kind: m.pick("InprocServer32", "inprocserver32", "LocalServer32", "TreatAs", "AppID"), Server: m.pick("", `C:\a.dll`, `%SystemRoot%\system32\b.dll`),
			PerUser: m.rng.IntN(2) == 0, Source: m.pick("sysmon13", "4657", "defender"),
		}
		if m.rng.IntN(4) == 0 {
			o.Gone, o.Server, o.Kind = true, "", m.pick(o.Kind, "")
		}
		m.out = append(m.out, o)
		return
	}
	m.out = append(m.out, &graph.ModuleLoaded{
		Header: m.head(host, at, "Microsoft-Windows-Sysmon/Operational", 7), Process: m.actor(at),
		Path: m.pick(`C:\a.dll`, `C:\A.dll`, `C:\Windows\System32\b.dll`), Hashes: m.pick("", "SHA1=1", "SHA1=2|x"),
		Signature: m.pick("", "Contoso", "A/B:C|D"), Valid: m.rng.IntN(2) == 0, Source: m.pick("sysmon7", "defender"),
	})
}
