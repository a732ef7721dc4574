package evtx

import "bytes"

// Each chunk writes its templates out anew, and there are as few as two uses
// of one in a chunk. So templates are kept over chunks, and a definition in
// the next chunk is compared with the one kept rather than parsed. It has to
// be compared: forged and mixed logs have different templates of one GUID.
//
// Two definitions that say the same differ in their bytes. Names are offsets,
// a name is written out in whichever template uses it first, and sizes count
// the names written out. A layout knows where those places are.

const (
	maxVariants = 4       // templates kept of one GUID
	maxKept     = 1 << 17 // nodes kept in all, then it starts again
)

type guid [16]byte

// layout is a template's body with its places that vary.
type layout struct {
	body   []byte
	fields []field
}

// field is four bytes of a body that vary: a size, or the offset of a name.
type field struct {
	at     int    // in the body
	name   []byte // UTF-16; nil for a size
	inline int    // bytes of the name where it is written out behind
}

// same says whether chunk[pos:end] says what the layout's body does. The name
// tables of the chunk are what the offsets point into.
func (l *layout) same(chunk []byte, pos, end int) bool {
	from := 0
	for i := range l.fields {
		f := &l.fields[i]
		same := l.body[from:f.at]
		if end-pos < len(same)+4 || !bytes.Equal(chunk[pos:pos+len(same)], same) {
			return false
		}
		pos += len(same) + 4
		from = f.at + 4 + f.inline
		if f.name == nil {
			continue
		}
		at := uint64(le.Uint32(chunk[pos-4:]))
		if at+8+uint64(len(f.name)) > uint64(len(chunk)) || 2*int(le.Uint16(chunk[at+6:])) != len(f.name) ||
			!bytes.Equal(chunk[at+8:at+8+uint64(len(f.name))], f.name) {
			return false
		}
		if int(at) == pos {
			pos += 8 + len(f.name) + 2
		}
	}
	return pos <= end && bytes.Equal(chunk[pos:end], l.body[from:])
}

// kept finds a template that was parsed in an earlier chunk.
func (d *decoder) kept(g guid, body, end int) *template {
	for _, t := range d.cache[g] {
		if t.layout.same(d.chunk, body, end) {
			return t
		}
	}
	return nil
}

// keep keeps a template for later chunks, without its place in this one.
func (d *decoder) keep(g guid, t *template, l *layout, body, nodes int) {
	if d.cached += nodes; d.cached > maxKept {
		clear(d.cache)
		d.cached = nodes
	}
	if nodes > maxKept || len(d.cache[g]) >= maxVariants {
		return
	}
	l.body = bytes.Clone(d.chunk[body:t.next])
	d.cache[g] = append(d.cache[g], &template{nodes: t.nodes, id: t.id, layout: l})
}
