package evtx

// next takes the first value off an array; ok is false where none is left.
// Texts end at a NUL, SIDs say their own length, all else has a fixed size.
func (s *slot) next() (item slot, ok bool) {
	if len(s.data) == 0 {
		return slot{}, false
	}
	item = slot{typ: s.typ &^ typeArray}
	switch size := fixedSize(item.typ); {
	case item.typ == typeString:
		item.data, s.data = cutUTF16(s.data)
	case item.typ == typeANSI:
		item.data, s.data = cutANSI(s.data)
	case item.typ == typeSID:
		item.data, s.data = cutSID(s.data)
	case size > 0 && len(s.data) >= size:
		item.data, s.data = s.data[:size], s.data[size:]
	default:
		item.typ = typeBinary
		item.data, s.data = s.data, nil
	}
	return item, true
}

func cutUTF16(b []byte) (item, rest []byte) {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return b[:i], b[i+2:]
		}
	}
	return b, nil
}

func cutANSI(b []byte) (item, rest []byte) {
	for i, c := range b {
		if c == 0 {
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

func cutSID(b []byte) (item, rest []byte) {
	if len(b) < 8 || 8+4*int(b[1]) > len(b) {
		return b, nil
	}
	n := 8 + 4*int(b[1])
	return b[:n], b[n:]
}

// appendArray writes the values of an array with commas between them. It is
// for places that cannot be repeated, such as attributes.
func appendArray(dst []byte, s slot, quoted bool) ([]byte, error) {
	for first := true; ; first = false {
		item, ok := s.next()
		if !ok {
			return dst, nil
		}
		if !first {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendValue(dst, item, quoted); err != nil {
			return dst, err
		}
	}
}
