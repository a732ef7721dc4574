package settle

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// settling is one Settle at work.
type settling struct {
	*Round
	store   Store
	loaded  map[string]*Process // stored processes read so far, by key
	done    map[string]bool     // units and seconds whose stored processes have been read
	before  map[string]string   // shapes of units as stored
	pidless map[string]bool     // hosts with Sysmon starts without a PID
	talkers map[string]*Talk    // by process key: what is new or moved
	stored  map[string]*Talk    // by process key: what the database has
	edges   []EdgeChange
	spawns  []SpawnChange
	unnamed map[string]bool // unnamed tasks that an edge was taken from
	recount map[string]bool // endpoints that lost contacts
	created map[string]bool // what this round made, by claim
}

func newSettling(r *Round, store Store) *settling {
	return &settling{
		Round: r, store: store, loaded: map[string]*Process{}, done: map[string]bool{}, before: map[string]string{},
		pidless: map[string]bool{}, talkers: r.talks, stored: map[string]*Talk{},
		unnamed: map[string]bool{}, recount: map[string]bool{}, created: map[string]bool{},
	}
}

// load reads the stored processes that the round speaks of, and those of every
// unit whose shape may change.
func (s *settling) load(ctx context.Context) error {
	if err := s.findHosts(ctx); err != nil {
		return err
	}
	if err := s.read(ctx, Lookup{Keys: sortedKeys(s.procs)}); err != nil {
		return err
	}
	for _, p := range s.procs {
		if p.PID == 0 {
			p.PID = p.OwnPID()
		}
		if u := p.Unit(); u != "" && (p.Stored == nil || p.changed) {
			s.touched[u] = true
		}
	}
	for {
		by := s.wanted()
		if len(by.Units)+len(by.Seconds) == 0 {
			return nil
		}
		if err := s.read(ctx, by); err != nil {
			return err
		}
	}
}

// wanted are the units and seconds still to be read: of units that are touched
// or referred to by PID, of parents named by PID, and, on hosts that lose PIDs,
// of the seconds around starts.
func (s *settling) wanted() Lookup {
	var by Lookup
	add := func(list *[]string, key string) {
		if key != "" && !s.done[key] {
			s.done[key] = true
			*list = append(*list, key)
		}
	}
	for _, key := range s.seconds() { // first: it may touch further units
		add(&by.Seconds, key)
	}
	for key := range s.units {
		add(&by.Units, key)
	}
	for key := range s.touched {
		add(&by.Units, key)
	}
	for _, p := range s.procs {
		if s.needsParent(p) {
			add(&by.Units, p.ParentUnit())
		}
	}
	for _, u := range s.units {
		for i := range u.Security {
			add(&by.Units, UnitKey(u.Host, u.Security[i].ParentPID))
		}
	}
	return by
}

// read fetches processes and merges the round's facts into them.
func (s *settling) read(ctx context.Context, by Lookup) error {
	if len(by.Keys)+len(by.Units)+len(by.ParentUnits)+len(by.Seconds) == 0 {
		return nil
	}
	found, err := s.store.Processes(ctx, by)
	if err != nil {
		return err
	}
	for _, p := range found {
		if s.loaded[p.Key] == nil {
			s.loaded[p.Key] = p
			s.adopt(p)
		}
	}
	return nil
}

// adopt puts a stored process in place of the round's, with the round's facts.
func (s *settling) adopt(p *Process) {
	if p.Stored.Shape == "" && !isStub(p) && !undated(p) {
		p.Stored.Shape = shapeLine(p)
	}
	p.Stored.At, p.Stored.Unit = started(p), p.Unit()
	p.Stored.Starts = p.Image() + graph.Sep + p.CommandLine()
	fresh := s.procs[p.Key]
	s.procs[p.Key] = p
	if fresh == nil {
		return
	}
	before := shapeLine(p) + strconv.Itoa(int(p.OwnPID()))
	if fresh.Sysmon != nil {
		own := *fresh.Sysmon
		if p.Sysmon != nil {
			own = MergeStart(*p.Sysmon, own)
		}
		p.Sysmon = &own
	}
	p.Ends = sortEnds(append(p.Ends, fresh.Ends...))
	if fresh.Mention != nil {
		p.Merge(*fresh.Mention)
	}
	p.Evidence = p.Evidence.Join(fresh.Evidence)
	if p.PID == 0 {
		p.PID = p.OwnPID()
	}
	p.changed = before != shapeLine(p)+strconv.Itoa(int(p.OwnPID())) || fresh.Sysmon != nil
}

// needsParent says that p's parent edge has to be worked out in this round.
func (s *settling) needsParent(p *Process) bool {
	return p.Observed() && (p.Stored == nil || p.changed || s.touched[p.Unit()])
}

// splitUnit gives a unit key's host and PID.
func splitUnit(key string) (host string, pid uint32) {
	i := strings.LastIndexByte(key, graph.Sep[0])
	n, _ := strconv.ParseUint(key[i+1:], 10, 32)
	return key[:i], uint32(n)
}

func isStub(p *Process) bool  { return strings.HasPrefix(p.rest(), "~"+graph.Sep) }
func undated(p *Process) bool { return strings.HasPrefix(p.rest(), "u"+graph.Sep) }

// rest is what follows the unit in the key of a process known by PID.
func (p *Process) rest() string {
	if p.GUID != "" {
		return ""
	}
	return strings.TrimPrefix(p.Key, p.Unit()+graph.Sep)
}

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
	if p.Security != nil {
		id = startID(*p.Security)
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
		if s.moved[p.ParentUnit()] && p.Observed() {
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
			evidence: byPID.Evidence[EvidenceID(c.In, c.IP)],
		}, h)
	}
	for q, h := range byPID.Questions {
		add(ref{at: wholeSecond(q.Second), question: &q, evidence: byPID.Evidence[EvidenceID(false, q.Name)]}, h)
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
			s.give(u.Resolve(f.at, f.known, f.name), f)
		}
	}
	return nil
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
		t.note(f.contact.IP, f.reverse, EvidenceID(f.contact.In, f.contact.IP), f.evidence)
		p.refSeen.Add(time.Unix(f.contact.Second, 0).UTC())
	case f.question != nil:
		t := s.talk(p.Key)
		t.AddQuestion(*f.question, bond{f.bound, f.name, f.via})
		t.note("", "", EvidenceID(false, f.question.Name), f.evidence)
		p.refSeen.Add(time.Unix(f.question.Second, 0).UTC())
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
		if !p.Observed() {
			p.Parent = Parent{} // the 4688 that named one may have gone to another process
		}
		if s.gone[key] || !p.Observed() || !s.needsParent(p) && s.children[key] == nil {
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
	via := "4688"
	if p.Sysmon != nil && (ref.GUID != "" || p.Sysmon.ParentPID != 0) {
		via = "sysmon1"
	}
	if ref.GUID != "" {
		key := GUIDKey(p.Host, ref.GUID)
		if key == p.Key {
			return Parent{}
		}
		return Parent{Key: key, Via: via, Confidence: sureGUID}
	}
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
	q := u.Resolve(at, true, graph.BaseName(ref.Image))
	if q == p {
		return Parent{}
	}
	s.place(q)
	confidence := surePID
	switch {
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
