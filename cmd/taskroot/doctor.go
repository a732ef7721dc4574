package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/localdb"
	"github.com/taskroot/taskroot/queries"
)

const doctorHelp = `What is set up, what telemetry is there, what is missing, and what that blinds:
the answer to "would we have seen it?". For each gap it names the audit policy or
Sysmon setting that closes it; docs/coverage.md explains them all. Gaps are no
failure: the exit status is 1 only where the question could not be answered.`

// doctorReport is what 'doctor --json' writes.
type doctorReport struct {
	Setup setupReport `json:"setup"`
	// The rest is absent where the database could not be asked.
	Telemetry *telemetryReport `json:"telemetry,omitempty"`
}

// setupReport is what is set up.
type setupReport struct {
	ConfigFile string         `json:"configFile"` // "" where there is none
	Database   databaseReport `json:"database"`
	Rejects    rejectsReport  `json:"rejects"`
	API        struct {
		Listen string `json:"listen"`
		Keys   int    `json:"keys"`
	} `json:"api"`
	Aliases int `json:"aliases"`
}

type databaseReport struct {
	URI       string   `json:"uri"`
	From      string   `json:"from"` // default, flag, env NAME, file PATH, local db
	Reachable bool     `json:"reachable"`
	Version   string   `json:"version,omitempty"`
	Local     string   `json:"local"` // what 'db status' says of the local database
	Unmade    []string `json:"unmade"`
	Problem   string   `json:"problem,omitempty"`
	Hint      string   `json:"hint,omitempty"`
}

type rejectsReport struct {
	Dir   string `json:"dir"`
	Files int    `json:"files"`
	Bytes int64  `json:"bytes"`
}

func newDoctorCommand(a *app.App) *cobra.Command {
	params := map[string]*string{"host": nil, "since": nil}
	cmd := &cobra.Command{
		Use:     "doctor",
		Short:   "what is set up, what telemetry is there, what is missing and what that blinds",
		Long:    doctorHelp,
		Example: "  taskroot doctor\n  taskroot doctor --host ws01.corp.example --since 7d\n  taskroot doctor --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			asked := map[string]string{}
			for name, value := range params {
				if cmd.Flags().Changed(name) {
					asked[name] = *value
				}
			}
			return doctor(cmd.Context(), a, asked)
		},
	}
	params["host"] = cmd.Flags().String("host", "", "only this `HOST`")
	params["since"] = cmd.Flags().String("since", "", "only days with records since `INSTANT`, such as 7d or 2026-01-31")
	return cmd
}

// doctor examines and tells, as far as it gets, and then what went wrong.
func doctor(ctx context.Context, a *app.App, asked map[string]string) error {
	var r doctorReport
	failed := examine(ctx, a, asked, &r)
	if fault.KindOf(failed) == fault.Invalid {
		return failed
	}
	var told error
	if a.JSON {
		told = a.WriteJSON(r)
	} else {
		told = tellDoctor(a, r)
	}
	return errors.Join(failed, told)
}

func examine(ctx context.Context, a *app.App, asked map[string]string, r *doctorReport) error {
	settings, err := a.Connected()
	if err != nil {
		return err
	}
	s := &r.Setup
	s.ConfigFile, s.Aliases = settings.File, len(settings.Config.Hosts.Aliases)
	s.API.Listen, s.API.Keys = settings.Config.API.Listen, len(settings.Config.API.Keys)
	s.Database.URI, s.Database.From, s.Database.Unmade = settings.Config.Neo4j.URI, settings.Source("neo4j.uri"), []string{}
	if s.Rejects, err = waitingRejects(rejectDir(settings.Config.Load.RejectDir)); err != nil {
		return err
	}
	if local, err := localdb.Status(ctx, ""); err != nil {
		s.Database.Local = err.Error()
	} else {
		s.Database.Local = string(local.State)
	}
	store, err := a.Open(ctx, app.Reading)
	if err != nil {
		s.Database.blame(err)
		return err
	}
	defer store.Close()
	if err := askServer(ctx, store, &s.Database); err != nil {
		return err
	}
	days, err := coverageDays(ctx, store, asked)
	if err != nil {
		return err
	}
	hosts, err := knownHosts(ctx, store)
	if err != nil {
		return err
	}
	r.Telemetry = telemetry(days, len(asked) == 0, hosts, settings.Config.Hosts.Aliases)
	return nil
}

// blame tells why the database can't be asked.
func (d *databaseReport) blame(err error) {
	d.Problem = err.Error()
	if _, hint := fault.Public(err); hint != "" {
		d.Problem, d.Hint = strings.Replace(d.Problem, " ("+hint+")", "", 1), hint
	}
}

func askServer(ctx context.Context, store *app.Store, d *databaseReport) (err error) {
	if d.Version, err = store.DB.Server(ctx); err == nil {
		d.Unmade, err = store.Queries.Unmade(ctx, store.DB.Reader())
	}
	if err != nil {
		d.Unmade = []string{}
		d.blame(err)
		return err
	}
	d.Reachable = true
	return nil
}

// waitingRejects counts the files of rejected input.
func waitingRejects(dir string) (rejectsReport, error) {
	r := rejectsReport{Dir: dir}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("look for rejected input: %w", err)
	}
	for _, e := range entries {
		fits, _ := filepath.Match("rejects-*.ndjson", e.Name())
		info, err := e.Info()
		if !fits || err != nil || !info.Mode().IsRegular() {
			continue // what went meanwhile waits no more
		}
		r.Files++
		r.Bytes += info.Size()
	}
	return r, nil
}

func named(store *app.Store, name string) (*queries.Find, error) {
	for _, f := range store.Queries.Finds(store.DB.Reader()) {
		if f.Name == name {
			return f, nil
		}
	}
	return nil, fmt.Errorf("the library has no find %q", name)
}

func coverageDays(ctx context.Context, store *app.Store, asked map[string]string) ([]queries.CoverageDay, error) {
	f, err := named(store, "coverage")
	if err != nil {
		return nil, err
	}
	result, err := f.All(ctx, asked)
	if err != nil {
		return nil, err
	}
	days := make([]queries.CoverageDay, len(result.Rows))
	for i, row := range result.Rows {
		days[i], _ = row.(queries.CoverageDay)
	}
	return days, nil
}

func knownHosts(ctx context.Context, store *app.Store) (queries.ObservedHosts, error) {
	f, err := named(store, "hosts-observed")
	if err != nil {
		return queries.ObservedHosts{}, err
	}
	result, err := f.All(ctx, nil)
	if err != nil || len(result.Rows) == 0 {
		return queries.ObservedHosts{}, err
	}
	hosts, _ := result.Rows[0].(queries.ObservedHosts)
	return hosts, nil
}
