package table

import "bytes"

// state says how far a row is.
type state uint8

const (
	whole  state = iota // the row ended with the line
	open                // a quoted field goes on in the next line
	broken              // no reading makes a row of it
)

// splitter cuts a row into fields, as RFC 4180 has it: a field that begins with
// a quotation mark goes on to the next single one, over line ends too. In a
// field that doesn't, quotation marks are text, as many exports write command
// lines bare.
type splitter struct {
	comma  byte
	text   []byte
	ends   []int // of each field in text
	quoted bool  // inside a quoted field
	lazy   bool  // marks inside quoted values stand alone, none is written twice
	why    string
}

func (s *splitter) begin(comma byte) {
	*s = splitter{comma: comma, text: s.text[:0], ends: s.ends[:0]}
}

// line takes the next line of the row, without its line end.
func (s *splitter) line(b []byte) state {
	b = bytes.TrimSuffix(b, []byte{'\r'})
	if s.quoted {
		s.text = append(s.text, '\n')
	}
	for {
		if !s.quoted && len(b) > 0 && b[0] == '"' {
			s.quoted = true
			b = b[1:]
		}
		rest, end := s.bare(b)
		if s.quoted {
			var st state
			if rest, end, st = s.inside(b); st != whole {
				return st
			}
		}
		if s.ends = append(s.ends, len(s.text)); end {
			return whole
		}
		if len(s.ends) >= maxFields {
			s.why = "has too many columns"
			return broken
		}
		b = rest
	}
}

// bare reads a field without quotation marks around it.
func (s *splitter) bare(b []byte) (rest []byte, end bool) {
	if s.quoted {
		return b, false
	}
	i := bytes.IndexByte(b, s.comma)
	if i < 0 {
		s.text = append(s.text, b...)
		return nil, true
	}
	s.text = append(s.text, b[:i]...)
	return b[i+1:], false
}

// inside reads on in a quoted field.
func (s *splitter) inside(b []byte) (rest []byte, end bool, st state) {
	for {
		i := bytes.IndexByte(b, '"')
		if i < 0 {
			s.text = append(s.text, b...)
			return nil, true, open
		}
		s.text = append(s.text, b[:i]...)
		b = b[i+1:]
		switch {
		case s.lazy && len(b) > 0 && b[0] == '"':
			return nil, true, broken // this export does write marks twice
		case len(b) > 0 && b[0] == '"':
			s.text = append(s.text, '"')
			b = b[1:]
		case len(b) == 0:
			s.quoted = false
			return nil, true, whole
		case b[0] == s.comma:
			s.quoted = false
			return b[1:], false, whole
		case s.lazy:
			s.text = append(s.text, '"')
		default:
			s.why = "has text behind a closing quotation mark; a mark inside a quoted value is written twice"
			return nil, true, broken
		}
	}
}

// fields are the row's values so far, each a string of its own.
func (s *splitter) fields() []string {
	text := string(s.text)
	out := make([]string, 0, len(s.ends))
	from := 0
	for _, end := range s.ends {
		out = append(out, text[from:end])
		from = end
	}
	return out
}
