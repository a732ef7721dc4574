package settle

import (
	"cmp"
	"strings"
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

// ParentNamed is what the process's own records say of its parent's image and
// command line; "" where they say nothing.
func (p *Process) ParentNamed() (image, command string) {
	return p.first(func(s *Start) string { return s.ParentImage }, nil), p.first(func(s *Start) string { return s.ParentCommand }, nil)
}

// Completed is what is known of a root's parent, with the root's own word for
// what the parent's records leave out: of a parent that nobody saw start, and in
// exports that have no GUIDs, that is all there is.
func (o ParentOf) Completed(p *Process) ParentOf {
	image, command := p.ParentNamed()
	if base := graph.BaseName(o.Image); base == "" || base == graph.BaseName(image) {
		if !strings.Contains(o.Image, `\`) {
			o.Image = cmp.Or(image, o.Image)
		}
		o.Command = cmp.Or(o.Command, command)
	}
	return o
}
