package taskxml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// node is an element. A nil node is one that is not there: asking it for
// anything gives nothing.
type node struct {
	name  string
	attrs []xml.Attr
	kids  []*node
	data  strings.Builder
}

// parseTree reads elements and text; name spaces, comments, processing
// instructions and document types, with all entities they define, are ignored.
func parseTree(text string) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false // unknown entities and unquoted attributes stay as they are
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var stack []*node
	for count := 0; ; {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("xml ends before its last element does: %w", ErrNotTask)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotTask, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if count++; count > maxNodes || len(stack) >= maxDepth {
				return nil, fmt.Errorf("more than %d elements or %d levels: %w", maxNodes, maxDepth, ErrTooBig)
			}
			n := &node{name: t.Name.Local, attrs: t.Copy().Attr}
			if len(stack) > 0 {
				parent := stack[len(stack)-1]
				parent.kids = append(parent.kids, n)
			}
			stack = append(stack, n)
		case xml.EndElement:
			if len(stack) == 0 || stack[len(stack)-1].name != t.Name.Local {
				return nil, fmt.Errorf("element %q ends where it did not begin: %w", t.Name.Local, ErrNotTask)
			}
			if len(stack) == 1 {
				return stack[0], nil
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].data.Write(t)
			}
		}
	}
}

func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

func (n *node) children(name string) []*node {
	var found []*node
	if n != nil {
		for _, k := range n.kids {
			if k.name == name {
				found = append(found, k)
			}
		}
	}
	return found
}

// text is the trimmed text of the first child of that name.
func (n *node) text(name string) string { return n.child(name).value() }

func (n *node) value() string {
	if n == nil {
		return ""
	}
	return strings.TrimSpace(n.data.String())
}

func (n *node) attr(name string) string {
	if n != nil {
		for _, a := range n.attrs {
			if a.Name.Local == name {
				return strings.TrimSpace(a.Value)
			}
		}
	}
	return ""
}

// flag is a boolean child; what is missing or no boolean is the default.
func (n *node) flag(name string, otherwise bool) bool {
	switch strings.ToLower(n.text(name)) {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	return otherwise
}
