package api_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/api"
)

// document is the part of OpenAPI that the tests look at.
type document struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string                     `json:"operationId"`
		Summary     string                     `json:"summary"`
		Parameters  []parameter                `json:"parameters"`
		Responses   map[string]json.RawMessage `json:"responses"`
	} `json:"paths"`
	Components map[string]map[string]json.RawMessage `json:"components"`
}

type parameter struct {
	Ref      string `json:"$ref"`
	Name     string `json:"name"`
	In       string `json:"in"`
	Required bool   `json:"required"`
	Schema   struct {
		Type    string `json:"type"`
		Format  string `json:"format"`
		Default any    `json:"default"`
	} `json:"schema"`
}

func openapi(t *testing.T) (document, []byte) {
	t.Helper()
	w := do(newServer(t, working(), api.Config{}, io.Discard), request(t, "/v1/openapi.json"))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("status %d, type %s", w.Code, w.Header().Get("Content-Type"))
	}
	var d document
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d, w.Body.Bytes()
}

// TestOpenAPIRoutes holds the document to the routes, both ways.
func TestOpenAPIRoutes(t *testing.T) {
	d, _ := openapi(t)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("version %s", d.OpenAPI)
	}
	routes := newServer(t, working(), api.Config{}, io.Discard).Routes()
	if paths := slices.Sorted(maps.Keys(d.Paths)); !slices.Equal(paths, routes) {
		t.Errorf("openapi.yaml has\n%v\nthe routes are\n%v", paths, routes)
	}
	var ids []string
	for path, methods := range d.Paths {
		if got := slices.Collect(maps.Keys(methods)); !slices.Equal(got, []string{"get"}) {
			t.Errorf("%s: methods %v", path, got)
		}
		get := methods["get"]
		ids = append(ids, get.OperationID)
		if get.Summary == "" || get.Responses["200"] == nil {
			t.Errorf("%s: a summary and the answer 200 are needed", path)
		}
	}
	slices.Sort(ids)
	if len(slices.Compact(slices.Clone(ids))) != len(d.Paths) {
		t.Errorf("operation ids are not unique: %v", ids)
	}
}

// TestOpenAPIReferences finds references to nothing, and components nobody uses.
func TestOpenAPIReferences(t *testing.T) {
	d, text := openapi(t)
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`"#/components/(\w+)/(\w+)"`).FindAllStringSubmatch(string(text), -1) {
		used[m[1]+"/"+m[2]] = true
		if d.Components[m[1]][m[2]] == nil {
			t.Errorf("reference to %s, which is not there", m[0])
		}
	}
	for kind, parts := range d.Components {
		for name := range parts {
			if kind != "securitySchemes" && !used[kind+"/"+name] {
				t.Errorf("components/%s/%s is used by nothing", kind, name)
			}
		}
	}
	if strings.Count(string(text), `"$ref"`) == 0 {
		t.Error("no references found: this test looks at the wrong thing")
	}
}
