package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/company"
	"github.com/taskroot/taskroot/internal/fault"
)

const generateHelp = `Write the telemetry of a made-up company: hosts with normal tasks, processes,
services and traffic, planted tasks that reach rare destinations, and scenes of
tasks that somebody made, changed or hid, here or from another host; all told in
truth.json beside the data. The same options give the same bytes.

The same events are written in each format: evtx-json is evtx_dump's JSON lines,
winlogbeat is what a collector keeps, defender is the portal's CSV of what
Microsoft Defender would have seen. To load, take one of the folders.`

// newGenerateCommand makes 'taskroot generate'.
func newGenerateCommand(a *app.App) *cobra.Command {
	var o company.Options
	var formats []string
	var start string
	cmd := &cobra.Command{
		Use:     "generate",
		Short:   "write the telemetry of a made-up company, with the truth beside it",
		Long:    generateHelp,
		Example: "  taskroot generate --hosts 40 --days 2 --seed 1 --out ./company\n  taskroot load ./company/evtx-json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Start, err = firstDay(start); err != nil {
				return err
			}
			for _, f := range formats {
				o.Formats = append(o.Formats, company.Format(f))
			}
			return runGenerate(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Hosts, "hosts", 40, "number of hosts; from 16 on every kind of telemetry is among them")
	f.IntVar(&o.Days, "days", 2, "number of days")
	f.Uint64Var(&o.Seed, "seed", 1, "what the company is drawn from")
	f.StringVar(&o.Out, "out", "", "`DIRECTORY` to write to; made where it is missing (required)")
	f.Float64Var(&o.Rate, "rate", 1, "how much goes on beside the planted tasks; 1 is some three thousand events per host and day")
	f.StringSliceVar(&formats, "format", formatNames(), "formats to write")
	f.StringVar(&start, "start", "2026-03-02", "first `DAY`, in UTC")
	f.BoolVar(&o.Replace, "replace", false, "write anew over a company that is in the directory")
	return cmd
}

func runGenerate(ctx context.Context, a *app.App, o company.Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	if a.Interactive() {
		o.Progress = generateProgress(a.Err)
	}
	if !a.JSON {
		events, bytes := o.Estimate()
		fmt.Fprintf(a.Err, "About %s events and %s will be written to %s.\n", inThousands(events), inBytes(bytes), o.Out)
	}
	s, err := company.Generate(ctx, o)
	if a.Interactive() {
		fmt.Fprint(a.Err, "\r\x1b[K")
	}
	if err != nil {
		return err
	}
	if a.JSON {
		return a.WriteJSON(s)
	}
	return tellGenerated(a.Out, s)
}

func formatNames() []string {
	var names []string
	for _, f := range company.Formats() {
		names = append(names, string(f))
	}
	return names
}

func firstDay(text string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, fault.New(fault.Invalid, "%q is not a day", text).WithHint("write it like 2026-03-02")
	}
	return t, nil
}

// generateProgress shows on a terminal how far a run is, a few times a second.
func generateProgress(w io.Writer) func(company.Progress) {
	began := time.Now()
	last := began
	return func(p company.Progress) {
		now := time.Now()
		if now.Sub(last) < 200*time.Millisecond {
			return
		}
		last = now
		left := time.Duration(float64(now.Sub(began)) * (1 - p.Done) / max(p.Done, 1e-9)).Round(time.Second)
		perSecond := int64(float64(p.Events) / now.Sub(began).Seconds())
		fmt.Fprintf(w, "\r\x1b[K%3.0f %%  %s  %s events  %s/s  %v left", 100*p.Done, inBytes(p.Bytes), inThousands(p.Events), inThousands(perSecond), left)
	}
}

func tellGenerated(w io.Writer, s *company.Summary) error {
	_, err := fmt.Fprintf(w, `%d hosts, %d days, seed %d: %s events, %s in %d files, %.1f s.
  data     %s (%s)
  truth    %s: %d planted, %d decoys
`, s.Hosts, s.Days, s.Seed, inThousands(s.Events), inBytes(s.Bytes), s.Files, s.Seconds,
		s.Out, strings.Join(formatsOf(s), ", "), s.Truth, s.Planted, s.Decoys)
	return err
}

func formatsOf(s *company.Summary) []string {
	var names []string
	for _, f := range s.Formats {
		names = append(names, string(f))
	}
	return names
}

// inThousands shortens a large number.
func inThousands(n int64) string {
	switch {
	case n >= 10_000_000:
		return fmt.Sprintf("%.0f M", float64(n)/1e6)
	case n >= 10_000:
		return fmt.Sprintf("%.0f k", float64(n)/1e3)
	}
	return fmt.Sprint(n)
}

// inBytes is a number of bytes for people.
func inBytes(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%d kB", (n+999)/1000)
}
