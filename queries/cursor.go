package queries

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
)

// position is what a cursor holds: where the page before ended, for which
// parameters, and the instant that its relative times were counted from, so
// that all pages speak of the same window.
type position struct {
	Find  string    `json:"f"`
	Asked string    `json:"a"`
	Now   time.Time `json:"n"`
	Keys  []any     `json:"k"`
}

func afterName(column string) string { return "after" + strings.ToUpper(column[:1]) + column[1:] }

// asked is a fingerprint of the parameters but the limit.
func (f *Find) asked(values map[string]string) string {
	var all []string
	for name, value := range values {
		if p := f.param(name); p != nil && p.name != "limit" {
			all = append(all, fmt.Sprintf("%s=%d:%s", p.name, len(value), value))
		}
	}
	slices.Sort(all)
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// next is the cursor that stands after a row.
func (f *Find) next(row graphdb.Row, values map[string]string, now time.Time) (string, error) {
	p := position{Find: f.Name, Asked: f.asked(values), Now: now}
	for _, column := range f.after {
		v := row.Get(column)
		switch x := v.(type) {
		case map[string]any:
			v = x["key"]
		case time.Time:
			v = x.UTC().Format(time.RFC3339Nano)
		}
		p.Keys = append(p.Keys, v)
	}
	text, err := json.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(text), err
}

// position reads a cursor; nil for "".
func (f *Find) position(values map[string]string, cursor string) (*position, error) {
	if cursor == "" {
		return nil, nil
	}
	bad := fault.New(fault.Invalid, "parameter cursor: it is not one that this query gave").
		WithHint("take next from the page before, unchanged")
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, bad
	}
	var p position
	if json.Unmarshal(text, &p) != nil || p.Find != f.Name || len(p.Keys) != len(f.after) {
		return nil, bad
	}
	if p.Asked != f.asked(values) {
		return nil, fault.New(fault.Invalid, "parameter cursor: it was given for other parameters").
			WithHint("only limit may change between pages")
	}
	return &p, nil
}

// resume sets the parameters that make the statement go on after a position.
func (f *Find) resume(params map[string]any, at *position) error {
	i := 0
	for _, p := range f.statement.Params {
		if !strings.HasPrefix(p.Name, "after") {
			continue
		}
		v, err := typed(p.Type, at.Keys[i])
		if err != nil {
			return fault.New(fault.Invalid, "parameter cursor: it is damaged").WithHint("take next from the page before, unchanged")
		}
		params[p.Name] = v
		i++
	}
	return nil
}

func typed(cypher string, v any) (any, error) {
	switch x := v.(type) {
	case string:
		switch cypher {
		case "STRING":
			return x, nil
		case "ZONED DATETIME":
			t, err := time.Parse(time.RFC3339Nano, x)
			return t.UTC(), err
		}
	case float64:
		switch cypher {
		case "FLOAT":
			return x, nil
		case "INTEGER":
			return int64(x), nil
		}
	}
	return nil, fmt.Errorf("%T is no %s", v, cypher)
}
