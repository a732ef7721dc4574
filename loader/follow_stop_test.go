package loader_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/loader"
)

// TestFollowStoppedInside stops in the middle of files that can only be read
// whole, again and again: each start goes on where the one before was.
func TestFollowStoppedInside(t *testing.T) {
	db, lib := open(t)
	text := strings.Replace(day(60), `{"Event"`, `{"EventID":`+"\n"+`{"Event"`, 3)
	array := "[" + strings.ReplaceAll(strings.TrimSpace(day(60)), "\n", ",\n") + "]"
	for _, c := range []struct{ name, packed, text string }{
		{"OK compressed", zipped(t, text), text},
		{"OK array", array, day(60)},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFollower(t, db, lib)
			f.write("log", c.packed)
			starts := 0
			for ; ; starts++ {
				if starts > 20 {
					t.Fatal("it never ends")
				}
				before := f.total["read"]
				if f.stopped(); f.total["read"] == before {
					break
				}
			}
			if starts != 3 {
				t.Errorf("all was read in %d starts", starts)
			}
			if f.total["files"] != 1 {
				t.Errorf("%d files", f.total["files"])
			}
			f.want(c.text)
		})
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// stopped takes what is new until the first round was written.
func (f *follower) stopped() {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	defer cancel()
	c := settings()
	rounds := 0
	c.RejectDir, c.Round = f.rejects, 50
	c.Progress = func(p loader.Progress) {
		if p.Settling {
			if rounds++; rounds == 2 {
				cancel()
			}
		}
	}
	tally, err := loader.New(f.db, f.lib, slog.New(slog.DiscardHandler), c).Follow(ctx, []string{f.dir}, f.config)
	if err != nil {
		f.t.Fatal(err)
	}
	balanced(f.t, tally)
	f.total["files"] += tally.Files
	f.total["read"] += tally.Read
	f.total["skipped"] += loader.Sum(tally.Skipped)
	f.total["rejected"] += loader.Sum(tally.Rejected)
}

// TestFollowTwo holds that two followers of the same files do not both take them.
func TestFollowTwo(t *testing.T) {
	db, lib := open(t)
	t.Run("Err one is there", func(t *testing.T) {
		f := newFollower(t, db, lib)
		f.write("log", day(2))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		started, ended := make(chan struct{}, 1), make(chan error, 1)
		c := settings()
		c.RejectDir = f.rejects
		l := loader.New(db, lib, slog.New(slog.DiscardHandler), c)
		go func() {
			_, err := l.Follow(ctx, []string{f.dir}, loader.FollowConfig{Interval: time.Millisecond, Report: func(loader.Following) {
				select {
				case started <- struct{}{}:
				default:
				}
			}})
			ended <- err
		}()
		<-started
		if _, err := l.Follow(ctx, []string{f.dir}, f.config); fault.KindOf(err) != fault.Conflict {
			t.Errorf("got %v", err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Run("Err the other has other state", func(t *testing.T) {
		f := newFollower(t, db, lib)
		f.write("log", day(2))
		c := settings()
		c.RejectDir = f.rejects
		other := *f
		other.rejects = t.TempDir() // no lock in common
		looks := 0
		config := f.config
		config.Once, config.SettleEvery = false, time.Nanosecond
		config.Report = func(loader.Following) {
			if looks++; looks == 3 {
				other.append("log", day(1))
				if n := other.once(); n != 4 {
					t.Errorf("the other took %d records", n)
				}
				other.append("log", day(1))
			}
		}
		tally, err := loader.New(db, lib, slog.New(slog.DiscardHandler), c).Follow(t.Context(), []string{f.dir}, config)
		if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "1 of 1 followed files were taken further by someone else") {
			t.Errorf("got %v", err)
		}
		if tally.Stored+tally.Merged != 8 {
			t.Errorf("%+v", *tally)
		}
	})
	t.Run("Err rejects are followed", func(t *testing.T) {
		f := newFollower(t, db, lib)
		c := settings()
		c.RejectDir = filepath.Join(f.dir, "rejects")
		_, err := loader.New(db, lib, slog.New(slog.DiscardHandler), c).Follow(t.Context(), []string{f.dir}, f.config)
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("got %v", err)
		}
		if _, err := os.Stat(c.RejectDir); err == nil {
			t.Error("the folder was made")
		}
	})
}
