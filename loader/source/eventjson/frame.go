package eventjson

import (
	"bytes"
	"errors"
	"io"
)

// A record longer than this is rejected rather than held in memory; the longest
// real ones, task definitions and script blocks, stay under 1 MiB.
const maxRecord = 16 << 20

// frame cuts a stream into records: one a line, one after another, members of
// an array, or a single pretty-printed object. Between records it passes over
// white space, commas and brackets, so that all of these are one case.
type frame struct {
	r        io.Reader
	buf      []byte
	pos, end int   // the bytes of buf not yet given out
	base     int64 // offset in the stream of buf[0]
	eof      bool
	err      error // what reading ended with, where not io.EOF
	limit    int

	tape   tape
	indent int  // columns before the record on its line
	array  bool // a bracket was seen between records
	lost   bool // inside a record that was too long; its end is looked for
	inside bool // among the records of an object that holds them
	opened int  // how many objects the beginning looked at last has
	levels int  // how many the records that are read are in
	tail   int  // behind those: how many of the objects are still open
}

// record is one record's bytes; bad says why it is not a JSON object. They are
// good until the next call.
type record struct {
	raw    []byte
	offset int64
	bad    string
	long   bool
}

func newFrame(r io.Reader, limit int) *frame {
	return &frame{r: r, limit: limit, buf: make([]byte, min(1<<20, limit+1))}
}

// fill reads on until at least want bytes are there or the input ends.
func (f *frame) fill(want int) {
	if f.pos > 0 {
		copy(f.buf, f.buf[f.pos:f.end])
		f.base += int64(f.pos)
		f.end -= f.pos
		f.pos = 0
	}
	for want > len(f.buf) {
		bigger := make([]byte, min(2*len(f.buf), f.limit+1))
		copy(bigger, f.buf[:f.end])
		f.buf = bigger
		want = min(want, f.limit+1)
	}
	for idle := 0; f.end < want && !f.eof; {
		n, err := f.r.Read(f.buf[f.end:])
		f.end += n
		if idle++; n > 0 {
			idle = 0
		}
		if err == nil && idle > 100 {
			err = io.ErrNoProgress
		}
		if err != nil {
			f.eof = true
			if !errors.Is(err, io.EOF) {
				f.err = err
			}
		}
	}
}

// more reads further with the record's start kept; it says whether there was
// anything. It asks for twice of what is there, so that a long record is not
// parsed from its start again for every few bytes.
func (f *frame) more() bool {
	have := f.end - f.pos
	if f.eof || have > f.limit {
		return false
	}
	f.fill(max(64<<10, 2*have))
	return f.end-f.pos > have
}

// next is the next record, or io.EOF.
func (f *frame) next() (record, error) {
	if f.lost {
		f.skipLost()
	}
	for {
		if !f.separators() {
			return record{}, io.EOF
		}
		if f.buf[f.pos] != '{' || !f.enter() {
			break
		}
	}
	if f.buf[f.pos] != '{' {
		return f.bad(0, "not a JSON object"), nil
	}
	for {
		n, err := f.tape.parse(f.buf[f.pos:f.end])
		if err == nil {
			rec := record{raw: f.buf[f.pos : f.pos+n], offset: f.base + int64(f.pos)}
			f.pos += n
			return rec, nil
		}
		if errors.Is(err, errMore) && f.more() {
			continue
		}
		if f.end-f.pos > f.limit && errors.Is(err, errMore) {
			f.lost = true
			return record{offset: f.base + int64(f.pos), bad: "longer than a record may be", long: true}, nil
		}
		return f.bad(n, err.Error()), nil
	}
}

// separators goes to the start of the next record; false at the end of input.
func (f *frame) separators() bool {
	for {
		for ; f.pos < f.end; f.pos++ {
			switch f.buf[f.pos] {
			case '\n':
				f.indent = 0
			case ' ', '\t':
				f.indent++
			case '[':
				f.indent++
				f.array = true
			case '\r', ',', 0:
			case ']':
				if f.tail = 0; f.inside {
					f.inside, f.tail = false, f.levels
				}
			case 0xEF:
				if f.base+int64(f.pos) == 0 && bytes.HasPrefix(f.buf[:f.end], []byte("\xEF\xBB\xBF")) {
					f.pos += 2
					continue
				}
				return true
			default:
				if f.tail > 0 && f.passTail() {
					continue
				}
				return true
			}
		}
		if f.eof {
			return false
		}
		f.fill(64 << 10)
	}
}

// bad is the record at the current position, up to where the next may begin,
// given that its error was found at offset at.
func (f *frame) bad(at int, why string) record {
	offset := f.base + int64(f.pos)
	for {
		n, found := resume(f.buf[f.pos:f.end], at, f.indent, f.array)
		if !found && f.more() {
			continue
		}
		if !found && f.end-f.pos > f.limit {
			f.lost = true
			return record{offset: offset, bad: why + ", in a record longer than one may be", long: true}
		}
		raw := bytes.TrimRight(f.buf[f.pos:f.pos+n], "\r\n\t ,")
		f.pos += n
		return record{raw: raw, offset: offset, bad: why}
	}
}

// skipLost drops what is left of a record that was too long.
func (f *frame) skipLost() {
	f.lost = false
	for {
		n, found := resume(f.buf[f.pos:f.end], 0, f.indent, f.array)
		if found {
			f.pos += n
			return
		}
		// The last line may go on: it is kept where it is not too long itself.
		if last := bytes.LastIndexByte(f.buf[f.pos:f.end], '\n'); last > 0 {
			f.pos += last
		} else if f.end-f.pos > f.limit {
			f.pos = f.end - 64
		}
		if !f.more() {
			f.pos = f.end
			return
		}
	}
}

// resume is the offset in b, which starts with a bad record, where the next
// record may begin. Records of one kind begin in the same column, so that is
// the first line that is indented no deeper than this record was; a closing
// brace there still belongs to it. In an array on one line it is after the
// next "},{" behind the error.
func resume(b []byte, at, indent int, array bool) (int, bool) {
	from := 0
	for {
		nl := bytes.IndexByte(b[from:], '\n')
		line := len(b)
		if nl >= 0 {
			line = from + nl
		}
		if array && line > at {
			if n, ok := nextMember(b[max(from, at):line]); ok {
				return max(from, at) + n, true
			}
		}
		if nl < 0 {
			return len(b), false
		}
		first := line + 1
		for first < len(b) && (b[first] == ' ' || b[first] == '\t') {
			first++
		}
		if first == len(b) {
			return len(b), false
		}
		deeper := first-line-1 > indent
		switch {
		case deeper || b[first] == '\n' || b[first] == '\r':
		case b[first] == '}':
			return first + 1, true
		default:
			return line + 1, true
		}
		from = line + 1
	}
}

// nextMember is the offset of the brace that opens the next member of an array.
func nextMember(b []byte) (int, bool) {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], '}')
		if i < 0 {
			return 0, false
		}
		from += i + 1
		rest := bytes.TrimLeft(b[from:], " \t")
		if len(rest) == 0 || rest[0] != ',' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t")
		if len(rest) > 0 && rest[0] == '{' {
			return len(b) - len(rest), true
		}
	}
}
