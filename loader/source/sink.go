package source

import "github.com/taskroot/taskroot/graph"

// Sink takes what sources find. Its methods are called from one goroutine; an
// error stops the reading. Each record of the input is given to exactly one of
// Observation, Skipped and Rejected. The last two may come while no source is
// open: for a folder or file that could not be opened, or is none. One source
// may be opened more than once: by the lines of a reject file.
type Sink interface {
	// FileStart opens a source: a file, a member of an archive, a stream. Size
	// is in bytes of the outermost file, -1 where unknown.
	FileStart(name string, size int64) error
	// Observation is a record that was wanted and understood. One that says
	// several things gives them all at once; it counts as one record.
	Observation(o graph.Observation, further ...graph.Observation) error
	// Skipped is a record that was not wanted; reason is "channel/id" or a few
	// fixed words. n is how many.
	Skipped(reason string, n int) error
	// Rejected is input that could not be read.
	Rejected(r Reject) error
	// Progress tells how many more bytes of outermost files were read.
	Progress(bytes int64)
	// FileEnd closes the source last opened: no further record of it follows.
	FileEnd(name string) error
}

// Reject is input that could not be read, with what is needed to load it again.
type Reject struct {
	Source string // file, archive member or stream
	Record string // which record or byte range, for a person
	Reason string // one of a few fixed words, for counting
	Detail string // what exactly was wrong
	Count  int    // records it stands for; at least 1
	Raw    []byte // the input itself, as it was; nil where it could not even be read
}
