package loader

// rider is what goes with a round: how far the files were taken that it holds.
type rider interface {
	checkpoints() []any
	written() // they are
}

// replay passes over what an earlier load took of a whole file, which always
// tells the same in the same order.
type replay struct {
	given, events         int64 // observations and other calls met in this file
	takenGiven, takenEvts int64 // of them taken before
}

// again counts one observation, and says whether it was taken before.
func (r *replay) again() bool { r.given++; return r.given <= r.takenGiven }

// againEvent is the same for any other call.
func (r *replay) againEvent() bool { r.events++; return r.events <= r.takenEvts }
