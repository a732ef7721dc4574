package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// ChunkSize is the size of a log's chunks in bytes; the first one is at byte 4,096.
const ChunkSize = chunkSize

// Chunk is what the header of a chunk says.
type Chunk struct {
	Offset      int64  // in the log
	First, Last uint64 // ids of its records; 0 where the header can't be trusted
}

// Survey lists the chunks of a log that are in use, by their headers alone.
func Survey(r io.ReaderAt, size int64) ([]Chunk, error) {
	var all []Chunk
	head := make([]byte, chunkHeader)
	for at := int64(headerSize); at+chunkHeader <= size; at += chunkSize {
		if _, err := r.ReadAt(head, at); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read the header of the chunk at byte %d: %w", at, err)
		}
		switch {
		case bytes.Equal(head, zeroChunk[:chunkHeader]):
		case bytes.HasPrefix(head, chunkMagic) && headerSum(head) == le.Uint32(head[124:]):
			all = append(all, Chunk{at, le.Uint64(head[24:]), le.Uint64(head[32:])})
		default:
			all = append(all, Chunk{Offset: at})
		}
	}
	return all, nil
}

// Sound says whether a chunk's checksums are right: it was not being written when
// it was read.
func Sound(b []byte) bool {
	if len(b) < chunkHeader || !bytes.HasPrefix(b, chunkMagic) || headerSum(b) != le.Uint32(b[124:]) {
		return false
	}
	free := int(le.Uint32(b[48:]))
	return free >= chunkHeader && free <= len(b) && crc32.ChecksumIEEE(b[chunkHeader:free]) == le.Uint32(b[52:])
}
