package evtx

type nodeKind uint8

const (
	nodeText     nodeKind = iota // literal text
	nodeValue                    // literal value that is not text
	nodeSlot                     // a value of the template's instance
	nodeElement                  // an element
	nodeInstance                 // a template instance inside an element
)

// node is a piece of an element's content or of an attribute's value.
type node struct {
	kind  nodeKind
	index uint16 // of nodeSlot
	text  string // of nodeText, UTF-8
	value slot   // of nodeValue
	elem  *element
	inst  *fragment
}

// attribute is a named list of value pieces.
type attribute struct {
	name  string
	key   []byte // `"name":` as JSON
	parts []node
	fixed []byte // `"name":"value",` as JSON where the value is literal
}

// element is a parsed element. Templates are parsed once, so whatever can be
// known before the values are known is worked out here.
type element struct {
	name      string
	key       []byte // `"name":` as JSON
	attrs     []attribute
	kids      []node
	unique    bool        // kids are elements, no two of one name
	container bool        // EventData or UserData: its Data children are fields
	data      bool        // named Data
	dataName  []node      // Data/@Name; nil where there is none
	dataKey   []byte      // `"value of @Name":` where that is literal
	dataText  string      // the value of @Name where that is literal
	system    *systemRefs // of an Event whose System is its own child
}

// element reads an element from behind its opening token.
func (p *parser) element(hasAttrs bool, depth int) (*element, error) {
	if p.dep {
		if _, err := p.u16(); err != nil {
			return nil, err
		}
	}
	if err := p.size(); err != nil { // of the element; the tokens end it anyway
		return nil, err
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	e := &element{name: name}
	if hasAttrs {
		if err := p.size(); err != nil { // of the attribute list
			return nil, err
		}
	}
	empty, err := p.attributes(e)
	if err != nil {
		return nil, err
	}
	if !empty {
		if e.kids, err = p.content(depth+1, false); err != nil {
			return nil, err
		}
	}
	e.prepare()
	return e, nil
}

// attributes reads up to the end of the start tag; empty says that the element
// ends there.
func (p *parser) attributes(e *element) (empty bool, err error) {
	for {
		tok, err := p.u8()
		if err != nil {
			return false, err
		}
		if p.d.chunkNodes--; p.d.chunkNodes < 0 {
			return false, corruptf("more than %d nodes in one chunk", maxChunkNodes)
		}
		switch tok &^ tokMore {
		case tokCloseStart:
			return false, nil
		case tokCloseEmpty:
			return true, nil
		case tokAttribute:
			name, err := p.name()
			if err != nil {
				return false, err
			}
			e.attrs = append(e.attrs, attribute{name: name, key: jsonKey(name)})
		default:
			if len(e.attrs) == 0 {
				return false, corruptf("value outside an attribute at offset %d", p.pos-1)
			}
			a := &e.attrs[len(e.attrs)-1]
			if a.parts, err = p.value(a.parts, tok); err != nil {
				return false, err
			}
		}
	}
}

// prepare works out what can be known of an element before its values are.
func (e *element) prepare() {
	e.key = jsonKey(e.name)
	e.container = e.name == "EventData" || e.name == "UserData"
	e.data = e.name == "Data"
	if e.data {
		for _, a := range e.attrs {
			if a.name != "Name" || len(a.parts) == 0 {
				continue
			}
			e.dataName = a.parts
			if len(a.parts) == 1 && a.parts[0].kind == nodeText {
				e.dataText = a.parts[0].text
				e.dataKey = jsonKey(e.dataText)
			}
			break
		}
	}
	for i := range e.attrs {
		if a := &e.attrs[i]; len(a.parts) == 1 && a.parts[0].kind == nodeText {
			a.fixed = append(appendJSONString(append(append(a.fixed, a.key...), '"'), a.parts[0].text), '"', ',')
		}
	}
	e.unique = e.kidsUnique()
	if e.name == "Event" {
		for _, k := range e.kids {
			if k.kind == nodeElement && k.elem.name == "System" {
				e.system = newSystemRefs(k.elem)
				break
			}
		}
	}
}

// kidsUnique says that the element's object has a member for each kid, and no
// two of one name. Those with very many kids are looked at when written.
func (e *element) kidsUnique() bool {
	if len(e.kids) > manyNames {
		return false
	}
	for i := range e.kids {
		a := e.kids[i].elem
		if a == nil || e.container && a.data && a.dataKey == nil {
			return false
		}
		for j := range i {
			if e.member(a) == e.member(e.kids[j].elem) {
				return false
			}
		}
	}
	return true
}

// member is the name of a kid in the element's object.
func (e *element) member(kid *element) string {
	if e.container && kid.data {
		return kid.dataText
	}
	return kid.name
}

func jsonKey(name string) []byte {
	b := append(make([]byte, 0, len(name)+3), '"')
	return append(appendJSONString(b, name), '"', ':')
}
