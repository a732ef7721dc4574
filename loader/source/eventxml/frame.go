package eventxml

import (
	"bytes"
	"errors"
	"io"
	"regexp"
)

// frame cuts a stream into events: from one opening tag to its closing tag,
// whatever is between events. Attackers choose the values inside, not where an
// event ends: the log escapes their brackets.
type frame struct {
	r        io.Reader
	buf      []byte
	pos, end int   // the bytes of buf not yet given out
	base     int64 // offset in the stream of buf[0]
	eof      bool
	err      error // what reading ended with, where not io.EOF
	limit    int
	lost     bool // inside an event that was too long
}

// piece is an event's bytes, or bytes that are none: then bad says why. They are
// good until the next call.
type piece struct {
	raw    []byte
	offset int64
	bad    string
	long   bool // longer than an event may be: without its bytes
	event  bool // begins as an event, whole or not
}

func newFrame(r io.Reader, limit int) *frame {
	return &frame{r: r, limit: limit, buf: make([]byte, min(256<<10, limit+1))}
}

// more reads further, with what is not yet given out kept; it says whether there
// was anything.
func (f *frame) more() bool {
	if f.eof || f.end-f.pos > f.limit {
		return false
	}
	have := f.end - f.pos
	if f.pos > 0 {
		copy(f.buf, f.buf[f.pos:f.end])
		f.base += int64(f.pos)
		f.pos, f.end = 0, have
	}
	if have == len(f.buf) {
		bigger := make([]byte, min(2*len(f.buf), f.limit+1))
		copy(bigger, f.buf[:have])
		f.buf = bigger
	}
	f.fill(min(len(f.buf), max(64<<10, 2*have)))
	return f.end > have
}

// fill reads until that many bytes are there: twice of what was, so that a long
// event is not looked at from its start for every few of them.
func (f *frame) fill(want int) {
	for idle := 0; f.end < want && !f.eof; idle++ {
		n, err := f.r.Read(f.buf[f.end:])
		f.end += n
		if n > 0 {
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

// next is the next event or other input, or io.EOF.
func (f *frame) next() (piece, error) {
	if p, found, err := f.between(); found || err != nil {
		return p, err
	}
	offset := f.base + int64(f.pos)
	for from := 1; ; {
		n, why := eventEnd(f.buf[f.pos:f.end], &from)
		switch {
		case n > 0 && why == "":
			return f.give(n, piece{offset: offset, event: true}), nil
		case n > 0:
			return f.give(n, piece{offset: offset, bad: why, event: true}), nil
		case f.more():
			continue
		case f.end-f.pos > f.limit:
			f.lost = true
			f.pos += len(open)
			return piece{offset: offset, bad: "longer than an event may be", long: true, event: true}, nil
		}
		n = f.end - f.pos
		if next := eventStart(f.buf[f.pos:f.end], 1); next > 0 {
			n = next // a comment or section that does not end hides no other event
		}
		return f.give(n, piece{offset: offset, bad: "does not end", event: true}), nil
	}
}

func (f *frame) give(n int, p piece) piece {
	p.raw = bytes.TrimRight(f.buf[f.pos:f.pos+n], " \t\r\n")
	f.pos += n
	return p
}

// between goes to the start of the next event. What is there beside the marks
// that enclose and number events is given as a piece.
func (f *frame) between() (p piece, found bool, err error) {
	for from := 0; ; {
		rest := f.buf[f.pos:f.end]
		n := eventStart(rest, from)
		if n < 0 && f.end-f.pos <= f.limit/2 && f.more() {
			from = max(0, len(rest)-len(open))
			continue
		}
		offset, last := f.base+int64(f.pos), n < 0
		if last {
			n = len(rest)
			if !f.eof { // the tag may be cut
				n -= len(open)
			}
		}
		lost := f.lost
		if f.lost && !last {
			f.lost = false
		}
		gap := rest[:n]
		if !last && !lost {
			gap = gap[:len(gap)-len(prefix(gap))]
		}
		if !lost && !isPassed(gap) {
			p = f.give(n, piece{offset: offset, bad: "is no event"})
			p.raw = bytes.TrimSpace(gap)
			return p, true, nil
		}
		f.pos += n
		switch {
		case !last:
			return piece{}, false, nil
		case f.eof:
			return piece{}, false, io.EOF
		}
		from = 0
		f.more()
	}
}

// prefix is what stands before an event on its line: the header of a syslog
// message, the time of a collector, the dash that viewers fold elements with.
func prefix(gap []byte) []byte {
	line := gap[bytes.LastIndexByte(gap, '\n')+1:]
	if len(line) > maxPrefix {
		return nil
	}
	for i, c := range line {
		if c == '<' && (i+1 == len(line) || line[i+1] < '0' || line[i+1] > '9') {
			return nil // an element; syslog's <13> is none
		}
	}
	return line
}

const maxPrefix = 512

// marks are what tools write around events: a declaration, an element for all of
// them, comments, numbers ("Record 7" by evtx_dump), folds, byte order marks.
var marks = regexp.MustCompile(`^(?:\s|\x{FEFF}|\x00|[-"',;]|<\?xml[^>]*\?>|</?Events(?:\s[^>]*)?/?>|<!--[^<>]*-->|Record [0-9]+\s)*$`)

// longestMark bounds what is looked at with the expression.
const longestMark = 4 << 10

func isPassed(gap []byte) bool {
	gap = bytes.TrimSpace(gap)
	return len(gap) == 0 || len(gap) <= longestMark && marks.Match(append(gap[:len(gap):len(gap)], '\n'))
}

const open, shut = "<Event", "</Event"

// eventStart is the offset of the next opening tag of an event, from on, or -1.
func eventStart(b []byte, from int) int {
	for {
		i := bytes.Index(b[from:], []byte(open))
		if i < 0 || from+i+len(open) >= len(b) {
			return -1
		}
		from += i
		if isEnd(b[from+len(open)]) {
			return from
		}
		from++
	}
}

// isEnd says whether a character ends a tag's name.
func isEnd(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '>', '/':
		return true
	}
	return false
}

// eventEnd is the offset behind the event that b begins with, 0 where more is
// needed; from is where to go on then. With a reason, the event is damaged and
// what follows begins at the offset.
func eventEnd(b []byte, from *int) (n int, why string) {
	for {
		i := bytes.IndexByte(b[*from:], '<')
		if i < 0 {
			*from = len(b)
			return 0, ""
		}
		at := *from + i
		rest := b[at:]
		skip := 1
		switch {
		case len(rest) < len("<![CDATA["):
			if end := bytes.IndexByte(rest, '>'); end < 0 || !bytes.HasPrefix(rest, []byte(shut)) {
				*from = at
				return 0, ""
			}
			fallthrough
		case bytes.HasPrefix(rest, []byte(shut)) && (rest[len(shut)] == '>' || isSpace(rest[len(shut)])):
			end := bytes.IndexByte(rest, '>')
			if end < 0 {
				*from = at
				return 0, ""
			}
			return at + end + 1, ""
		case bytes.HasPrefix(rest, []byte(open)) && isEnd(rest[len(open)]):
			return at, "ends where another begins"
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			if skip = bytes.Index(rest, []byte("]]>")); skip < 0 {
				*from = at
				return 0, ""
			}
		case bytes.HasPrefix(rest, []byte("<!--")):
			if skip = bytes.Index(rest, []byte("-->")); skip < 0 {
				*from = at
				return 0, ""
			}
		}
		*from = at + skip
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
