package evtx

import (
	"encoding/binary"
	"fmt"
)

// The tokens of BinXML ([MS-EVEN6] 2.2.12). Bit 0x40 says that more of the
// same follows; it is masked off where it does not matter.
const (
	tokEOF        = 0x00
	tokOpen       = 0x01
	tokCloseStart = 0x02
	tokCloseEmpty = 0x03
	tokEnd        = 0x04
	tokValue      = 0x05
	tokAttribute  = 0x06
	tokCDATA      = 0x07
	tokCharRef    = 0x08
	tokEntityRef  = 0x09
	tokPITarget   = 0x0a
	tokPIData     = 0x0b
	tokTemplate   = 0x0c
	tokNormal     = 0x0d
	tokOptional   = 0x0e
	tokFragment   = 0x0f
	tokMore       = 0x40
)

// Bounds on what one chunk may make us do. Real logs stay a hundredfold below
// them; they exist so that a few forged bytes cannot ask for unbounded work.
const (
	maxElementDepth  = 64       // elements inside elements
	maxFragmentDepth = 16       // BinXML inside values of BinXML
	maxChunkNodes    = 1 << 17  // nodes built for one chunk
	maxRecordNodes   = 1 << 17  // nodes visited for one record
	maxChunkVisits   = 1 << 20  // nodes visited for one chunk
	maxRecordText    = 8 << 20  // bytes of text made of one record
	maxChunkText     = 64 << 20 // bytes of text made of one chunk
)

// fragment is parsed BinXML together with the values that fill it.
type fragment struct {
	nodes []node
	slots []slot
}

// parser turns the tokens of one region of a chunk into nodes.
type parser struct {
	d     *decoder
	pos   int
	end   int
	dep   bool // elements carry a dependency id: only in template definitions
	depth int  // of nested fragments

	base   int     // where the template's body begins
	layout *layout // takes the places that vary; nil where nobody asks
}

func corruptf(format string, args ...any) error {
	return &corruptError{fmt.Sprintf(format, args...)}
}

// corruptError is input that breaks the format, as against an error of the
// reader, the context or the handler.
type corruptError struct{ detail string }

func (e *corruptError) Error() string { return e.detail }

func (p *parser) u8() (byte, error) {
	if p.pos >= p.end {
		return 0, corruptf("binxml ends early at offset %d", p.pos)
	}
	p.pos++
	return p.d.chunk[p.pos-1], nil
}

func (p *parser) u16() (uint16, error) {
	if p.end-p.pos < 2 {
		return 0, corruptf("binxml ends early at offset %d", p.pos)
	}
	p.pos += 2
	return binary.LittleEndian.Uint16(p.d.chunk[p.pos-2:]), nil
}

func (p *parser) u32() (uint32, error) {
	if p.end-p.pos < 4 {
		return 0, corruptf("binxml ends early at offset %d", p.pos)
	}
	p.pos += 4
	return binary.LittleEndian.Uint32(p.d.chunk[p.pos-4:]), nil
}

func (p *parser) take(n int) ([]byte, error) {
	if n < 0 || p.end-p.pos < n {
		return nil, corruptf("binxml ends early at offset %d", p.pos)
	}
	p.pos += n
	return p.d.chunk[p.pos-n : p.pos : p.pos], nil
}

// chars reads a counted UTF-16 text.
func (p *parser) chars() (string, error) {
	n, err := p.u16()
	if err != nil {
		return "", err
	}
	b, err := p.take(2 * int(n))
	if err != nil {
		return "", err
	}
	return string(appendUTF16(nil, b)), nil
}

// name reads the offset of a name. A name is written out at its first use in
// the chunk, right behind the offset that points at it, and has to be stepped
// over there. The chunk's own table of names is not consulted: it only speeds
// up writing, and is wrong in some real files.
func (p *parser) name() (string, error) {
	at, err := p.u32()
	if err != nil {
		return "", err
	}
	c := p.d.chunk
	if uint64(at)+8 > uint64(len(c)) {
		return "", corruptf("name at %d lies outside the chunk", at)
	}
	n := 2 * int(binary.LittleEndian.Uint16(c[at+6:]))
	start := int(at) + 8
	if start+n > len(c) {
		return "", corruptf("name at %d runs out of the chunk", at)
	}
	here, inline := p.pos-4, 0
	if int(at) == p.pos {
		inline = 8 + n + 2
		if p.pos += inline; p.pos > p.end {
			return "", corruptf("name at %d runs out of its element", at)
		}
	}
	if p.layout != nil {
		name := append([]byte{}, c[start:start+n]...)
		p.layout.fields = append(p.layout.fields, field{at: here - p.base, name: name, inline: inline})
	}
	return p.d.intern(c[start : start+n]), nil
}

// size steps over the size of something.
func (p *parser) size() error {
	if p.layout != nil {
		p.layout.fields = append(p.layout.fields, field{at: p.pos - p.base})
	}
	_, err := p.u32()
	return err
}

// content reads nodes until the end of the enclosing element or fragment.
func (p *parser) content(depth int, one bool) ([]node, error) {
	if depth > maxElementDepth {
		return nil, corruptf("elements are nested more than %d deep", maxElementDepth)
	}
	var nodes []node
	for p.pos < p.end {
		tok, err := p.u8()
		if err != nil {
			return nil, err
		}
		if tok == tokEOF || tok == tokEnd {
			return nodes, nil
		}
		if tok == tokFragment {
			if _, err := p.take(3); err != nil {
				return nil, err
			}
			continue
		}
		if p.d.chunkNodes--; p.d.chunkNodes < 0 {
			return nil, corruptf("more than %d nodes in one chunk", maxChunkNodes)
		}
		if nodes, err = p.node(nodes, tok, depth); err != nil {
			return nil, err
		}
		if one && len(nodes) > 0 {
			return nodes, nil
		}
	}
	return nodes, nil
}

// node reads what follows a token and appends what it stands for.
func (p *parser) node(nodes []node, tok byte, depth int) ([]node, error) {
	switch tok &^ tokMore {
	case tokOpen:
		e, err := p.element(tok&tokMore != 0, depth)
		return append(nodes, node{kind: nodeElement, elem: e}), err
	case tokTemplate:
		p.layout = nil // its values are those of this chunk
		f, err := p.instance()
		f.slots = append([]slot(nil), f.slots...)
		return append(nodes, node{kind: nodeInstance, inst: &f}), err
	case tokPITarget:
		_, err := p.name()
		return nodes, err
	case tokPIData:
		_, err := p.chars()
		return nodes, err
	}
	return p.value(nodes, tok)
}

// value reads a piece of text or a substitution.
func (p *parser) value(nodes []node, tok byte) ([]node, error) {
	switch tok &^ tokMore {
	case tokValue:
		return p.literal(nodes)
	case tokNormal, tokOptional:
		id, err := p.u16()
		if err != nil {
			return nil, err
		}
		// The declared type is not needed: each value brings its own.
		_, err = p.u8()
		return append(nodes, node{kind: nodeSlot, index: id}), err
	case tokCDATA:
		s, err := p.chars()
		return addText(nodes, s), err
	case tokCharRef:
		r, err := p.u16()
		return addText(nodes, string(rune(r))), err
	case tokEntityRef:
		s, err := p.name()
		return addText(nodes, entity(s)), err
	}
	return nil, corruptf("unknown binxml token 0x%02x at offset %d", tok, p.pos-1)
}

// literal reads a typed value that stands in the markup itself.
func (p *parser) literal(nodes []node) ([]node, error) {
	typ, err := p.u8()
	if err != nil {
		return nil, err
	}
	if typ == typeString {
		s, err := p.chars()
		return addText(nodes, s), err
	}
	size := fixedSize(typ)
	if size <= 0 {
		return nil, corruptf("literal value of type 0x%02x at offset %d", typ, p.pos-1)
	}
	b, err := p.take(size)
	if err != nil {
		return nil, err
	}
	v := slot{typ: typ, data: append([]byte(nil), b...)}
	return append(nodes, node{kind: nodeValue, value: v}), nil
}

func addText(nodes []node, s string) []node {
	if s == "" {
		return nodes
	}
	if n := len(nodes); n > 0 && nodes[n-1].kind == nodeText {
		nodes[n-1].text += s
		return nodes
	}
	return append(nodes, node{kind: nodeText, text: s})
}

// entity is what a reference to a predefined entity stands for; others stay as
// they are written.
func entity(name string) string {
	switch name {
	case "amp":
		return "&"
	case "lt":
		return "<"
	case "gt":
		return ">"
	case "quot":
		return `"`
	case "apos":
		return "'"
	}
	return "&" + name + ";"
}
