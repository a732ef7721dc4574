package follow

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

const (
	// headMark is how much of a file's start tells it from others. Two logs
	// differ in the times and record ids of their first lines.
	headMark = 1024
	// tailMark is how much before the place reached is compared.
	tailMark = 4096
	// block is how much is read at once when line ends are looked for.
	block = 64 << 10
)

// Mark is by what a file is known again: hashes of its first bytes and of those
// before the place that was reached. The zero Mark fits every file at offset 0.
type Mark struct {
	Head    string // SHA-256, hex, of the first HeadLen bytes
	HeadLen int64
	Tail    string // of the last 4,096 bytes before the place, or fewer
}

// MarkAt makes the mark of a file of which the bytes up to offset were taken.
func MarkAt(r io.ReaderAt, offset int64) (Mark, error) {
	if offset <= 0 {
		return Mark{}, nil
	}
	m := Mark{HeadLen: min(offset, headMark)}
	var err error
	if m.Head, err = hash(r, 0, m.HeadLen); err != nil {
		return Mark{}, err
	}
	from := max(0, offset-tailMark)
	m.Tail, err = hash(r, from, offset-from)
	return m, err
}

// Fits says whether a file still holds what the mark was made of, up to offset.
func (m Mark) Fits(r io.ReaderAt, size, offset int64) (bool, error) {
	if size < offset {
		return false, nil
	}
	now, err := MarkAt(r, offset)
	return now == m, err
}

// Long says that the mark is of so much that no two logs share it by chance.
func (m Mark) Long() bool { return m.HeadLen == headMark }

func hash(r io.ReaderAt, from, n int64) (string, error) {
	h := sha256.New()
	got, err := io.Copy(h, io.NewSectionReader(r, from, n))
	if err != nil {
		return "", fmt.Errorf("read %d bytes from byte %d: %w", n, from, err)
	}
	if got < n {
		return "", nil // it was cut meanwhile: fits nothing
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// WholeLines answers where the last whole line ends in the bytes from one offset
// to another, looking at most bytes at a time; where a single line is longer it
// goes on to that line's end. It answers from where no line has ended yet.
func WholeLines(r io.ReaderAt, from, size, most int64) (int64, error) {
	limit := min(size, from+most)
	for end := limit; end > from; {
		start := max(from, end-block)
		b, err := readAt(r, start, end)
		if err != nil {
			return from, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	for at := limit; at < size; at += block {
		b, err := readAt(r, at, min(size, at+block))
		if err != nil {
			return from, err
		}
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return at + int64(i) + 1, nil
		}
	}
	return from, nil
}

func readAt(r io.ReaderAt, from, to int64) ([]byte, error) {
	b := make([]byte, to-from)
	n, err := r.ReadAt(b, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read at byte %d: %w", from, err)
	}
	return b[:n], nil
}

// HeadMark is the mark of a file's first bytes, as long as a mark's head is at most.
func HeadMark(r io.ReaderAt, size int64) (Mark, error) {
	n := min(size, headMark)
	h, err := hash(r, 0, n)
	return Mark{Head: h, HeadLen: n}, err
}
