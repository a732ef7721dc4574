package source

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/taskroot/taskroot/loader/source/eventjson"
)

// WriteReject writes a reject as one line of a reject file. Such a file is
// input like any other: [Read] reads what was rejected again, under the name of
// the source it came from.
func WriteReject(w io.Writer, r Reject) error {
	line, err := eventjson.Inner{
		Source: r.Source, Record: r.Record, Reason: r.Reason, Detail: r.Detail, Count: r.Count, Raw: r.Raw,
	}.MarshalLine()
	if err != nil {
		return err
	}
	if _, err := w.Write(line); err != nil {
		return fmt.Errorf("writing a reject: %w", err)
	}
	return nil
}

// origin is where input of a reject file was met first.
type origin struct {
	reject  Reject
	record  string
	ordinal uint64 // to add to positions, so that a record keeps its own
}

// again reads the input that a line of a reject file holds.
func (w *walker) again(ctx context.Context, file item, in eventjson.Inner) error {
	r := Reject{Source: in.Source, Record: in.Record, Reason: in.Reason, Detail: in.Detail, Count: max(in.Count, 1), Raw: in.Raw}
	if r.Source == "" {
		r.Source = file.name
	}
	it := item{name: r.Source, r: bytes.NewReader(r.Raw), size: -1, depth: file.depth + 1, inner: &origin{reject: r, record: r.Record}}
	if r.Raw == nil || it.depth > maxDepth {
		return w.rejectAgain(it)
	}
	it.written, it.inner.record = writtenIn(r.Record, file.written)
	var n, at uint64
	for _, form := range []string{"record %d at byte %d", "row %d at line %d"} {
		if _, err := fmt.Sscanf(r.Record, form, &n, &at); err == nil && n > 0 {
			it.inner.ordinal = n - 1
		}
	}
	return w.read(ctx, it)
}

// rejectAgain passes a reject on as it was: its input is still of no use.
func (w *walker) rejectAgain(it item) error {
	if err := w.begin(it.name); err != nil {
		return err
	}
	return w.sink.Rejected(it.inner.reject)
}
