package evtx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/taskroot/taskroot/internal/fault"
)

const (
	headerSize = 4096
	chunkSize  = 65536
)

var (
	fileMagic  = []byte("ElfFile\x00")
	chunkMagic = []byte("ElfChnk\x00")
	zeroChunk  [chunkSize]byte
)

// visitor takes what is found in a log, in its order.
type visitor interface {
	// record takes a record of the chunk that d holds. A [corruptError] means
	// that it could not be decoded; any other error ends the reading.
	record(d *decoder, rec record) error
	// damaged takes a part of the log that could not be read.
	damaged(d Damage) error
	// chunkDone is called behind the last record of each chunk.
	chunkDone(d *decoder) error
}

// stream cuts a log into chunks. It holds one chunk at a time, and it reads to
// the end: the header's own count of chunks is stale in any log that was not
// closed properly, and such logs are what investigators get.
type stream struct {
	r      io.Reader
	v      visitor
	d      *decoder
	buf    []byte
	have   int   // bytes of buf that are filled
	offset int64 // of buf in the log
	index  int   // of the chunk, from 0
	noCRC  bool  // the log was written without checksums
}

// read visits every record of a log.
func read(ctx context.Context, r io.Reader, name string, v visitor) error {
	s := &stream{r: r, v: v, d: newDecoder(), buf: make([]byte, chunkSize)}
	if err := s.header(name); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.fill(chunkSize); err != nil {
			return fmt.Errorf("read %s at offset %d: %w", name, s.offset, err)
		}
		if s.have == 0 {
			return nil
		}
		used, err := s.block()
		if err != nil {
			return err
		}
		s.drop(used)
		s.index++
	}
}

// fill reads until buf holds n bytes or the log ends.
func (s *stream) fill(n int) error {
	got, err := io.ReadFull(s.r, s.buf[s.have:n])
	s.have += got
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// drop forgets the first n bytes of buf.
func (s *stream) drop(n int) {
	copy(s.buf, s.buf[n:s.have])
	s.have -= n
	s.offset += int64(n)
}

// header reads the file's header. Only one of its flags is looked at. A stream
// that begins with a chunk has no header.
func (s *stream) header(name string) error {
	if err := s.fill(headerSize); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	head := s.buf[:s.have]
	switch {
	case bytes.HasPrefix(head, chunkMagic):
		return nil
	case !bytes.HasPrefix(head, fileMagic):
		return fault.New(fault.Invalid, "%s is not a Windows event log", name).
			WithHint("it must begin with ElfFile or ElfChnk; look at how it was copied")
	case len(head) < headerSize:
		defer s.drop(s.have)
		return s.v.damaged(Damage{Chunk: -1, Record: "header", Reason: ReasonTruncated, Count: 1,
			Detail: "the log ends inside its header", Raw: bytes.Clone(head)})
	}
	s.noCRC = head[120]&4 != 0
	s.drop(headerSize)
	return nil
}

// block handles what is in buf and answers how much of it is done with: less
// than all where another chunk begins inside it.
func (s *stream) block() (used int, err error) {
	b := s.buf[:s.have]
	if bytes.Equal(b, zeroChunk[:len(b)]) {
		return len(b), nil // space that the log has not used yet
	}
	c := newChunk(s, b)
	if !c.magic || !c.dataOK {
		if next := innerChunk(b); next > 0 {
			b = b[:next]
			c = newChunk(s, b)
		}
	}
	return len(b), c.visit()
}

// innerChunk finds a chunk that begins inside another, as it does where bytes
// of a log were lost. It is believed only if its header's checksum is right.
func innerChunk(b []byte) int {
	for at := 1; ; at++ {
		i := bytes.Index(b[at:], chunkMagic)
		if i < 0 {
			return 0
		}
		at += i
		if len(b)-at < chunkHeader {
			return 0
		}
		if headerSum(b[at:]) == le.Uint32(b[at+124:]) {
			return at
		}
	}
}

// headerSum is the checksum of a chunk's header: its first 120 bytes and its
// tables of names and templates.
func headerSum(b []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:chunkHeader])
}
