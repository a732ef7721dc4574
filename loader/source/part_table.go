package source

import "bytes"

// tableHeader is how many bytes at a table's start each part of it needs in
// front: its first line, or the lines that begin with # (Zeek's); 0 where they
// are not all there. It is the header of a format in [formats].
func tableHeader(head []byte) int {
	n := 0
	for line := range bytes.Lines(head) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			return 0
		}
		if !bytes.HasPrefix(line, []byte("#")) {
			if n == 0 {
				n = len(line)
			}
			return n
		}
		n += len(line)
	}
	return n
}

func growsByLine([]byte) Growth { return Lines }

// netlogHeader is that of a network log in a table; lines of JSON have none.
func netlogHeader(head []byte) int {
	if !bytes.HasPrefix(head, []byte("#")) {
		return 0
	}
	return tableHeader(head)
}

// Cut says how many bytes of b, whole lines at the start of a record, are whole
// records: a cell of a table may hold line feeds between quotes. Zeek's tables
// have no quotes.
func Cut(head, b []byte) int {
	if headerOf(formats(), head) == 0 || bytes.HasPrefix(head, []byte("#")) {
		return len(b)
	}
	return outsideQuotes(b)
}

// outsideQuotes is where the last line ends that ends outside of quotes. A
// quote inside quotes is written twice, so it changes nothing.
func outsideQuotes(b []byte) int {
	end, quoted := 0, false
	for i, c := range b {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\n' && !quoted:
			end = i + 1
		}
	}
	return end
}
