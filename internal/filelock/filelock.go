// Package filelock makes processes take turns. A lock belongs to an open file,
// so the system gives it back when its holder dies, however it dies.
package filelock

import (
	"context"
	"time"
)

// retryEvery is how often a lock that another holds is tried again.
const retryEvery = 100 * time.Millisecond

// Take takes the lock on the file at path, which it makes where it is missing,
// and waits for whoever holds it. The caller calls release once. Two calls in
// one process exclude each other too.
func Take(ctx context.Context, path string) (release func(), err error) {
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	for {
		release, err := try(path)
		if err != nil || release != nil {
			return release, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
