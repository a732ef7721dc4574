package queries

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/taskroot/taskroot/internal/graphdb"
)

// HuntRow is one row of a hunt's answer: the columns every hunt has, and the
// whole row as JSON.
type HuntRow struct {
	TargetID    string // the database's own id of the node to label
	TargetKey   string
	Destination string
	Score       float64
	Reasons     json.RawMessage
	Chain       json.RawMessage
	Evidence    json.RawMessage
	// Row is every column but target.
	Row json.RawMessage
}

// targetNode is what this package needs of the driver's node type.
type targetNode interface {
	GetElementId() string
	GetProperties() map[string]any
}

// Search runs a hunt's query, which only reads.
func (h *Hunts) Search(ctx context.Context, hunt string, params map[string]any) ([]HuntRow, error) {
	st, err := h.lib.Statement("hunt/" + hunt)
	if err != nil {
		return nil, err
	}
	var out []HuntRow
	seen := map[string]bool{}
	err = h.db.Reader().Run(ctx, st.DB(), params, func(row graphdb.Row) error {
		r, err := huntRow(row)
		if err != nil {
			return err
		}
		if key := FindingKey(hunt, r.TargetKey, r.Destination); seen[key] {
			return fmt.Errorf("two rows for target %q and destination %q", r.TargetKey, r.Destination)
		} else {
			seen[key] = true
		}
		out = append(out, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("run the query of hunt %s: %w", hunt, err)
	}
	return out, nil
}

func huntRow(row graphdb.Row) (r HuntRow, err error) {
	target, ok := row.Get("target").(targetNode)
	if !ok {
		return r, fmt.Errorf("column target is %T, not a node", row.Get("target"))
	}
	r.TargetID = target.GetElementId()
	props := target.GetProperties()
	if r.TargetKey, ok = props["key"].(string); !ok {
		if r.TargetKey, ok = props["name"].(string); !ok {
			return r, fmt.Errorf("a target has neither key nor name")
		}
	}
	if r.Destination, ok = row.Get("destination").(string); !ok {
		return r, fmt.Errorf("column destination is %T, not text", row.Get("destination"))
	}
	switch score := row.Get("score").(type) {
	case float64:
		r.Score = score
	case int64:
		r.Score = float64(score)
	default:
		return r, fmt.Errorf("column score is %T, not a number", score)
	}
	if math.IsNaN(r.Score) || math.IsInf(r.Score, 0) {
		return r, fmt.Errorf("the score of %q is not a number", r.TargetKey)
	}
	return r, r.encode(row)
}

// encode fills in what is kept and shown as JSON. A row that has all that a
// find of tasks and rare domains gives is shown as one of its rows.
func (r *HuntRow) encode(row graphdb.Row) error {
	if hasColumns(row, reflect.TypeFor[RareDomainTask]()) {
		completeSteps(row.Get("chain"))
		shaped, err := scan[RareDomainTask](row)
		if err != nil {
			return fmt.Errorf("the row for %q: %w", r.TargetKey, err)
		}
		return errors.Join(into(&r.Reasons, shaped.Reasons), into(&r.Chain, shaped.Chain),
			into(&r.Evidence, shaped.Evidence), into(&r.Row, shaped))
	}
	columns := map[string]any{"reasons": []any{}, "chain": []any{}, "evidence": []any{}}
	for i, key := range row.Keys {
		if key != "target" && row.Values[i] != nil {
			columns[key] = jsonValue(row.Values[i])
		}
	}
	return errors.Join(into(&r.Reasons, columns["reasons"]), into(&r.Chain, columns["chain"]),
		into(&r.Evidence, columns["evidence"]), into(&r.Row, columns))
}

// completeSteps gives each step of a chain the members that its label lacks: a
// task has no process id, for one.
func completeSteps(chain any) {
	steps, _ := chain.([]any)
	for _, step := range steps {
		members, ok := step.(map[string]any)
		if !ok {
			continue
		}
		t := reflect.TypeFor[Step]()
		for i := range t.NumField() {
			if name := jsonName(t.Field(i)); members[name] == nil {
				members[name] = nil
			}
		}
	}
}

func into(raw *json.RawMessage, v any) (err error) {
	*raw, err = json.Marshal(v)
	return err
}

// hasColumns says whether a row has a column for each field of a row type.
func hasColumns(row graphdb.Row, t reflect.Type) bool {
	for i := range t.NumField() {
		if !slices.Contains(row.Keys, jsonName(t.Field(i))) {
			return false
		}
	}
	return true
}

// jsonValue turns a value of a row into what JSON can say: instants in UTC, no
// nulls inside maps.
func jsonValue(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = jsonValue(x)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			if x != nil {
				out[k] = jsonValue(x)
			}
		}
		return out
	}
	return v
}

// ParseInstant reads a time as the parameters of finds and hunts are written:
// RFC 3339, a day, or 24h or 7d for that long before now.
func ParseInstant(text string, now time.Time) (time.Time, error) { return instant(text, now) }
