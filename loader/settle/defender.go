package settle

import (
	"slices"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Defender names every process by its PID and the time of its creation, which it
// knows to 100 ns and which its exports cut to milliseconds. So creation rows and
// mentions of one process agree in the millisecond.
const startUnit = time.Millisecond

// startOf is a creation time as it names a process.
func startOf(at time.Time) time.Time { return at.UTC().Truncate(startUnit) }

// mergeByTime makes one of sightings that agree in the creation time: a PID can
// not be given twice within a millisecond.
func mergeByTime(sorted []Start) []Start {
	var out []Start
	for _, s := range sorted {
		if n := len(out); n > 0 && out[n-1].At.Equal(s.At) {
			out[n-1] = MergeStart(out[n-1], s)
			continue
		}
		out = append(out, s)
	}
	return out
}

// joinDefender gives each of Defender's sightings to the instance that is its
// mutually nearest of the same name, within a second; the others become
// instances of their own.
func (u *Unit) joinDefender() {
	if len(u.Defender) == 0 {
		return
	}
	u.sort()
	dated := times(u.Defender, func(s Start) time.Time { return s.At })
	pairs := mutual(times(u.Instances, started), dated, func(i, j int) (time.Duration, bool) {
		return distance(u.Instances[i], &u.Defender[j])
	})
	taken := make([]bool, len(u.Defender))
	for i, j := range pairs {
		own := u.Defender[j]
		u.Instances[i].Defender = &own
		taken[j] = true
	}
	for j := range u.Defender {
		if !taken[j] {
			own := u.Defender[j]
			u.Instances = append(u.Instances, &Process{
				Key:  pidKey(u.Host, u.PID, "d", own.At.Format(stamp)),
				Host: u.Host, PID: u.PID, Facts: Facts{Defender: &own},
			})
		}
	}
}

// ResolveStart is the instance that was created at that time, by Defender's
// clock; nil where no record has told of one.
func (u *Unit) ResolveStart(at time.Time) *Process {
	at = startOf(at)
	i := slices.IndexFunc(u.Instances, func(p *Process) bool { return p.Defender != nil && p.Defender.At.Equal(at) })
	if i < 0 {
		return nil
	}
	return u.Instances[i]
}

// sight notes in the process's unit what a record says of a process that it
// names by PID and creation time, and of that one's parent.
func (r *Round) sight(h *graph.Header, p, parent graph.ProcessRef, integrity, hashes string, mentioned bool) *Start {
	s := Start{
		At: startOf(p.Started), PID: p.PID, Image: p.Image, Command: p.CommandLine, User: p.User, Integrity: integrity,
		Hashes: hashes, Logon: p.LogonID, StartKey: p.StartKey, ParentPID: parent.PID, ParentImage: parent.Image,
		ParentCommand: parent.CommandLine, ParentUser: parent.User, Mentioned: mentioned,
	}
	if !parent.Started.IsZero() {
		s.ParentAt = startOf(parent.Started)
	}
	u := r.unit(h.Host, p.PID)
	u.Defender = append(u.Defender, s)
	r.touched[UnitKey(h.Host, p.PID)] = true
	r.evidenceOf(u, defenderID(s), h.Evidence)
	if !s.ParentAt.IsZero() && parent.PID != 0 {
		r.sight(h, parent, graph.ProcessRef{}, "", "", true)
	}
	return &s
}

func defenderID(s Start) string { return "d" + s.At.Format(stamp) }

// named says that a record names its process by PID and creation time.
func named(p graph.ProcessRef) bool { return p.GUID == "" && p.PID != 0 && !p.Started.IsZero() }

func (r *Round) defenderStarted(o *graph.ProcessStarted) {
	s := r.sight(o.Head(), o.Process, o.Parent, o.Integrity, o.Hashes, false)
	r.claim(o.Head(), &claim{kind: "D", unit: UnitKey(o.Host, o.Process.PID), at: s.At})
}

func (r *Round) mentioned(o *graph.ProcessMentioned) {
	if !named(o.Process) {
		r.further(o.Head())
		return
	}
	s := r.sight(o.Head(), o.Process, o.Parent, o.Integrity, o.Hashes, true)
	r.claim(o.Head(), &claim{kind: "D", unit: UnitKey(o.Host, o.Process.PID), at: s.At})
}
