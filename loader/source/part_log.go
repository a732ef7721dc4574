package source

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/taskroot/taskroot/loader/source/evtx"
)

// LogChunk is a chunk of a log as its header tells of it.
type LogChunk = evtx.Chunk

// LogChunkSize is the size of a log's chunks in bytes.
const LogChunkSize = evtx.ChunkSize

// NewChunks are the chunks of a log that hold records with ids above after, and
// those from the byte past on whose headers are damaged, in the order in which
// they were written: of a log that begins again at its start when it is full, the
// chunks there are the newest. Highest is the highest record id of the log, 0
// where it holds none.
func NewChunks(r io.ReaderAt, size int64, after uint64, past int64) (chunks []LogChunk, highest uint64, err error) {
	all, err := evtx.Survey(r, size)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range all {
		highest = max(highest, c.Last)
		if c.Last > after || c.Last == 0 && c.Offset >= past {
			chunks = append(chunks, c)
		}
	}
	slices.SortStableFunc(chunks, func(a, b LogChunk) int {
		if a.First == 0 || b.First == 0 {
			return 0 // a damaged one stays where it is
		}
		return cmp.Compare(a.First, b.First)
	})
	return chunks, highest, nil
}

// ReadChunk reads a chunk of a log. Sound says that it was not being written
// meanwhile. The body is the log's header and the chunk, for [ReadPart].
func ReadChunk(r io.ReaderAt, head []byte, c LogChunk) (body io.Reader, sound bool, err error) {
	b := make([]byte, evtx.ChunkSize)
	n, err := r.ReadAt(b, c.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, fmt.Errorf("read the chunk at byte %d: %w", c.Offset, err)
	}
	header := make([]byte, evtxHeader)
	copy(header, head)
	if !evtx.Sniff(header) {
		header = append([]byte("ElfFile\x00"), make([]byte, evtxHeader-8)...)
	}
	return io.MultiReader(bytes.NewReader(header), bytes.NewReader(b[:n])), evtx.Sound(b[:n]), nil
}
