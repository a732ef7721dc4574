package settle

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// hasMoved says that p is, or was, of a unit whose shape has changed.
func (s *settling) hasMoved(p *Process) bool {
	return s.moved[p.Unit()] || p.Stored != nil && s.moved[p.Stored.Unit]
}

// reopen reads what speaks by PID of units whose shape has changed, to resolve
// it again: contacts, questions and children.
func (s *settling) reopen(ctx context.Context) error {
	var units, talkers []string
	for _, p := range s.loaded {
		u := p.Stored.Unit
		if !s.moved[u] {
			continue
		}
		units = append(units, u)
		if p.PIDTalk {
			talkers = append(talkers, p.Key)
		}
	}
	slices.Sort(units)
	units = slices.Compact(units)
	if len(units) == 0 {
		return nil
	}
	if err := s.read(ctx, Lookup{ParentUnits: units}); err != nil {
		return err
	}
	for _, p := range s.procs {
		if s.moved[p.ParentUnit()] && p.Described() {
			s.children[p.Key] = p
		}
	}
	if err := s.readTalks(ctx, talkers); err != nil {
		return err
	}
	for _, key := range talkers {
		s.reresolve(s.loaded[key], s.stored[key])
	}
	return nil
}

func (s *settling) readTalks(ctx context.Context, keys []string) error {
	keys = slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return s.stored[k] != nil })
	if len(keys) == 0 {
		return nil
	}
	slices.Sort(keys)
	talks, err := s.store.Talks(ctx, keys)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if talks[key] == nil {
			talks[key] = NewTalk()
		}
		s.stored[key] = talks[key]
	}
	return nil
}

// reresolve turns what is bound by PID in a stored talk into references again.
func (s *settling) reresolve(p *Process, t *Talk) {
	byPID := t.TakeByPID()
	s.talk(p.Key) // its edges are to be worked out again
	key, known := p.Stored.Unit, !strings.HasSuffix(p.Key, graph.Sep+"?")
	add := func(f ref, h how) {
		for _, b := range h {
			one := f
			one.known, one.bound, one.name, one.via = known, b.bound, b.name, b.via
			s.refs[key] = append(s.refs[key], &one)
		}
	}
	for c, h := range byPID.Contacts {
		add(ref{
			at: wholeSecond(c.Second), contact: &c, reverse: byPID.Reverse[c.IP],
			evidence: byPID.Evidence[EvidenceID(c.In, c.remote())],
		}, h)
	}
	for q, h := range byPID.Questions {
		add(ref{at: wholeSecond(q.Second), question: &q, evidence: byPID.Evidence[EvidenceID(false, q.Name)]}, h)
	}
	for a, h := range byPID.Acts {
		add(ref{at: wholeSecond(a.Second), act: &a, evidence: byPID.Evidence[a.id()]}, h)
	}
}

// wholeSecond is the last instant of a second: contacts are kept by the second,
// and a process may have started and connected within one.
func wholeSecond(second int64) time.Time {
	return time.Unix(second, int64(time.Second-time.Nanosecond)).UTC()
}

// resolve gives every reference by PID to its instance.
func (s *settling) resolve(context.Context) error {
	for _, key := range sortedKeys(s.refs) {
		u := s.units[key]
		for _, f := range s.refs[key] {
			s.give(u.of(f), f)
		}
	}
	return nil
}

// of is the instance that a reference speaks of.
func (u *Unit) of(f *ref) *Process {
	if f.bound != ByStart {
		return u.Resolve(f.at, f.known, f.name)
	}
	if at, err := time.Parse(stamp, f.name); err == nil {
		if p := u.ResolveStart(at); p != nil {
			return p
		}
	}
	return u.Resolve(f.at, f.known, "")
}

func (s *settling) give(p *Process, f *ref) {
	s.place(p)
	if f.claim != nil {
		f.claim.key = p.Key
	}
	switch {
	case f.contact != nil:
		t := s.talk(p.Key)
		t.AddContact(*f.contact, bond{f.bound, f.name, f.via})
		t.note(f.contact.IP, f.reverse, EvidenceID(f.contact.In, f.contact.remote()), f.evidence)
		p.refSeen.Add(time.Unix(f.contact.Second, 0).UTC())
	case f.question != nil:
		t := s.talk(p.Key)
		t.AddQuestion(*f.question, bond{f.bound, f.name, f.via})
		t.note("", "", EvidenceID(false, f.question.Name), f.evidence)
		p.refSeen.Add(time.Unix(f.question.Second, 0).UTC())
	case f.act != nil:
		t := s.talk(p.Key)
		t.AddAct(*f.act, bond{f.bound, f.name, f.via})
		t.Evidence[f.act.id()] = t.Evidence[f.act.id()].Join(f.evidence)
		p.refSeen.Add(time.Unix(f.act.Second, 0).UTC())
	}
	if f.claim != nil && f.claim.kind == "P" {
		p.Evidence = p.Evidence.Join(f.evidence)
		p.refSeen.Add(f.at)
	}
}

// parents works out the parent of every process that is new, changed, or may
// have got another one.
func (s *settling) parents(context.Context) error {
	for _, key := range sortedKeys(s.procs) {
		p := s.procs[key]
		if !p.Described() {
			p.Parent = Parent{} // the 4688 that named one may have gone to another process
		}
		if s.gone[key] || !p.Described() || !s.needsParent(p) && s.children[key] == nil {
			continue
		}
		p.Parent = s.parentOf(p)
	}
	for _, u := range s.units {
		for _, p := range u.stubs {
			s.place(p)
		}
	}
	return nil
}

// The confidence in a parent: by GUID it is certain; by PID and time it is as
// good as the name and the sighting of the parent's start make it.
const (
	sureGUID    = 1.0
	surePIDName = 0.95
	surePID     = 0.85
	sureStub    = 0.8
)

func (s *settling) parentOf(p *Process) Parent {
	ref, ok := p.ParentRef()
	if !ok {
		return Parent{}
	}
	via := ref.Via
	if ref.GUID != "" {
		key := GUIDKey(p.Host, ref.GUID)
		if key == p.Key {
			return Parent{}
		}
		return Parent{Key: key, Via: via, Confidence: sureGUID}
	}
	return s.parentByPID(p, ref, via)
}

func (s *settling) parentByPID(p *Process, ref ParentRef, via string) Parent {
	if !ref.Known {
		return Parent{}
	}
	key := UnitKey(p.Host, ref.PID)
	u := s.units[key]
	switch {
	case u == nil && !s.done[key]:
		return p.Parent // nothing that bears on it was read: it stands
	case u == nil:
		u = s.unit(p.Host, ref.PID) // nobody else speaks of it
		u.Cluster()
	}
	at := ref.At
	if ref.PID == p.PID {
		at = at.Add(-time.Nanosecond)
	}
	q, exact := u.Resolve(at, true, graph.BaseName(ref.Image)), false
	if !ref.Started.IsZero() {
		if named := u.ResolveStart(ref.Started); named != nil {
			q, exact = named, true
		}
	}
	if q == p {
		return Parent{}
	}
	s.place(q)
	confidence := surePID
	switch {
	case exact:
		confidence = sureGUID
	case isStub(q):
		q.refSeen.Add(ref.At)
		confidence = sureStub
		if ref.Image != "" {
			q.Merge(Mention{Image: ref.Image})
		}
	case ref.Image != "" && q.Name() != "":
		confidence = surePIDName
	}
	if s.above(q, p) {
		return Parent{}
	}
	return Parent{Key: q.Key, Via: via, Confidence: confidence}
}

// skewed says that a parent named by GUID did not start before the second of
// its child. Real logs hold such parents, where the clock was set back after the
// start; false ones could close a ring, which the writer looks for.
func skewed(p *Process) bool {
	ref, ok := p.ParentRef()
	if !ok || ref.GUID == "" {
		return false
	}
	parent, known := graph.GUIDTime(ref.GUID)
	return !known || !parent.Before(started(p).Truncate(time.Second))
}

// above says that p is already an ancestor of q, as far as the round knows.
// Only processes that started within a second of each other can be.
func (s *settling) above(q, p *Process) bool {
	for range 1000 {
		if q == p {
			return true
		}
		if q == nil || q.Parent.Key == "" || started(q).Before(started(p).Add(-joinWithin)) {
			return false
		}
		q = s.procs[q.Parent.Key]
	}
	return true
}
