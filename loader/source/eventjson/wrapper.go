package eventjson

import (
	"bytes"
	"errors"
)

// Some carriers put many records into one object: Event Hub's messages are
// {"records": […]}, answers of query services {"Schema": […], "Results": […]} or
// {"@odata.context": …, "value": […]}, of Elasticsearch {"took": …, "hits":
// {"total": …, "hits": […]}}. Such an object may be larger than memory,
// so it is no record: its beginning and end are passed over like the brackets of
// an array, and its records read one by one.

// holders are the names of the member that holds the records; beside those of
// members that may come before it.
var (
	holders = map[string]bool{"records": true, "Results": true, "results": true, "value": true, "hits": true}
	leaders = map[string]bool{
		"Stats": true, "stats": true, "Schema": true, "schema": true, "QueryId": true, "@odata.context": true,
		"took": true, "timed_out": true, "_shards": true, "_clusters": true, "_scroll_id": true, "pit_id": true,
		"num_reduce_phases": true, "terminated_early": true, "total": true, "max_score": true,
		"preview": true, "init_offset": true, "messages": true, "fields": true, "post_process_count": true,
	}
)

// maxOpening bounds what may come before the records.
const maxOpening = 1 << 20

// enter passes over the beginning of an object that holds records, if that is
// what comes next.
func (f *frame) enter() bool {
	for {
		n, err := f.opening(f.buf[f.pos:f.end])
		if errors.Is(err, errMore) && f.end-f.pos < maxOpening && f.more() {
			continue
		}
		if n == 0 {
			return false
		}
		head := f.buf[f.pos : f.pos+n]
		if nl := bytes.LastIndexByte(head, '\n'); nl >= 0 {
			f.indent, n = 0, n-nl-1
			f.pos += nl + 1
		}
		f.indent += n
		f.pos += n
		f.array, f.inside, f.levels = true, true, f.opened
		return true
	}
}

// opening is how many bytes of b lie before the first record of an object that
// holds records; 0 where b begins with something else.
func (f *frame) opening(b []byte) (int, error) {
	i := blank(b, 1)
	f.opened = 1
	for i < len(b) && b[i] == '"' {
		end := stringEnd(b, i+1)
		if end < 0 {
			return 0, errMore
		}
		name := b[i+1 : end]
		holder := holders[string(name)]
		if !holder && !leaders[string(name)] {
			return 0, nil
		}
		if i = blank(b, end+1); i == len(b) || b[i] != ':' {
			return 0, ended(b, i)
		}
		i = blank(b, i+1)
		if holder && f.opened == 1 && i < len(b) && b[i] == '{' { // the answer's own list is one level down
			f.opened++
			i = blank(b, i+1)
			continue
		}
		if holder {
			return f.holding(b, i, string(name) == "records")
		}
		n, err := f.tape.parse(b[i:])
		if err != nil {
			return 0, err
		}
		if i = blank(b, i+n); i == len(b) || b[i] != ',' {
			return 0, ended(b, i)
		}
		i = blank(b, i+1)
	}
	return 0, ended(b, i)
}

// holding is the offset behind the bracket at i, where it opens an array of what
// is read here: the first shows it, as other programs' documents have members of
// such names too. One that can't be read shows nothing, and then Event Hub's name
// for the array is believed, so that the damage costs one record and not all.
func (f *frame) holding(b []byte, i int, sure bool) (int, error) {
	if i == len(b) || b[i] != '[' {
		return 0, ended(b, i)
	}
	first := blank(b, i+1)
	switch {
	case first == len(b):
		return 0, errMore
	case b[first] == ']':
		return i + 1, nil
	case b[first] != '{':
		return 0, nil
	}
	if _, err := f.tape.parse(b[first:]); err != nil {
		if !sure {
			return 0, err
		}
		if errors.Is(err, errMore) {
			return i + 1, err
		}
		return i + 1, nil
	}
	if known(&doc{b: b[first:], nodes: f.tape.nodes}) {
		return i + 1, nil
	}
	return 0, nil
}

// known says whether a record is one that is read or known not to be.
func known(d *doc) bool {
	_, event := detect(d, shapes())
	_, _, row := defenderRow(d)
	return event || row || carried(d) != 0 || d.get(0, rejectKey) != 0 || otherKind(d) != ""
}

// ended is errMore where b was read to its end.
func ended(b []byte, i int) error {
	if i >= len(b) {
		return errMore
	}
	return nil
}

// blank is the offset of the first byte from i on that is no white space.
func blank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// passTail passes over what may come behind the records: a member of the object
// that held them, or its end. It leaves the position on the last byte of that.
func (f *frame) passTail() bool {
	switch {
	case f.buf[f.pos] == '}':
		f.tail--
		return true
	case f.buf[f.pos] == '"' && f.trailing():
		f.pos--
		return true
	}
	f.tail = 0
	return false
}

// trailing passes over one member behind the records.
func (f *frame) trailing() bool {
	for {
		n, err := f.member(f.buf[f.pos:f.end])
		if errors.Is(err, errMore) && f.end-f.pos < maxOpening && f.more() {
			continue
		}
		f.pos += n
		return n > 0 && err == nil
	}
}

// member is the length of the member that b begins with.
func (f *frame) member(b []byte) (int, error) {
	end := stringEnd(b, 1)
	if end < 0 {
		return 0, errMore
	}
	i := blank(b, end+1)
	if i == len(b) || b[i] != ':' {
		return 0, ended(b, i)
	}
	i = blank(b, i+1)
	n, err := f.tape.parse(b[i:])
	if err != nil {
		return 0, err
	}
	return i + n, nil
}
