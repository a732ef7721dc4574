package main

import (
	"context"
	"encoding/json"

	"github.com/taskroot/taskroot/api"
	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/config"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
)

// store is the open database with what may be asked of it.
type store struct {
	DB     *graphdb.DB
	Config config.Config
	finds  api.Finds
	close  func()
}

// Close gives the connections back.
func (s *store) Close() { s.close() }

func openStore(ctx context.Context, a *app.App) (*store, error) {
	db, c, err := a.Database(ctx)
	if err != nil {
		return nil, err
	}
	s := &store{DB: db, Config: c, finds: noFinds{}}
	s.close = func() {
		// The context may have ended already; closing must still happen, and its
		// failure changes nothing.
		_ = db.Close(context.WithoutCancel(ctx))
	}
	return s, nil
}

// TODO: replace by the adapter over queries.Library.
func findCatalog() []api.Find { return nil }

type noFinds struct{}

func (noFinds) Catalog() []api.Find { return nil }
func (noFinds) Find(context.Context, string, map[string]string, string) (api.Page, error) {
	return api.Page{}, fault.New(fault.NotFound, "there is no such query")
}

var _ json.RawMessage
