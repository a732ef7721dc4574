package loader

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/loader/follow"
)

// checkpoint writes how far files were taken, in the transaction that writes what
// was taken. It fails, and the round with it, where another follower moved a
// checkpoint meanwhile.
func (l *Loader) checkpoint(ctx context.Context, w *writer, id string, rows []any) error {
	if len(rows) == 0 {
		return nil
	}
	st, err := l.lib.Statement("load/checkpoint")
	if err != nil {
		return err
	}
	var written int64
	params := map[string]any{"at": l.now().UTC(), "import": id, "rows": rows}
	err = w.tx.Run(ctx, st.DB(), params, func(row graphdb.Row) error {
		written, _ = row.Get("written").(int64)
		return nil
	})
	if err != nil {
		return fmt.Errorf("write checkpoints: %w", err)
	}
	if written != int64(len(rows)) {
		return fault.Wrap(fault.Conflict, errMoved, "%d of %d followed files were taken further by someone else", int64(len(rows))-written, len(rows)).
			WithHint("follow a folder with one loader at a time; nothing of this round was written")
	}
	return nil
}

// errMoved says that two followers read the same file.
var errMoved = errors.New("a checkpoint is not where this follower left it")

func checkpointRow(c *follow.Checkpoint) []any {
	return []any{
		c.Key, c.Round, c.Path, c.Identity, c.Kind, c.Offset, int64(c.Ordinal), c.Mark.Head, c.Mark.HeadLen, c.Mark.Tail, //nolint:gosec // counts
		c.Done, c.Given, c.Events, when(c.Modified), int64(c.Record), c.Clock, //nolint:gosec // an id of Windows
	}
}

// checkpoints reads those that the files may have.
func (l *Loader) checkpoints(ctx context.Context, identities, paths, heads []string) ([]follow.Checkpoint, error) {
	st, err := l.lib.Statement("load/read-checkpoints")
	if err != nil {
		return nil, err
	}
	var all []follow.Checkpoint
	params := map[string]any{"identities": anys(identities), "paths": anys(paths), "heads": anys(heads)}
	err = l.db.Reader().Run(ctx, st.DB(), params, func(row graphdb.Row) error {
		all = append(all, readCheckpoint(row))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	return all, nil
}

func readCheckpoint(row graphdb.Row) follow.Checkpoint {
	text := func(key string) string { s, _ := row.Get(key).(string); return s }
	number := func(key string) int64 { n, _ := row.Get(key).(int64); return n }
	done, _ := row.Get("done").(bool)
	modified, _ := row.Get("modified").(time.Time)
	return follow.Checkpoint{
		Key: text("key"), Path: text("path"), Identity: text("identity"), Kind: text("kind"),
		Offset: number("offset"), Ordinal: uint64(number("ordinal")), //nolint:gosec // written by checkpointRow
		Mark: follow.Mark{Head: text("head"), HeadLen: number("headLength"), Tail: text("tail")},
		Done: done, Given: number("given"), Events: number("events"), Modified: modified.UTC(),
		Record: uint64(number("record")), //nolint:gosec // written by checkpointRow
		Clock:  text("clock"), Round: number("round"),
	}
}
