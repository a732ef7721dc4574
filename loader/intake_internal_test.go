package loader

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/taskroot/taskroot/loader/source"
)

// TestRejectDiskFull holds that a reject which can't be kept ends the load:
// what is told as rejected can be loaded again.
func TestRejectDiskFull(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no device that is always full here: ", err)
	}
	in := newIntake(&Loader{config: DefaultConfig()}, "x")
	in.rejects = full
	err = in.Rejected(source.Reject{Source: "f", Reason: "bad json", Raw: []byte("{")})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	if err := in.close(); err != nil && !errors.Is(err, syscall.EINVAL) { // a device can't be synced
		t.Error(err)
	}
}
