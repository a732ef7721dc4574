package evtx_test

import (
	"encoding/binary"
	"hash/crc32"
	"unicode/utf16"
)

// This file writes small event logs, so that tests need no foreign files. It
// writes what Windows writes, and can be told to write what is wrong.

var le = binary.LittleEndian

// el is an element; kids are *el, string, sub, or raw tokens as []byte.
type el struct {
	name  string
	attrs []at
	kids  []any
}

// at is an attribute; its value is a string, a sub, or raw tokens.
type at struct {
	name  string
	value any
}

// sub is a substitution by the value of that index.
type sub struct {
	index    uint16
	optional bool
}

// val is a value: its bytes, or what writes BinXML in place.
type val struct {
	typ  byte
	data []byte
	frag func(c *chunkWriter)
}

// tmpl is a template with a GUID whose first part is its id.
type tmpl struct {
	id   uint32
	root *el
}

type chunkWriter struct {
	b         []byte
	names     map[string]int
	templates map[uint32]int
	first     uint64
	next      uint64
	last      int // offset of the last record
}

func newChunkWriter(first uint64) *chunkWriter {
	return &chunkWriter{b: make([]byte, 512, 65536), names: map[string]int{}, templates: map[uint32]int{}, first: first, next: first}
}

func (c *chunkWriter) u8(v byte)      { c.b = append(c.b, v) }
func (c *chunkWriter) u16(v uint16)   { c.b = le.AppendUint16(c.b, v) }
func (c *chunkWriter) u32(v uint32)   { c.b = le.AppendUint32(c.b, v) }
func (c *chunkWriter) u64(v uint64)   { c.b = le.AppendUint64(c.b, v) }
func (c *chunkWriter) bytes(v []byte) { c.b = append(c.b, v...) }

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

func (c *chunkWriter) name(s string) {
	if at, ok := c.names[s]; ok {
		c.u32(uint32(at))
		return
	}
	at := len(c.b) + 4
	c.names[s] = at
	c.u32(uint32(at))
	c.u32(0)
	c.u16(0)
	c.u16(uint16(len(utf16.Encode([]rune(s)))))
	c.bytes(utf16le(s))
	c.u16(0)
}

func (c *chunkWriter) content(v any, dep bool) {
	switch v := v.(type) {
	case *el:
		c.element(v, dep)
	case string:
		c.u8(0x05)
		c.u8(0x01)
		c.u16(uint16(len(utf16.Encode([]rune(v)))))
		c.bytes(utf16le(v))
	case sub:
		if v.optional {
			c.u8(0x0e)
		} else {
			c.u8(0x0d)
		}
		c.u16(v.index)
		c.u8(0x01)
	case []byte:
		c.bytes(v)
	case func(*chunkWriter):
		v(c)
	}
}

func (c *chunkWriter) element(e *el, dep bool) {
	if len(e.attrs) > 0 {
		c.u8(0x41)
	} else {
		c.u8(0x01)
	}
	if dep {
		c.u16(0xffff)
	}
	size := len(c.b)
	c.u32(0)
	c.name(e.name)
	if len(e.attrs) > 0 {
		list := len(c.b)
		c.u32(0)
		for i, a := range e.attrs {
			if i < len(e.attrs)-1 {
				c.u8(0x46)
			} else {
				c.u8(0x06)
			}
			c.name(a.name)
			c.content(a.value, dep)
		}
		le.PutUint32(c.b[list:], uint32(len(c.b)-list-4))
	}
	if len(e.kids) == 0 {
		c.u8(0x03)
	} else {
		c.u8(0x02)
		for _, k := range e.kids {
			c.content(k, dep)
		}
		c.u8(0x04)
	}
	le.PutUint32(c.b[size:], uint32(len(c.b)-size-4))
}

// instance writes a fragment with an instance of a template.
func (c *chunkWriter) instance(t tmpl, values ...val) {
	c.bytes([]byte{0x0f, 1, 1, 0, 0x0c, 1})
	c.u32(t.id)
	if at, ok := c.templates[t.id]; ok {
		c.u32(uint32(at))
	} else {
		at := len(c.b) + 4
		c.templates[t.id] = at
		c.u32(uint32(at))
		c.u32(0)
		c.u32(t.id)
		c.bytes(make([]byte, 12))
		size := len(c.b)
		c.u32(0)
		c.bytes([]byte{0x0f, 1, 1, 0})
		c.element(t.root, true)
		c.u8(0)
		le.PutUint32(c.b[size:], uint32(len(c.b)-size-4))
	}
	c.u32(uint32(len(values)))
	head := len(c.b)
	c.bytes(make([]byte, 4*len(values)))
	for i, v := range values {
		start := len(c.b)
		if v.frag != nil {
			v.frag(c)
		}
		c.bytes(v.data)
		le.PutUint16(c.b[head+4*i:], uint16(len(c.b)-start))
		c.b[head+4*i+2] = v.typ
	}
}

// record writes a record around what f writes.
func (c *chunkWriter) record(f func(c *chunkWriter)) {
	c.last = len(c.b)
	c.bytes([]byte("**\x00\x00"))
	c.u32(0)
	c.u64(c.next)
	c.u64(written)
	f(c)
	for len(c.b)%8 != 4 {
		c.u8(0)
	}
	size := uint32(len(c.b) - c.last + 4)
	c.u32(size)
	le.PutUint32(c.b[c.last+4:], size)
	c.next++
}

// written is 2024-02-29T12:34:56.7890123Z as a FILETIME.
const written = 133536836967890123

// close fills in the chunk's header and pads the chunk.
func (c *chunkWriter) close() []byte {
	free := len(c.b)
	b := append(c.b, make([]byte, 65536-free)...)
	copy(b, "ElfChnk\x00")
	le.PutUint64(b[8:], c.first)
	le.PutUint64(b[16:], c.next-1)
	le.PutUint64(b[24:], c.first)
	le.PutUint64(b[32:], c.next-1)
	le.PutUint32(b[40:], 128)
	le.PutUint32(b[44:], uint32(c.last))
	le.PutUint32(b[48:], uint32(free))
	sum(b)
	return b
}

// sum sets the checksums of a chunk.
func sum(b []byte) {
	le.PutUint32(b[52:], crc32.ChecksumIEEE(b[512:le.Uint32(b[48:])]))
	le.PutUint32(b[124:], crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:512]))
}

// file puts a file header before chunks. Its count of chunks is a lie, as it
// is in any log that was copied while in use.
func file(chunks ...[]byte) []byte {
	b := make([]byte, 4096)
	copy(b, "ElfFile\x00")
	le.PutUint16(b[40:], 4096)
	le.PutUint16(b[42:], 1)
	b[120] = 1
	for _, c := range chunks {
		b = append(b, c...)
	}
	return b
}

func u16v(v uint16) val  { return val{typ: 0x06, data: le.AppendUint16(nil, v)} }
func u32v(v uint32) val  { return val{typ: 0x08, data: le.AppendUint32(nil, v)} }
func u64v(v uint64) val  { return val{typ: 0x0a, data: le.AppendUint64(nil, v)} }
func textv(s string) val { return val{typ: 0x01, data: utf16le(s)} }
func filetime(v uint64) val {
	return val{typ: 0x11, data: le.AppendUint64(nil, v)}
}

// guidv is 01020304-0506-0708-090A-0B0C0D0E0F10.
func guidv() val {
	return val{typ: 0x0f, data: []byte{4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16}}
}

// systemSID is S-1-5-18.
func systemSID() val { return val{typ: 0x13, data: []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}} }

// eventTmpl is the template that wraps each event.
var eventTmpl = tmpl{0x11111111, &el{name: "Event", attrs: []at{{"xmlns", "http://schemas.microsoft.com/win/2004/08/events/event"}}, kids: []any{
	&el{name: "System", kids: []any{
		&el{name: "Provider", attrs: []at{{"Name", sub{0, false}}, {"Guid", sub{1, true}}}},
		&el{name: "EventID", kids: []any{sub{2, false}}},
		&el{name: "Version", kids: []any{sub{3, true}}},
		&el{name: "TimeCreated", attrs: []at{{"SystemTime", sub{4, false}}}},
		&el{name: "EventRecordID", kids: []any{sub{5, false}}},
		&el{name: "Correlation", attrs: []at{{"ActivityID", sub{6, true}}}},
		&el{name: "Execution", attrs: []at{{"ProcessID", sub{7, true}}, {"ThreadID", sub{8, true}}}},
		&el{name: "Channel", kids: []any{sub{9, false}}},
		&el{name: "Computer", kids: []any{sub{10, false}}},
		&el{name: "Security", attrs: []at{{"UserID", sub{11, true}}}},
	}},
	sub{12, true},
}}}

// event writes an event of a channel whose body f writes.
func event(channel string, id uint16, f func(c *chunkWriter)) func(c *chunkWriter) {
	return func(c *chunkWriter) {
		body := val{}
		if f != nil {
			body = val{typ: 0x21, frag: f}
		}
		c.instance(eventTmpl, textv("Provider-A"), guidv(), u16v(id), val{typ: 0x04, data: []byte{3}}, filetime(written+1),
			u64v(1000+c.next), guidv(), u32v(1268), u32v(7), textv(channel), textv("HOST-1.example"), systemSID(), body)
	}
}

// fields writes EventData with a named Data for each value.
func fields(id uint32, names []string, values ...val) func(c *chunkWriter) {
	e := &el{name: "EventData"}
	for i, n := range names {
		e.kids = append(e.kids, &el{name: "Data", attrs: []at{{"Name", n}}, kids: []any{sub{uint16(i), false}}})
	}
	return func(c *chunkWriter) { c.instance(tmpl{id, e}, values...) }
}
