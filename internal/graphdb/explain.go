package graphdb

import (
	"context"
	"fmt"
	"strings"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

// Plan is how the database would run a statement.
type Plan struct {
	// Operators are one a line, the last to run first, indented by depth; those
	// that touch the graph with what they touch.
	Operators     []string
	ReadOnly      bool
	Notifications []string // code and title of each warning
}

// Explain plans a statement anew and does not run it.
func (db *DB) Explain(ctx context.Context, s Statement, params map[string]any) (Plan, error) {
	summary, _, err := db.inspect(ctx, Statement{Name: s.Name, Text: "CYPHER replan=force EXPLAIN " + s.Text}, params)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{ReadOnly: summary.StatementType() == neo4j.StatementTypeReadOnly, Notifications: notifications(summary)}
	if plan := summary.Plan(); plan != nil {
		p.Operators = operators(nil, plan, 0)
	}
	return p, nil
}

// Inspect runs a statement, gives its column names and what the database warns
// of, and takes back what it did.
func (db *DB) Inspect(ctx context.Context, s Statement, params map[string]any) (columns, warnings []string, err error) {
	summary, columns, err := db.inspect(ctx, s, params)
	if err != nil {
		return nil, nil, err
	}
	return columns, notifications(summary), nil
}

func (db *DB) inspect(ctx context.Context, s Statement, params map[string]any) (summary neo4j.ResultSummary, columns []string, err error) {
	err = db.InTx(ctx, s.Name, func(r Runner) error {
		result, err := r.(txRunner).tx.Run(ctx, s.Text, params)
		if err != nil {
			return err
		}
		if columns, err = result.Keys(); err != nil {
			return err
		}
		if summary, err = result.Consume(ctx); err != nil {
			return err
		}
		return ErrRollback
	})
	return summary, columns, err
}

func notifications(summary neo4j.ResultSummary) []string {
	var out []string
	for _, n := range summary.Notifications() {
		out = append(out, fmt.Sprintf("%s: %s", n.Code(), n.Description()))
	}
	return out
}

// operators adds a plan's lines. Only what reads the graph keeps its details:
// the rest repeats the statement.
func operators(out []string, p neo4j.Plan, depth int) []string {
	line, _, _ := strings.Cut(p.Operator(), "@")
	for _, telling := range []string{"Seek", "Scan", "Expand", "Repeat", "Trail"} {
		if details, ok := p.Arguments()["Details"].(string); ok && strings.Contains(line, telling) {
			line += "  " + details
			break
		}
	}
	out = append(out, strings.Repeat("  ", depth)+line)
	for _, child := range p.Children() {
		out = operators(out, child, depth+1)
	}
	return out
}
