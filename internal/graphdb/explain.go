package graphdb

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

// Inspection is what a statement turned out to be.
type Inspection struct {
	Columns       []string
	ReadOnly      bool
	Notifications []string // code and description of each warning
	// Operators are those of the plan that touch the graph, with what they
	// touch, the last to run first.
	Operators []string
}

// Inspect plans a statement anew, runs it, and takes back what it did. It runs
// because the driver gives the children of a plan that was only explained
// wrongly: each is the last one (v5.28.4, Plan.Children).
func (db *DB) Inspect(ctx context.Context, s Statement, params map[string]any) (i Inspection, err error) {
	err = db.InTx(ctx, s.Name, func(r Runner) error {
		result, err := r.(txRunner).tx.Run(ctx, "CYPHER replan=force PROFILE "+s.Text, params)
		if err != nil {
			return err
		}
		if i.Columns, err = result.Keys(); err != nil {
			return err
		}
		summary, err := result.Consume(ctx)
		if err != nil {
			return err
		}
		i.ReadOnly = summary.StatementType() == neo4j.StatementTypeReadOnly
		i.Notifications = notifications(summary)
		if plan := summary.Profile(); plan != nil {
			i.Operators = operators(nil, plan)
		}
		return ErrRollback
	})
	return i, err
}

func notifications(summary neo4j.ResultSummary) []string {
	var out []string
	for _, n := range summary.Notifications() {
		out = append(out, fmt.Sprintf("%s: %s", n.Code(), n.Description()))
	}
	return out
}

// numbered are names that the planner makes up, with numbers that change from
// one planning to the next.
var numbered = regexp.MustCompile(`(anon|\$auto\w+?)_\d+`)

// operators adds a plan's lines. What only filters, sorts or carries is left
// out: it repeats the statement, and its place changes with the index samples.
func operators(out []string, p neo4j.ProfiledPlan) []string {
	line, _, _ := strings.Cut(p.Operator(), "@")
	for _, telling := range []string{"Seek", "Scan", "Expand", "Repeat", "Trail", "CartesianProduct"} {
		if strings.Contains(line, telling) {
			details, _ := p.Arguments()["Details"].(string)
			out = append(out, strings.TrimSpace(line+"  "+numbered.ReplaceAllString(details, "$1")))
			break
		}
	}
	for _, child := range p.Children() {
		out = operators(out, child)
	}
	return out
}
