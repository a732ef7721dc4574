package source

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The reasons of a [Reject] that this package gives; decoders have their own.
const (
	ReasonUnreadable = "unreadable"        // a file or folder that could not be opened or read
	ReasonContainer  = "damaged container" // an archive or compressed file with an end missing or wrong
	ReasonEncrypted  = "encrypted"         // a member of an archive with a password
	ReasonTrailing   = "trailing bytes"    // bytes behind the end of a compressed file
	ReasonNesting    = "nested too deeply" // archives in archives in archives
	ReasonBadRecord  = "bad record"        // a wanted record that lacks what it is about
)

// maxDepth bounds containers in containers; real data has three levels. It is
// what keeps an archive that contains itself from being read for ever.
const maxDepth = 8

// item is one thing to read: a file, a member of an archive, a stream.
type item struct {
	name  string
	r     io.Reader
	size  int64       // of the outermost file, -1 where unknown
	file  io.ReaderAt // the whole of it, where it is a file of its own
	depth int         // how many containers it is in
	inner *origin     // where it comes from a reject file
	part  *Part       // where it is not the whole of a file
	// written is when the file or member was written last, which is the time of
	// an inventory: those name none. Of standard input it is now.
	written time.Time
}

type walker struct {
	sink    Sink
	opt     Options
	formats []format
	open    string // the source that the sink has open, "" if none
	size    int64  // of the outermost file
	told    int64  // bytes of it that progress was told of
	skipped map[channelID]int
	// mappings are those found beside the files; outer is the outermost file.
	mappings mappings
	outer    string
	damaged  bool // the reader of the item read last ended with an error
}

// path reads a file or folder that the caller named. There links are followed,
// inside folders they are not.
func (w *walker) path(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return w.unreadable(path, err)
	}
	if info.IsDir() {
		return w.folder(ctx, path)
	}
	return w.file(ctx, path, info)
}

func (w *walker) folder(ctx context.Context, dir string) error {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		if err := w.unreadable(dir, err); err != nil {
			return err
		}
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("reading %s: %w", dir, err)
		}
		path := filepath.Join(dir, entry.Name())
		switch {
		case entry.IsDir():
			err = w.folder(ctx, path)
		case !entry.Type().IsRegular():
			err = w.sink.Skipped("not a file", 1)
		default:
			var info fs.FileInfo
			if info, err = entry.Info(); err != nil {
				err = w.unreadable(path, err)
			} else {
				err = w.file(ctx, path, info)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) file(ctx context.Context, path string, info fs.FileInfo) error {
	f, err := os.Open(path)
	if err != nil {
		return w.unreadable(path, err)
	}
	defer f.Close() //nolint:errcheck // only read from
	it := item{name: filepath.ToSlash(path), r: f, size: -1, written: info.ModTime().UTC()}
	w.outer = it.name
	if _, ok := w.mappings[it.name]; ok {
		return errors.Join(w.leaveOut(it, "mapping file"), w.end())
	}
	if info.Mode().IsRegular() {
		it.size, it.file = info.Size(), f
	}
	return w.outermost(ctx, it)
}

func (w *walker) unreadable(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return w.sink.Rejected(Reject{
		Source: filepath.ToSlash(path), Record: "all of it", Reason: ReasonUnreadable, Detail: err.Error(), Count: 1,
	})
}

// outermost reads a file that is in no container and tells of progress in it.
func (w *walker) outermost(ctx context.Context, it item) error {
	w.size, w.told = it.size, 0
	it.r = &counted{r: it.r, w: w}
	if err := w.read(ctx, it); err != nil {
		return err
	}
	if rest := w.size - w.told; rest > 0 {
		w.sink.Progress(rest)
	}
	return w.end()
}

// progress passes on bytes read. An archive's parts are read out of order and
// some twice, so it never tells of more than the file has.
func (w *walker) progress(n int) {
	more := int64(n)
	if w.size >= 0 {
		more = min(more, w.size-w.told)
	}
	if more > 0 {
		w.told += more
		w.sink.Progress(more)
	}
}

type counted struct {
	r io.Reader
	w *walker
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.w.progress(n)
	return n, err
}

type countedAt struct {
	r io.ReaderAt
	w *walker
}

func (c countedAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.w.progress(n)
	return n, err //nolint:wrapcheck // archive/zip compares it with io.EOF
}

// read tells what an item is and reads it. An error of the item's own reader is
// a rejection beside what could be read before it, not an error of Read.
func (w *walker) read(ctx context.Context, it item) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("reading %s: %w", it.name, err)
	}
	if it.depth > maxDepth {
		return w.reject(it, Reject{Record: "all of it", Reason: ReasonNesting,
			Detail: fmt.Sprintf("is in more than %d containers; unpack it first", maxDepth)})
	}
	tap := &tap{r: it.r}
	buffered := bufio.NewReaderSize(tap, 64<<10)
	it.r = buffered
	head, _ := buffered.Peek(headSize)
	if it.part != nil {
		head = it.part.Head
	}
	err := w.dispatch(ctx, it, head)
	w.damaged = tap.err != nil
	if err == nil && tap.err != nil {
		reason := ReasonContainer
		if it.depth == 0 {
			reason = ReasonUnreadable
		}
		err = w.reject(it, Reject{Record: fmt.Sprintf("from byte %d", tap.n), Reason: reason, Detail: tap.err.Error()})
	}
	return err
}

func (w *walker) dispatch(ctx context.Context, it item, head []byte) error {
	for i := range w.formats {
		if w.formats[i].sniff(head) {
			return w.formats[i].read(ctx, w, it)
		}
	}
	return w.unknown(it, head)
}

// tap turns a read error into the end of input and keeps it, so that decoders
// give what they have.
type tap struct {
	r   io.Reader
	n   int64
	err error
}

func (t *tap) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, io.EOF
	}
	n, err := t.r.Read(p)
	t.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		t.err = err
		err = io.EOF
	}
	return n, err
}
