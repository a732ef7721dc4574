package settle

import "time"

// Sketch is what is told of a process and of its parent by the sightings of its
// own creation and end; no other process has a say in it. Two sketches are equal
// where all of it is.
type Sketch struct {
	PID                        uint32 // 0: unknown
	Image, Command, User       string
	Logon                      uint64 // 0: unknown
	ParentGUID                 string
	ParentPID                  uint32
	ParentImage, ParentCommand string
	Start, End                 int64 // Unix nanoseconds, UTC; 0: unknown, or not to be linked by
}

// At is when the process started, UTC; the zero time where that is unknown.
func (s *Sketch) At() time.Time {
	if s.Start == 0 {
		return time.Time{}
	}
	return time.Unix(0, s.Start).UTC()
}

// Sketch is the process in short. Of its parent it takes the first word of each
// kind from the best sighting that has one.
func (p *Process) Sketch() Sketch {
	s := Sketch{PID: p.PID, Image: p.Image(), Command: p.CommandLine(), User: p.User(), Logon: p.LogonID()}
	for _, start := range p.starts() {
		if s.ParentGUID == "" {
			s.ParentGUID = start.ParentGUID
		}
		if s.ParentPID == 0 {
			s.ParentPID = start.ParentPID
		}
		if s.ParentImage == "" {
			s.ParentImage = start.ParentImage
		}
		if s.ParentCommand == "" {
			s.ParentCommand = start.ParentCommand
		}
	}
	if at, ok := p.Started(); ok {
		s.Start = at.UnixNano()
	}
	if end := p.Ended(); !end.IsZero() {
		s.End = end.UnixNano()
	}
	return s
}
