package loader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/taskroot/taskroot/loader/follow"
	"github.com/taskroot/taskroot/loader/source"
)

// further takes what is new in a file.
func (f *follower) further(ctx context.Context, fd *followed, r *os.File) error {
	if fd.stable == 0 || fd.at.Offset == 0 || fd.head == nil {
		if err := f.same(fd, r); err != nil {
			return err
		}
	}
	var err error
	switch source.Growth(fd.at.Kind) {
	case source.Lines:
		err = f.lines(ctx, fd, r)
	case source.Log:
		err = f.log(ctx, fd, r)
	case source.Undecided:
		if f.idle(fd) && fd.file.Size > 0 {
			fd.at.Kind = string(source.Whole)
			err = f.entire(ctx, fd, r)
		}
	default:
		err = f.entire(ctx, fd, r)
	}
	if err != nil {
		return err
	}
	return f.ripe(fd)
}

// same sees whether the file still holds what was taken, and how it grows.
func (f *follower) same(fd *followed, r *os.File) error {
	fits, err := fd.mark.Fits(r, fd.file.Size, fd.read)
	if err != nil {
		f.trouble(err)
		return nil
	}
	if !fits {
		f.l.log.Info("the file was cut or written anew; taken from its start", "file", fd.file.Path)
		if err := f.afresh(fd); err != nil {
			return err
		}
	}
	if len(fd.head) < source.HeadSize {
		head := make([]byte, min(fd.file.Size, source.HeadSize))
		n, err := r.ReadAt(head, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			f.trouble(err)
			return nil
		}
		fd.head = head[:n]
	}
	if fd.at.Offset == 0 || fd.at.Kind == string(source.Foreign) && fd.at.Offset < source.HeadSize {
		fd.at.Kind = string(source.Grows(fd.head))
	}
	return nil
}

// afresh begins a file again, after writing what was read of it.
func (f *follower) afresh(fd *followed) error {
	if err := f.pour(fd); err != nil {
		return err
	}
	if err := f.commit(f.in.ctx); err != nil {
		return err
	}
	f.forget(fd)
	f.pending[fd] = true
	return nil
}

// idle says that the file did not grow for long enough.
func (f *follower) idle(fd *followed) bool { return f.l.now().Sub(fd.grown) >= f.c.Idle }

// lines takes the whole lines that are new.
func (f *follower) lines(ctx context.Context, fd *followed, r *os.File) error {
	for ctx.Err() == nil {
		end, err := follow.WholeLines(r, fd.read, fd.file.Size, f.c.Piece)
		if err != nil {
			f.trouble(err)
			return nil
		}
		if end == fd.read {
			break
		}
		before := fd.read
		if err := f.piece(ctx, fd, r, end); err != nil {
			return err
		}
		if fd.read == before {
			break // a record over several lines is not all there
		}
	}
	if f.idle(fd) {
		return f.lastLine(ctx, fd, r)
	}
	return nil
}

// mostLine is the longest last line that is looked at.
const mostLine = 16 << 20

// lastLine takes a last line that has no line feed, if it is clear that all of it
// is there.
func (f *follower) lastLine(ctx context.Context, fd *followed, r *os.File) error {
	rest := fd.file.Size - fd.read
	if fd.at.Kind != string(source.Lines) || rest <= 0 || rest > mostLine {
		return nil
	}
	line := make([]byte, rest)
	if _, err := r.ReadAt(line, fd.read); err != nil {
		f.trouble(err)
		return nil
	}
	if !source.Complete(fd.head, line) {
		return nil
	}
	return f.piece(ctx, fd, r, fd.file.Size)
}

// piece takes the bytes up to end, which are whole lines.
func (f *follower) piece(ctx context.Context, fd *followed, r *os.File, end int64) error {
	body, end, err := f.body(fd, r, end)
	if err != nil || end == fd.read {
		f.trouble(err)
		return nil
	}
	mark, err := follow.MarkAt(r, end)
	if err != nil || mark.Tail == "" {
		return nil // it was cut just now: the next look sees to it
	}
	part := source.Part{Name: fd.file.Path, Head: fd.head, Body: body, Offset: fd.read, Ordinal: fd.ordinal}
	before := fd.unit.records
	// A piece is taken to its end, so that the place behind it is known.
	_, err = source.ReadPart(context.WithoutCancel(ctx), part, source.Options{Host: f.l.config.Host}, fd.unit)
	if err != nil {
		return fmt.Errorf("follow %s: %w", fd.file.Path, err)
	}
	fd.read, fd.mark = end, mark
	fd.ordinal += uint64(fd.unit.records - before) //nolint:gosec // never negative
	f.last = f.l.now()
	return f.ripe(fd)
}

// body gives the bytes up to a place, or up to the last record before it that is
// all there. They are read before they are decoded, so that what can't be read
// now is no bad input; but for a single line that is too long to be held.
func (f *follower) body(fd *followed, r io.ReaderAt, end int64) (io.Reader, int64, error) {
	n := end - fd.read
	if n > max(f.c.Piece, mostLine) {
		return io.NewSectionReader(r, fd.read, n), end, nil
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, fd.read); err != nil {
		return nil, fd.read, fmt.Errorf("read at byte %d: %w", fd.read, err)
	}
	if whole := source.Cut(fd.head, b); whole > 0 || n < f.c.Piece/2 && !f.idle(fd) {
		n = int64(whole)
	}
	return bytes.NewReader(b[:n]), fd.read + n, nil
}

// ripe puts what was read of a file into the round, unless it waits for a clock,
// and writes the round when it is full or due.
func (f *follower) ripe(fd *followed) error {
	now := f.l.now()
	waits := fd.clocks.waits() > 0 && !fd.clocks.resolved()
	if waits && fd.since.IsZero() {
		fd.since = now
	}
	if waits && !fd.unit.tooBig() && !f.idle(fd) && now.Sub(fd.since) < longestWait*f.c.Idle {
		return nil
	}
	if err := f.pour(fd); err != nil {
		return err
	}
	f.report()
	if f.in.full() || len(f.pending) > 0 && now.Sub(f.settled) >= f.c.SettleEvery {
		return f.commit(f.in.ctx)
	}
	return nil
}

// longestWait is how many idle times records of a file that keeps growing wait
// for their clock.
const longestWait = 5

// entire takes a file that can only be read whole, once it no longer changes.
func (f *follower) entire(ctx context.Context, fd *followed, r *os.File) error {
	changed := !fd.at.Done || fd.at.Offset != fd.file.Size || !fd.at.Modified.Equal(micros(fd.file.Modified))
	foreign := fd.at.Done && fd.at.Kind == string(source.Foreign)
	if !changed || foreign || fd.file.Size == 0 {
		return nil
	}
	if !f.steady(fd) {
		f.unsteady++
		return nil
	}
	mark, err := follow.MarkAt(r, fd.file.Size)
	if err != nil {
		f.trouble(err)
		return nil
	}
	f.in.replay = replay{}
	if !fd.at.Done && fd.at.Mark == mark && fd.at.Modified.Equal(micros(fd.file.Modified)) {
		f.in.replay.takenGiven, f.in.replay.takenEvts = fd.at.Given, fd.at.Events
	}
	if err := f.commit(ctx); err != nil {
		return err
	}
	fd.at.Done, fd.at.Offset, fd.at.Mark, fd.at.Modified = false, fd.file.Size, mark, micros(fd.file.Modified)
	fd.read, fd.mark, fd.at.Path = fd.file.Size, mark, absolute(fd.file.Path)
	f.whole = fd
	err = source.Read(ctx, []string{fd.file.Path}, nil, source.Options{Host: f.l.config.Host}, f.in)
	f.checkpoints() // notes how far it came
	f.whole = nil
	f.in.replay = replay{}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it went just now
	}
	if err != nil {
		return fmt.Errorf("follow %s: %w", fd.file.Path, err)
	}
	fd.at.Done, fd.at.Given, fd.at.Events = true, 0, 0
	f.last = f.l.now()
	return nil
}

// steady says that a file is taken to be complete: two looks found it the same, or
// it was last changed long before them.
func (f *follower) steady(fd *followed) bool {
	return fd.stable >= 2 || f.l.now().Sub(fd.file.Modified) >= max(10*time.Second, 2*f.c.Interval)
}

// micros cuts a time to what a checkpoint keeps of it.
func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
