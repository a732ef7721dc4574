package settle

import (
	"context"
	"slices"
	"strings"
)

// cluster puts every unit that was read together afresh.
func (s *settling) cluster(context.Context) error {
	members := map[string][]*Process{}
	for _, p := range s.procs {
		if p.GUID != "" && p.PID == 0 {
			p.PID = p.OwnPID()
		}
		if u := p.Unit(); s.done[u] {
			members[u] = append(members[u], p)
		}
	}
	for key := range members {
		host, pid := splitUnit(key)
		s.unit(host, pid)
	}
	for _, key := range sortedKeys(s.units) {
		s.fill(s.units[key], key, members[key])
	}
	for _, u := range s.units {
		u.normalise()
	}
	s.borrow()
	for _, key := range sortedKeys(s.units) {
		u := s.units[key]
		u.Cluster()
		if s.before[key] != u.Shape() {
			s.moved[key] = true
		}
		for _, p := range slices.Concat(u.Instances, u.Undated) {
			s.sighted(u, p)
		}
		s.dropStubs(key, members[key])
	}
	return nil
}

// fill takes the unit's stored and new processes apart.
func (s *settling) fill(u *Unit, key string, members []*Process) {
	var lines []string
	for _, p := range members {
		if p.Stored != nil && p.Stored.Shape != "" {
			lines = append(lines, p.Stored.Shape)
		}
	}
	slices.Sort(lines)
	s.before[key] = strings.Join(lines, "\n")
	for _, p := range members {
		if isStub(p) {
			u.Take(p) // the ends it was made for
			continue
		}
		if p.GUID == "" {
			s.gone[p.Key] = true // until it is made again
			s.keepEvidence(u, p)
		}
		u.Take(p)
		if p.GUID != "" && p.OwnPID() == 0 {
			p.PID = 0 // borrowed; see borrow
			u.GUIDs = u.GUIDs[:len(u.GUIDs)-1]
		}
	}
}

// keepEvidence remembers the records of a stored process that is known by PID
// only, since the process is made afresh.
func (s *settling) keepEvidence(u *Unit, p *Process) {
	if u.evidence == nil {
		u.evidence = map[string]Evidences{}
	}
	id := p.Key
	switch {
	case p.Security != nil:
		id = startID(*p.Security)
	case p.Defender != nil:
		id = defenderID(*p.Defender)
	}
	u.evidence[id] = u.evidence[id].Join(p.Evidence)
}

// dropStubs forgets the stored stubs of a unit that has changed shape; those
// that something still resolves to are made again.
func (s *settling) dropStubs(key string, members []*Process) {
	if !s.moved[key] {
		return
	}
	for _, p := range members {
		if isStub(p) && s.units[key].stubs[p.Key] == nil {
			s.gone[p.Key] = true
		}
	}
}

// sighted gives an instance the evidence of the sightings it is made of.
func (s *settling) sighted(u *Unit, p *Process) {
	if p.Security != nil {
		p.Evidence = p.Evidence.Join(u.evidence[startID(*p.Security)])
	}
	if p.Defender != nil {
		p.Evidence = p.Evidence.Join(u.evidence[defenderID(*p.Defender)])
	}
	if e := u.evidence[p.Key]; e != nil {
		p.Evidence = p.Evidence.Join(e)
	}
	s.place(p)
}

// place puts a process that was made afresh into the round, with what the
// database has of it.
func (s *settling) place(p *Process) {
	delete(s.gone, p.Key)
	if s.procs[p.Key] == p {
		return
	}
	s.procs[p.Key] = p
	old := s.loaded[p.Key]
	if old == nil || old == p {
		return
	}
	p.Stored, p.PIDTalk, p.Parent = old.Stored, old.PIDTalk, old.Parent
	p.Evidence = p.Evidence.Join(old.Evidence)
	if !s.moved[p.Unit()] {
		if old.Mention != nil {
			p.Merge(*old.Mention)
		}
	}
}
