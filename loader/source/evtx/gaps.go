package evtx

import "github.com/taskroot/taskroot/loader/winevent"

// mostGaps bounds the gaps that are told of one chunk.
const mostGaps = 16

// gaps notes where the ids of records leave numbers out: a log numbers its
// records one by one, so what is not there was removed, overwritten or damaged. (An
// export with a query is numbered anew.)
//
// What is told of a chunk depends on it and on the id before it only, so that
// the chunks of a log that is followed tell the same as the log at once.
type gaps struct {
	last    uint64 // id of the record before; 0 where there is none
	told    int    // of this chunk
	missing []winevent.Range
	more    bool
}

// meet takes the id of the next record. One that is lower than the one before
// begins the older part of a log that was full and began again at its start.
func (g *gaps) meet(id uint64) {
	if id == g.last+1 || g.last == 0 || id <= g.last {
		g.last = id
		return
	}
	if g.told < mostGaps {
		g.missing = append(g.missing, winevent.Range{From: g.last + 1, To: id - 1})
	} else {
		g.more = true
	}
	g.told++
	g.last = id
}

// chunkDone forgets what no record of the chunk was there to tell of.
func (g *gaps) chunkDone() { g.told, g.missing, g.more = 0, g.missing[:0], false }
