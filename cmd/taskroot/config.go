package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/taskroot/taskroot/internal/app"
)

func newConfigCommand(a *app.App) *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "print the configuration in force and where each value came from",
		Long: `Print the configuration in force and where each value came from: a default, the
file, the environment, a flag, or the local database. Secrets are masked.`,
		Example: "  taskroot config\n  taskroot config --config ./taskroot.yaml --json",
		Args:    cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			s, err := a.Connected()
			if err != nil {
				return err
			}
			if a.JSON {
				return a.WriteJSON(map[string]any{"file": s.File, "values": s.Values})
			}
			w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "KEY\tVALUE\tFROM")
			for _, v := range s.Values {
				fmt.Fprintf(w, "%s\t%s\t%s\n", v.Key, v.Value, v.Source)
			}
			return w.Flush()
		},
	}
}
