package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/localdb"
)

const dbHelp = `A local Neo4j with its Browser, on loopback only, that keeps running until
'db down': a container where a Docker engine and an image are at hand, else the
same server on this machine's Java. It makes its own password, which the other
commands find by themselves.`

// newDBCommand makes 'taskroot db' with its sub-commands.
func newDBCommand(a *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "a local Neo4j with its Browser: up, down, status",
		Long:  dbHelp,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fault.New(fault.Invalid, "say what the database shall do").WithHint("taskroot db up, db down or db status")
		},
	}
	cmd.AddCommand(newDBUpCommand(a), newDBDownCommand(a), newDBStatusCommand(a))
	return cmd
}

func newDBUpCommand(a *app.App) *cobra.Command {
	var o localdb.Options
	var with, heap, pages string
	cmd := &cobra.Command{
		Use:   "up",
		Short: "start the database, unless it is up, and wait until it answers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			o.With, o.Log = localdb.With(with), a.Log()
			if !cmd.Flags().Changed("bolt-port") {
				o.BoltPort = localdb.LastPort
			}
			if !cmd.Flags().Changed("http-port") {
				o.HTTPPort = localdb.LastPort
			}
			if o.HeapMB, err = megabytes(heap); err != nil {
				return err
			}
			if o.PageCacheMB, err = megabytes(pages); err != nil {
				return err
			}
			c, started, err := localdb.Up(cmd.Context(), o)
			if err != nil {
				return err
			}
			if a.JSON {
				return a.WriteJSON(c)
			}
			return tellUp(a.Out, c, started)
		},
	}
	f := cmd.Flags()
	addDirFlag(cmd, &o.Dir)
	f.IntVar(&o.BoltPort, "bolt-port", localdb.DefaultBoltPort, "port for Bolt; 0 takes any that is free; without it the one last used")
	f.IntVar(&o.HTTPPort, "http-port", localdb.DefaultHTTPPort, "port for the Browser; likewise")
	f.StringVar(&with, "with", "", "docker or java; without it docker where an engine and an image are at hand")
	f.StringVar(&heap, "heap", "", "memory for queries, such as 2g; without it by the machine's memory")
	f.StringVar(&pages, "pagecache", "", "memory for the graph's pages; likewise")
	f.DurationVar(&o.Wait, "wait", 3*time.Minute, "how long it may take until it answers")
	return cmd
}

func newDBDownCommand(a *app.App) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "down",
		Short: "stop the database; its data stays",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, stopped, err := localdb.Down(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if a.JSON {
				return a.WriteJSON(struct {
					localdb.Connection
					Stopped bool `json:"stopped"`
				}{c, stopped})
			}
			if !stopped {
				_, err = fmt.Fprintf(a.Out, "The database in %s was not running.\n", c.Dir)
				return err
			}
			_, err = fmt.Fprintf(a.Out, "The database in %s is down; its data stays.\n", c.Dir)
			return err
		},
	}
	addDirFlag(cmd, &dir)
	return cmd
}

func newDBStatusCommand(a *app.App) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "whether the database runs, where, and what it holds",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := localdb.Status(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if a.JSON {
				return a.WriteJSON(r)
			}
			return tellStatus(a.Out, r)
		},
	}
	addDirFlag(cmd, &dir)
	return cmd
}

func addDirFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "", "`DIRECTORY` of the database; without it taskroot/db in your data directory")
}

func tellUp(w io.Writer, c localdb.Connection, started bool) error {
	word := "is up"
	if !started {
		word = "was up already"
	}
	_, err := fmt.Fprintf(w, `Neo4j %s, run with %s.
  Bolt      %s
  Browser   %s
  user      %s
  password  in %s
Other taskroot commands find it by themselves. 'taskroot db down' stops it.
`, word, c.With, c.URI, c.Browser, c.Username, filepath.Join(c.Dir, "password"))
	return err
}

func tellStatus(w io.Writer, r localdb.Report) error {
	lines := [][2]string{{"state", string(r.State)}}
	if r.State == localdb.Running || r.State == localdb.Starting {
		lines = append(lines, [2]string{"run with", ranWith(r)}, [2]string{"since", r.StartedAt.Format(time.RFC3339)})
	}
	if r.Running {
		lines = append(lines, [2]string{"version", r.Version}, [2]string{"Bolt", r.URI}, [2]string{"Browser", r.Browser}, [2]string{"user", r.Username})
	}
	if r.Nodes != nil {
		lines = append(lines, [2]string{"nodes", strconv.FormatInt(*r.Nodes, 10)})
	}
	if r.Relationships != nil {
		lines = append(lines, [2]string{"relationships", strconv.FormatInt(*r.Relationships, 10)})
	}
	lines = append(lines, [2]string{"directory", r.Dir})
	if r.State != localdb.Absent {
		lines = append(lines, [2]string{"on disk", fmt.Sprintf("%.1f MB", float64(r.Bytes)/1e6)}, [2]string{"password", "in " + r.PasswordFile})
	}
	if r.Problem != "" {
		lines = append(lines, [2]string{"problem", r.Problem})
	}
	if !r.Running && r.State != localdb.Starting {
		lines = append(lines, [2]string{"start it", "taskroot db up --dir " + r.Dir})
	}
	for _, line := range lines {
		if _, err := fmt.Fprintf(w, "%-14s %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return nil
}

func ranWith(r localdb.Report) string {
	if r.Container != "" {
		return fmt.Sprintf("%s (container %.12s)", r.With, r.Container)
	}
	return fmt.Sprintf("%s (process %d)", r.With, r.PID)
}

// megabytes reads a memory size as Java and Neo4j write it: 512m, 2g. The
// empty text is 0.
func megabytes(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	number, factor := strings.ToLower(text), 0
	switch {
	case strings.HasSuffix(number, "m"):
		factor = 1
	case strings.HasSuffix(number, "g"):
		factor = 1024
	}
	n, err := strconv.Atoi(number[:max(len(number)-1, 0)])
	if err != nil || factor == 0 || n <= 0 || n > 1<<20 {
		return 0, fault.New(fault.Invalid, "%q is not a memory size", text).WithHint("write it like 512m or 2g")
	}
	return n * factor, nil
}
