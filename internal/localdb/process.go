package localdb

import (
	"context"
	"fmt"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
)

// How long a server may take to end by itself, and then to die.
const (
	stopLimit = 60 * time.Second
	killLimit = 10 * time.Second
)

func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// isProcess says that the holder of a process id is the one that identity names.
// An empty identity names nobody: it is what a process leaves that died before
// it could be looked at.
func isProcess(pid int, identity string) bool {
	return identity != "" && processIdentity(pid) == identity
}

// stopProcess asks a process to end, waits, and kills it where it does not.
// It touches nothing when pid is no longer the process that identity names.
func stopProcess(ctx context.Context, pid int, identity string) error {
	if !isProcess(pid, identity) {
		return nil
	}
	if err := terminate(pid); err != nil {
		return fmt.Errorf("ask process %d to stop: %w", pid, err)
	}
	if gone, err := waitGone(ctx, pid, identity, stopLimit); gone || err != nil {
		return err
	}
	if err := kill(pid); err != nil {
		return fmt.Errorf("kill process %d: %w", pid, err)
	}
	gone, err := waitGone(ctx, pid, identity, killLimit)
	if err == nil && !gone {
		return fault.New(fault.Internal, "process %d does not die", pid)
	}
	return err
}

func waitGone(ctx context.Context, pid int, identity string, limit time.Duration) (bool, error) {
	end := time.NewTimer(limit)
	defer end.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if !isProcess(pid, identity) {
			return true, nil
		}
		select {
		case <-tick.C:
		case <-end.C:
			return false, nil
		case <-ctx.Done():
			return false, fmt.Errorf("wait for process %d to stop: %w", pid, ctx.Err())
		}
	}
}
