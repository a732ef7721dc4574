package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/taskroot/taskroot"
	root   = "../.."
)

// policy is what each package may import, of ours and of others; what a row
// does not list is forbidden. It speaks of production code. Arrows point to
// graph; loader, hunt and api never meet. Widening a row is a design change.
var policy = []struct {
	pkg   string // path.Match pattern below the module
	own   []string
	third []string // module path prefixes
}{
	{pkg: "graph", third: []string{"golang.org/x/net"}}, // public suffix list, IDNA
	{pkg: "internal/fault"},
	{pkg: "internal/filelock"},
	{pkg: "internal/testdata"},
	{pkg: "internal/archtest"},
	{pkg: "internal/e2e"},
	{pkg: "docker"},
	{pkg: "internal/config", own: []string{"internal/fault"}, third: []string{"github.com/spf13/viper", "go.yaml.in/yaml"}},
	{pkg: "internal/graphdb", own: []string{"internal/fault"}, third: []string{"github.com/neo4j/neo4j-go-driver/v5"}},
	{pkg: "internal/localdb", own: []string{"docker", "internal/fault", "internal/filelock", "internal/graphdb"}},
	{pkg: "internal/render", third: []string{"golang.org/x/term", "github.com/rivo/uniseg"}},
	{pkg: "internal/company", own: []string{"internal/fault"}},
	{pkg: "queries", own: []string{"graph", "internal/fault", "internal/graphdb"}},
	{pkg: "loader/cmdline", own: []string{"graph"}},
	{pkg: "loader/taskxml", own: []string{"graph", "internal/fault"}},
	{pkg: "loader/winevent", own: []string{"graph", "loader/taskxml"}},
	{pkg: "loader/settle", own: []string{"graph", "loader/cmdline"}},
	{pkg: "loader/source/evtx", own: []string{"graph", "internal/fault", "loader/winevent"}, third: []string{"golang.org/x/text"}},
	{pkg: "loader/source/eventjson", own: []string{"graph", "internal/fault", "loader/winevent"}},
	{pkg: "loader/source/evtx/testdata/*"},
	{
		pkg: "loader/source", own: []string{"graph", "internal/fault", "loader/winevent", "loader/source/*"},
		third: []string{"github.com/klauspost/compress", "golang.org/x/text"},
	},
	{
		pkg: "loader",
		own: []string{"graph", "internal/fault", "internal/graphdb", "queries", "loader/source", "loader/settle", "loader/taskxml", "loader/cmdline"},
	},
	{pkg: "hunt", own: []string{"graph", "internal/fault", "queries"}},
	{
		pkg: "api", own: []string{"graph", "internal/fault", "internal/graphdb", "queries"},
		third: []string{"github.com/gin-gonic/gin", "github.com/prometheus/client_golang", "go.yaml.in/yaml"},
	},
	{
		pkg: "internal/app", own: []string{"internal/config", "internal/fault", "internal/graphdb", "internal/localdb", "queries"},
		third: []string{"golang.org/x/term"},
	},
	{
		pkg: "internal/graphtest", own: []string{"internal/fault", "internal/filelock", "internal/graphdb", "internal/localdb"},
		third: []string{"github.com/testcontainers/testcontainers-go", "github.com/moby/moby/api"},
	},
	{pkg: "internal/graphtest/withneo4j", own: []string{"internal/graphdb", "internal/graphtest", "internal/localdb"}},
	{
		pkg: "cmd/*",
		own: []string{
			"api", "graph", "hunt", "loader", "queries", "internal/app", "internal/company", "internal/config", "internal/fault",
			"internal/localdb", "internal/render",
		},
		third: []string{
			"github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/dustin/go-humanize",
			"github.com/schollz/progressbar", "golang.org/x/term",
		},
	},
}

// sources walks the production code.
func sources(t *testing.T, each func(file, pkg string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "testdata", "build"}, d.Name()):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err == nil {
			each(file, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestImports parses the files itself, so that the test cache sees what it read.
func TestImports(t *testing.T) {
	used := map[string]bool{}
	sources(t, func(file, pkg string) {
		i := slices.IndexFunc(policy, func(r struct {
			pkg   string
			own   []string
			third []string
		}) bool {
			ok, _ := path.Match(r.pkg, pkg)
			return ok
		})
		if pkg == "internal/testdata" {
			return
		}
		if i < 0 {
			t.Errorf("%s has no row in the policy; say what it may import", pkg)
			return
		}
		used[policy[i].pkg] = true
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			if why := forbidden(name, policy[i].own, policy[i].third); why != "" {
				t.Errorf("%s imports %s; %s", file, name, why)
			}
		}
	})
	for _, r := range policy {
		if !used[r.pkg] && r.pkg != "internal/testdata" && !strings.Contains(r.pkg, "testdata") {
			t.Errorf("the row %q fits no package; delete it", r.pkg)
		}
	}
}

// forbidden says why an import is not allowed, "" where it is.
func forbidden(name string, own, third []string) string {
	if rel, ok := strings.CutPrefix(name, module+"/"); ok {
		fits := func(p string) bool { ok, _ := path.Match(p, rel); return ok }
		if !slices.ContainsFunc(own, fits) {
			return "of ours it may import only " + strings.Join(own, ", ")
		}
		return ""
	}
	first, _, _ := strings.Cut(name, "/")
	if !strings.Contains(first, ".") {
		return ""
	}
	under := func(m string) bool { return name == m || strings.HasPrefix(name, m+"/") }
	if !slices.ContainsFunc(third, under) {
		return "of others it may import only " + strings.Join(third, ", ")
	}
	return ""
}

func TestForbidden(t *testing.T) {
	for _, c := range []struct {
		name  string
		own   []string
		third []string
		want  bool
	}{
		{module + "/graph", []string{"graph"}, nil, false},
		{module + "/api", []string{"graph"}, nil, true},
		{"fmt", nil, nil, false},
		{"github.com/gin-gonic/gin/binding", nil, []string{"github.com/gin-gonic/gin"}, false},
		{"github.com/gin-gonic/ginger", nil, []string{"github.com/gin-gonic/gin"}, true},
		{"github.com/other/thing", nil, nil, true},
	} {
		if got := forbidden(c.name, c.own, c.third) != ""; got != c.want {
			t.Errorf("%s with %v %v: forbidden %v, want %v", c.name, c.own, c.third, got, c.want)
		}
	}
}
