package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taskroot/taskroot/api"
	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/fault"
)

const findExample = `  taskroot find --list
  taskroot find tasks-reaching-rare-domains --max-hosts 2 --since 2026-01-01T00:00:00Z
  taskroot find tasks --host ws1 --json`

// newFindCommand makes 'taskroot find' with a sub-command for each find of the
// catalogue, whose flags are the find's parameters.
func newFindCommand(a *app.App) *cobra.Command {
	var list bool
	catalog := findCatalog()
	cmd := &cobra.Command{
		Use:     "find NAME [--PARAM value]...",
		Short:   "run a read query by name",
		Long:    "Run a read query by name. 'taskroot find NAME --help' tells a query's parameters.",
		Example: findExample,
		RunE: func(_ *cobra.Command, args []string) error {
			if list && len(args) == 0 {
				return listFinds(a, catalog)
			}
			f := fault.New(fault.Invalid, "say which query to run")
			if len(args) > 0 {
				f = fault.New(fault.Invalid, "there is no query %q", args[0])
			}
			return f.WithHint("'taskroot find --list' tells which there are")
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "list the queries there are")
	for _, f := range catalog {
		cmd.AddCommand(newFindNamed(a, f))
	}
	return cmd
}

func newFindNamed(a *app.App, f api.Find) *cobra.Command {
	cmd := &cobra.Command{
		Use:   f.Name,
		Short: f.Summary,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			params := map[string]string{}
			for _, p := range f.Params {
				if flag := cmd.Flags().Lookup(flagName(p.Name)); flag.Changed {
					params[p.Name] = flag.Value.String()
				}
			}
			return find(cmd.Context(), a, f.Name, params)
		},
	}
	for _, p := range f.Params {
		help := fmt.Sprintf("%s (`%s`)", p.Help, p.Type)
		if p.Default != "" {
			help += " (default " + p.Default + ")"
		}
		cmd.Flags().String(flagName(p.Name), "", help)
		if p.Type == "boolean" {
			cmd.Flags().Lookup(flagName(p.Name)).NoOptDefVal = "true"
		}
	}
	return cmd
}

// flagName is a parameter's name as a flag: max_hosts is --max-hosts.
func flagName(param string) string { return strings.ReplaceAll(param, "_", "-") }

func find(ctx context.Context, a *app.App, name string, params map[string]string) (err error) {
	store, err := openStore(ctx, a)
	if err != nil {
		return err
	}
	defer store.Close()
	page, err := store.finds.Find(ctx, name, params, "")
	if err != nil {
		return err
	}
	if page.Next != "" {
		fmt.Fprintln(a.Err, "there are more rows: ask for them with a greater --limit")
	}
	if a.JSON {
		if page.Items == nil {
			page.Items = []json.RawMessage{}
		}
		return a.WriteJSON(page.Items)
	}
	return show(a, name, page.Items)
}

func listFinds(a *app.App, catalog []api.Find) error {
	if a.JSON {
		return a.WriteJSON(catalog)
	}
	for _, f := range catalog {
		if _, err := fmt.Fprintf(a.Out, "%s\n    %s\n", f.Name, f.Summary); err != nil {
			return err
		}
		for _, p := range f.Params {
			line := "    --" + flagName(p.Name) + " " + p.Type
			switch {
			case p.Required:
				line += ", required"
			case p.Default != "":
				line += " = " + p.Default
			}
			if _, err := fmt.Fprintf(a.Out, "%s: %s\n", line, p.Help); err != nil {
				return err
			}
		}
	}
	return nil
}
