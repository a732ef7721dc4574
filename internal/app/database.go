package app

import (
	"context"

	"github.com/taskroot/taskroot/internal/config"
	"github.com/taskroot/taskroot/internal/graphdb"
)

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
