package evtx

// decoder holds what is known of the chunk at hand and the buffers that are
// used again for each record. It is used by one goroutine.
type decoder struct {
	chunk      []byte // the part of the chunk that is there
	templates  map[uint32]*template
	cache      map[guid][]*template // of earlier chunks
	cached     int                  // nodes in cache
	names      map[string]string    // UTF-16 bytes to text
	stack      []slot               // values of the instances of the record at hand
	placed     []placed             // elements of the objects being written
	root       placed               // of the record at hand
	used       []string             // names of the members of those objects
	chunkNodes int
	nodes      int    // left to visit in this record
	visits     int    // left to visit in this chunk
	out        []byte // JSON
	start      int    // of the record at hand in out
	chunkText  int    // bytes of text left to make of this chunk
	textLeft   int    // bytes of text left to make of this record
	scratch    []byte
	err        error // the first fault of the record at hand
}

// maxNames bounds the table of names: it is for speed only, and is emptied
// when a log that makes up names has filled it.
const maxNames = 1 << 14

func newDecoder() *decoder {
	return &decoder{templates: map[uint32]*template{}, cache: map[guid][]*template{}, names: map[string]string{}}
}

// setChunk forgets the chunk before.
func (d *decoder) setChunk(chunk []byte) {
	d.chunk = chunk
	clear(d.templates)
	d.chunkNodes, d.visits, d.chunkText = maxChunkNodes, maxChunkVisits, maxChunkText
}

// begin opens the record whose BinXML is chunk[pos:end].
func (d *decoder) begin(pos, end int) (fragment, error) {
	d.stack, d.placed, d.used = d.stack[:0], d.placed[:0], d.used[:0]
	d.nodes, d.textLeft, d.start, d.err = maxRecordNodes, maxRecordText, len(d.out), nil
	if d.chunkText < 0 {
		return fragment{}, corruptf("records of the chunk unfold to more than %d bytes", maxChunkText)
	}
	return d.open(pos, end, 0)
}

// intern is UTF-16 bytes as text that is shared with earlier uses.
func (d *decoder) intern(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	d.scratch = appendUTF16(d.scratch[:0], b)
	s := string(d.scratch)
	if len(d.names) >= maxNames {
		clear(d.names)
	}
	if len(b) <= 512 {
		d.names[string(b)] = s
	}
	return s
}

// visit takes n nodes from the record's budget.
func (d *decoder) visit(n int) error {
	if d.nodes -= n; d.nodes < 0 {
		return corruptf("record unfolds to more than %d nodes", maxRecordNodes)
	}
	if d.visits -= n; d.visits < 0 {
		return corruptf("records of the chunk unfold to more than %d nodes", maxChunkVisits)
	}
	return nil
}

// placed is an element with the values that fill it. They lie on a stack whose
// lower part is never changed while it is in use, so pointers into it hold even
// when it grows. An element that holds an
// array stands for one element per value of it: value then takes the place of
// the slot that holds the array.
type placed struct {
	e     *element
	slots []slot
	array int // index of the slot; -1 where there is none
	value slot
}

// at is the value of a node: a slot that the instance lacks is null.
func (n *node) at(p *placed) slot {
	switch {
	case n.kind == nodeValue:
		return n.value
	case n.kind != nodeSlot || int(n.index) >= len(p.slots):
		return slot{}
	case int(n.index) == p.array:
		return p.value
	}
	return p.slots[n.index]
}

// collect places the elements among kids, those inside values of BinXML and
// template instances included.
func (d *decoder) collect(kids []node, slots []slot, depth int) {
	for i := range kids {
		k := &kids[i]
		switch k.kind {
		case nodeElement:
			d.place(k.elem, slots)
		case nodeInstance:
			d.collect(k.inst.nodes, k.inst.slots, depth+1)
		case nodeSlot:
			if int(k.index) >= len(slots) {
				continue
			}
			s := slots[k.index]
			if s.typ != typeBinXML || len(s.data) == 0 {
				continue
			}
			f, err := d.nested(s, depth+1)
			if err != nil {
				d.fail(err)
				return
			}
			d.collect(f.nodes, f.slots, depth+1)
		}
	}
}

// place appends an element, once for each value of the array it holds. Each
// time costs as much of the budget as there is to look at in the element.
func (d *decoder) place(e *element, slots []slot) {
	cost := 1 + len(e.kids) + len(e.attrs)
	for i := range e.kids {
		k := &e.kids[i]
		if k.kind != nodeSlot || int(k.index) >= len(slots) || slots[k.index].typ&typeArray == 0 {
			continue
		}
		rest := slots[k.index]
		for n := 0; ; n++ {
			item, ok := rest.next()
			if !ok && n > 0 {
				return
			}
			if err := d.visit(cost); err != nil {
				d.fail(err)
				return
			}
			d.placed = append(d.placed, placed{e, slots, int(k.index), item})
		}
	}
	if err := d.visit(cost); err != nil {
		d.fail(err)
		return
	}
	d.placed = append(d.placed, placed{e: e, slots: slots, array: -1})
}

// fail keeps the first fault of a record; the record is dropped as a whole.
func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// hasText says whether there is text among the parts.
func hasText(parts []node, p *placed) bool {
	for i := range parts {
		switch n := &parts[i]; n.kind {
		case nodeText:
			return true
		case nodeValue, nodeSlot:
			if s := n.at(p); s.typ != typeBinXML && !s.empty() {
				return true
			}
		}
	}
	return false
}

// text appends the text among the parts; elements are left out.
func (d *decoder) text(dst []byte, parts []node, p *placed, quoted bool) []byte {
	for i := range parts {
		n := &parts[i]
		switch n.kind {
		case nodeText:
			if quoted {
				dst = appendJSONString(dst, n.text)
			} else {
				dst = append(dst, n.text...)
			}
		case nodeValue, nodeSlot:
			s := n.at(p)
			if s.typ == typeBinXML {
				continue
			}
			var err error
			if dst, err = appendValue(dst, s, quoted); err != nil {
				d.fail(err)
			}
		}
	}
	return dst
}
