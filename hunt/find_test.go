package hunt_test

import (
	_ "embed" // the graph the two are compared on
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/queries"
)

//go:embed testdata/forest.cypher
var forestText string

// TestSameAsFind holds the hunt to the find whose rows it promises.
func TestSameAsFind(t *testing.T) {
	b := open(t)
	b.do(forestText, nil)
	lib, err := queries.New()
	if err != nil {
		t.Fatal(err)
	}
	day := func(d int) time.Time { return time.Date(2026, 5, d, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		change map[string]any
		rows   int
	}{
		{nil, 2},
		{map[string]any{"maxHosts": int64(2)}, 7},
		{map[string]any{"maxHosts": int64(0)}, 0},
		{map[string]any{"via": "connected"}, 3},
		{map[string]any{"includePrivate": true}, 3},
		{map[string]any{"includeCandidates": true}, 3},
		{map[string]any{"includeHandovers": true}, 3},
		{map[string]any{"since": day(2)}, 3},
		{map[string]any{"until": day(2)}, 4},
		{map[string]any{"since": day(2), "until": day(3), "maxHosts": int64(9), "includeCandidates": true, "includePrivate": true}, 4},
	} {
		t.Run(fmt.Sprint(c.change), func(t *testing.T) {
			params := map[string]any{
				"since": nil, "until": nil, "maxHosts": int64(1), "via": "any", "includeCandidates": false, "includeHandovers": false,
				"includePrivate": false,
			}
			for k, v := range c.change {
				params[k] = v
			}
			found := b.rows(lib, "hunt/"+name, "target", params)
			for k, v := range map[string]any{
				"minDepth": int64(1), "host": nil, "task": nil, "limit": int64(1000),
				"afterScore": nil, "afterHosts": nil, "afterTask": nil, "afterDestination": nil,
			} {
				params[k] = v
			}
			want := b.rows(lib, "find/tasks-reaching-rare-domains", "path", params)
			if !reflect.DeepEqual(found, want) {
				t.Errorf("the hunt found\n%v\nthe find\n%v", found, want)
			}
			if len(found) != c.rows {
				t.Errorf("%d rows, want %d:\n%v", len(found), c.rows, found)
			}
		})
	}
}

// rows are a statement's rows as maps, without one column.
func (b *bench) rows(lib *queries.Library, name, without string, params map[string]any) []map[string]any {
	b.Helper()
	st, err := lib.Statement(name)
	if err != nil {
		b.Fatal(err)
	}
	var out []map[string]any
	err = b.db.Reader().Run(b.Context(), st.DB(), params, func(r graphdb.Row) error {
		row := map[string]any{}
		for i, k := range r.Keys {
			if k != without {
				row[k] = r.Values[i]
			}
		}
		out = append(out, row)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return out
}
