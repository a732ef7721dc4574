package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/loader"
)

// check finds flags that don't go together.
func (f loadFlags) check(paths []string) error {
	switch {
	case f.howGiven && !f.follow:
		return fault.New(fault.Invalid, "--once, --interval, --settle-every and --idle go with --follow").
			WithHint("taskroot load --follow --once FOLDER takes what is new since the last time")
	case f.follow && slices.Contains(paths, "-"):
		return fault.New(fault.Invalid, "standard input can't be followed: after a restart it would not be there again").
			WithHint("write it to a file and follow that, or load it without --follow")
	case f.follow && (f.how.Interval <= 0 || f.how.SettleEvery <= 0 || f.how.Idle <= 0):
		return fault.New(fault.Invalid, "--interval, --settle-every and --idle must be more than nothing").WithHint("such as --interval 2s")
	}
	return nil
}

// follow loads what is written until ctx ends; on a terminal a line says how it
// stands.
func follow(ctx context.Context, a *app.App, l *loader.Loader, c loader.FollowConfig, paths []string) (*loader.Tally, error) {
	if a.Interactive() {
		c.Report = func(s loader.Following) { fmt.Fprint(a.Err, "\r\x1b[K"+standing(s, time.Now())) }
		defer fmt.Fprint(a.Err, "\r\x1b[K")
	}
	return l.Follow(ctx, paths, c)
}

// standing says in a line how a follower stands.
func standing(s loader.Following, now time.Time) string {
	line := fmt.Sprintf("following %s files, %s records", humanize.Comma(int64(s.Files)), humanize.Comma(s.Records))
	if s.Waiting > 0 {
		line += fmt.Sprintf(", %s wait for their clock", humanize.Comma(int64(s.Waiting)))
	}
	if !s.Last.IsZero() {
		line += fmt.Sprintf(", last %s ago", now.Sub(s.Last).Round(time.Second))
	}
	return line
}
