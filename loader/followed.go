package loader

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/taskroot/taskroot/loader/follow"
	"github.com/taskroot/taskroot/loader/source"
)

// followed is a file that is followed.
type followed struct {
	at     follow.Checkpoint // with the round to come
	file   follow.File       // as the last look found it
	head   []byte            // its first bytes
	clocks *clocks
	unit   *unit

	read    int64       // bytes taken into the unit, or further on their way
	ordinal uint64      // records in them
	mark    follow.Mark // of read
	grown   time.Time   // when it last changed, by our clock
	since   time.Time   // when the unit began to wait
	stable  int         // looks in a row that found it as it was
	missed  int         // looks in a row that did not find it

	record uint64 // of a log: the highest record id in the unit
	past   int64  // of a log: where the chunks end that are done with, damage and all
	behind bool   // of a log: a chunk that was being written when it was looked at
}

// look looks at the files once and takes what is new.
func (f *follower) look(ctx context.Context) error {
	files, troubles, err := follow.Scan(ctx, f.paths, func(id string) bool { return f.files[id] != nil })
	if err != nil {
		return err
	}
	for _, t := range troubles {
		f.trouble(t)
	}
	if err := f.meet(ctx, files); err != nil {
		return err
	}
	there := map[string]bool{}
	f.unsteady = 0
	for _, file := range files {
		there[file.Identity] = true
		if ctx.Err() != nil {
			return fmt.Errorf("follow: %w", ctx.Err())
		}
		fd := f.files[file.Identity]
		if fd == nil {
			continue // it could not be opened
		}
		fd.see(file, f.l.now())
		if fd.rests() {
			continue
		}
		if err := f.opened(fd, func(r *os.File) error { return f.further(ctx, fd, r) }); err != nil {
			return err
		}
	}
	return f.missing(there)
}

// trouble logs what can't be read, once: it is tried again at each look.
func (f *follower) trouble(err error) {
	if err != nil && !f.told[err.Error()] && len(f.told) < 10000 {
		f.told[err.Error()] = true
		f.l.log.Warn("can't be read now; it is tried again", "error", err)
	}
}

// see notes how a look found the file.
func (fd *followed) see(file follow.File, now time.Time) {
	if file.Size != fd.file.Size || !file.Modified.Equal(fd.file.Modified) {
		fd.grown, fd.stable = now, 0
	} else {
		fd.stable++
	}
	fd.file, fd.missed = file, 0
}

// rests says that there is nothing to do for a file.
func (fd *followed) rests() bool {
	if fd.at.Kind == string(source.Log) {
		return fd.stable > 0 && fd.head != nil && !fd.behind && fd.unit.records == 0
	}
	return fd.stable > 0 && fd.at.Offset > 0 && fd.read == fd.file.Size && fd.unit.records == 0 &&
		(fd.at.Done || fd.at.Kind == string(source.Lines))
}

// opened opens the file, if it is still what the look found, and gives it to do.
func (f *follower) opened(fd *followed, do func(*os.File) error) error {
	r, err := os.Open(fd.file.Path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			f.trouble(err)
		}
		return nil
	}
	defer r.Close() //nolint:errcheck // only read from
	if id, size, err := follow.Stat(r); err != nil || id != fd.file.Identity {
		return nil // it was rotated since: the next look finds both
	} else if size < fd.file.Size {
		fd.file.Size = size
	}
	return do(r)
}

// meet finds the checkpoints of files that are new to this follower.
func (f *follower) meet(ctx context.Context, files []follow.File) error {
	var fresh []follow.File
	for _, file := range files {
		if f.files[file.Identity] == nil {
			fresh = append(fresh, file)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	// One of them may be a copy of one that is known: then it must be clear how far that was taken.
	if err := f.commit(ctx); err != nil {
		return err
	}
	for len(fresh) > 0 {
		n := min(len(fresh), 500)
		if err := f.meetSome(ctx, fresh[:n]); err != nil {
			return err
		}
		fresh = fresh[n:]
	}
	return nil
}

func (f *follower) meetSome(ctx context.Context, fresh []follow.File) error {
	var ids, paths, heads []string
	for _, file := range fresh {
		ids, paths = append(ids, file.Identity), append(paths, absolute(file.Path))
		if mark, err := headMark(file); err != nil {
			f.trouble(err)
		} else if mark.Long() {
			heads = append(heads, mark.Head)
		}
	}
	all, err := f.l.checkpoints(context.WithoutCancel(ctx), ids, paths, heads)
	if err != nil {
		return err
	}
	for _, file := range fresh {
		fd := &followed{file: file, grown: file.Modified}
		f.forget(fd)
		err := f.opened(fd, func(r *os.File) error {
			f.files[file.Identity] = fd
			return f.recall(ctx, fd, r, all)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// headMark is the mark of a file's first bytes.
func headMark(file follow.File) (follow.Mark, error) {
	r, err := os.Open(file.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return follow.Mark{}, nil
	}
	if err != nil {
		return follow.Mark{}, err //nolint:wrapcheck // names the file
	}
	defer r.Close() //nolint:errcheck // only read from
	return follow.HeadMark(r, file.Size)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// recall starts a file where its checkpoint is, if it has one.
func (f *follower) recall(ctx context.Context, fd *followed, r io.ReaderAt, all []follow.Checkpoint) error {
	file := fd.file
	file.Path = absolute(file.Path)
	fits, own, err := follow.Find(r, file, all)
	if err != nil {
		f.trouble(err)
		return nil
	}
	if other := f.holder(fits); other != nil && other.unit.records > 0 {
		// What waits of the file that this is a copy of is in the copy too.
		if err := f.pour(other); err != nil {
			return err
		}
		if err := f.commit(ctx); err != nil {
			return err
		}
		fits = &other.at
	}
	switch {
	case fits != nil && own != nil && fits.Key == own.Key:
		fd.at = *fits
	case fits != nil:
		f.l.log.Info("the file is one that was known under another name", "file", fd.file.Path, "was", fits.Path)
		key, round := fd.at.Key, int64(0)
		if own != nil {
			key, round = own.Key, own.Round
		}
		fd.at = *fits
		fd.at.Key, fd.at.Round = key, round
		f.pending[fd] = true
	case own != nil:
		fd.at.Key, fd.at.Round = own.Key, own.Round // cut or written anew: from its start
	}
	fd.at.Path, fd.at.Identity = file.Path, file.Identity
	fd.read, fd.ordinal, fd.mark = fd.at.Offset, fd.at.Ordinal, fd.at.Mark
	fd.record, fd.past = fd.at.Record, 0
	if fd.at.Kind == string(source.Log) {
		fd.past = fd.at.Given
	}
	return fd.clocks.decode(fd.at.Clock)
}

// holder is the file that is followed with this checkpoint.
func (f *follower) holder(c *follow.Checkpoint) *followed {
	for _, fd := range f.files {
		if c != nil && fd.at.Key == c.Key {
			return fd
		}
	}
	return nil
}

// forget makes the file one of which nothing was taken.
func (f *follower) forget(fd *followed) {
	key := fd.at.Key
	if key == "" {
		key = newKey()
	}
	fd.at = follow.Checkpoint{Key: key, Round: fd.at.Round, Path: absolute(fd.file.Path), Identity: fd.file.Identity}
	fd.read, fd.ordinal, fd.mark, fd.head = 0, 0, follow.Mark{}, nil
	fd.clocks = newClocks(f.l.config.ClockOffset)
	fd.clocks.live = true
	fd.unit = newUnit(f.l, fd.clocks)
	fd.stable, fd.record, fd.past, fd.behind = 0, 0, 0, false
}

// newKey is a name for a checkpoint that no other has.
func newKey() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// missing lets go of files that are gone.
func (f *follower) missing(there map[string]bool) error {
	for _, fd := range f.inOrder() {
		if there[fd.file.Identity] {
			continue
		}
		if fd.missed++; fd.missed < 2 {
			continue // a look may miss what is renamed meanwhile
		}
		if rest := fd.file.Size - fd.read; rest > 0 && fd.at.Kind == string(source.Lines) {
			f.l.log.Warn("a file went before all of it was read", "file", fd.file.Path, "bytes", rest)
		}
		if err := f.pour(fd); err != nil {
			return err
		}
		if err := f.in.settle(context.WithoutCancel(f.in.ctx)); err != nil {
			return err
		}
		delete(f.files, fd.file.Identity)
	}
	return nil
}

// pour puts what waits of a file into the round, with the checkpoint behind it.
func (f *follower) pour(fd *followed) error {
	if fd.unit.records == 0 && fd.read == fd.at.Offset {
		return nil
	}
	if fd.at.Offset == 0 && fd.at.Record == 0 {
		fd.unit.files = 1
	}
	fd.clocks.decide()
	if err := fd.unit.pour(f.in); err != nil {
		return err
	}
	clock, err := fd.clocks.encode()
	if err != nil {
		return err
	}
	fd.at.Offset, fd.at.Ordinal, fd.at.Mark, fd.at.Clock = fd.read, fd.ordinal, fd.mark, clock
	if fd.at.Kind == string(source.Log) {
		fd.at.Record, fd.at.Given = fd.record, fd.past
	}
	fd.at.Path = absolute(fd.file.Path)
	fd.since = time.Time{}
	f.pending[fd] = true
	return nil
}
