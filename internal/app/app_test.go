package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/fault"
)

func TestExit(t *testing.T) {
	hinted := fault.Wrap(fault.Unavailable, errors.New("dial tcp"), "the database does not answer").WithHint("is it up?")
	tests := []struct {
		name   string
		err    error
		status int
		human  string
		json   string
	}{
		{"OK", nil, 0, "", ""},
		{"ErrPlain", errors.New("no space"), 1, "taskroot: no space\n",
			`{"error":{"kind":"internal","text":"no space"}}` + "\n"},
		{"ErrHint", fmt.Errorf("load: %w", hinted), 1, "taskroot: load: the database does not answer: dial tcp\nhint: is it up?\n",
			`{"error":{"kind":"unavailable","text":"load: the database does not answer: dial tcp","hint":"is it up?"}}` + "\n"},
		{"ErrUsage", fault.New(fault.Invalid, "bad"), 2, "taskroot: bad\n", `{"error":{"kind":"invalid","text":"bad"}}` + "\n"},
		{"ErrRejected", fmt.Errorf("3 records: %w", app.ErrRejected), 3, "taskroot: 3 records: input was rejected\n",
			`{"error":{"kind":"internal","text":"3 records: input was rejected"}}` + "\n"},
		{"ErrStopped", fmt.Errorf("load: %w", context.Canceled), 1, "taskroot: stopped: load: context canceled\n",
			`{"error":{"kind":"internal","text":"stopped: load: context canceled"}}` + "\n"},
		{"ErrLines", errors.Join(errors.New("a"), errors.New("b")), 1, "taskroot: a\ntaskroot: b\n",
			`{"error":{"kind":"internal","text":"a\nb"}}` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, asJSON := range []bool{false, true} {
				var out, stderr bytes.Buffer
				a := app.New(nil, &out, &stderr)
				a.JSON = asJSON
				status, want := a.Exit(tt.err), tt.human
				if asJSON {
					want = tt.json
				}
				if status != tt.status || stderr.String() != want || out.Len() != 0 {
					t.Errorf("status %d, %q and %q; want %d, %q", status, stderr.String(), out.String(), tt.status, want)
				}
			}
		})
	}
}

func TestLog(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	log := func(flags map[string]string, verbose bool) string {
		var stderr bytes.Buffer
		a := app.New(nil, nil, &stderr)
		a.Flags, a.Verbose = flags, verbose
		a.Log().Debug("detail")
		a.Log().Info("news", "n", 1)
		return stderr.String()
	}
	for _, tt := range []struct {
		name    string
		flags   map[string]string
		verbose bool
		parts   []string
	}{
		{"OKPipeIsJSON", nil, false, []string{`"level":"INFO","msg":"news","n":1}`}},
		{"OKText", map[string]string{"log.format": "text"}, false, []string{"level=INFO msg=news n=1"}},
		{"OKLevel", map[string]string{"log.level": "warn"}, false, nil},
		{"OKVerboseWins", map[string]string{"log.level": "warn"}, true, []string{`"msg":"detail"`, `"msg":"news"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := log(tt.flags, tt.verbose)
			if strings.Count(got, "\n") != len(tt.parts) {
				t.Errorf("%d lines wanted: %q", len(tt.parts), got)
			}
			for _, p := range tt.parts {
				if !strings.Contains(got, p) {
					t.Errorf("no %q in %q", p, got)
				}
			}
		})
	}
}

func TestSignals(t *testing.T) {
	ctx, stop := app.Signals(t.Context())
	defer stop()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("got %v", ctx.Err())
	}
}
