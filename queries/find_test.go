package queries_test

import (
	"context"
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/queries"
)

// taskRows is a database that holds tasks a, b, c and notes what it is asked.
type taskRows struct{ asked []map[string]any }

func (r *taskRows) Run(_ context.Context, _ graphdb.Statement, params map[string]any, each func(graphdb.Row) error) error {
	r.asked = append(r.asked, params)
	left := params["limit"].(int64)
	for _, key := range []string{"a", "b", "c"} {
		if after, ok := params["afterKey"].(string); (ok && key <= after) || left == 0 {
			continue
		}
		left--
		row := graphdb.Row{}
		for i := range reflect.TypeFor[queries.Task]().NumField() {
			name, _, _ := strings.Cut(reflect.TypeFor[queries.Task]().Field(i).Tag.Get("json"), ",")
			row.Keys, row.Values = append(row.Keys, name), append(row.Values, nil)
		}
		row.Values[0] = key
		if err := each(row); err != nil {
			return err
		}
	}
	return nil
}

func tasks(t *testing.T, r graphdb.Runner) *queries.Find {
	for _, f := range library(t).Finds(r) {
		if f.Name == "tasks" {
			return f
		}
	}
	t.Fatal("there is no find tasks")
	return nil
}

func TestPages(t *testing.T) {
	r := &taskRows{}
	f := tasks(t, r)
	values := map[string]string{"limit": "2", "since": "24h"}
	first, err := f.Run(t.Context(), values, "")
	if err != nil || len(first.Rows) != 2 || first.Next == "" {
		t.Fatalf("first page: %+v, %v", first, err)
	}
	values["limit"] = "1"
	second, err := f.Run(t.Context(), values, first.Next)
	if err != nil || len(second.Rows) != 1 || second.Next != "" || second.Rows[0].(queries.Task).Key != "c" {
		t.Fatalf("second page: %+v, %v", second, err)
	}
	if a, b := r.asked[0]["since"].(time.Time), r.asked[1]["since"].(time.Time); !a.Equal(b) {
		t.Errorf("the window moved between pages: %v, %v", a, b)
	}
	all, err := f.All(t.Context(), nil)
	if err != nil || len(all.Rows) != 3 || all.Next != "" {
		t.Errorf("all: %+v, %v", all, err)
	}
}

func TestCursorErrors(t *testing.T) {
	f := tasks(t, &taskRows{})
	page, err := f.Run(t.Context(), map[string]string{"limit": "1"}, "")
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.RawURLEncoding.DecodeString(page.Next)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(old, new string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(text), old, new, 1)))
	}
	for _, c := range []struct {
		name, cursor string
		values       map[string]string
	}{
		{"ErrOtherParameters", page.Next, map[string]string{"host": "h1"}},
		{"ErrNoCursor", "nonsense", nil},
		{"ErrNoJSON", "AAAA", nil},
		{"ErrOtherFind", encode("tasks", "task-tree"), nil},
		{"ErrOtherType", encode(`"a"]`, `7]`), nil},
		{"ErrTooFew", encode(`["a"]`, `[]`), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := f.Run(t.Context(), c.values, c.cursor); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "cursor") {
				t.Errorf("got %v", err)
			}
		})
	}
}
