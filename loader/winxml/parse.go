package winxml

import (
	"bytes"
	"errors"
	"fmt"
)

// Bounds of one event's structure; real ones have some fifty elements, five
// levels deep, even where a task's definition was put in without escapes.
const (
	maxElements = 20_000
	maxDepth    = 128
)

// node is one element, as spans of the event's text, in the order of the text.
type node struct {
	name, attrs []byte // the name without its prefix
	inner       []byte // what is between its tags
	next        int    // index of the first node that is not in it
}

func (x *Event) hasKids(i int) bool { return x.nodes[i].next > i+1 }

var (
	errEnds    = errors.New("ends inside the event")
	errDoctype = errors.New("has a document type, which no event has")
	errMany    = fmt.Errorf("has more than %d elements", maxElements)
	errDeep    = fmt.Errorf("has elements in more than %d others", maxDepth)
)

// parse reads on from where it stopped: to the end of the element System, or to
// that of the event. What stands where no event has anything is passed over.
func (x *Event) parse(system bool) error {
	for {
		lt := bytes.IndexByte(x.b[x.at:], '<')
		if lt < 0 {
			return errEnds
		}
		x.at += lt
		rest := x.b[x.at:]
		var err error
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			err = x.pass("-->")
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			err = x.pass("]]>")
		case bytes.HasPrefix(rest, []byte("<?")):
			err = x.pass("?>")
		case bytes.HasPrefix(rest, []byte("<!")):
			err = errDoctype
		case bytes.HasPrefix(rest, []byte("</")):
			err = x.end(rest)
		case len(rest) > 1 && isNameStart(rest[1]):
			err = x.start(rest)
		default: // a sign that somebody forgot to escape
			x.at++
		}
		switch {
		case err != nil:
			return err
		case len(x.nodes) == 0:
		case len(x.open) == 0:
			x.whole = true
			return nil
		case system && x.system != 0 && len(x.open) == 1:
			return nil
		}
	}
}

// pass goes behind the next mark.
func (x *Event) pass(mark string) error {
	i := bytes.Index(x.b[x.at:], []byte(mark))
	if i < 0 {
		return errEnds
	}
	x.at += i + len(mark)
	return nil
}

// start reads an opening tag, which rest begins with.
func (x *Event) start(rest []byte) error {
	n := 1
	for n < len(rest) && !isSpace(rest[n]) && rest[n] != '>' && rest[n] != '/' {
		n++
	}
	end := tagEnd(rest, n)
	if end < 0 {
		return errEnds
	}
	tag := rest[n:end]
	empty := len(tag) > 0 && tag[len(tag)-1] == '/'
	switch {
	case len(x.nodes) >= maxElements:
		return errMany
	case len(x.open) >= maxDepth:
		return errDeep
	}
	e := node{name: local(rest[1:n]), attrs: bytes.TrimSuffix(tag, []byte("/"))}
	i := len(x.nodes)
	if len(x.open) == 1 && x.system == 0 && string(e.name) == "System" {
		x.system = i
	}
	x.at += end + 1
	if empty {
		e.next = i + 1
	} else {
		e.inner = x.b[x.at:]
		x.open = append(x.open, i)
	}
	x.nodes = append(x.nodes, e)
	return nil
}

// end reads a closing tag, which rest begins with.
func (x *Event) end(rest []byte) error {
	gt := bytes.IndexByte(rest, '>')
	if gt < 0 {
		return errEnds
	}
	name := local(bytes.TrimSpace(rest[2:gt]))
	if len(x.open) == 0 {
		return fmt.Errorf("begins with the end of %q", clip(name))
	}
	i := x.open[len(x.open)-1]
	e := &x.nodes[i]
	if !bytes.Equal(e.name, name) {
		return fmt.Errorf("has the end of %q where %q is open", clip(name), clip(e.name))
	}
	e.inner = e.inner[:len(e.inner)-len(rest)]
	e.next = len(x.nodes)
	x.open = x.open[:len(x.open)-1]
	x.at += gt + 1
	return nil
}

// tagEnd is the offset of the tag's closing bracket, from i on; brackets in
// quotes are text.
func tagEnd(b []byte, i int) int {
	for quote := byte(0); i < len(b); i++ {
		switch c := b[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i
		}
	}
	return -1
}

// attr is the value of an attribute as written; nil where it is not there.
func attr(attrs []byte, name string) []byte {
	for {
		attrs = bytes.TrimLeft(attrs, " \t\r\n")
		eq := bytes.IndexByte(attrs, '=')
		if eq < 0 {
			return nil
		}
		key := local(bytes.TrimSpace(attrs[:eq]))
		attrs = bytes.TrimLeft(attrs[eq+1:], " \t\r\n")
		if len(attrs) == 0 || attrs[0] != '"' && attrs[0] != '\'' {
			return nil
		}
		end := bytes.IndexByte(attrs[1:], attrs[0])
		if end < 0 {
			return nil
		}
		if string(key) == name {
			return attrs[1 : 1+end]
		}
		attrs = attrs[end+2:]
	}
}

// local is a name without its prefix.
func local(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

func clip(name []byte) []byte { return name[:min(len(name), 40)] }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isNameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}
