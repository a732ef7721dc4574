package api

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/queries"
)

// library offers the finds of a library of queries.
type library struct {
	catalog []Find
	byName  map[string]*queries.Find
}

// NewFinds makes [Finds] of a library whose queries run on r. Nothing is run
// before Find is called, so that r may be nil where only the catalogue is asked.
func NewFinds(lib *queries.Library, r graphdb.Runner) Finds {
	l := &library{byName: map[string]*queries.Find{}}
	for _, f := range lib.Finds(r) {
		l.byName[f.Name] = f
		described := Find{Name: f.Name, Summary: f.Summary}
		for _, p := range f.Params {
			described.Params = append(described.Params, Param{
				Name: p.API, Type: p.Type, Default: p.Default, Required: p.Required, Min: p.Min, Max: p.Max, Enum: p.Enum, Help: p.Doc,
			})
		}
		l.catalog = append(l.catalog, described)
	}
	return l
}

// Catalog implements [Finds].
func (l *library) Catalog() []Find { return l.catalog }

// Find implements [Finds].
func (l *library) Find(ctx context.Context, name string, params map[string]string, after string) (Page, error) {
	f, ok := l.byName[name]
	if !ok {
		return Page{}, fault.New(fault.NotFound, "there is no find of that name")
	}
	result, err := f.Run(ctx, params, after)
	if err != nil {
		return Page{}, err
	}
	page := Page{Next: result.Next, Notes: result.Notes}
	for _, row := range result.Rows {
		text, err := json.Marshal(row)
		if err != nil {
			return Page{}, fmt.Errorf("write a row of %s: %w", name, err)
		}
		page.Items = append(page.Items, text)
	}
	return page, nil
}
