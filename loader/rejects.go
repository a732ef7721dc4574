package loader

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/taskroot/taskroot/loader/source"
)

func (in *intake) reject(r source.Reject) error {
	if in.replay.againEvent() {
		return nil
	}
	in.tally.Read += max(1, r.Count)
	in.tally.Rejected[r.Reason] += max(1, r.Count)
	if in.rejects == nil {
		if err := in.openRejects(); err != nil {
			return err
		}
	}
	counted := &countingWriter{w: in.rejects}
	err := source.WriteReject(counted, r)
	in.rejectBytes += counted.n
	if err != nil {
		return fmt.Errorf("keep rejected input: %w", err)
	}
	return nil
}

// rejectPath is where an import keeps what it rejects.
func rejectPath(dir, id string) string { return filepath.Join(dir, "rejects-"+id+".ndjson") }

// countingWriter counts what it writes.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err //nolint:wrapcheck // told with the file by whoever writes
}

func (in *intake) openRejects() error {
	if err := os.MkdirAll(in.l.config.RejectDir, 0o700); err != nil {
		return fmt.Errorf("keep rejected input: %w", err)
	}
	name := rejectPath(in.l.config.RejectDir, in.tally.Import)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keep rejected input: %w", err)
	}
	in.rejects, in.tally.RejectFile = f, name
	return nil
}
