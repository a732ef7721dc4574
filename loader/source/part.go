package source

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
)

// Growth is how a file may be read while it is written.
type Growth string

// The ways that files grow. Where too little of a file is there to tell,
// [Grows] answers [Undecided].
const (
	Undecided Growth = ""
	Whole     Growth = "whole" // only when it is complete: archives, compressed files, JSON arrays
	Lines     Growth = "lines" // line by line, at its end
	Log       Growth = "log"   // in chunks that are written again until they are full: EVTX
	Foreign   Growth = "none"  // in no format that is read
)

// HeadSize is how many bytes at a file's start [Grows] and [Part] want.
const HeadSize = headSize

// Grows tells by a file's first bytes, [HeadSize] of them or all there are, how
// it may be read while it is written.
func Grows(head []byte) Growth {
	if len(bytes.TrimLeft(head, " \t\r\n\x00")) == 0 {
		return Undecided
	}
	for _, f := range formats() {
		switch {
		case !f.sniff(head):
		case f.grows == nil:
			return Whole
		default:
			return f.grows(head)
		}
	}
	return Foreign
}

// Part is a stretch of a file that grows: whole lines, or chunks of a log.
type Part struct {
	Name    string    // of the file, as its records' evidence has it
	Head    []byte    // the file's own first bytes, up to [HeadSize]
	Body    io.Reader // the part
	Offset  int64     // of the part in the file, in bytes
	Ordinal uint64    // records of the file before the part
	After   uint64    // of a log: records up to this id are passed over in silence

	last uint64
}

// ReadPart reads a part of a file and tells the sink what it holds, as [Read]
// does of a whole file: one FileStart, its records, one FileEnd. The format is
// told by the file's head, never by the part's own. Of a log the last is the
// highest record id that was met.
func ReadPart(ctx context.Context, p Part, opt Options, sink Sink) (last uint64, err error) {
	beside, err := findMappings([]string{p.Name})
	if err != nil {
		return 0, err
	}
	w := &walker{sink: sink, opt: opt, formats: formats(), skipped: map[channelID]int{}, mappings: beside, outer: p.Name}
	body := p.Body
	if p.Offset > 0 {
		if n := headerOf(w.formats, p.Head); n > 0 {
			body = io.MultiReader(bytes.NewReader(p.Head[:n]), body)
			p.Offset -= int64(n)
		}
	}
	err = w.outermost(ctx, item{name: p.Name, r: body, size: -1, part: &p})
	return p.last, err
}

// Complete says whether a last line without its line feed is all of it. Only
// JSON says where it ends; of any other text the rest may be to come.
func Complete(head, line []byte) bool {
	for _, f := range formats() {
		if f.sniff(head) {
			return f.name == "json" && json.Valid(bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF")))
		}
	}
	return false
}

func headerOf(all []format, head []byte) int {
	for _, f := range all {
		if f.sniff(head) {
			if f.header == nil {
				return 0
			}
			return f.header(head)
		}
	}
	return 0
}

func growsAsLog([]byte) Growth { return Log }

// growthOfJSON tells JSON by lines from arrays and from objects over several
// lines: the first line of the former, or some later one, is an object by itself.
func growthOfJSON(head []byte) Growth {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n")
	if len(text) > 0 && text[0] == '[' {
		return Whole
	}
	whole := false
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("{")) && json.Valid(line) {
			return Lines
		}
		whole = whole || bytes.HasSuffix(line, []byte("\n"))
	}
	switch {
	case whole:
		return Whole
	case len(head) >= headSize:
		return Lines // a first line of more than that
	}
	return Undecided
}
