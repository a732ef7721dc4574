package filelock_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/taskroot/taskroot/internal/filelock"
)

func TestTake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	release, err := filelock.Take(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("ErrHeld", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := filelock.Take(ctx, path); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
	t.Run("OKAfterRelease", func(t *testing.T) {
		release()
		again, err := filelock.Take(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		again()
	})
	t.Run("ErrNoFolder", func(t *testing.T) {
		if _, err := filelock.Take(t.Context(), filepath.Join(path, "below", "a file")); err == nil {
			t.Error("a lock in no folder was taken")
		}
	})
}
