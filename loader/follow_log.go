package loader

import (
	"context"
	"fmt"
	"os"

	"github.com/taskroot/taskroot/loader/source"
)

// log takes the records of an event log that are new. It grows in place: its last
// chunk is written again until it is full, and one that is caught while it is
// written, as its checksums tell, is left for the next look.
func (f *follower) log(ctx context.Context, fd *followed, r *os.File) error {
	chunks, highest, err := source.NewChunks(r, fd.file.Size, fd.record, fd.past)
	if err != nil {
		f.trouble(err)
		return nil
	}
	if highest < fd.record && highest > 0 {
		f.l.log.Info("the log was cleared or is another; taken from its start", "file", fd.file.Path)
		if err := f.afresh(fd); err != nil {
			return err
		}
		fd.at.Kind = string(source.Log)
		if chunks, _, err = source.NewChunks(r, fd.file.Size, 0, 0); err != nil {
			f.trouble(err)
			return nil
		}
	}
	fd.behind = false
	for i, c := range chunks {
		if ctx.Err() != nil {
			fd.behind = true
			return nil
		}
		if err := f.chunk(ctx, fd, r, c, i == len(chunks)-1); err != nil {
			return err
		}
	}
	return nil
}

func (f *follower) chunk(ctx context.Context, fd *followed, r *os.File, c source.LogChunk, newest bool) error {
	body, sound, err := source.ReadChunk(r, fd.head, c)
	if err != nil {
		f.trouble(err)
		return nil
	}
	if !sound && newest && !f.idle(fd) {
		fd.behind = true
		return nil
	}
	part := source.Part{Name: fd.file.Path, Head: fd.head, Body: body, Offset: c.Offset, After: fd.record}
	last, err := source.ReadPart(context.WithoutCancel(ctx), part, source.Options{Host: f.l.config.Host}, fd.unit)
	if err != nil {
		return fmt.Errorf("follow %s: %w", fd.file.Path, err)
	}
	fd.record = max(fd.record, c.Last, last)
	if !sound || !newest {
		fd.past = max(fd.past, c.Offset+source.LogChunkSize)
	}
	f.last = f.l.now()
	return f.ripe(fd)
}
