// Package loader takes observations from sources and writes them to the graph,
// so that loading twice equals loading once, in any order.
//
// It works in rounds of bounded size: observations are gathered, settled
// against what is stored (package settle decides identity, this package only
// reads and writes), and the difference is written in batches. A round is the
// unit of progress: stopping between rounds loses nothing, and what a stop
// within one leaves half written the next load of the same input completes.
//
// Two loaders never settle at once: a lock in the database makes the second
// one wait for the first one's round.
package loader

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/flows"
	"github.com/taskroot/taskroot/loader/handover"
	"github.com/taskroot/taskroot/loader/origin"
	"github.com/taskroot/taskroot/loader/settle"
	"github.com/taskroot/taskroot/loader/source"
	"github.com/taskroot/taskroot/queries"
)

// Config says how to load.
type Config struct {
	Host             string              // for input that names no host
	ClockOffset      *time.Duration      // added to times that say no zone and can't be checked; nil: unknown
	Aliases          map[string]string   // other names of hosts, lower case
	Addresses        map[string][]string // canonical IPs of hosts whose logs show none, by host key
	InternalSuffixes []string            // names under these are internal
	Proxies          []string            // web proxies: host or IP, with or without port
	Mappings         []string            // files that say what the columns of unknown tables hold
	RejectDir        string              // where rejected input is kept
	Round            int                 // most observations settled at once, in one transaction
	Batch            int                 // rows in one transaction
	Progress         func(Progress)      // may be nil
}

// DefaultConfig is what suits a machine with half a gigabyte to spare.
func DefaultConfig() Config { return Config{RejectDir: ".", Round: 20000, Batch: 10000} }

// Progress is how far a load has come.
type Progress struct {
	Source   string
	Bytes    int64 // of the files named, read so far
	Records  int64
	Rejected int64
	Settling bool // the round is being written
}

// Loader loads telemetry into one database.
type Loader struct {
	db     *graphdb.DB
	lib    *queries.Library
	config Config
	log    *slog.Logger
	now    func() time.Time

	proxies *settle.Proxies // nil where there are none
}

// New makes a loader.
func New(db *graphdb.DB, lib *queries.Library, log *slog.Logger, c Config) *Loader {
	d := DefaultConfig()
	if c.Round <= 0 {
		c.Round = d.Round
	}
	if c.Batch <= 0 {
		c.Batch = d.Batch
	}
	if c.RejectDir == "" {
		c.RejectDir = d.RejectDir
	}
	return &Loader{db: db, lib: lib, config: c, log: log, now: time.Now, proxies: settle.NewProxies(c.Proxies, destinations)}
}

// CheckMappings says what is wrong with mapping files, before a database is
// needed; nil where nothing is.
func CheckMappings(files []string) error {
	_, err := source.ReadMappings(files)
	return err
}

// Load loads the paths ("-" is stdin) and says how it went. The tally is
// returned with an error too: it then says how far the load came.
func (l *Loader) Load(ctx context.Context, paths []string, stdin io.Reader) (*Tally, error) {
	mappings, err := source.ReadMappings(l.config.Mappings)
	if err != nil {
		return nil, err
	}
	id, err := newID(l.now())
	if err != nil {
		return nil, err
	}
	begun := l.now()
	in := newIntake(l, id)
	in.ctx = ctx
	if err := l.note(ctx, "import-begin", map[string]any{"id": id, "at": begun.UTC(), "paths": paths}); err != nil {
		return nil, err
	}
	err = source.Read(ctx, paths, stdin, source.Options{Host: l.config.Host, Mappings: mappings}, in)
	if err == nil {
		err = in.flush(ctx)
	}
	err = errors.Join(err, in.close())
	in.tally.Seconds = l.now().Sub(begun).Seconds()
	return &in.tally, errors.Join(err, l.ended(context.WithoutCancel(ctx), in, status(err)))
}

// status says how an import ended.
func status(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "stopped"
	case err != nil:
		return "failed"
	}
	return "done"
}

func newID(now time.Time) (string, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("make an import id: %w", err)
	}
	return now.UTC().Format("20060102T150405Z-") + hex.EncodeToString(b[:]), nil
}

func (l *Loader) note(ctx context.Context, name string, params map[string]any) error {
	st, err := l.lib.Statement("load/" + name)
	if err != nil {
		return err
	}
	if err := l.db.Writer().Run(ctx, st.DB(), params, nil); err != nil {
		return fmt.Errorf("note the import: %w", err)
	}
	return nil
}

// ended notes how an import ended.
func (l *Loader) ended(ctx context.Context, in *intake, status string) error {
	if err := l.progress(ctx, l.db.Writer(), status, &in.tally, in.rejectBytes); err != nil {
		return fmt.Errorf("note the import: %w", err)
	}
	return nil
}

func (l *Loader) progress(ctx context.Context, run graphdb.Runner, status string, t *Tally, rejectBytes int64) error {
	st, err := l.lib.Statement("load/import-progress")
	if err != nil {
		return err
	}
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("encode the tally: %w", err)
	}
	return run.Run(ctx, st.DB(), map[string]any{
		"id": t.Import, "at": l.now().UTC(), "status": status, "tally": string(text), "rejected": rejectBytes,
	}, nil)
}

// settlement is what one transaction writes: a round, the tally with it, and how
// far the files that it came from were taken.
type settlement struct {
	round       func() *settle.Round // made anew for each try: settling uses it up
	tally       *Tally               // of the import so far; gets what the round made
	rejectBytes int64
	checkpoints []any
}

// settle writes one round in one transaction: all of it or, after a crash,
// nothing, the books included. It is not interrupted: what has been begun is
// finished.
func (l *Loader) settle(ctx context.Context, s settlement) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	lock, err := l.lib.Statement("load/lock")
	if err != nil {
		return err
	}
	begun := l.now()
	var after Tally
	err = l.db.WithTimeout(lockTimeout).InTx(ctx, "loader lock", func(tx graphdb.Runner) error {
		if err := tx.Run(ctx, lock.DB(), map[string]any{"at": l.now().UTC()}, nil); err != nil {
			return err
		}
		changes, err := s.round().Settle(ctx, &store{l.lib, l.db.Reader()})
		if err != nil {
			return err
		}
		l.log.Debug("round worked out", "took", l.now().Sub(begun))
		w := l.writer(tx)
		if err := w.write(ctx, changes); err != nil {
			return err
		}
		if err := l.derive(ctx, w, changes); err != nil {
			return err
		}
		if err := l.checkpoint(ctx, w, s.tally.Import, s.checkpoints); err != nil {
			return err
		}
		after = s.tally.clone()
		after.add(changes, w.made)
		return l.progress(ctx, tx, "running", &after, s.rejectBytes)
	})
	if err != nil {
		return err
	}
	l.log.Debug("round settled", "stored", after.Stored-s.tally.Stored, "took", l.now().Sub(begun))
	*s.tally = after
	return nil
}

// derive works out what follows from a round that was written: links that are
// functions of what is stored, and that its changes bear on.
func (l *Loader) derive(ctx context.Context, w *writer, changes *settle.Changes) error {
	if err := origin.Settle(ctx, w.tx, l.lib, l.log, changes, w.moved); err != nil {
		return err
	}
	made, err := flows.Settle(ctx, w.tx, l.lib, w.stretches, changes.Talked)
	if err != nil {
		return err
	}
	w.made.edges[graph.RelMayHaveConnected] += made
	handed, err := handover.Settle(ctx, w.tx, l.lib, changes)
	if err != nil {
		return err
	}
	maps.Copy(w.made.edges, handed)
	return nil
}

// lockTimeout bounds a round, the wait for another loader's included.
const lockTimeout = 30 * time.Minute

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// LoadObservations loads observations that no source had to decode.
func (l *Loader) LoadObservations(ctx context.Context, all []graph.Observation) (*Tally, error) {
	id, err := newID(l.now())
	if err != nil {
		return nil, err
	}
	in := newIntake(l, id)
	in.ctx = ctx
	if err := l.note(ctx, "import-begin", map[string]any{"id": id, "at": l.now().UTC(), "paths": []string{}}); err != nil {
		return nil, err
	}
	for _, o := range all {
		if err = in.Observation(o); err != nil {
			break
		}
	}
	if err == nil {
		err = errors.Join(in.FileEnd(""), in.flush(ctx))
	}
	err = errors.Join(err, in.close())
	return &in.tally, errors.Join(err, l.ended(context.WithoutCancel(ctx), in, status(err)))
}
