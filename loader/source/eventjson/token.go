package eventjson

import (
	"bytes"
	"errors"
	"fmt"
)

type kind uint8

const (
	kindString kind = iota + 1
	kindNumber
	kindTrue
	kindFalse
	kindNull
	kindObject
	kindArray
)

// node is one value of a record, as a span of the record's bytes. The children
// of an object or array follow it in order; an object's are key, value, key,
// value.
type node struct {
	kind       kind
	start, end int32 // of a string: without its quotes
	next       int32 // index of the node after this value and all below it
}

// tape is the values of one record in reading order. It is filled by [tape.parse]
// and used again for the next record, so that reading allocates nothing.
type tape struct {
	nodes []node
	open  []int32 // indexes of the objects and arrays still open
}

// errMore says that the bytes end inside the value.
var errMore = errors.New("input ends inside a value")

// maxNesting bounds a record's depth; real ones have fewer than ten levels.
const maxNesting = 256

type expect uint8

const (
	expectValue expect = iota
	expectFirst        // first member of an object or array, or its end
	expectKey
	expectNext // a comma or the end of the enclosing object or array
	expectDone
)

// parse reads the one value that b starts with and gives the offset after it.
// It checks the grammar but neither escapes nor digits, which are looked at
// only where a value is used. On an error the offset is where it was found.
func (t *tape) parse(b []byte) (int, error) {
	t.nodes, t.open = t.nodes[:0], t.open[:0]
	state, i := expectValue, 0
	var err error
	for {
		for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
			i++
		}
		if i == len(b) {
			return i, errMore
		}
		switch state {
		case expectValue:
			i, state, err = t.value(b, i)
		case expectKey:
			i, state, err = t.key(b, i)
		case expectFirst:
			i, state, err = t.first(b, i)
		case expectNext:
			i, state, err = t.following(b, i)
		}
		if err != nil {
			return i, err
		}
		if state == expectDone {
			return i, nil
		}
	}
}

func (t *tape) value(b []byte, i int) (int, expect, error) {
	switch c := b[i]; {
	case c == '"':
		end := stringEnd(b, i+1)
		if end < 0 {
			return i, 0, errMore
		}
		return t.leaf(kindString, i+1, end, end+1)
	case c == '{' || c == '[':
		if len(t.open) == maxNesting {
			return i, 0, fmt.Errorf("more than %d levels of nesting", maxNesting)
		}
		k := kindObject
		if c == '[' {
			k = kindArray
		}
		t.open = append(t.open, int32(len(t.nodes)))
		t.nodes = append(t.nodes, node{kind: k, start: int32(i)})
		return i + 1, expectFirst, nil
	case c == '-' || c >= '0' && c <= '9':
		end := i + 1
		for end < len(b) && isNumber(b[end]) {
			end++
		}
		return t.leaf(kindNumber, i, end, end)
	case c == 't':
		return t.literal(b, i, "true", kindTrue)
	case c == 'f':
		return t.literal(b, i, "false", kindFalse)
	case c == 'n':
		return t.literal(b, i, "null", kindNull)
	}
	return i, 0, unexpected(b[i], "a value")
}

func (t *tape) literal(b []byte, i int, word string, k kind) (int, expect, error) {
	if len(b)-i < len(word) {
		if word[:len(b)-i] == string(b[i:]) {
			return i, 0, errMore
		}
		return i, 0, unexpected(b[i], "a value")
	}
	if string(b[i:i+len(word)]) != word {
		return i, 0, unexpected(b[i], "a value")
	}
	return t.leaf(k, i, i+len(word), i+len(word))
}

func (t *tape) leaf(k kind, start, end, after int) (int, expect, error) {
	t.nodes = append(t.nodes, node{kind: k, start: int32(start), end: int32(end), next: int32(len(t.nodes) + 1)})
	if len(t.open) == 0 {
		return after, expectDone, nil
	}
	return after, expectNext, nil
}

func (t *tape) first(b []byte, i int) (int, expect, error) {
	object := t.nodes[t.open[len(t.open)-1]].kind == kindObject
	switch {
	case object && b[i] == '}', !object && b[i] == ']':
		return t.close(i)
	case object:
		return i, expectKey, nil
	}
	return i, expectValue, nil
}

func (t *tape) following(b []byte, i int) (int, expect, error) {
	object := t.nodes[t.open[len(t.open)-1]].kind == kindObject
	switch {
	case b[i] == ',' && object:
		return i + 1, expectKey, nil
	case b[i] == ',':
		return i + 1, expectValue, nil
	case object && b[i] == '}', !object && b[i] == ']':
		return t.close(i)
	case object:
		return i, 0, unexpected(b[i], "a comma or }")
	}
	return i, 0, unexpected(b[i], "a comma or ]")
}

func (t *tape) close(i int) (int, expect, error) {
	top := t.open[len(t.open)-1]
	t.open = t.open[:len(t.open)-1]
	t.nodes[top].end, t.nodes[top].next = int32(i+1), int32(len(t.nodes))
	if len(t.open) == 0 {
		return i + 1, expectDone, nil
	}
	return i + 1, expectNext, nil
}

// key reads an object's key and the colon after it.
func (t *tape) key(b []byte, i int) (int, expect, error) {
	if b[i] != '"' {
		return i, 0, unexpected(b[i], "a key")
	}
	end := stringEnd(b, i+1)
	if end < 0 {
		return i, 0, errMore
	}
	t.nodes = append(t.nodes, node{kind: kindString, start: int32(i + 1), end: int32(end), next: int32(len(t.nodes) + 1)})
	for i = end + 1; i < len(b); i++ {
		switch b[i] {
		case ':':
			return i + 1, expectValue, nil
		case ' ', '\n', '\r', '\t':
		default:
			return i, 0, unexpected(b[i], "a colon")
		}
	}
	return i, 0, errMore
}

// stringEnd is the offset of the quote that ends the string whose text begins
// at i, or -1 where b ends before it.
func stringEnd(b []byte, i int) int {
	for from := i; ; {
		j := bytes.IndexByte(b[from:], '"')
		if j < 0 {
			return -1
		}
		end := from + j
		k := end
		for k > i && b[k-1] == '\\' {
			k--
		}
		if (end-k)%2 == 0 {
			return end
		}
		from = end + 1
	}
}

func isNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

func unexpected(c byte, wanted string) error {
	return fmt.Errorf("found %q where %s belongs", c, wanted)
}
