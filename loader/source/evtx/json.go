package evtx

import "strconv"

// jsonRecord appends a record to d.out as one JSON object: its root element as
// the only member. It leaves d.out as it was where the record is broken.
func (d *decoder) jsonRecord(pos, end int) error {
	f, err := d.begin(pos, end)
	if err != nil {
		return err
	}
	d.collect(f.nodes, f.slots, 0)
	if d.err == nil && len(d.placed) == 0 {
		d.err = corruptf("record has no element")
	}
	if d.err == nil {
		root := &d.placed[0]
		d.out = append(append(d.out, '{'), root.e.key...)
		d.jsonElement(root, 0)
		d.out = append(d.out, '}')
	}
	d.chunkText -= len(d.out) - d.start
	if d.err != nil {
		d.out = d.out[:d.start]
	}
	return d.err
}

// jsonElement writes the value of an element: null, a number, a text, or an
// object where it has attributes or elements.
func (d *decoder) jsonElement(p *placed, depth int) {
	e := p.e
	if len(e.attrs) == 0 && d.jsonLeaf(p, "null") {
		return
	}
	first := len(d.placed)
	d.collect(e.kids, p.slots, depth)
	last := len(d.placed)
	attrs := false
	for i := range e.attrs {
		if attrs = hasText(e.attrs[i].parts, p); attrs {
			break
		}
	}
	switch text := hasText(e.kids, p); {
	case first < last || attrs:
		d.jsonBody(p, body{first: first, last: last, attrs: attrs, text: text, container: e.container}, depth)
	case text:
		d.jsonScalar(e.kids, p)
	default:
		d.out = append(d.out, "null"...)
	}
	d.placed = d.placed[:first]
}

// jsonData writes the value of a Data element, without its attributes.
func (d *decoder) jsonData(p *placed, depth int) {
	if d.jsonLeaf(p, `""`) {
		return
	}
	first := len(d.placed)
	d.collect(p.e.kids, p.slots, depth)
	last := len(d.placed)
	switch text := hasText(p.e.kids, p); {
	case first < last:
		d.jsonBody(p, body{first: first, last: last, text: text}, depth)
	case text:
		d.jsonScalar(p.e.kids, p)
	default:
		d.out = append(d.out, `""`...)
	}
	d.placed = d.placed[:first]
}

// jsonLeaf writes an element that holds just one value, which nearly all do.
func (d *decoder) jsonLeaf(p *placed, empty string) bool {
	if len(p.e.kids) != 1 {
		return false
	}
	k := &p.e.kids[0]
	if k.kind != nodeSlot && k.kind != nodeValue {
		return false
	}
	s := k.at(p)
	switch {
	case s.typ == typeBinXML:
		return false
	case s.empty():
		d.out = append(d.out, empty...)
	default:
		d.jsonValue(s)
	}
	return true
}

func (d *decoder) jsonValue(s slot) {
	var err error
	if s.bare() {
		d.out, err = appendValue(d.out, s, false)
	} else {
		d.out, err = appendValue(append(d.out, '"'), s, true)
		d.out = append(d.out, '"')
	}
	if err != nil {
		d.fail(err)
	}
	if len(d.out)-d.start > maxRecordText {
		d.fail(corruptf("record unfolds to more than %d bytes", maxRecordText))
	}
}

// jsonScalar writes parts as a number where they are just that, else as text.
func (d *decoder) jsonScalar(parts []node, p *placed) {
	if len(parts) == 1 && parts[0].kind == nodeSlot {
		d.jsonValue(parts[0].at(p))
		return
	}
	var one slot
	n := 0
	for i := range parts {
		s := parts[i].at(p)
		if parts[i].kind == nodeText {
			n = 2
		} else if s.typ != typeBinXML && !s.empty() {
			one = s
			n++
		}
	}
	if n == 1 {
		d.jsonValue(one)
		return
	}
	d.out = append(d.text(append(d.out, '"'), parts, p, true), '"')
	if len(d.out)-d.start > maxRecordText {
		d.fail(corruptf("record unfolds to more than %d bytes", maxRecordText))
	}
}

// body is what an element's object is to hold.
type body struct {
	first, last int  // of its elements in d.placed
	attrs       bool // there are attributes
	text        bool // there is text
	container   bool // Data elements are fields
}

// jsonBody writes an element as an object.
func (d *decoder) jsonBody(p *placed, b body, depth int) {
	open := len(d.out)
	d.out = append(d.out, '{')
	if b.attrs {
		d.jsonAttrs(p)
	}
	if b.text {
		d.out = append(d.out, `"#text":`...)
		d.jsonScalar(p.e.kids, p)
		d.out = append(d.out, ',')
	}
	named := b.container && d.named(b)
	n := b.last - b.first
	m := members{unique: n < 2 || p.e.unique && n == len(p.e.kids), first: len(d.used)}
	for i := b.first; i < b.last && d.err == nil; i++ {
		k := &d.placed[i]
		switch {
		case !b.container || !k.e.data:
			d.jsonKey(&m, k.e.name, k.e.key)
			d.jsonElement(k, depth+1)
		case named:
			i = d.jsonNamed(&m, i, b.last, depth)
			continue
		case m.positional:
			continue
		default:
			m.positional = true
			d.jsonPositional(i, b.last, depth)
		}
		d.out = append(d.out, ',')
	}
	d.used = d.used[:m.first]
	if n := len(d.out); n > open+1 && d.out[n-1] == ',' {
		d.out = d.out[:n-1]
	}
	d.out = append(d.out, '}')
}

// jsonAttrs writes those attributes that have a value.
func (d *decoder) jsonAttrs(p *placed) {
	d.out = append(d.out, `"#attributes":{`...)
	for i := range p.e.attrs {
		a := &p.e.attrs[i]
		if a.fixed != nil {
			d.out = append(d.out, a.fixed...)
			continue
		}
		if hasText(a.parts, p) {
			d.out = append(d.out, a.key...)
			d.jsonScalar(a.parts, p)
			d.out = append(d.out, ',')
		}
	}
	d.out = append(d.out[:len(d.out)-1], "},"...)
}

// named says whether any Data element of a container has a name. If none has,
// they are a list.
func (d *decoder) named(b body) bool {
	for i := range d.placed[b.first:b.last] {
		k := &d.placed[b.first+i]
		if k.e.dataKey != nil || k.e.data && hasText(k.e.dataName, k) {
			return true
		}
	}
	return false
}

// jsonNamed writes the named Data at i, and those of the same name that follow
// it as a list, and answers the index of the last one written.
func (d *decoder) jsonNamed(m *members, i, last, depth int) int {
	p := &d.placed[i]
	name, key := d.dataName(p)
	if name == "" {
		return i
	}
	end := i + 1
	for ; end < last && !m.unique; end++ {
		next := &d.placed[end]
		if !next.e.data {
			break
		}
		if same, _ := d.dataName(next); same != name {
			break
		}
	}
	d.jsonKey(m, name, key)
	if end == i+1 {
		d.jsonData(p, depth+1)
	} else {
		d.jsonList(i, end, depth)
	}
	d.out = append(d.out, ',')
	return end - 1
}

// jsonList writes the Data elements of placed[i:end] as a list.
func (d *decoder) jsonList(i, end, depth int) {
	d.out = append(d.out, '[')
	for ; i < end && d.err == nil; i++ {
		if p := &d.placed[i]; p.e.data {
			d.jsonData(p, depth+1)
			d.out = append(d.out, ',')
		}
	}
	if d.out[len(d.out)-1] == ',' {
		d.out = d.out[:len(d.out)-1]
	}
	d.out = append(d.out, ']')
}

// jsonPositional writes the nameless Data elements of placed[i:last].
func (d *decoder) jsonPositional(i, last, depth int) {
	n := 0
	for _, k := range d.placed[i:last] {
		if k.e.data {
			n++
		}
	}
	d.out = append(d.out, `"Data":{"#text":`...)
	if n == 1 {
		p := &d.placed[i]
		d.jsonData(p, depth+1)
	} else {
		d.jsonList(i, last, depth)
	}
	d.out = append(d.out, '}')
}

// dataName is the name of a Data element and its JSON key, if that is known
// beforehand.
func (d *decoder) dataName(p *placed) (name string, key []byte) {
	if p.e.dataKey != nil {
		return p.e.dataText, p.e.dataKey
	}
	if len(p.e.dataName) == 0 {
		return "", nil
	}
	d.scratch = d.text(d.scratch[:0], p.e.dataName, p, false)
	return string(d.scratch), nil
}

// members remembers the names used in one object. A name that comes back gets
// _1, _2 and so on, since JSON readers would keep only one of them.
type members struct {
	unique     bool           // there is no second member
	positional bool           // the list of nameless Data was written
	first      int            // of its names in d.used
	many       map[string]int // how often each was used, once they are many
}

// manyNames is where looking through a list gets slower than a map.
const manyNames = 48

// again is how often the name was used before.
func (d *decoder) again(m *members, name string) int {
	switch {
	case m.unique:
		return 0
	case m.many != nil:
		m.many[name]++
		return m.many[name] - 1
	}
	n := 0
	for _, s := range d.used[m.first:] {
		if s == name {
			n++
		}
	}
	if d.used = append(d.used, name); len(d.used)-m.first == manyNames {
		m.many = map[string]int{}
		for _, s := range d.used[m.first:] {
			m.many[s]++
		}
	}
	return n
}

// jsonKey writes a member's key.
func (d *decoder) jsonKey(m *members, name string, key []byte) {
	n := d.again(m, name)
	if n == 0 && key != nil {
		d.out = append(d.out, key...)
		return
	}
	d.out = appendJSONString(append(d.out, '"'), name)
	if n > 0 {
		d.out = strconv.AppendInt(append(d.out, '_'), int64(n), 10)
	}
	d.out = append(d.out, '"', ':')
}
