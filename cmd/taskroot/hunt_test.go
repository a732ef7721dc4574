package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestHuntUsage(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"ErrNothing", []string{"hunt"}, "taskroot: say what to do\nhint: taskroot hunt list, run, runs or retract\n"},
		{"ErrNoName", []string{"hunt", "run"}, "taskroot: say which hunt to run\nhint: taskroot hunt list shows them\n"},
		{"ErrLimit", []string{"hunt", "runs", "--limit", "0"}, "taskroot: --limit is 0\nhint: it must be 1 or more\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, stderr bytes.Buffer
			status := run(t.Context(), c.args, strings.NewReader(""), &out, &stderr)
			if status != 2 || out.Len() != 0 || stderr.String() != c.want {
				t.Errorf("status %d, out %q, err %q", status, out.String(), stderr.String())
			}
		})
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "by hand", time.Hour: "1h", 24 * time.Hour: "24h", 90 * time.Minute: "1h30m", time.Minute: "1m", 1500 * time.Millisecond: "1.5s", 10 * time.Second: "10s",
	} {
		if got := span(d, "by hand"); got != want {
			t.Errorf("span(%s) = %q, want %q", d, got, want)
		}
	}
}
