package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/queries"
)

const findExample = `  taskroot find --list
  taskroot find tasks-reaching-rare-domains --max-hosts 2 --since 7d
  taskroot find tasks --host ws1 --json`

// newFindCommand makes 'taskroot find' with a sub-command for each find of the
// library, whose flags are the find's parameters.
func newFindCommand(a *app.App) *cobra.Command {
	var list bool
	catalog, broken := findCatalog()
	cmd := &cobra.Command{
		Use:     "find NAME [--PARAM value]...",
		Short:   "run a read query by name",
		Long:    "Run a read query by name. 'taskroot find NAME --help' tells a query's parameters.",
		Example: findExample,
		RunE: func(_ *cobra.Command, args []string) error {
			if broken != nil {
				return broken
			}
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

// findCatalog is the table of finds without a database.
func findCatalog() ([]*queries.Find, error) {
	lib, err := queries.New()
	if err != nil {
		return nil, err
	}
	return lib.Finds(nil), nil
}

func newFindNamed(a *app.App, f *queries.Find) *cobra.Command {
	cmd := &cobra.Command{
		Use:   f.Name,
		Short: f.Summary,
		Long:  f.Doc,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			params := map[string]string{}
			for _, p := range f.Params {
				if flag := cmd.Flags().Lookup(p.CLI); flag.Changed {
					params[p.CLI] = flag.Value.String()
				}
			}
			return find(cmd.Context(), a, f.Name, params)
		},
	}
	for _, p := range f.Params {
		cmd.Flags().String(p.CLI, "", fmt.Sprintf("`%s`: %s%s", p.Type, p.Doc, defaultText(p)))
		if p.Type == "boolean" {
			cmd.Flags().Lookup(p.CLI).NoOptDefVal = "true"
		}
	}
	return cmd
}

func defaultText(p queries.FindParam) string {
	switch {
	case p.Required:
		return " (required)"
	case p.CLI == "limit": // nobody pages on a command line
		return " (default: all)"
	case p.Default != "":
		return " (default " + p.Default + ")"
	}
	return ""
}

// find runs a find and shows all its rows, or as many as its limit says.
func find(ctx context.Context, a *app.App, name string, params map[string]string) error {
	store, err := a.Open(ctx, app.Reading)
	if err != nil {
		return err
	}
	defer store.Close()
	var result *queries.Result
	for _, f := range store.Queries.Finds(store.DB.Reader()) {
		if f.Name == name {
			result, err = f.All(ctx, params)
		}
	}
	if err != nil {
		return err
	}
	if result == nil {
		return errors.New("the query is not in the library it came from")
	}
	for _, note := range result.Notes {
		fmt.Fprintln(a.Err, "note:", note)
	}
	if result.Next != "" {
		fmt.Fprintf(a.Err, "note: there are more rows than the %d shown: give a greater --limit\n", len(result.Rows))
	}
	if a.JSON {
		if result.Rows == nil {
			result.Rows = []any{}
		}
		return a.WriteJSON(result.Rows)
	}
	rows, err := rowsJSON(result.Rows)
	if err != nil {
		return err
	}
	return show(a, name, rows)
}

func rowsJSON(rows []any) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = json.Marshal(row); err != nil {
			return nil, fmt.Errorf("write a row: %w", err)
		}
	}
	return out, nil
}

// findJSON is how --list --json describes a find.
type findJSON struct {
	Name    string          `json:"name"`
	Summary string          `json:"summary"`
	Params  []findParamJSON `json:"params"`
}

type findParamJSON struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Default  string   `json:"default,omitempty"`
	Required bool     `json:"required"`
	Enum     []string `json:"enum,omitempty"`
	Help     string   `json:"help"`
}

func listFinds(a *app.App, catalog []*queries.Find) error {
	if a.JSON {
		out := make([]findJSON, 0, len(catalog))
		for _, f := range catalog {
			described := findJSON{f.Name, f.Summary, []findParamJSON{}}
			for _, p := range f.Params {
				described.Params = append(described.Params, findParamJSON{p.CLI, p.Type, p.Default, p.Required, p.Enum, p.Doc})
			}
			out = append(out, described)
		}
		return a.WriteJSON(out)
	}
	for _, f := range catalog {
		if _, err := fmt.Fprintf(a.Out, "%s\n    %s\n", f.Name, f.Summary); err != nil {
			return err
		}
		for _, p := range f.Params {
			if _, err := fmt.Fprintf(a.Out, "    --%s %s: %s%s\n", p.CLI, p.Type, p.Doc, defaultText(p)); err != nil {
				return err
			}
		}
	}
	return nil
}
