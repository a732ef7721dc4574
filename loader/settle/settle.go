package settle

import (
	"context"
	"strconv"
	"strings"

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
	unnamed map[string]bool    // unnamed tasks that an edge was taken from
	recount map[string]bool    // endpoints that lost contacts
	created map[string]bool    // what this round made, by claim
	talked  map[string]*talked // by host: where what its processes said of the network changed
}

func newSettling(r *Round, store Store) *settling {
	return &settling{
		Round: r, store: store, loaded: map[string]*Process{}, done: map[string]bool{}, before: map[string]string{},
		pidless: map[string]bool{}, talkers: r.talks, stored: map[string]*Talk{},
		unnamed: map[string]bool{}, recount: map[string]bool{}, created: map[string]bool{}, talked: map[string]*talked{},
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
		for _, starts := range [][]Start{u.Security, u.Defender} {
			for i := range starts {
				add(&by.Units, UnitKey(u.Host, starts[i].ParentPID))
			}
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
	p.Stored.Sketch = p.Sketch()
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
	return p.Described() && (p.Stored == nil || p.changed || s.touched[p.Unit()])
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
