package settle

import (
	"slices"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

func (r *Round) talk(key string) *Talk {
	t := r.talks[key]
	if t == nil {
		t = NewTalk()
		r.talks[key] = t
	}
	return t
}

func (r *Round) contacted(o *graph.Contacted) {
	at := o.Clock.At
	r.address(o.Head(), o.LocalIP)
	c := Contact{
		Second: at.Unix(), IP: o.RemoteIP, Port: o.RemotePort, Proto: o.Protocol, Local: o.LocalPort, In: o.Inbound,
	}
	if name, ok := graph.NormalName(o.RemoteName); ok && !o.Inbound {
		if _, isIP := graph.NormalIP(name); !isIP {
			c.Name = name
		}
	}
	id := EvidenceID(c.In, c.remote())
	if o.Process.GUID != "" {
		p := r.guid(o.Host, o.Process, at)
		p.see(o.Evidence, at)
		t := r.talk(p.Key)
		t.AddContact(c, bond{ByGUID, "", o.Source})
		t.note(c.IP, o.ReverseName, id, Evidences{}.Add(o.Evidence, id))
		r.claim(o.Head(), &claim{kind: "C", key: p.Key, rest: id})
		return
	}
	if o.Process.PID == 0 {
		r.byImage(o, c, id)
		return
	}
	r.byPID(o.Head(), o.Process, &ref{contact: &c, via: o.Source, reverse: o.ReverseName, evidence: Evidences{}.Add(o.Evidence, id)},
		claim{kind: "C", rest: id})
}

// byImage takes a connection whose record lost the PID: all those of one image
// on a host are one stub, which keeps the host in the count of who goes there.
func (r *Round) byImage(o *graph.Contacted, c Contact, id string) {
	name := graph.BaseName(o.Process.Image)
	key := o.Host + graph.Sep + "0" + graph.Sep + "~" + graph.Sep + name
	p := r.procs[key]
	if p == nil {
		p = &Process{Key: key, Host: o.Host, Facts: Facts{Stub: name}}
		r.procs[key] = p
	}
	p.Merge(Mention{Image: o.Process.Image, First: o.Clock.At, Last: o.Clock.At})
	p.see(o.Evidence, o.Clock.At)
	t := r.talk(key)
	t.AddContact(c, bond{ByGUID, "", o.Source})
	t.note(c.IP, o.ReverseName, id, Evidences{}.Add(o.Evidence, id))
	r.claim(o.Head(), &claim{kind: "C", key: key, rest: id})
}

func (t *Talk) note(ip, reverse, id string, e Evidences) {
	if reverse != "" {
		t.Reverse[ip] = max(t.Reverse[ip], reverse)
	}
	t.Evidence[id] = t.Evidence[id].Join(e)
}

func (r *Round) byPID(h *graph.Header, p graph.ProcessRef, f *ref, c claim) {
	f.claim = &c
	r.claim(h, &c)
	r.reference(h, p, f)
}

// reference files what speaks of a process by PID until it is known which
// instance is meant.
func (r *Round) reference(h *graph.Header, p graph.ProcessRef, f *ref) {
	f.at, f.known, f.name = wholeSecond(h.Clock.At.Unix()), !h.Clock.Unknown, graph.BaseName(p.Image)
	switch {
	case named(p):
		f.bound, f.name = ByStart, startOf(p.Started).Format(stamp)
		r.sight(h, p, graph.ProcessRef{}, "", "", true)
	case f.name == "":
		f.bound = ByBare
	default:
		f.bound = ByPID
	}
	r.unit(h.Host, p.PID)
	r.refs[UnitKey(h.Host, p.PID)] = append(r.refs[UnitKey(h.Host, p.PID)], f)
}

func (r *Round) asked(o *graph.Asked) {
	name, ok := graph.NormalName(o.Name)
	if !ok {
		name = strings.ToLower(o.Name)
	}
	if ip, isIP := graph.NormalIP(name); isIP {
		name = ip
	}
	answers := slices.Clone(o.Answers)
	slices.Sort(answers)
	at := o.Clock.At
	q := Question{Second: at.Unix(), Name: name, Answers: strings.Join(slices.Compact(answers), ",")}
	id := EvidenceID(false, name)
	if o.Process.GUID != "" {
		p := r.guid(o.Host, o.Process, at)
		p.see(o.Evidence, at)
		t := r.talk(p.Key)
		t.AddQuestion(q, bond{ByGUID, "", viaOf(o)})
		t.note("", "", id, Evidences{}.Add(o.Evidence, id))
		r.claim(o.Head(), &claim{kind: "Q", key: p.Key, rest: id})
		return
	}
	r.byPID(o.Head(), o.Process, &ref{question: &q, via: viaOf(o), evidence: Evidences{}.Add(o.Evidence, id)}, claim{kind: "Q", rest: id})
}
