package queries

import (
	"context"
	"fmt"
	"regexp"

	"github.com/taskroot/taskroot/internal/graphdb"
)

// named finds what a schema statement makes.
var named = regexp.MustCompile(`(\w+) IF NOT EXISTS`)

// Unmade are the names of constraints and indexes that the database lacks or does
// not use yet: what Migrate would make.
func (l *Library) Unmade(ctx context.Context, r graphdb.Runner) ([]string, error) {
	st, err := l.Statement("load/index-names")
	if err != nil {
		return nil, err
	}
	online := map[any]bool{}
	err = r.Run(ctx, st.DB(), nil, func(row graphdb.Row) error {
		online[row.Get("name")] = row.Get("state") == "ONLINE"
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask the database for its indexes: %w", err)
	}
	unmade := []string{}
	for _, name := range l.Names("schema") {
		if m := named.FindStringSubmatch(l.statements[name].Text); m != nil && !online[m[1]] {
			unmade = append(unmade, m[1])
		}
	}
	return unmade, nil
}
