// Package app is what the sub-commands share: configuration, log, database,
// signals, and how a failure is told and which exit status it gives.
//
// It decides nothing about telemetry or queries; it only opens what they need,
// and closes it again.
package app

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"

	"github.com/taskroot/taskroot/internal/config"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/localdb"
)

// App is one run of the program: its streams, and what was asked on its command
// line. It is not safe for concurrent use until Settings was called once.
type App struct {
	In       io.Reader
	Out, Err io.Writer

	// JSON says that standard output gets one JSON document and nothing else.
	JSON bool
	// ConfigFile is the file named by --config, "" for the user's own.
	ConfigFile string
	// Verbose lowers the log level to debug.
	Verbose bool
	// Flags are the configuration keys that were set on the command line.
	Flags map[string]string

	settings *config.Settings
	local    bool // the local database was looked for
	log      *slog.Logger
}

// New makes an App on the given streams.
func New(in io.Reader, out, err io.Writer) *App {
	return &App{In: in, Out: out, Err: err, Flags: map[string]string{}}
}

// Settings reads the configuration, once.
func (a *App) Settings() (*config.Settings, error) {
	if a.settings != nil {
		return a.settings, nil
	}
	s, err := config.Read(config.Options{File: a.ConfigFile, Flags: a.Flags})
	if err != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Text: err.Error(), Hint: "docs/config.md lists every key"}
	}
	a.settings = s
	return s, nil
}

// Connected is the configuration with the database that commands will talk to:
// the one that was configured, else the local one where it runs.
func (a *App) Connected() (*config.Settings, error) {
	s, err := a.Settings()
	if err != nil || a.local || !s.WantsLocal() {
		return s, err
	}
	c, ok, err := localdb.Discover("")
	if err != nil {
		return nil, fmt.Errorf("look for the local database: %w", err)
	}
	if ok {
		s.UseLocal(c.URI, c.Username, c.Password)
	}
	a.local = true
	return s, nil
}

// Log is the logger to standard error, as configured. A configuration that
// can't be read is reported by Settings; until then the defaults hold.
func (a *App) Log() *slog.Logger {
	if a.log != nil {
		return a.log
	}
	c := config.Log{Level: "info", Format: "auto"}
	if s, err := a.Settings(); err == nil {
		c = s.Config.Log
	}
	a.log = newLogger(a.Err, c, a.Verbose)
	return a.log
}

func newLogger(w io.Writer, c config.Log, verbose bool) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil || verbose {
		level = slog.LevelDebug // the level has been checked, so only verbose leads here
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "text" || c.Format == "auto" && isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Interactive says that a person watches standard error.
func (a *App) Interactive() bool { return isTerminal(a.Err) }

// WriteJSON writes v, the one document of a --json run, to standard output.
func (a *App) WriteJSON(v any) error {
	e := json.NewEncoder(a.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}
