package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The bounds of a row. The longest real rows hold a task's definition or a
// command line, 64 KiB at most each.
const (
	maxRow    = 1 << 20 // bytes, line ends included
	maxFields = 2048
)

// row is one record of the file, good until the next is asked for.
type row struct {
	fields []string
	raw    []byte // as written, without the last line end
	line   int    // of its first line, from 1
	lines  int
	bad    string // why it is none; fields is nil then
	long   bool   // it is bad because it is longer than maxRow
}

// frame cuts a file into rows. A row whose quotes don't add up costs its first
// line and no more: reading goes on with the next line, as the row that comes
// after the damage may begin there. encoding/csv can't do that, it has read on
// by then.
type frame struct {
	in    *bufio.Reader
	comma byte
	width int      // columns expected, to tell a row that swallowed others; 0 for any
	ahead [][]byte // lines read ahead; those from at on are still to come
	at    int
	keep  bool // what is read is to be kept in ahead
	line  int  // of the next line, from 1
	again int  // what reading lines again has cost so far, in bytes
	taken int  // bytes read so far
	split splitter
	raw   bytes.Buffer
}

func newFrame(r io.Reader, comma byte) *frame {
	return &frame{in: bufio.NewReaderSize(r, 64<<10), comma: comma, line: 1}
}

// next is the next row that is not blank, or io.EOF.
func (f *frame) next() (row, error) {
	for {
		first, cut, err := f.readLine()
		if err != nil {
			return row{}, err
		}
		r := row{raw: first, line: f.line, lines: 1}
		f.line++
		if cut {
			r.bad, r.long = fmt.Sprintf("is longer than %d bytes", maxRow), true
			return r, nil
		}
		if len(bytes.TrimRight(first, "\r")) == 0 {
			continue
		}
		return f.row(r)
	}
}

// row reads the row that begins with a line.
func (f *frame) row(r row) (row, error) {
	f.split.begin(f.comma)
	state := f.split.line(r.raw)
	if state == whole && (f.width == 0 || len(f.split.ends) <= f.width) {
		r.fields = f.split.fields()
		return r, nil
	}
	return f.longRow(r, bytes.Clone(r.raw), state)
}

// longRow reads on until a row's quotes are closed.
func (f *frame) longRow(r row, first []byte, state state) (row, error) {
	f.raw.Reset()
	f.raw.Write(first)
	begin, lines, why := f.at, 0, ""
	f.keep = true
	defer func() { f.keep = false }()
	for state == open && why == "" {
		line, cut, err := f.readLine()
		if errors.Is(err, io.EOF) {
			why = "a quotation mark is never closed"
			break
		}
		if err != nil {
			return r, err
		}
		lines++
		f.raw.WriteByte('\n')
		f.raw.Write(line)
		switch {
		case cut || f.raw.Len() > maxRow:
			why = fmt.Sprintf("a quotation mark is not closed within %d bytes", maxRow)
		case f.width > 0 && len(f.split.ends) > f.width+spareColumns:
			why = "a quotation mark is not closed before the next rows"
		default:
			state = f.split.line(line)
		}
	}
	return f.finish(r, first, lines, begin, state, why), nil
}

// spareColumns is how many empty columns too many a row may have.
const spareColumns = 64

// finish makes a row of what was read, or goes back to behind its first line.
func (f *frame) finish(r row, first []byte, lines, begin int, state state, why string) row {
	r.fields, r.raw, r.lines = f.split.fields(), f.raw.Bytes(), lines+1
	if why == "" && state == broken {
		if f.mended(first) {
			r.fields, r.raw, r.lines = f.split.fields(), first, 1
			f.at = begin
			return r
		}
		why = f.split.why
	}
	if n := filled(r.fields, f.width); why == "" && lines > 0 && f.width > 0 && n != f.width {
		why = fmt.Sprintf("has %d columns over %d lines and should have %d", n, lines+1, f.width)
	}
	if why == "" {
		f.line += lines
		return r
	}
	r.fields, r.bad = nil, why
	if f.again += f.raw.Len() + 64*lines; f.again > 16<<20+8*f.taken {
		// Someone made a file in which every line opens what only the end
		// closes. Reading each of them again would take for ever.
		f.line += lines
		return r
	}
	r.raw, r.lines = first, 1
	f.at = begin
	return r
}

// filled is how many columns a row has without empty ones too many at its end.
func filled(fields []string, width int) int {
	n := len(fields)
	for n > width && strings.TrimSpace(fields[n-1]) == "" {
		n--
	}
	return n
}

// mended reads a line again whose values hold quotation marks that stand alone,
// as exports write that put marks around command lines and change nothing in
// them. It is taken where it then has the header's columns, no more and no less.
func (f *frame) mended(line []byte) bool {
	again := splitter{lazy: true, why: f.split.why}
	again.comma = f.comma
	if again.line(line) != whole || len(again.ends) != f.width {
		return false
	}
	f.split = again
	return true
}

// readLine is the next line without its line feed. One that is too long is cut
// and its rest passed over.
func (f *frame) readLine() (line []byte, cut bool, err error) {
	if f.at < len(f.ahead) {
		if !f.keep && f.at > 1024 && f.at > len(f.ahead)/2 { // what is behind is not gone back to
			f.ahead = f.ahead[:copy(f.ahead, f.ahead[f.at:])]
			f.at = 0
		}
		f.at++
		return f.ahead[f.at-1], false, nil
	}
	line, cut, err = f.readNew()
	switch {
	case err != nil:
	case f.keep:
		line = bytes.Clone(line)
		f.ahead = append(f.ahead, line)
		f.at++
	default:
		f.ahead, f.at = f.ahead[:0], 0
	}
	return line, cut, err
}

// readNew reads a line from the input; it is good until the next.
func (f *frame) readNew() (line []byte, cut bool, err error) {
	line, err = f.in.ReadSlice('\n')
	f.taken += len(line)
	if err == nil {
		return line[:len(line)-1], false, nil
	}
	whole := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = f.in.ReadSlice('\n')
		f.taken += len(line)
		if len(whole) < maxRow {
			whole = append(whole, line...)
		} else {
			cut = true
		}
	}
	switch {
	case errors.Is(err, io.EOF) && len(whole) == 0:
		return nil, false, io.EOF
	case err != nil && !errors.Is(err, io.EOF):
		return nil, false, fmt.Errorf("reading a row: %w", err)
	}
	whole = bytes.TrimSuffix(whole, []byte{'\n'})
	if len(whole) > maxRow {
		return whole[:maxRow], true, nil
	}
	return whole, cut, nil
}
