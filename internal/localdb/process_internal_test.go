package localdb

import (
	"os"
	"testing"
	"time"
)

// TestIsProcess holds that a server that died before it could be looked at is
// not taken for one that runs: its identity is empty, as is that of nobody.
func TestIsProcess(t *testing.T) {
	own := processIdentity(os.Getpid())
	for name, tc := range map[string]struct {
		pid      int
		identity string
		want     bool
	}{
		"OK":                  {os.Getpid(), own, true},
		"ErrAnother":          {os.Getpid(), own + "0", false},
		"ErrDiedAtOnce":       {1 << 22, "", false},
		"ErrDiedAtOnceReused": {os.Getpid(), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := isProcess(tc.pid, tc.identity); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
	if gone, err := waitGone(t.Context(), 1<<22, "", time.Hour); !gone || err != nil {
		t.Errorf("waiting for nobody: %v, %v", gone, err)
	}
}
