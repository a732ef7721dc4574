package evtx

import "encoding/binary"

// template is a template definition of the current chunk, parsed.
type template struct {
	nodes  []node
	id     uint32
	next   int // offset behind the definition
	err    error
	layout *layout // of one that is kept
}

// definition is the parsed template at an offset of the chunk. It is parsed at
// its first use and kept for the chunk, failures included: a broken template
// used by a thousand records is looked at once.
//
// A definition is the offset of the next one in its bucket, a GUID, the size
// of its body, and the body.
func (d *decoder) definition(at uint32, depth int) (*template, error) {
	if t, ok := d.templates[at]; ok {
		return t, t.err
	}
	t := &template{}
	d.templates[at] = t
	if uint64(at)+24 > uint64(len(d.chunk)) {
		t.err = corruptf("template at %d lies outside the chunk", at)
		return t, t.err
	}
	t.id = binary.LittleEndian.Uint32(d.chunk[at+4:])
	body := int(at) + 24
	size := binary.LittleEndian.Uint32(d.chunk[at+20:])
	if uint64(body)+uint64(size) > uint64(len(d.chunk)) {
		t.err = corruptf("template at %d runs out of the chunk", at)
		return t, t.err
	}
	t.next = body + int(size)
	g := guid(d.chunk[at+4:])
	if k := d.kept(g, body, t.next); k != nil {
		t.nodes = k.nodes
		return t, nil
	}
	// Until it is parsed it must not be used: it could hold itself.
	t.err = corruptf("template at %d uses itself", at)
	budget := d.chunkNodes
	l := &layout{}
	p := parser{d: d, pos: body, end: t.next, dep: true, depth: depth, base: body, layout: l}
	if t.nodes, t.err = p.content(0, false); t.err == nil && p.layout != nil {
		d.keep(g, t, l, body, budget-d.chunkNodes)
	}
	return t, t.err
}

// instance reads a template instance from behind its token: which template,
// its definition where this is the first use, and the values. The slots are on
// the decoder's stack and live until the record ends.
func (p *parser) instance() (fragment, error) {
	if p.depth > maxFragmentDepth {
		return fragment{}, corruptf("values of binxml are nested more than %d deep", maxFragmentDepth)
	}
	if _, err := p.u8(); err != nil { // of unknown use
		return fragment{}, err
	}
	id, err := p.u32()
	if err != nil {
		return fragment{}, err
	}
	at, err := p.u32()
	if err != nil {
		return fragment{}, err
	}
	t, err := p.d.definition(at, p.depth+1)
	if err != nil {
		return fragment{}, err
	}
	// The id is the first part of the GUID. A record that strayed here from
	// another chunk would else be read by whatever template lies there.
	if t.id != id {
		return fragment{}, corruptf("template at %d has id %08x and not %08x", at, t.id, id)
	}
	if int(at) == p.pos {
		if p.pos = t.next; p.pos > p.end {
			return fragment{}, corruptf("template at %d runs out of its record", at)
		}
	}
	slots, err := p.slots()
	return fragment{nodes: t.nodes, slots: slots}, err
}

// slots reads the values of an instance: their count, a size and a type for
// each, then the bytes of all.
func (p *parser) slots() ([]slot, error) {
	n, err := p.u32()
	if err != nil {
		return nil, err
	}
	if uint64(n)*4 > uint64(p.end-p.pos) {
		return nil, corruptf("%d values do not fit their record", n)
	}
	head, err := p.take(4 * int(n))
	if err != nil {
		return nil, err
	}
	if err := p.d.visit(int(n)); err != nil {
		return nil, err
	}
	start := len(p.d.stack)
	chunk, pos := p.d.chunk, p.pos
	for i := 0; i < len(head); i += 4 {
		size := int(binary.LittleEndian.Uint16(head[i:]))
		if p.end-pos < size {
			return nil, corruptf("value %d of %d runs out of its record", i/4, n)
		}
		p.d.stack = append(p.d.stack, slot{typ: head[i+2], off: uint32(pos), data: chunk[pos : pos+size : pos+size]})
		pos += size
	}
	p.pos = pos
	end := len(p.d.stack)
	return p.d.stack[start:end:end], nil
}

// open parses the BinXML in chunk[pos:end]: one template instance as a rule,
// else bare elements.
func (d *decoder) open(pos, end, depth int) (fragment, error) {
	if depth > maxFragmentDepth {
		return fragment{}, corruptf("values of binxml are nested more than %d deep", maxFragmentDepth)
	}
	p := parser{d: d, pos: pos, end: end, depth: depth}
	for p.pos+4 <= end && d.chunk[p.pos] == tokFragment {
		p.pos += 4
	}
	if p.pos < end && d.chunk[p.pos] == tokTemplate {
		p.pos++
		return p.instance()
	}
	nodes, err := p.content(0, depth == 0)
	return fragment{nodes: nodes}, err
}

// nested opens a value of type BinXML. It is parsed in place, because names in
// it are offsets in the chunk.
func (d *decoder) nested(s slot, depth int) (fragment, error) {
	return d.open(int(s.off), int(s.off)+len(s.data), depth)
}
