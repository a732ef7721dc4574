package source

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// unknown passes over an item that is in no format that can be read.
func (w *walker) unknown(it item, head []byte) error {
	if it.inner != nil {
		return w.rejectAgain(it)
	}
	if err := w.begin(it.name); err != nil {
		return err
	}
	if len(head) == 0 {
		return nil // an empty file holds no record
	}
	return w.sink.Skipped("unknown format: "+kindOf(head), 1)
}

// kindOf names what is not read, for a person who wonders why.
func kindOf(head []byte) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte{0, 5, 0x16, 7}):
		return "AppleDouble"
	case len(text) == 0:
		return "blank"
	case !isText(head):
		return "binary"
	case text[0] == '<':
		return "xml"
	case isCSV(text):
		return "csv"
	}
	return "text"
}

func isText(head []byte) bool {
	for i, c := range head {
		if c < ' ' && c != '\t' && c != '\r' && c != '\n' && c != '\f' && c != 0x1b {
			return false
		}
		if c >= utf8.RuneSelf && !utf8.FullRune(head[i:]) {
			return true // cut inside a character
		}
	}
	return true
}

// isCSV says whether the first line is a row of three fields or more.
func isCSV(text []byte) bool {
	r := csv.NewReader(bytes.NewReader(text))
	r.LazyQuotes = true
	row, err := r.Read()
	return err == nil && len(row) >= 3
}

// isUTF16 knows two-byte text by its mark or, without one, by the zeros that
// half of its bytes are.
func isUTF16(head []byte) bool {
	_, ok := byteOrder(head)
	return ok
}

func byteOrder(head []byte) (unicode.Endianness, bool) {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return unicode.LittleEndian, len(head) < 4 || head[2] != 0 || head[3] != 0
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return unicode.BigEndian, true
	case len(head) < 4:
		return unicode.BigEndian, false
	}
	n := min(len(head)&^1, 64)
	little, big := 0, 0
	for i := 0; i < n; i += 2 {
		if head[i] == 0 && head[i+1] != 0 {
			big++
		}
		if head[i] != 0 && head[i+1] == 0 {
			little++
		}
	}
	switch {
	case little >= n*3/8 && big == 0 && isASCIIText(head[0]):
		return unicode.LittleEndian, true
	case big >= n*3/8 && little == 0 && isASCIIText(head[1]):
		return unicode.BigEndian, true
	}
	return unicode.BigEndian, false
}

func isASCIIText(c byte) bool {
	return c >= ' ' && c < 0x7f || c == '\n' || c == '\r' || c == '\t'
}

// readUTF16 reads the text behind the encoding under the same name.
func readUTF16(ctx context.Context, w *walker, it item) error {
	in := bufio.NewReaderSize(it.r, headSize) // the one it is already
	head, _ := in.Peek(64)
	order, _ := byteOrder(head)
	it.r = transform.NewReader(in, unicode.UTF16(order, unicode.UseBOM).NewDecoder())
	it.file = nil
	it.depth++
	return w.read(ctx, it)
}
