package loader

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/filelock"
	"github.com/taskroot/taskroot/internal/graphdb"
)

// FollowConfig says how files are followed; zero values mean the defaults.
type FollowConfig struct {
	Interval    time.Duration   // between two looks at the files; 2 seconds
	SettleEvery time.Duration   // what was read is written at the latest after this; 5 seconds
	Idle        time.Duration   // a file that did not grow for this long waits for nothing more; 1 minute
	Once        bool            // take what is new and end
	Piece       int64           // bytes of a file read between two looks at the others; 4 MB
	Report      func(Following) // after each look; may be nil
}

// Following is how a follower stands.
type Following struct {
	Files   int
	Records int64     // read by this import
	Waiting int       // of records, for their clock
	Last    time.Time // when something was last read; zero for never
}

func (c FollowConfig) withDefaults() FollowConfig {
	or := func(d *time.Duration, other time.Duration) {
		if *d <= 0 {
			*d = other
		}
	}
	or(&c.Interval, 2*time.Second)
	or(&c.SettleEvery, 5*time.Second)
	or(&c.Idle, time.Minute)
	if c.Piece <= 0 {
		c.Piece = 4 << 20
	}
	return c
}

// Follow loads what is in the files and folders and what comes to be in them,
// until the context ends, which is no error. How far each file was taken is
// written in the transaction that writes what was taken, so that a follower that
// is killed goes on where it was, with nothing lost and nothing counted twice.
// The tally is of this import: those of all imports add up to each record once.
func (l *Loader) Follow(ctx context.Context, paths []string, c FollowConfig) (*Tally, error) {
	f := &follower{l: l, c: c.withDefaults(), paths: paths, files: map[string]*followed{}, pending: map[*followed]bool{}, told: map[string]bool{}}
	name, err := f.check()
	if err != nil {
		return nil, err
	}
	release, err := f.lock(ctx, name)
	if err != nil {
		return nil, err
	}
	defer release()
	id, err := newID(l.now())
	if err != nil {
		return nil, err
	}
	begun := l.now()
	f.in = newIntake(l, id)
	f.in.ctx, f.in.rider, f.settled = ctx, f, begun
	if err := l.note(ctx, "import-begin", map[string]any{"id": id, "at": begun.UTC(), "paths": paths}); err != nil {
		return nil, err
	}
	if err := f.takeOver(ctx, id, name); err != nil {
		return nil, err
	}
	err = f.run(ctx)
	err = errors.Join(err, f.in.close())
	f.in.tally.Seconds = l.now().Sub(begun).Seconds()
	f.in.tally.Waiting = f.waiting()
	return &f.in.tally, errors.Join(err, l.ended(context.WithoutCancel(ctx), f.in, status(err)))
}

// follower follows files for one import.
type follower struct {
	l       *Loader
	c       FollowConfig
	paths   []string
	in      *intake
	files   map[string]*followed // by identity
	pending map[*followed]bool   // taken further by the round to come
	whole   *followed            // being read whole
	settled time.Time            // when the last round was written
	last    time.Time            // when something was last read
	told    map[string]bool      // troubles that were logged

	unsteady int // files that the last look found changing and that are only read whole
}

// check says by what name this follower goes: the machine and what it follows.
func (f *follower) check() (string, error) {
	rejects, err := filepath.Abs(f.l.config.RejectDir)
	if err != nil {
		return "", fmt.Errorf("follow: %w", err)
	}
	var all []string
	for _, p := range f.paths {
		path, err := filepath.Abs(p)
		if err != nil {
			return "", fmt.Errorf("follow %s: %w", p, err)
		}
		if rel, err := filepath.Rel(path, rejects); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return "", fault.New(fault.Invalid, "rejected input would be kept in %s, which is followed, and be rejected again and again", rejects).
				WithHint("set load.reject_dir to a folder outside of %s", p)
		}
		all = append(all, path)
	}
	slices.Sort(all)
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + " " + strings.Join(all, " "), nil
}

// lock sees to it that a folder has one follower on this machine. Where the
// system has no such locks the checkpoints' own count of changes has to do.
func (f *follower) lock(ctx context.Context, name string) (func(), error) {
	dir := f.l.config.RejectDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for rejected input: %w", err)
	}
	sum := sha256.Sum256([]byte(name))
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	release, err := filelock.Take(ctx, filepath.Join(dir, "follow-"+hex.EncodeToString(sum[:8])+".lock"))
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return func() {}, nil
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fault.Wrap(fault.Conflict, err, "another process follows %s", strings.Join(f.paths, " ")).
			WithHint("stop it first; one is enough")
	case err != nil:
		return nil, fmt.Errorf("see whether another process follows the same: %w", err)
	}
	return release, nil
}

// lockWait is how long a follower that is just ending is waited for.
const lockWait = 2 * time.Second

// takeOver cuts the reject files of followers that were killed to what their
// books say, and notes that they were.
func (f *follower) takeOver(ctx context.Context, id, name string) error {
	st, err := f.l.lib.Statement("load/read-followers")
	if err != nil {
		return err
	}
	err = f.l.db.Reader().Run(ctx, st.DB(), map[string]any{"follow": name}, func(row graphdb.Row) error {
		old, _ := row.Get("id").(string)
		rejected, _ := row.Get("rejected").(int64)
		path := rejectPath(f.l.config.RejectDir, filepath.Base(old))
		if text, ok := row.Get("tally").(string); ok {
			var t Tally
			if err := json.Unmarshal([]byte(text), &t); err != nil {
				return fmt.Errorf("decode the tally of import %s: %w", old, err)
			}
			if filepath.Base(t.RejectFile) == filepath.Base(path) {
				path = t.RejectFile
			}
		}
		f.l.log.Info("an earlier follower was killed; going on where it was", "import", old)
		return cut(path, rejected)
	})
	if err != nil {
		return fmt.Errorf("look for followers that were killed: %w", err)
	}
	return f.l.note(ctx, "follow-begin", map[string]any{"id": id, "at": f.l.now().UTC(), "follow": name})
}

// cut shortens a file to n bytes and takes it away where none are left.
func cut(path string, n int64) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at a reject file: %w", err)
	case n == 0:
		err = os.Remove(path)
	case info.Size() > n:
		err = os.Truncate(path, n)
	}
	if err != nil {
		return fmt.Errorf("cut a reject file to what was counted: %w", err)
	}
	return nil
}

// run looks at the files again and again.
func (f *follower) run(ctx context.Context) error {
	tick := time.NewTicker(f.c.Interval)
	defer tick.Stop()
	for looks := 1; ; looks++ {
		before := f.in.seen
		err := f.look(ctx)
		if err == nil && (f.in.full() || f.l.now().Sub(f.settled) >= f.c.SettleEvery) {
			err = f.commit(ctx)
		}
		f.report()
		if ctx.Err() != nil || err == nil && f.c.Once && looks > 1 && f.unsteady == 0 && f.in.seen == before {
			return f.finish(ctx, err)
		}
		if err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// finish ends a follower that was asked to end: a last line that is all there
// is taken without its line feed, and what was read is written.
func (f *follower) finish(ctx context.Context, err error) error {
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	for _, fd := range f.inOrder() {
		if err := f.opened(fd, func(r *os.File) error { return f.lastLine(ctx, fd, r) }); err != nil {
			return err
		}
	}
	return f.commit(ctx)
}

// commit writes the round.
func (f *follower) commit(ctx context.Context) error {
	f.settled = f.l.now()
	return f.in.settle(context.WithoutCancel(ctx))
}

// checkpoints implements [rider].
func (f *follower) checkpoints() []any {
	var rows []any
	if fd := f.whole; fd != nil {
		fd.at.Given, fd.at.Events = f.in.replay.given, f.in.replay.events
		f.pending[fd] = true
	}
	for _, fd := range f.inOrder() {
		if f.pending[fd] {
			rows = append(rows, checkpointRow(&fd.at))
		}
	}
	return rows
}

// written implements [rider].
func (f *follower) written() {
	for fd := range f.pending {
		fd.at.Round++
	}
	clear(f.pending)
	f.settled = f.l.now()
}

// inOrder are the files in the order of their checkpoints' keys.
func (f *follower) inOrder() []*followed {
	var all []*followed
	for _, id := range sorted(f.files) {
		all = append(all, f.files[id])
	}
	return all
}

func (f *follower) waiting() int {
	n := 0
	for _, fd := range f.files {
		n += fd.unit.records
	}
	return n
}

func (f *follower) report() {
	if f.c.Report != nil {
		f.c.Report(Following{Files: len(f.files), Records: f.in.seen, Waiting: f.waiting(), Last: f.last})
	}
}
