package app

import (
	"context"

	"github.com/taskroot/taskroot/internal/config"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/queries"
)

// Use says what a command wants the database for.
type Use int

// Reading leaves the database as it is. Writing first makes the constraints and
// indexes that are missing.
const (
	Reading Use = iota
	Writing
)

// Store is the open database, the statements that may be run on it, and the
// configuration it was opened with.
type Store struct {
	DB      *graphdb.DB
	Queries *queries.Library
	Config  config.Config

	close func()
}

// Close gives the connections back.
func (s *Store) Close() { s.close() }

// Open opens the database of the configuration. The caller closes the store.
func (a *App) Open(ctx context.Context, use Use) (*Store, error) {
	settings, err := a.Connected()
	if err != nil {
		return nil, err
	}
	library, err := queries.New()
	if err != nil {
		return nil, err
	}
	n := settings.Config.Neo4j
	db, err := graphdb.Open(ctx, graphdb.Config{
		URI: n.URI, Username: n.Username, Password: n.Password, Database: n.Database, Timeout: n.Timeout,
	})
	if err != nil {
		return nil, err
	}
	a.Log().Debug("database open", "uri", n.URI, "from", settings.Source("neo4j.uri"))
	s := &Store{DB: db, Queries: library, Config: settings.Config, close: func() {
		// ctx may have ended by now; connections are given back all the same, and
		// nothing is left to do where that fails.
		_ = db.Close(context.WithoutCancel(ctx))
	}}
	if use == Writing {
		if err := library.Migrate(ctx, db.Writer()); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}
