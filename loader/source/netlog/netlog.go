// Package netlog reads what the network saw: Zeek's conn, dns, ssl and http
// logs, as tables or as JSON lines, and the logs of web proxies, Squid's own
// and the W3C's extended format that Blue Coat, TMG and IIS write.
//
// These logs know addresses and no processes. Whose an address was at the time,
// and which process used the port, is not decided here.
package netlog

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Handler takes what [Decode] finds, from one goroutine; an error stops the
// reading. Each line that is no comment is given to exactly one of its methods.
type Handler interface {
	Observation(o graph.Observation) error
	// Skipped is a line that is not wanted; reason is the log's name, or why.
	Skipped(reason string) error
	Rejected(b Bad) error
}

// Bad is a line that could not be read. Raw has the log's own header lines
// before it, so that it can be read alone.
type Bad struct {
	Place  string
	Reason string
	Detail string
	Raw    []byte
}

// The reasons of a [Bad].
const (
	BadLine   = "bad line"   // no record of the log's format
	BadRecord = "bad record" // a record that lacks what it is about
	TooLong   = "too long"
)

// maxLine bounds a line; the longest real ones hold a URL of some ten KiB.
const maxLine = 1 << 20

// errSkip wraps why a line that is in order says nothing of use.
type errSkip string

func (e errSkip) Error() string { return string(e) }

// Why a line can't be used.
var (
	errForm     = errors.New("is no line of this format")
	errNoFields = errors.New("comes before the line that names the fields")
	errNoTime   = errors.New("has no time that can be read")
	errNoClient = errors.New("names no client address")
	errNoRemote = errors.New("names neither a remote address nor a name")
)

// format is one way of writing a log.
type format interface {
	// comment takes a line that says how the log is written and says whether it
	// is one.
	comment(line string) bool
	// record reads any other line.
	record(line string) (graph.Observation, error)
	// context are the comments that a line needs to be read alone.
	context() string
}

// formatOf tells a log by its first bytes; nil where it is none of these.
func formatOf(head []byte) format {
	head = bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF"))
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, "\r\n"), []byte("\n"))
	switch {
	case bytes.HasPrefix(line, []byte("#separator ")), bytes.HasPrefix(line, []byte("#fields\t")):
		return &zeekTable{}
	case isZeekJSON(line):
		return zeekJSON{}
	case isW3C(head):
		return &w3c{}
	case isSquid(string(line)):
		return squid{}
	}
	return nil
}

// Sniff says whether head, the start of a file, is the start of such a log.
func Sniff(head []byte) bool { return formatOf(head) != nil }

// Decode reads all lines of r. The name is the source's; ordinal is what to add
// to the position of a line in it.
func Decode(ctx context.Context, r io.Reader, name string, ordinal uint64, h Handler) error {
	in := bufio.NewReaderSize(r, 64<<10)
	head, _ := in.Peek(16 << 10)
	f := formatOf(head)
	if f == nil {
		return h.Rejected(Bad{Place: "all of it", Reason: BadLine, Detail: "is no log that is known"})
	}
	d := &decoder{name: name, h: h, f: f, n: ordinal}
	for number := 1; ; number++ {
		if number%1024 == 0 && ctx.Err() != nil {
			return fmt.Errorf("reading %s: %w", name, ctx.Err())
		}
		line, cut, err := readLine(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		if err := d.line(strings.TrimRight(line, "\r"), number, cut); err != nil {
			return err
		}
	}
}

type decoder struct {
	name string
	h    Handler
	f    format
	n    uint64 // records so far
}

func (d *decoder) line(line string, number int, cut bool) error {
	if number == 1 {
		line = strings.TrimPrefix(line, "\xEF\xBB\xBF")
	}
	if strings.TrimSpace(line) == "" || !cut && d.f.comment(line) {
		return nil
	}
	d.n++
	bad := func(reason, detail string) error {
		return d.h.Rejected(Bad{
			Place: fmt.Sprintf("row %d at line %d", d.n, number), Reason: reason, Detail: detail,
			Raw: []byte(d.f.context() + line + "\n"),
		})
	}
	if cut {
		return bad(TooLong, fmt.Sprintf("is longer than %d bytes", maxLine))
	}
	o, err := d.f.record(line)
	var skip errSkip
	switch {
	case errors.As(err, &skip):
		return d.h.Skipped(string(skip))
	case errors.Is(err, errForm), errors.Is(err, errNoFields):
		return bad(BadLine, err.Error())
	case err != nil:
		return bad(BadRecord, err.Error())
	}
	o.Head().Evidence.Source, o.Head().Evidence.Record = d.name, d.n
	return d.h.Observation(o)
}

// header is what all lines of a log have in common: their times are UTC by the
// format, and no host is named.
func header(channel string, at time.Time) graph.Header {
	return graph.Header{
		Clock:    graph.Clock{Claimed: at, Trust: graph.Honest},
		Evidence: graph.Evidence{Channel: channel, Time: at},
	}
}

// readLine is the next line without its line feed. One that is too long is cut.
func readLine(in *bufio.Reader) (line string, cut bool, err error) {
	part, err := in.ReadSlice('\n')
	if err == nil {
		return string(part[:len(part)-1]), false, nil
	}
	all := bytes.Clone(part)
	for errors.Is(err, bufio.ErrBufferFull) {
		part, err = in.ReadSlice('\n')
		if len(all)+len(part) <= maxLine {
			all = append(all, part...)
		} else {
			cut = true
		}
	}
	if errors.Is(err, io.EOF) && len(all) == 0 {
		return "", false, io.EOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("reading a line: %w", err)
	}
	return strings.TrimSuffix(string(all), "\n"), cut, nil
}
