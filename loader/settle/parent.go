package settle

import (
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Parent is the edge from a process's parent.
type Parent struct {
	Key        string
	Via        string
	Confidence float64
}

// ParentRef is how a process names its parent.
type ParentRef struct {
	GUID    string
	PID     uint32
	Image   string
	Started time.Time // when the parent was created; zero where that is not told
	At      time.Time // when the child started; the parent was alive then
	Known   bool      // At can be trusted
	Via     string    // the record that names it
}

// ParentRef is the process's parent as its best sighting names it: by GUID
// before by PID and creation time before by PID alone, Sysmon before Security.
func (p *Process) ParentRef() (ref ParentRef, ok bool) {
	sightings := p.starts()
	by := []func(*Start) bool{
		func(s *Start) bool { return s.ParentGUID != "" },
		func(s *Start) bool { return s.ParentPID != 0 && !s.ParentAt.IsZero() },
		func(s *Start) bool { return s.ParentPID != 0 },
	}
	for _, names := range by {
		for _, s := range sightings {
			if names(s) {
				return ParentRef{
					GUID: s.ParentGUID, PID: s.ParentPID, Image: s.ParentImage, Started: s.ParentAt,
					At: s.At, Known: !s.Unknown, Via: p.source(s),
				}, true
			}
		}
	}
	return ParentRef{}, false
}

// source is the kind of record that a sighting of p comes from.
func (p *Process) source(s *Start) string {
	switch s {
	case p.Sysmon:
		return string(graph.StartSysmon)
	case p.Security:
		return string(graph.StartSecurity)
	}
	return string(graph.StartDefender)
}

// ParentUnit is the unit of a parent that is named by PID; "" where its GUID is known.
func (p *Process) ParentUnit() string {
	ref, ok := p.ParentRef()
	if !ok || ref.GUID != "" {
		return ""
	}
	return UnitKey(p.Host, ref.PID)
}
