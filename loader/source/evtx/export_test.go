package evtx

import (
	"context"
	"io"
)

// DumpEach gives each record's number and JSON to f, and answers the damage.
func DumpEach(ctx context.Context, r io.Reader, f func(id uint64, line []byte)) ([]Damage, error) {
	v := &eachVisitor{jsonVisitor: jsonVisitor{w: io.Discard, each: func(rec record, line []byte) { f(rec.id, line) }}}
	err := read(ctx, r, "test", v)
	return v.found, err
}

type eachVisitor struct {
	jsonVisitor
	found []Damage
}

func (v *eachVisitor) damaged(d Damage) error {
	v.found = append(v.found, d)
	return nil
}
