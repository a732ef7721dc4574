package main

import (
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/loader"
)

func TestFollowUsage(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"ErrWithoutFollow", []string{"load", "--once", dir}, "taskroot: --once, --interval, --settle-every and --idle go with --follow\n" +
			"hint: taskroot load --follow --once FOLDER takes what is new since the last time\n"},
		{"ErrStdin", []string{"load", "--follow", "-"}, "taskroot: standard input can't be followed: after a restart it would not be there again\n" +
			"hint: write it to a file and follow that, or load it without --follow\n"},
		{"ErrNoInterval", []string{"load", "--follow", "--interval", "0s", dir}, "taskroot: --interval, --settle-every and --idle must be more than nothing\n" +
			"hint: such as --interval 2s\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := taskroot(t, c.args...); got != (result{app.ExitUsage, "", c.want}) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestStanding(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		s    loader.Following
		want string
	}{
		{"OK nothing yet", loader.Following{Files: 1}, "following 1 files, 0 records"},
		{
			"OK all", loader.Following{Files: 12, Records: 34567, Waiting: 1200, Last: now.Add(-2 * time.Second)},
			"following 12 files, 34,567 records, 1,200 wait for their clock, last 2s ago",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := standing(c.s, now); got != c.want {
				t.Errorf("got %q", got)
			}
		})
	}
}
