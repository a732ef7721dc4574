package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

var (
	le          = binary.LittleEndian
	recordMagic = []byte("**\x00\x00")
)

const (
	chunkHeader  = 512
	recordHeader = 24
	minRecord    = recordHeader + 4 // the size is written again at the end
)

// record is where a record lies in its chunk.
type record struct {
	start, end int
	id         uint64
	written    uint64 // FILETIME
}

// chunk walks over the records of one chunk.
type chunk struct {
	s        *stream
	b        []byte
	magic    bool // it begins as a chunk does
	headerOK bool // and its header's checksum is right
	dataOK   bool // and that of its records
	free     int  // where its records end
	claimed  int  // and where a header that cannot be trusted says so
	last     uint64
	firstID  uint64 // that the header claims
	lastID   uint64
	damages  int
}

// newChunk looks at a chunk's header. Where that cannot be trusted, records are
// looked for in all of the chunk.
func newChunk(s *stream, b []byte) *chunk {
	c := &chunk{s: s, b: b, free: len(b), claimed: -1}
	c.magic = bytes.HasPrefix(b, chunkMagic)
	if !c.magic || len(b) < chunkHeader {
		return c
	}
	c.headerOK = s.noCRC || headerSum(b) == le.Uint32(b[124:])
	c.claimed = int(le.Uint32(b[48:]))
	if free := c.claimed; c.headerOK && free >= chunkHeader && free <= chunkSize {
		c.free, c.firstID, c.lastID = free, le.Uint64(b[24:]), le.Uint64(b[32:])
		c.dataOK = s.noCRC || c.free <= len(b) && crc32.ChecksumIEEE(b[chunkHeader:c.free]) == le.Uint32(b[52:])
	}
	return c
}

// visit gives every record of the chunk to the visitor.
func (c *chunk) visit() error {
	c.s.d.setChunk(c.b)
	if err := c.walk(); err != nil {
		return err
	}
	if c.damages == 0 {
		if err := c.check(); err != nil {
			return err
		}
	}
	return c.s.v.chunkDone(c.s.d)
}

// check reports a chunk that gave up all its records but cannot be trusted.
func (c *chunk) check() error {
	switch {
	case !c.magic:
		return c.damage(0, len(c.b), ReasonMagic, "the chunk does not begin with ElfChnk", 1)
	case len(c.b) < chunkHeader:
		return c.damage(0, len(c.b), ReasonTruncated, "the log ends inside a chunk's header", 1)
	case !c.headerOK:
		return c.damage(0, len(c.b), ReasonChecksum, "the checksum of the chunk's header is wrong", 1)
	case !c.dataOK:
		return c.damage(0, len(c.b), ReasonChecksum, "the checksum of the chunk's records is wrong", 1)
	}
	return nil
}

// walk visits record after record, and steps over what is none.
func (c *chunk) walk() error {
	pos := chunkHeader
	if !c.magic {
		pos = 0
	}
	for pos+minRecord <= min(c.free, len(c.b)) {
		rec, ok := c.recordAt(pos)
		if ok && c.follows(rec) {
			if err := c.visitRecord(rec); err != nil {
				return err
			}
			pos = rec.end
			continue
		}
		next, err := c.gap(pos, ok)
		if err != nil {
			return err
		}
		pos = next
	}
	if c.free > len(c.b) && pos < c.free && c.damages == 0 {
		return c.lost(pos)
	}
	return c.beyond(pos)
}

// recordAt reads the header of a record; ok says that it fits where it is. The
// size is written at both ends of a record; one end that is wrong is forgiven
// where the record is followed by another or by the end.
func (c *chunk) recordAt(pos int) (rec record, ok bool) {
	b := c.b[pos:]
	if len(b) < minRecord || !bytes.HasPrefix(b, recordMagic) {
		return record{}, false
	}
	size := le.Uint32(b[4:])
	if size < minRecord || uint64(size) > uint64(len(b)) {
		return record{}, false
	}
	rec = record{start: pos, end: pos + int(size), id: le.Uint64(b[8:]), written: le.Uint64(b[16:])}
	ok = le.Uint32(b[size-4:]) == size || rec.end == c.free || bytes.HasPrefix(b[size:], recordMagic)
	return rec, ok
}

// follows says that a record belongs to this chunk and comes after those
// before it. Copies of logs in use mix pages of different ages: a record of
// another chunk points at templates that are not here, and would come out as
// nonsense. Where the header cannot be trusted, only records left from the
// chunk's last use are told, by their lower numbers.
func (c *chunk) follows(rec record) bool {
	if c.headerOK && c.firstID <= c.lastID && (rec.id < c.firstID || rec.id > c.lastID) {
		return false
	}
	return c.last == 0 || rec.id > c.last
}

func (c *chunk) visitRecord(rec record) error {
	err := c.s.v.record(c.s.d, rec)
	c.last = rec.id
	var bad *corruptError
	if errors.As(err, &bad) {
		return c.damage(rec.start, rec.end, ReasonRecord, bad.detail, 1)
	}
	return err
}

// gap handles bytes that are no record, and answers where to go on: at the next
// record that is sane, else at the end.
func (c *chunk) gap(pos int, stale bool) (int, error) {
	end := min(c.free, len(c.b))
	rest := c.b[pos:end]
	if !c.headerOK && (stale || pos == c.claimed || bytes.Equal(rest, zeroChunk[:len(rest)])) {
		return end, nil
	}
	for at := pos + 1; at < end; at++ {
		i := bytes.Index(c.b[at:end], recordMagic)
		if i < 0 {
			break
		}
		at += i
		if rec, ok := c.recordAt(at); ok && le.Uint32(c.b[rec.end-4:]) == uint32(rec.end-rec.start) && c.follows(rec) {
			reason := ReasonRecord
			if !c.magic && c.last == 0 {
				reason = ReasonMagic // the chunk's header is gone, its records are not
			}
			return at, c.damage(pos, at, reason, "bytes that are no record of this chunk", c.missing(rec.id, at-pos))
		}
	}
	if c.free > len(c.b) {
		return end, c.lost(pos)
	}
	if !c.magic && c.last == 0 {
		return end, nil // nothing of it looks like a log; check says so
	}
	return end, c.damage(pos, end, ReasonRecord, "bytes that are no record of this chunk", c.missing(c.lastID+1, end-pos))
}

// missing is how many records a gap of that size held before the record next,
// by their numbers where those are plausible; at least 1.
func (c *chunk) missing(next uint64, size int) int {
	if c.last == 0 || next <= c.last+1 || next-c.last-1 > uint64(size/minRecord) {
		return 1
	}
	return int(next - c.last - 1)
}

// lost reports the records of a chunk that the log ends in.
func (c *chunk) lost(pos int) error {
	n := c.missing(c.lastID+1, c.free-pos)
	if c.last == 0 && c.headerOK {
		if d := c.lastID - c.firstID; c.lastID >= c.firstID && d < chunkSize/minRecord {
			n = int(d) + 1
		}
	}
	return c.damage(pos, len(c.b), ReasonTruncated, "the log ends inside a chunk", n)
}

// beyond visits records behind the place where the header says they end. They
// are real if their numbers go on where the others stop: the header of a log
// that was being written is behind its records.
func (c *chunk) beyond(pos int) error {
	for c.headerOK && c.last != 0 && pos == c.free {
		rec, ok := c.recordAt(pos)
		if !ok || rec.id != c.last+1 || le.Uint32(c.b[rec.end-4:]) != uint32(rec.end-rec.start) {
			return nil
		}
		if err := c.visitRecord(rec); err != nil {
			return err
		}
		pos, c.free = rec.end, rec.end
	}
	return nil
}

// damage reports bytes from:to of the chunk. The first report of a chunk brings
// the whole chunk, which can be loaded again by itself; a record cannot.
func (c *chunk) damage(from, to int, reason, detail string, count int) error {
	d := Damage{Chunk: c.s.index, Offset: c.s.offset + int64(from), Reason: reason, Detail: detail, Count: count,
		Record: fmt.Sprintf("chunk %d bytes %d-%d", c.s.index, from, to)}
	if c.damages == 0 {
		d.Raw = bytes.Clone(c.b)
	}
	if reason == ReasonRecord && c.last != 0 {
		d.Record += fmt.Sprintf(" by record %d", c.last)
	}
	c.damages++
	return c.s.v.damaged(d)
}
