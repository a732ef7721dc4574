package eventjson

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// doc is one parsed record. Values are named by their index on the tape; 0, the
// root, stands for "not there" wherever a member is looked up.
type doc struct {
	b     []byte
	nodes []node
}

func (d *doc) span(i int) []byte { return d.b[d.nodes[i].start:d.nodes[i].end] }

// isKey says whether a string is a member's name: a colon follows it.
func (d *doc) isKey(i int) bool {
	for _, c := range d.b[d.nodes[i].end+1:] {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == ':'
		}
	}
	return false
}

// members calls f with every key and the index of its value, as written, until
// f says false.
func (d *doc) members(i int, f func(key []byte, value int) bool) {
	if d.nodes[i].kind != kindObject {
		return
	}
	for k := i + 1; k < int(d.nodes[i].next); k = int(d.nodes[k+1].next) {
		if !f(d.span(k), k+1) {
			return
		}
	}
}

// get is the member of that exact name, or 0.
func (d *doc) get(i int, name string) int {
	if d.nodes[i].kind != kindObject {
		return 0
	}
	end := int(d.nodes[i].next)
	for k := i + 1; k < end; k = int(d.nodes[k+1].next) {
		n := &d.nodes[k]
		if int(n.end-n.start) == len(name) && string(d.b[n.start:n.end]) == name {
			return k + 1
		}
	}
	return 0
}

// find is the member under a dotted path, whichever of its dots are nesting and
// which are part of a key: Elastic's tools write both.
func (d *doc) find(i int, path string) int {
	if v := d.get(i, path); v != 0 {
		return v
	}
	for cut := strings.IndexByte(path, '.'); cut >= 0; {
		if v := d.get(i, path[:cut]); v != 0 && d.nodes[v].kind == kindObject {
			if w := d.find(v, path[cut+1:]); w != 0 {
				return w
			}
		}
		dot := strings.IndexByte(path[cut+1:], '.')
		if dot < 0 {
			break
		}
		cut += 1 + dot
	}
	return 0
}

// firstOf is the first of the names that is there and not null.
func (d *doc) firstOf(i int, names ...string) int {
	for _, name := range names {
		if v := d.find(i, name); v != 0 && d.nodes[v].kind != kindNull {
			return v
		}
	}
	return 0
}

var errEscape = errors.New("a string holds an escape that JSON does not know")

// text is a scalar as text: false for objects, arrays and null.
func (d *doc) text(i int) (string, bool, error) {
	switch d.nodes[i].kind {
	case kindString:
		s, err := unescape(d.span(i))
		return s, err == nil, err
	case kindNumber, kindTrue, kindFalse:
		return string(d.span(i)), true, nil
	}
	return "", false, nil
}

// str is the text of a scalar, "" for anything else and for 0.
func (d *doc) str(i int) string {
	if i == 0 {
		return ""
	}
	s, _, _ := d.text(i)
	return s
}

// number is a whole number written as one or as a string, decimal or 0x….
func (d *doc) number(i int) (uint64, bool) {
	if i == 0 || d.nodes[i].kind != kindNumber && d.nodes[i].kind != kindString {
		return 0, false
	}
	s := bytes.TrimSpace(d.span(i))
	base := 10
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		s, base = s[2:], 16
	}
	// Exports by way of a table library write 3.0 for 3.
	s = bytes.TrimSuffix(s, []byte(".0"))
	n, err := strconv.ParseUint(string(s), base, 64)
	return n, err == nil
}

// unescape is the text that a JSON string stands for. Bytes that are not UTF-8
// and surrogates without their other half become the replacement character,
// because no database takes them.
func unescape(b []byte) (string, error) {
	if bytes.IndexByte(b, '\\') < 0 {
		return strings.ToValidUTF8(string(b), "\uFFFD"), nil
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		if b[i] != '\\' {
			next := bytes.IndexByte(b[i:], '\\')
			if next < 0 {
				next = len(b) - i
			}
			out = append(out, b[i:i+next]...)
			i += next
			continue
		}
		if i+1 >= len(b) {
			return "", errEscape
		}
		if b[i+1] != 'u' {
			c := plainEscape(b[i+1])
			if c == 0 {
				return "", errEscape
			}
			out = append(out, c)
			i += 2
			continue
		}
		r, n := unicodeEscape(b[i:])
		if n == 0 {
			return "", errEscape
		}
		out = utf8.AppendRune(out, r)
		i += n
	}
	return strings.ToValidUTF8(string(out), "\uFFFD"), nil
}

func plainEscape(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return 0
}

// unicodeEscape reads \uXXXX, and a second one where the two are a pair.
func unicodeEscape(b []byte) (r rune, n int) {
	r = hex4(b)
	if r < 0 {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if low := hex4(b[6:]); low >= 0 {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}
