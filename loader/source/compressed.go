package source

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// readGzip reads the one file inside under the same name.
func readGzip(ctx context.Context, w *walker, it item) error {
	in, ok := it.r.(*bufio.Reader)
	if !ok {
		in = bufio.NewReader(it.r)
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return w.reject(it, Reject{Record: "all of it", Reason: ReasonContainer, Detail: err.Error()})
	}
	z.Multistream(false)
	m := &members{in: in, z: z}
	inside := it
	inside.r, inside.file, inside.depth = m, nil, it.depth+1
	if err := w.read(ctx, inside); err != nil {
		return err
	}
	return w.trailing(it, m)
}

// members reads gzip files that follow each other as one. The standard reader
// fails on what many tools leave behind the last of them, a line feed or a
// block's worth of zeros, and takes back what it had read.
type members struct {
	in    *bufio.Reader
	z     *gzip.Reader
	after []byte // what came behind the last that is neither blank nor gzip
	done  bool
}

func (m *members) Read(p []byte) (int, error) {
	for !m.done {
		n, err := m.z.Read(p)
		if n > 0 && errors.Is(err, io.EOF) {
			err = nil // asked again for
		}
		if n > 0 || err == nil || !errors.Is(err, io.EOF) {
			return n, err //nolint:wrapcheck // told to the user with the file's name
		}
		if err := m.another(); err != nil {
			return 0, err
		}
	}
	return 0, io.EOF
}

// another goes on to the next member, or ends.
func (m *members) another() error {
	for {
		head, err := m.in.Peek(2)
		if len(head) == 0 {
			m.done = true
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return err //nolint:wrapcheck // as above
		}
		if bytes.IndexByte([]byte("\x00\n\r\t "), head[0]) >= 0 {
			_, _ = m.in.Discard(1) // it was peeked at
			continue
		}
		if string(head) == "\x1f\x8b" {
			if err := m.z.Reset(m.in); err == nil {
				m.z.Multistream(false)
				return nil
			}
		}
		m.done = true
		m.after, _ = io.ReadAll(io.LimitReader(m.in, 64<<10))
		return nil
	}
}

// trailing rejects what came behind a compressed file.
func (w *walker) trailing(it item, m *members) error {
	if len(m.after) == 0 {
		return nil
	}
	rest, _ := io.Copy(io.Discard, m.in)
	return w.reject(it, Reject{
		Record: "behind the end of the compressed file", Reason: ReasonTrailing,
		Detail: fmt.Sprintf("%d bytes that are no further compressed file", int64(len(m.after))+rest), Raw: m.after,
	})
}

func readZstd(ctx context.Context, w *walker, it item) error {
	z, err := zstd.NewReader(it.r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return w.reject(it, Reject{Record: "all of it", Reason: ReasonContainer, Detail: err.Error()})
	}
	defer z.Close()
	it.r, it.file = z, nil
	it.depth++
	return w.read(ctx, it)
}

func isBzip2(head []byte) bool {
	return len(head) >= 10 && string(head[:3]) == "BZh" && head[3] >= '1' && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

func readBzip2(ctx context.Context, w *walker, it item) error {
	it.r, it.file = bzip2.NewReader(it.r), nil
	it.depth++
	return w.read(ctx, it)
}
