package source

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
)

// salvage reads an archive that lost its directory, which is at its end, by
// the headers before each member. It stops where one is not understood.
func (w *walker) salvage(ctx context.Context, it item, file io.ReaderAt, size int64, why error) error {
	in := bufio.NewReaderSize(io.NewSectionReader(file, 0, size), 64<<10)
	n := 0
	for {
		m, ok := nextLocal(in)
		if !ok {
			break
		}
		if !strings.HasSuffix(m.name, "/") {
			n++
			if err := w.member(ctx, it, m.name, time.Time{}, m.body); err != nil {
				return err
			}
		}
		if !m.finish(in) {
			break
		}
	}
	return w.reject(it, Reject{Record: "directory", Reason: ReasonContainer,
		Detail: fmt.Sprintf("%v; %d members were read without it", why, n)})
}

// local is a member as its own header tells of it (APPNOTE.TXT, 4.3.7).
type local struct {
	name    string
	body    io.Reader
	trailer bool // sizes and checksum follow the body
}

const (
	localHeader  = 30
	localMagic   = "PK\x03\x04"
	centralMagic = "PK\x01\x02"
	trailerMagic = "PK\x07\x08"
)

func nextLocal(in *bufio.Reader) (local, bool) {
	var h [localHeader]byte
	if _, err := io.ReadFull(in, h[:]); err != nil || string(h[:4]) != localMagic {
		return local{}, false
	}
	le := binary.LittleEndian
	flags, method, size := le.Uint16(h[6:]), le.Uint16(h[8:]), le.Uint32(h[18:])
	name := make([]byte, le.Uint16(h[26:]))
	if _, err := io.ReadFull(in, name); err != nil {
		return local{}, false
	}
	if _, err := in.Discard(int(le.Uint16(h[28:]))); err != nil {
		return local{}, false
	}
	m := local{name: string(name), trailer: flags&8 != 0}
	switch {
	case flags&1 != 0: // encrypted
		return local{}, false
	case method == 8:
		m.body = flate.NewReader(in) // reads no further than its own end
	case method == 0 && !m.trailer && size != 1<<32-1:
		m.body = io.LimitReader(in, int64(size))
	default:
		return local{}, false
	}
	return m, true
}

// finish goes to the header behind the member; false where there is none.
func (m local) finish(in *bufio.Reader) bool {
	if _, err := io.Copy(io.Discard, m.body); err != nil {
		return false
	}
	if !m.trailer {
		return true
	}
	// With or without a mark, and with sizes of four bytes or eight.
	for _, n := range []int{16, 24, 12, 20} {
		b, err := in.Peek(n + 4)
		if err != nil {
			continue
		}
		marked := string(b[:4]) == trailerMagic
		next := string(b[n:])
		if marked == (n == 16 || n == 24) && (next == localMagic || next == centralMagic) {
			_, err = in.Discard(n)
			return err == nil
		}
	}
	return false
}
