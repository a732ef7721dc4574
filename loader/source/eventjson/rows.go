package eventjson

import (
	"bytes"
	"encoding/json"
)

// Member is one named value of a record that is written in another way than as
// JSON: a column of a row and what the row has there.
type Member struct{ Name, Value string }

// Rows reads records that another carrier holds as names and values, such as
// the rows of a CSV export: they have the same names as the same tool's JSON.
type Rows struct {
	d    *decoder
	tape tape
	text bytes.Buffer
}

// NewRows makes a reader that gives its records to h; the name is the source's.
// A record that is no event is rejected. The place and the bytes that h gets
// are those of the record as JSON: the caller knows the real ones.
func NewRows(name string, opt Options, h Handler) *Rows {
	opt.Again = true // nothing is held back until the next record shows what the file is
	return &Rows{d: &decoder{name: name, opt: opt, h: h, shapes: shapes(), channels: map[string]string{}}}
}

// Read reads one record; ordinal is its position in the source, from 1. Members
// without a value are to be left out. The error is the handler's.
func (r *Rows) Read(ordinal uint64, members []Member) error {
	r.text.Reset()
	r.text.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			r.text.WriteByte(',')
		}
		quote(&r.text, m.Name)
		r.text.WriteByte(':')
		quote(&r.text, m.Value)
	}
	r.text.WriteByte('}')
	b := r.text.Bytes()
	p := place{ordinal: ordinal}
	if _, err := r.tape.parse(b); err != nil {
		return r.d.h.Rejected(Bad{Record: Record{Place: p.String(), Raw: b}, Reason: BadJSON, Detail: err.Error()})
	}
	r.d.doc, r.d.raw = doc{b: b, nodes: r.tape.nodes}, b
	return r.d.record(p)
}

func quote(w *bytes.Buffer, s string) {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		w.WriteByte('"')
		w.WriteString(s)
		w.WriteByte('"')
		return
	}
	b, _ := json.Marshal(s) //nolint:errchkjson // a string always can be
	w.Write(b)
}
