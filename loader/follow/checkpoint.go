package follow

import (
	"io"
	"time"
)

// Checkpoint is how far a file was taken. It is written in the same transaction
// as what was taken, so that after a crash the two agree.
type Checkpoint struct {
	Key      string // its own, for as long as the file is known
	Path     string // where the file was seen last
	Identity string
	Kind     string // how it grows: whole, lines, log or none
	// Offset is how many bytes were taken; of a whole file its size.
	Offset int64
	// Ordinal is how many records those held.
	Ordinal uint64
	Mark    Mark
	// Done says of a whole file that all of it was taken. Given and Events say
	// how much of one that is not done was: observations and other calls, in
	// the order in which it always gives them. Of a log Given is where the chunks
	// end that are done with, damage and all.
	Done          bool
	Given, Events int64
	Modified      time.Time // of a whole file: its time of change when it was read
	Record        uint64    // of a log: the highest record id that was taken
	Clock         string    // what was learnt of its hosts' clocks, JSON
	Round         int64     // counts its changes, so that two followers can't both make one
}

// Find chooses the checkpoint of a file among those that it might have: the one
// of its own identity, if the file still holds what was taken; else that of any
// file whose content it has, as a copy or a file on a renumbered device has.
// Own is the checkpoint of the file's identity, whether or not it fits: where it
// does not, the file was cut or written anew.
func Find(r io.ReaderAt, f File, all []Checkpoint) (fits, own *Checkpoint, err error) {
	for i := range all {
		c := &all[i]
		if c.Identity == f.Identity && (own == nil || c.Offset > own.Offset) {
			own = c
		}
	}
	if own != nil && own.Kind == "log" {
		return own, own, nil // its first bytes change as it grows; its record ids tell
	}
	if own != nil {
		ok, err := own.Mark.Fits(r, f.Size, own.Offset)
		if err != nil || ok {
			return own, own, err
		}
	}
	for i := range all {
		c := &all[i]
		known := c.Mark.Long() || c.Path == f.Path
		if c.Identity == f.Identity || c.Offset == 0 || !known || fits != nil && fits.Offset >= c.Offset {
			continue
		}
		ok, err := c.Mark.Fits(r, f.Size, c.Offset)
		if err != nil {
			return nil, own, err
		}
		if ok {
			fits = c
		}
	}
	return fits, own, nil
}
