package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/taskroot/taskroot/hunt"
	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/render"
	"github.com/taskroot/taskroot/queries"
)

const huntHelp = `Batch hunts: a hunt finds, scores, and labels what it found in the graph. Its
label follows its newest successful run: what no longer holds loses it, and a
run that is retracted leaves the graph as the run before had left it. Labels and
properties of your own are never touched.`

const huntExample = `  taskroot hunt list
  taskroot hunt run task-to-rare-domain --max-hosts 2
  taskroot hunt runs
  taskroot hunt retract task-to-rare-domain-1`

const huntRunHelp = `Run hunts by name, once, now. Without --since and --until all data in the graph
counts, however old. A parameter goes to every hunt named.`

// newHuntCommand makes 'taskroot hunt' with its sub-commands.
func newHuntCommand(a *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "hunt",
		Short:   "batch hunts: list, run, runs, retract",
		Long:    huntHelp,
		Example: huntExample,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return fault.New(fault.Invalid, "say what to do").WithHint("taskroot hunt list, run, runs or retract")
		},
	}
	cmd.AddCommand(newHuntListCommand(a), newHuntRunCommand(a), newHuntRunsCommand(a), newHuntRetractCommand(a))
	return cmd
}

// withHunts opens what hunts need and closes it after do. Those that write use
// the database for writing, for the leases rest on its constraints.
func withHunts(ctx context.Context, a *app.App, use app.Use, do func(*hunt.Runner) error) error {
	s, err := a.Open(ctx, use)
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := newHunter(a, s)
	if err != nil {
		return err
	}
	return do(r)
}

// newHunter makes the runner of all hunts on an open store; its Schedule is
// what serve runs beside the API where hunt.schedule is on.
func newHunter(a *app.App, s *app.Store) (*hunt.Runner, error) {
	defs, err := hunt.Definitions(s.Queries)
	if err != nil {
		return nil, err
	}
	c := s.Config.Hunt
	books := queries.NewHunts(s.Queries, s.DB.WithTimeout(c.Timeout))
	return hunt.New(books, defs, a.Log(), hunt.Config{Timeout: c.Timeout, Every: c.Every, Window: c.Window})
}

// huntDefinitions are the hunts that this program carries.
func huntDefinitions() ([]hunt.Definition, error) {
	lib, err := queries.New()
	if err != nil {
		return nil, err
	}
	return hunt.Definitions(lib)
}

func newHuntListCommand(a *app.App) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "the hunts there are, and how each is doing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withHunts(cmd.Context(), a, app.Reading, func(r *hunt.Runner) error {
				list, err := r.List(cmd.Context())
				if err != nil {
					return err
				}
				if a.JSON {
					return a.WriteJSON(huntsJSON(list))
				}
				return huntTable(list).Write(a.Out, render.Detect(a.Out, os.Getenv))
			})
		},
	}
}

func newHuntRunCommand(a *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "run NAME... [--PARAM value]...",
		Short:   "run hunts now",
		Long:    huntRunHelp,
		Example: "  taskroot hunt run task-to-rare-domain\n  taskroot hunt run task-to-rare-domain --since 2026-05-01 --via connected --json",
	}
	defs, err := huntDefinitions()
	given := addHuntFlags(cmd, defs)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if err != nil {
			return err
		}
		if len(names) == 0 {
			return fault.New(fault.Invalid, "say which hunt to run").WithHint("taskroot hunt list shows them")
		}
		return withHunts(cmd.Context(), a, app.Writing, func(r *hunt.Runner) error { return runHunts(cmd.Context(), a, r, names, given()) })
	}
	return cmd
}

// addHuntFlags makes a flag of each parameter of any hunt; given are those that
// were set.
func addHuntFlags(cmd *cobra.Command, defs []hunt.Definition) (given func() map[string]string) {
	flags := cmd.Flags()
	var names []string
	for _, d := range defs {
		for _, p := range d.Params {
			name := hunt.FlagName(p.Name)
			if flags.Lookup(name) != nil {
				continue
			}
			help := p.Help + " (`" + strings.ToLower(p.Type) + "`)"
			if p.Default != "" && p.Default != "null" {
				help += " (default " + p.Default + ")"
			}
			flags.String(name, "", help)
			if p.Type == "BOOLEAN" {
				flags.Lookup(name).NoOptDefVal = "true"
			}
			names = append(names, name)
		}
	}
	return func() map[string]string {
		out := map[string]string{}
		for _, name := range names {
			if f := flags.Lookup(name); f.Changed {
				out[name] = f.Value.String()
			}
		}
		return out
	}
}

// runHunts runs each hunt; one that fails doesn't keep the others from running.
func runHunts(ctx context.Context, a *app.App, r *hunt.Runner, names []string, given map[string]string) error {
	for _, name := range names { // a wrong name or parameter is found before anything runs
		d, err := r.Lookup(name)
		if err != nil {
			return fault.Wrap(fault.Invalid, err, "nothing was run")
		}
		if _, err := d.Bind(given, time.Now()); err != nil {
			return err
		}
	}
	var results []hunt.Result
	var failed []error
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		result, err := r.Run(ctx, name, given)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		results = append(results, result)
		if !a.JSON {
			failed = append(failed, tellHunt(a, r, result, given))
		}
	}
	if a.JSON && len(results) > 0 {
		var document any = results
		if len(names) == 1 {
			document = results[0]
		}
		failed = append(failed, a.WriteJSON(document))
	}
	return errors.Join(failed...)
}

func tellHunt(a *app.App, r *hunt.Runner, result hunt.Result, given map[string]string) error {
	d, err := r.Lookup(result.Hunt)
	if err != nil {
		return err
	}
	if err := show(a, huntRows, result.Findings); err != nil {
		return err
	}
	span := "all data in the graph, of any age"
	if given["since"] != "" || given["until"] != "" {
		span = "the window asked for"
	}
	_, err = fmt.Fprintf(a.Out, "\nRun %s over %s: %s; %d labelled %s, %d lost it.\n'taskroot hunt retract %s' takes it back.\n",
		result.Run, span, render.Count(int64(len(result.Findings)), "finding"), result.Labelled, d.Label, result.Unlabelled, result.Run)
	if err == nil && result.Gone > 0 {
		_, err = fmt.Fprintf(a.Out, "%s not kept: the node was deleted meanwhile.\n", render.Count(result.Gone, "finding"))
	}
	return err
}

// huntRows is the find whose rows a hunt's findings are shaped as.
const huntRows = "tasks-reaching-rare-domains"

func newHuntRunsCommand(a *app.App) *cobra.Command {
	var name string
	var limit int
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "runs of hunts, newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return fault.New(fault.Invalid, "--limit is %d", limit).WithHint("it must be 1 or more")
			}
			return withHunts(cmd.Context(), a, app.Reading, func(r *hunt.Runner) error {
				runs, err := r.Runs(cmd.Context(), name, limit)
				if err != nil {
					return err
				}
				if a.JSON {
					return a.WriteJSON(runsJSON(runs))
				}
				return runTable(runs).Write(a.Out, render.Detect(a.Out, os.Getenv))
			})
		},
	}
	cmd.Flags().StringVar(&name, "hunt", "", "only runs of this `HUNT`")
	cmd.Flags().IntVar(&limit, "limit", 50, "at most this many")
	return cmd
}

func newHuntRetractCommand(a *app.App) *cobra.Command {
	return &cobra.Command{
		Use:     "retract RUN",
		Short:   "take back what a run found and labelled",
		Example: "  taskroot hunt retract task-to-rare-domain-1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withHunts(cmd.Context(), a, app.Writing, func(r *hunt.Runner) error {
				effect, err := r.Retract(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if a.JSON {
					return a.WriteJSON(map[string]any{
						"run": args[0], "findings": effect.Findings, "labelled": effect.Labelled, "unlabelled": effect.Unlabelled,
					})
				}
				_, err = fmt.Fprintf(a.Out, "Run %s is taken back: %s gone, %d nodes lost the label, %d have it again.\n",
					args[0], render.Count(effect.Findings, "finding"), effect.Unlabelled, effect.Labelled)
				return err
			})
		},
	}
}

func huntTable(list []hunt.Listed) render.Table {
	t := render.Table{Columns: []render.Column{
		{Title: "HUNT"}, {Title: "HEALTH"}, {Title: "LAST RUN"}, {Title: "ROWS", Right: true},
		{Title: "EVERY"}, {Title: "WINDOW"}, {Title: "LABEL"}, {Title: "ATT&CK"}, {Title: "FINDS", Shrink: true},
	}}
	for _, l := range list {
		rows := ""
		if l.Last.Status == "ok" {
			rows = strconv.FormatInt(l.Last.Rows, 10)
		}
		t.Rows = append(t.Rows, []string{
			l.Name, string(l.Health), render.Time(l.Last.StartedAt), rows,
			span(l.Every, "by hand"), span(l.Window, "all data"), l.Label, l.Attack, l.Summary,
		})
	}
	return t
}

// span writes a duration as the headers do: 24h, not 24h0m0s.
func span(d time.Duration, zero string) string {
	if d == 0 {
		return zero
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func runTable(runs []queries.HuntRecord) render.Table {
	t := render.Table{Columns: []render.Column{
		{Title: "RUN"}, {Title: "STATUS"}, {Title: "HEALTH"}, {Title: "STARTED"}, {Title: "TOOK", Right: true}, {Title: "ROWS", Right: true},
		{Title: "LABELLED", Right: true}, {Title: "UNLABELLED", Right: true}, {Title: "ERROR", Shrink: true},
	}}
	for _, r := range runs {
		took := ""
		if !r.EndedAt.IsZero() {
			took = r.EndedAt.Sub(r.StartedAt).Round(time.Millisecond).String()
		}
		t.Rows = append(t.Rows, []string{
			r.Run, r.Status, string(hunt.HealthOf(r.Status)), render.Time(r.StartedAt), took, strconv.FormatInt(r.Rows, 10),
			strconv.FormatInt(r.Labelled, 10), strconv.FormatInt(r.Unlabelled, 10), r.Error,
		})
	}
	return t
}
