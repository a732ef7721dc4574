package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"github.com/taskroot/taskroot/internal/fault"
)

// noTime is the year of members without a time: zeros in the formats of 1980
// and 1970.
const noTime = 1980

// member reads one file of an archive.
func (w *walker) member(ctx context.Context, archive item, name string, written time.Time, r io.Reader) error {
	name = strings.ReplaceAll(name, `\`, "/") // old .NET wrote its own separators
	if written.Year() <= noTime {
		written = archive.written
	}
	it := item{name: archive.name + "!" + name, r: r, size: archive.size, depth: archive.depth + 1, written: written.UTC()}
	if strings.HasPrefix(path.Base(name), "._") || strings.HasPrefix(name, "__MACOSX/") || strings.Contains(name, "/__MACOSX/") {
		return w.leaveOut(it, "unknown format: AppleDouble")
	}
	return w.read(ctx, it)
}

// leaveOut passes over a whole file.
func (w *walker) leaveOut(it item, reason string) error {
	if err := w.begin(it.name); err != nil {
		return err
	}
	return w.sink.Skipped(reason, 1)
}

func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// readZip reads an archive by its directory, which is at its end: one that is
// no file of its own is written to a temporary file first.
func readZip(ctx context.Context, w *walker, it item) error {
	file, size := it.file, it.size
	if file == nil {
		spool, n, err := w.spool(it.r)
		if err != nil {
			return err
		}
		defer discard(spool)
		file, size = spool, n
	} else {
		file = countedAt{r: file, w: w}
	}
	archive, err := zip.NewReader(file, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are only shown
		return w.salvage(ctx, it, file, size, err)
	}
	archive.RegisterDecompressor(zip.Deflate, flate.NewReader)
	archive.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderConcurrency(1)))
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, "/") || strings.HasSuffix(f.Name, `\`) {
			continue
		}
		if err := w.zipMember(ctx, it, f); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) zipMember(ctx context.Context, it item, f *zip.File) error {
	named := item{name: it.name + "!" + f.Name, size: it.size}
	fail := func(reason, detail string) error {
		return w.reject(named, Reject{Record: "all of it", Reason: reason, Detail: detail})
	}
	if f.Flags&1 != 0 {
		return fail(ReasonEncrypted, "needs a password; unpack it first")
	}
	r, err := f.Open()
	if err != nil {
		return fail(ReasonContainer, fmt.Sprintf("%v (method %d)", err, f.Method))
	}
	defer r.Close() //nolint:errcheck // only read from
	return w.member(ctx, it, f.Name, f.Modified, r)
}

// spool copies a stream to a temporary file.
func (w *walker) spool(r io.Reader) (*os.File, int64, error) {
	f, err := os.CreateTemp(w.opt.TempDir, "taskroot-*.zip")
	if err == nil {
		var n int64
		if n, err = io.Copy(f, r); err == nil {
			return f, n, nil
		}
		discard(f)
	}
	return nil, 0, fault.Wrap(fault.Unavailable, err, "unpacking an archive inside a stream needs room for a temporary file").
		WithHint("make room, set TMPDIR, or unpack the archive first")
}

func discard(f *os.File) {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// isTar checks the header's checksum, as old archives have no magic number.
func isTar(head []byte) bool {
	if len(head) < 512 {
		return false
	}
	text := strings.Trim(string(head[148:156]), " \x00")
	want, err := strconv.ParseUint(text, 8, 32)
	if err != nil || head[0] == 0 {
		return false
	}
	sum := uint64(8 * ' ')
	for i, c := range head[:512] {
		if i < 148 || i >= 156 {
			sum += uint64(c)
		}
	}
	return sum == want
}

func readTar(ctx context.Context, w *walker, it item) error {
	archive := tar.NewReader(it.r)
	w.damaged = false
	for {
		h, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF), err != nil && w.damaged: // told of with the member
			return nil
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			return w.reject(it, Reject{Record: "the rest of it", Reason: ReasonContainer, Detail: err.Error()})
		}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeGNUSparse:
			err = w.member(ctx, it, h.Name, h.ModTime, archive)
		case tar.TypeDir:
			err = nil
		default:
			err = w.leaveOut(item{name: it.name + "!" + h.Name}, "not a file")
		}
		if err != nil {
			return err
		}
	}
}
