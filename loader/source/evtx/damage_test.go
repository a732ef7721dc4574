package evtx_test

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	"github.com/taskroot/taskroot/loader/source/evtx"
)

// recordOffset is the offset of the n-th record of a chunk, from 0; the chunks of
// [small] begin with it at 512.
func recordOffset(chunk []byte, n int) int {
	at := 512
	for ; n > 0; n-- {
		at += int(le.Uint32(chunk[at+4:]))
	}
	return at
}

// outcome is what a log gave up: record ids and damage, shortly.
func outcome(k *keeper) (ids []uint64, damage []string) {
	for _, e := range k.events {
		ids = append(ids, e.RecordID-1000)
	}
	for _, d := range k.damage {
		damage = append(damage, fmt.Sprintf("%s ×%d @%d", d.Reason, d.Count, d.Offset))
	}
	return ids, damage
}

// c2 is where the second chunk of a log begins.
const c2 = 4096 + 65536

// span is the numbers of a range.
func span(from, to uint64) (ids []uint64) {
	for ; from <= to; from++ {
		ids = append(ids, from)
	}
	return ids
}

func two() (a, b []byte) { return small(1, 4).close(), small(5, 4).close() }

// damageCases are logs with the records and the damage they must give.
var damageCases = []struct {
	name   string
	log    func() []byte
	ids    []uint64
	damage []string
}{
	{"OK", func() []byte { a, b := two(); return file(a, b) }, span(1, 8), nil},
	{"OKZeroChunk", func() []byte { a, b := two(); return file(a, make([]byte, 65536), b) }, span(1, 8), nil},
	{"OKNoFileHeader", func() []byte { a, b := two(); return append(a, b...) }, span(1, 8), nil},
	{"OKEmpty", func() []byte { return file() }, nil, nil},
	{"OKSlackCutOff", func() []byte { a, b := two(); return file(a, b[:recordOffset(b, 4)]) }, span(1, 8), nil},
	{"OKHeaderBehind", func() []byte { // the chunk goes on behind what its header says
		a, _ := two()
		le.PutUint32(a[48:], uint32(recordOffset(a, 2)))
		le.PutUint64(a[32:], 2)
		sum(a)
		return file(a)
	}, span(1, 4), nil},
	{"OKStaleSlack", func() []byte { // records of the chunk's last use lie behind its own
		a, _ := two()
		le.PutUint32(a[48:], uint32(recordOffset(a, 2)))
		le.PutUint64(a[32:], 2)
		le.PutUint64(a[recordOffset(a, 2)+8:], 1)
		sum(a)
		return file(a)
	}, span(1, 2), nil},
	{"OKNoChecksums", func() []byte {
		a, b := two()
		a[52], b[124] = a[52]+1, b[124]+1
		f := file(a, b)
		f[120] |= 4
		return f
	}, span(1, 8), nil},
	{"ErrTruncatedHeader", func() []byte { return file()[:100] }, nil, []string{"evtx truncated chunk ×1 @0"}},
	{"ErrTruncatedChunkHeader", func() []byte { a, b := two(); return file(a, b[:300]) }, span(1, 4),
		[]string{fmt.Sprintf("evtx truncated chunk ×1 @%d", c2)}},
	{"ErrTruncated", func() []byte { a, b := two(); return file(a, b[:recordOffset(b, 1)+50]) }, span(1, 5),
		[]string{fmt.Sprintf("evtx truncated chunk ×3 @%d", c2+recordOffset(small(5, 4).close(), 1))}},
	{"ErrTruncatedBetweenRecords", func() []byte { a, b := two(); return file(a, b[:recordOffset(b, 2)]) }, span(1, 6),
		[]string{fmt.Sprintf("evtx truncated chunk ×2 @%d", c2+recordOffset(small(5, 4).close(), 2))}},
	{"ErrTruncatedFirstRecord", func() []byte { a, b := two(); return file(a, b[:520]) }, span(1, 4),
		[]string{fmt.Sprintf("evtx truncated chunk ×4 @%d", c2+512)}},
	{"ErrChunkMagic", func() []byte { a, b := two(); copy(a, "zzzz"); return file(a, b) }, span(1, 8),
		[]string{"evtx chunk magic ×1 @4096"}},
	{"ErrChunkOfNoise", func() []byte { _, b := two(); return file(bytes.Repeat([]byte("noise "), 65536)[:65536], b) }, span(5, 8),
		[]string{"evtx chunk magic ×1 @4096"}},
	{"ErrHeaderChecksum", func() []byte { a, b := two(); a[124]++; return file(a, b) }, span(1, 8),
		[]string{"evtx chunk checksum ×1 @4096"}},
	{"ErrRecordsChecksum", func() []byte { a, b := two(); a[52]++; return file(a, b) }, span(1, 8),
		[]string{"evtx chunk checksum ×1 @4096"}},
	{"ErrZeroSizeRecord", func() []byte { a, b := two(); le.PutUint32(a[recordOffset(a, 1)+4:], 0); return file(a, b) },
		append(span(1, 1), span(3, 8)...), []string{fmt.Sprintf("evtx record ×1 @%d", 4096+recordOffset(small(1, 4).close(), 1))}},
	{"ErrRecordOfAnotherChunk", func() []byte { a, b := two(); le.PutUint64(a[recordOffset(a, 2)+8:], 900); return file(a, b) },
		append(span(1, 2), span(4, 8)...), []string{fmt.Sprintf("evtx record ×1 @%d", 4096+recordOffset(small(1, 4).close(), 2))}},
	{"ErrOtherTemplate", func() []byte { a, b := two(); a[recordOffset(a, 2)+24+6]++; return file(a, b) },
		append(span(1, 2), span(4, 8)...), []string{fmt.Sprintf("evtx record ×1 @%d", 4096+recordOffset(small(1, 4).close(), 2))}},
	{"ErrTornPage", func() []byte { a, b := two(); clear(a[recordOffset(a, 1)+100:]); return file(a, b) },
		append(span(1, 1), span(5, 8)...), []string{fmt.Sprintf("evtx record ×3 @%d", 4096+recordOffset(small(1, 4).close(), 1))}},
	{"ErrBytesLost", func() []byte { // a stretch of the log is missing, so the next chunk is off its place
		a, b := two()
		return file(append(a[:recordOffset(a, 2)], b...))
	}, append(span(1, 2), span(5, 8)...), []string{fmt.Sprintf("evtx truncated chunk ×2 @%d", 4096+recordOffset(small(1, 4).close(), 2))}},
}

func TestDamage(t *testing.T) {
	for _, c := range damageCases {
		t.Run(c.name, func(t *testing.T) {
			k := decode(t, c.log())
			ids, damage := outcome(k)
			if !reflect.DeepEqual(ids, c.ids) || !reflect.DeepEqual(damage, c.damage) {
				t.Errorf("\n got  %v %q\n want %v %q\n%+v", ids, damage, c.ids, c.damage, details(k.damage))
			}
		})
	}
}

func details(damage []evtx.Damage) (all []string) {
	for _, d := range damage {
		all = append(all, fmt.Sprintf("%s: %s: %d bytes kept", d.Record, d.Detail, len(d.Raw)))
	}
	return all
}

// TestDamageLoadsAgain loads the bytes kept with damage: the whole records of
// the chunk are in them.
func TestDamageLoadsAgain(t *testing.T) {
	a := small(1, 4).close()
	a[52]++
	k := decode(t, file(a))
	again := decode(t, k.damage[0].Raw)
	if ids, _ := outcome(again); len(ids) != 4 {
		t.Errorf("loaded again: %v", ids)
	}
}

// TestBounds forges what asks for more work than a chunk is worth.
func TestBounds(t *testing.T) {
	deep := &el{name: "a"}
	for range 100 {
		deep = &el{name: "a", kids: []any{deep}}
	}
	// Each level names the next level's value many times over.
	var nest func(level int) func(c *chunkWriter)
	nest = func(level int) func(c *chunkWriter) {
		e := &el{name: "n"}
		for range 30 {
			e.kids = append(e.kids, sub{0, false})
		}
		v := textv("x")
		if level > 0 {
			v = val{typ: 0x21, frag: nest(level - 1)}
		}
		return func(c *chunkWriter) { c.instance(tmpl{uint32(100 + level), e}, v) }
	}
	cases := map[string]func(c *chunkWriter){
		"DeepElements":  event("T", 1, func(c *chunkWriter) { c.element(deep, false) }),
		"DeepFragments": event("T", 1, nest(18)),
		"Explosion":     event("T", 1, nest(8)),
		"SelfTemplate": func(c *chunkWriter) {
			c.instance(tmpl{7, &el{name: "Event", kids: []any{func(c *chunkWriter) {
				c.bytes([]byte{0x0c, 1, 7, 0, 0, 0})
				c.u32(uint32(c.templates[7]))
				c.u32(0)
			}}}})
		},
		"ManyValues": func(c *chunkWriter) {
			c.bytes([]byte{0x0f, 1, 1, 0, 0x0c, 1})
			c.instance(eventTmpl)
			c.u32(0xffffffff)
		},
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			c := small(1, 1)
			c.record(f)
			c.record(event("Security", 4688, fields(0x22222222, []string{"A"}, textv("after"))))
			k := decode(t, file(c.close()))
			if ids, damage := outcome(k); !reflect.DeepEqual(ids, []uint64{1, 3}) || len(damage) != 1 {
				t.Errorf("ids %v, damage %q", ids, damage)
			}
		})
	}
}

// TestBoundsOfChunk fills a chunk with records that each ask for much work.
func TestBoundsOfChunk(t *testing.T) {
	e := &el{name: "UserData"}
	for range 2000 {
		e.kids = append(e.kids, sub{0, false})
	}
	inner := &el{name: "i"}
	for range 200 {
		inner.kids = append(inner.kids, &el{name: "j", kids: []any{"text"}})
	}
	c := newChunkWriter(1)
	for len(c.b) < 64000 {
		c.record(event("T", 1, func(c *chunkWriter) {
			c.instance(tmpl{100, e}, val{typ: 0x21, frag: func(c *chunkWriter) { c.instance(tmpl{101, inner}) }})
		}))
	}
	k := decode(t, file(c.close()))
	if ids, damage := outcome(k); ids != nil || len(damage) != int(c.next-1) {
		t.Errorf("ids %v, damage %q", ids, damage)
	}
}
