package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/config"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/loader"
)

const loadHelp = `Load telemetry into the graph: files and folders, any mix of formats, told by
content rather than by name. "-" is standard input.

Read are EVTX, and JSON as evtx_dump, Winlogbeat 6 and 7, NXLog and Mordor write
it, as lines, arrays or single objects, in UTF-8 or UTF-16; CSV with the columns
of Defender, Sentinel, Kibana and PowerShell, and Event Viewer's own; Zeek's conn,
dns, ssl and http logs; Squid's and W3C proxy logs; plain, or in gzip, zip and tar.

A table with other columns needs a mapping file, given by --mapping or lying
beside table.csv as table.mapping.yaml:

  kind: process-start     process-end, connection, dns, task, task-launch, event
  time: when
  zone: Europe/Berlin     UTC, +09:00, or unknown
  host: machine           a column, or = ws01.example.com
  fields: {ProcessId: pid, Image: exe, CommandLine: args, ParentProcessId: ppid}

docs/mapping.md has all its keys.

Tasks as they stand on a machine are read too, with --host: files of
System32\Tasks, schtasks /query /xml, Get-ScheduledTask | ConvertTo-Json -Depth 5,
and TaskCache as reg export writes it.

Loading twice, in another order, or in parts gives the same graph.

Input that can't be read is counted and kept in a file that can be loaded again;
it stops nothing else.

With --follow the command does not end: it takes what the files and folders hold
and what comes to be in them, through renames and cuts, until Ctrl-C. How far it
came is kept in the database, so that it goes on there however it was ended.`

const loadExample = `  taskroot load logs/
  taskroot load Security.evtx Sysmon.json.gz archive.zip
  zcat events.ndjson.gz | taskroot load -
  taskroot load --host ws01.example.com sysmon.json      for input that names no host
  taskroot load --host ws01.example.com C/Windows/System32/Tasks taskcache.reg
  taskroot load --clock-offset 5h export.json            5 hours are added to times without a zone
  taskroot load --mapping edr.yaml export.csv            a table with columns of its own
  taskroot load --json --strict logs/ > tally.json
  taskroot load --follow /var/log/windows                until Ctrl-C
  taskroot load --follow --once /var/log/windows         what is new since the last time, for cron`

type loadFlags struct {
	host   string
	offset string
	maps   []string
	strict bool

	follow   bool
	how      loader.FollowConfig
	howGiven bool // a flag that only --follow understands
}

func newLoadCommand(a *app.App) *cobra.Command {
	var f loadFlags
	cmd := &cobra.Command{
		Use:     "load PATH...",
		Short:   "load telemetry into the graph",
		Long:    loadHelp,
		Example: loadExample,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return fault.New(fault.Invalid, "say what to load").WithHint("taskroot load FILE or FOLDER ..., or - for standard input")
			}
			for _, name := range []string{"once", "interval", "settle-every", "idle"} {
				f.howGiven = f.howGiven || cmd.Flags().Changed(name)
			}
			return load(cmd.Context(), a, f, paths)
		},
	}
	cmd.Flags().StringVar(&f.host, "host", "", "the host's `NAME`, for input that names none")
	cmd.Flags().StringVar(&f.offset, "clock-offset", "", "`TIME` to add to times that state no zone and can't be checked, such as 5h or -30m")
	cmd.Flags().StringArrayVar(&f.maps, "mapping", nil, "`FILE` that says what the columns of unknown tables hold; may be given again")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "exit with 3 if input was rejected")
	cmd.Flags().BoolVar(&f.follow, "follow", false, "go on loading what is written to the files and folders")
	cmd.Flags().BoolVar(&f.how.Once, "once", false, "with --follow: take what is new since the last time, and end")
	cmd.Flags().DurationVar(&f.how.Interval, "interval", 2*time.Second, "with --follow: `TIME` between two looks")
	cmd.Flags().DurationVar(&f.how.SettleEvery, "settle-every", 5*time.Second, "with --follow: `TIME` after which what was read is written at the latest")
	cmd.Flags().DurationVar(&f.how.Idle, "idle", time.Minute, "with --follow: a file that did not grow for this `TIME` waits for nothing more")
	bindFlag(cmd, "clock-offset", "load.clock_offset")
	return cmd
}

func load(ctx context.Context, a *app.App, f loadFlags, paths []string) error {
	if err := f.check(paths); err != nil {
		return err
	}
	for _, p := range paths {
		if _, err := os.Lstat(p); p != "-" && err != nil {
			return fault.Wrap(fault.Invalid, err, "there is nothing to load at %s", p).WithHint("check the spelling; nothing was loaded")
		}
	}
	if err := loader.CheckMappings(f.maps); err != nil {
		return err
	}
	store, err := a.Open(ctx, app.Writing)
	if err != nil {
		return err
	}
	defer store.Close()
	bar := newBar(a, paths, f.follow)
	c, err := f.config(&store.Config)
	if err != nil {
		return err
	}
	c.Progress = bar.show
	l := loader.New(store.DB, store.Queries, a.Log(), c)
	var tally *loader.Tally
	if f.follow {
		tally, err = follow(ctx, a, l, f.how, paths)
	} else {
		tally, err = l.Load(ctx, paths, a.In)
	}
	bar.done()
	if tally != nil {
		if err := writeTally(a, tally, err); err != nil {
			return err
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Conflict, err, "stopped before the end; what was written is consistent").
			WithHint("run the same command again: it goes on where this one stopped and changes nothing that is there")
	case err != nil:
		return err
	case f.strict && loader.Sum(tally.Rejected) > 0:
		return app.ErrRejected
	}
	return nil
}

// config is how to load, by the settings and the flags.
func (f *loadFlags) config(set *config.Config) (loader.Config, error) {
	addresses, err := loader.HostAddresses(set.Hosts.Addresses)
	if err != nil {
		return loader.Config{}, err
	}
	c := loader.Config{
		Host: f.host, Mappings: f.maps, Aliases: set.Hosts.Aliases, Addresses: addresses, InternalSuffixes: set.Names.InternalSuffixes,
		Proxies: set.Network.Proxies, RejectDir: rejectDir(set.Load.RejectDir), Batch: set.Load.BatchSize,
	}
	if offset, ok := set.Load.Offset(); ok {
		c.ClockOffset = &offset
	}
	return c, nil
}

// rejectDir is where rejected input is kept: the configured folder, else one
// beside the user's other state.
func rejectDir(configured string) string {
	if configured != "" {
		return configured
	}
	base := os.Getenv("XDG_STATE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "."
		}
		base = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(base, "taskroot", "rejects")
}

func writeTally(a *app.App, t *loader.Tally, failed error) error {
	if a.JSON {
		if failed != nil {
			return nil // a failed load gives no document that could be taken for a finished one
		}
		return a.WriteJSON(t)
	}
	rate := float64(t.Read) / max(t.Seconds, 0.001)
	_, err := fmt.Fprintf(a.Out, "%s records read from %d sources in %s (%s/s)\n  stored    %s\n  merged    %s\n",
		humanize.Comma(int64(t.Read)), t.Files, time.Duration(t.Seconds*float64(time.Second)).Round(100*time.Millisecond),
		humanize.Comma(int64(rate)), humanize.Comma(int64(t.Stored)), humanize.Comma(int64(t.Merged)))
	if err != nil {
		return fmt.Errorf("write the tally: %w", err)
	}
	column(a.Out, "skipped", t.Skipped)
	column(a.Out, "rejected", t.Rejected)
	fmt.Fprintf(a.Out, "  new       %s\n", together(t.Nodes))
	fmt.Fprintf(a.Out, "            %s\n", together(t.Relationships))
	if t.ClockUnknown > 0 {
		fmt.Fprintf(a.Out, "%s records have a clock that can't be checked, so nothing is linked by their time; --clock-offset says what to add\n",
			humanize.Comma(int64(t.ClockUnknown)))
	}
	if t.Waiting > 0 {
		fmt.Fprintf(a.Out, "%s records wait for their host's clock to become known; the next --follow takes them\n", humanize.Comma(int64(t.Waiting)))
	}
	if t.RejectFile != "" {
		fmt.Fprintf(a.Out, "rejected input is kept in %s\n  taskroot load %s  tries it again\n", t.RejectFile, t.RejectFile)
	}
	return nil
}

// column prints the biggest reasons of a column and the sum of the rest.
func column(w io.Writer, name string, m map[string]int) {
	fmt.Fprintf(w, "  %-9s %s\n", name, humanize.Comma(int64(loader.Sum(m))))
	const most = 8
	keys := byCount(m)
	for i, k := range keys {
		if i == most {
			rest := 0
			for _, k := range keys[most:] {
				rest += m[k]
			}
			fmt.Fprintf(w, "    %12s  %d more kinds (--json lists all)\n", humanize.Comma(int64(rest)), len(keys)-most)
			return
		}
		fmt.Fprintf(w, "    %12s  %s\n", humanize.Comma(int64(m[k])), printable(k))
	}
}

// printable keeps what telemetry chose from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '�'
		}
		return r
	}, s)
}

func byCount(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if m[a] != m[b] {
			return m[b] - m[a]
		}
		return strings.Compare(a, b)
	})
	return keys
}

func together(m map[string]int) string {
	var parts []string
	for _, k := range byCount(m) {
		parts = append(parts, humanize.Comma(int64(m[k]))+" "+k)
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// bar is the progress on a terminal; in a pipe it shows nothing.
type bar struct{ p *progressbar.ProgressBar }

func newBar(a *app.App, paths []string, follow bool) bar {
	if !a.Interactive() || follow {
		return bar{}
	}
	return bar{progressbar.NewOptions64(size(paths), progressbar.OptionSetWriter(a.Err), progressbar.OptionShowBytes(true),
		progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(24), progressbar.OptionClearOnFinish())}
}

func (b bar) show(p loader.Progress) {
	if b.p == nil {
		return
	}
	state := "reading"
	if p.Settling {
		state = "writing"
	}
	elapsed := max(b.p.State().SecondsSince, 0.1)
	b.p.Describe(fmt.Sprintf("%s  %s records, %s/s, %s rejected", state, humanize.Comma(p.Records),
		humanize.Comma(int64(float64(p.Records)/elapsed)), humanize.Comma(p.Rejected)))
	// The bar is decoration: if it can't be drawn the load goes on.
	_ = b.p.Set64(p.Bytes)
}

func (b bar) done() {
	if b.p != nil {
		_ = b.p.Finish()
	}
}

// size is how many bytes the paths hold, -1 where that can't be told.
func size(paths []string) int64 {
	var total int64
	for _, p := range paths {
		if p == "-" {
			return -1
		}
		err := filepath.WalkDir(p, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil //nolint:nilerr // what can't be read is reported by the load itself
			}
			if info, err := d.Info(); err == nil {
				total += info.Size()
			}
			return nil
		})
		if err != nil {
			return -1
		}
	}
	return total
}
