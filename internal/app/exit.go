package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
)

// Exit statuses of the program.
const (
	ExitDone     = 0
	ExitFailed   = 1
	ExitUsage    = 2 // the command line or the configuration is wrong
	ExitRejected = 3 // done, but input was rejected and --strict was given
)

// ErrRejected is returned by a command that did its work but had to reject
// input, where --strict was given.
var ErrRejected = errors.New("input was rejected")

// Exit tells the person, or with --json the caller's program, what went wrong
// and gives the exit status. It writes to standard error only.
func (a *App) Exit(err error) int {
	if err == nil {
		return ExitDone
	}
	text, hint := explain(err)
	if a.JSON {
		var e problem
		e.Error.Kind, e.Error.Text, e.Error.Hint = fault.KindOf(err).String(), text, hint
		// Nothing is left to do where standard error itself fails.
		_ = json.NewEncoder(a.Err).Encode(e)
		return status(err)
	}
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(a.Err, "taskroot: %s\n", line)
	}
	if hint != "" {
		fmt.Fprintf(a.Err, "hint: %s\n", hint)
	}
	return status(err)
}

type problem struct {
	Error struct {
		Kind string `json:"kind"`
		Text string `json:"text"`
		Hint string `json:"hint,omitempty"`
	} `json:"error"`
}

// explain parts an error's text from its hint.
func explain(err error) (text, hint string) {
	text = err.Error()
	if _, hint = fault.Public(err); hint != "" {
		return strings.Replace(text, " ("+hint+")", "", 1), hint
	}
	if errors.Is(err, context.Canceled) {
		return "stopped: " + text, ""
	}
	return text, hint
}

func status(err error) int {
	switch {
	case errors.Is(err, ErrRejected):
		return ExitRejected
	case fault.KindOf(err) == fault.Invalid:
		return ExitUsage
	}
	return ExitFailed
}

// Signals gives a context that ends with the first interrupt or termination
// signal. A second one ends the program at once.
func Signals(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			cancel()
		case <-done:
			return
		}
		begun := time.Now()
		for {
			select {
			case <-signals:
				// One key press may bring two signals: to the process and to its group.
				if time.Since(begun) > time.Second {
					os.Exit(ExitFailed)
				}
			case <-done:
				return
			}
		}
	}()
	return ctx, func() { signal.Stop(signals); close(done); cancel() }
}
