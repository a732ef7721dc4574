package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/api"
	"github.com/taskroot/taskroot/queries"
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
		Type    string   `json:"type"`
		Format  string   `json:"format"`
		Default any      `json:"default"`
		Minimum *int64   `json:"minimum"`
		Maximum *int64   `json:"maximum"`
		Enum    []string `json:"enum"`
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

// TestOpenAPIFinds holds the document's finds and their parameters to those of
// the library, both ways.
func TestOpenAPIFinds(t *testing.T) {
	d, _ := openapi(t)
	lib, err := queries.New()
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, f := range api.NewFinds(lib, nil).Catalog() {
		path := "/v1/find/" + f.Name
		known = append(known, path)
		get := d.Paths[path]["get"]
		if get.Summary != f.Summary {
			t.Errorf("%s: summary %q, the query says %q", path, get.Summary, f.Summary)
		}
		var want, got []string
		for _, p := range f.Params {
			want = append(want, describe(p))
		}
		for _, p := range get.Parameters {
			if p.Ref == "" {
				got = append(got, p.String())
			} else if p.Ref != "#/components/parameters/Cursor" {
				t.Errorf("%s: parameter %s", path, p.Ref)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: parameters\n%s\nthe query has\n%s", path, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	var documented []string
	for path := range d.Paths {
		if strings.HasPrefix(path, "/v1/find/") {
			documented = append(documented, path)
		}
	}
	slices.Sort(known)
	slices.Sort(documented)
	if !slices.Equal(documented, known) {
		t.Errorf("openapi.yaml has the finds\n%v\nthe library has\n%v", documented, known)
	}
}

func describe(p api.Param) string {
	kind := p.Type
	if kind == "instant" {
		kind = "string/instant"
	}
	return fmt.Sprintf("%s %s required=%v default=%s min=%s max=%s enum=%v",
		p.Name, kind, p.Required, p.Default, number(p.Min), number(p.Max), p.Enum)
}

func number(n *int64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

// String describes a parameter of the document as describe does.
func (p parameter) String() string {
	kind, def := p.Schema.Type, ""
	if p.Schema.Format != "" {
		kind += "/" + p.Schema.Format
	}
	if p.Schema.Default != nil {
		def = fmt.Sprint(p.Schema.Default)
	}
	return fmt.Sprintf("%s %s required=%v default=%s min=%s max=%s enum=%v",
		p.Name, kind, p.Required, def, number(p.Schema.Minimum), number(p.Schema.Maximum), p.Schema.Enum)
}
