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

// Database opens the database of the configuration. The caller closes it.
func (a *App) Database(ctx context.Context) (*graphdb.DB, config.Config, error) {
	s, err := a.Connected()
	if err != nil {
		return nil, config.Config{}, err
	}
	n := s.Config.Neo4j
	db, err := graphdb.Open(ctx, graphdb.Config{
		URI: n.URI, Username: n.Username, Password: n.Password, Database: n.Database, Timeout: n.Timeout,
	})
	if err != nil {
		return nil, config.Config{}, err
	}
	a.Log().Debug("database open", "uri", n.URI, "from", s.Source("neo4j.uri"))
	return db, s.Config, nil
}

// Open opens the database with the statements. The caller closes the store.
func (a *App) Open(ctx context.Context, use Use) (*Store, error) {
	library, err := queries.New()
	if err != nil {
		return nil, err
	}
	db, c, err := a.Database(ctx)
	if err != nil {
		return nil, err
	}
	s := &Store{DB: db, Queries: library, Config: c, close: func() {
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
