package api_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/taskroot/taskroot/api"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/queries"
)

// TestDatabase asks every find of a real, empty database: nothing found is an
// answer, and what is wrong with a parameter is told before it gets there.
func TestDatabase(t *testing.T) {
	db := graphtest.Open(t)
	lib, err := queries.New()
	if err != nil {
		t.Fatal(err)
	}
	const empty = `{"items":[],"next":null}` + "\n"
	const few = "hosts with network or DNS telemetry: 0; below 20, rarity means little"
	tests := []struct {
		target, body string
		status       int
	}{
		{"tasks-reaching-rare-domains", `{"items":[],"next":null,"notes":["` + few + `"]}` + "\n", 200},
		{"tasks-reaching-rare-domains?max_hosts=2&since=7d&include_private=true&min_depth=2",
			`{"items":[],"next":null,"notes":["` + few + `"]}` + "\n", 200},
		{"task-tree?task=h1%7C%5Cx", empty, 200},
		{"process-ancestry?host=h1&pid=4", empty, 200},
		{"domain-contacts?destination=example.com", empty, 200},
		{"tasks", empty, 200},
		{"hosts-observed", `{"items":[{"hosts":0,"hostsObserved":0}],"next":null}` + "\n", 200},
		{"tasks?limit=0", `parameter limit: 0 is less than 1`, 400},
		{"tasks?limit=ten", `parameter limit: "ten" is no whole number`, 400},
		{"tasks?since=yesterday", `parameter since: "yesterday" is no time`, 400},
		{"tasks?cursor=abc", `parameter cursor: it is not one that this query gave`, 400},
		{"tasks?maxHosts=1", `unknown parameter "maxHosts"`, 400},
		{"task-tree", `parameter task is missing`, 400},
	}
	graphtest.Tx(t, db, func(r graphdb.Runner) {
		s, err := api.New(api.Deps{Finds: api.NewFinds(lib, r), Database: db, Log: slog.New(slog.NewJSONHandler(io.Discard, nil))},
			api.Config{})
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range tests {
			w := do(s, request(t, "/v1/find/"+tt.target))
			body := w.Body.String()
			if tt.status == http.StatusBadRequest {
				body = detail(t, w.Body.Bytes())
			}
			if w.Code != tt.status || body != tt.body {
				t.Errorf("%s: %d %s\nwant %d %s", tt.target, w.Code, body, tt.status, tt.body)
			}
		}
		if w := do(s, request(t, "/readyz")); w.Code != http.StatusOK {
			t.Errorf("readyz: %d", w.Code)
		}
	})
}

func detail(t *testing.T, body []byte) string {
	t.Helper()
	var p struct{ Detail string }
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	return p.Detail
}
