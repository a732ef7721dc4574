package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// row is what one package may import of ours.
type row struct {
	pkg string   // path.Match pattern below the module
	own []string // the same
	why string   // where it is not plain
}

// policy is a statement, not a description: one row a package, and what a row
// does not list is forbidden. It speaks of production code. Arrows point to
// graph. Widening a row is a design change and wants a page in docs/decisions.
var policy = []row{
	{pkg: "graph", why: "the vocabulary rests on nothing"},
	{pkg: "docker", why: "embeds the pinned jars' list"},
	{pkg: "internal/fault"},
	{pkg: "internal/filelock"},
	{pkg: "internal/testdata"},
	{pkg: "internal/archtest"},
	{pkg: "internal/e2e", why: "tests only"},
	{pkg: "internal/render"},
	{pkg: "internal/config"},
	{pkg: "internal/graphdb", own: []string{"internal/fault"}},
	{pkg: "internal/localdb", own: []string{"docker", "internal/fault", "internal/filelock", "internal/graphdb"}},
	{pkg: "internal/company", own: []string{"internal/fault"}, why: "it must not share graph's idea of the truth that it plants"},
	{pkg: "queries", own: []string{"graph", "internal/fault", "internal/graphdb"}},
	{pkg: "loader/cmdline", own: []string{"graph"}},
	{pkg: "loader/decode", own: []string{"graph"}},
	{pkg: "loader/taskxml", own: []string{"graph"}},
	{pkg: "loader/winevent", own: []string{"graph", "loader/taskxml"}},
	{pkg: "loader/follow", why: "files and places in them; what is in them is for others"},
	{pkg: "loader/winxml", own: []string{"graph", "loader/winevent"}},
	{pkg: "loader/winmessage", own: []string{"graph", "loader/winevent"}},
	{pkg: "loader/mde", own: []string{"graph", "loader/taskxml"}},
	{pkg: "loader/settle", own: []string{"graph", "loader/cmdline"}, why: "identity is pure: no database, no sources"},
	{pkg: "loader/flows", own: []string{"graph", "internal/graphdb", "loader/settle", "queries"}, why: "it reads the round that was just written"},
	{pkg: "loader/origin", own: []string{"graph", "internal/graphdb", "loader/settle", "queries"}, why: "it reads the round that was just written"},
	{
		pkg: "loader/handover",
		own: []string{"graph", "internal/graphdb", "loader/cmdline", "loader/decode", "loader/settle", "queries"},
		why: "it reads the round that was just written",
	},
	{
		pkg: "loader/source/table",
		own: []string{"graph", "loader/mde", "loader/source/eventjson", "loader/winevent", "loader/winmessage"},
		why: "a row of an event has the names of the same tool's JSON: one package knows them",
	},
	{pkg: "loader/source/inventory", own: []string{"graph", "loader/taskxml"}, why: "a task's own definition names it"},
	{pkg: "loader/source/*", own: []string{"graph", "internal/fault", "loader/mde", "loader/winevent", "loader/winmessage", "loader/winxml"}, why: "a decoder knows no other and no database"},
	{pkg: "loader/source", own: []string{"graph", "internal/fault", "loader/mde", "loader/winevent", "loader/source/*"}},
	{
		pkg: "loader",
		own: []string{
			"graph", "internal/fault", "internal/filelock", "internal/graphdb", "queries",
			"loader/cmdline", "loader/decode", "loader/flows", "loader/follow", "loader/handover", "loader/origin", "loader/settle", "loader/source", "loader/taskxml",
		},
		why: "graphdb for the one transaction that a round is, filelock for one follower a folder",
	},
	{pkg: "hunt", own: []string{"graph", "internal/fault", "queries"}},
	{pkg: "api", own: []string{"graph", "internal/fault", "internal/graphdb", "queries"}, why: "graphdb for the rows' own types"},
	{pkg: "internal/app", own: []string{"internal/config", "internal/fault", "internal/graphdb", "internal/localdb", "queries"}},
	{pkg: "internal/graphtest", own: []string{"internal/fault", "internal/filelock", "internal/graphdb", "internal/localdb"}},
	{pkg: "internal/graphtest/withneo4j", own: []string{"internal/graphdb", "internal/graphtest", "internal/localdb"}},
	{
		pkg: "cmd/*",
		own: []string{
			"api", "hunt", "loader", "queries",
			"internal/app", "internal/company", "internal/config", "internal/fault", "internal/localdb", "internal/render",
		},
		why: "chooses parts and joins them",
	},
}

// strangers never import each other, not even in tests: they meet in the
// database.
var strangers = []string{"loader", "hunt", "api"}

func TestImports(t *testing.T) { hold(t, imports(policy, modules)) }

// imports holds each package to its row and each outside module to its homes.
func imports(policy []row, modules []outside) rule {
	return func(tree fs.FS) []string {
		used := make([]bool, len(policy))
		lost := map[string]bool{}
		var problems []string
		say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
		problems = append(problems, parsed(tree, goFiles(tree, isAny), func(name string, _ *token.FileSet, f *ast.File) {
			pkg := path.Dir(name)
			i := slices.IndexFunc(policy, func(r row) bool { return fits(r.pkg, pkg) })
			if i < 0 {
				if !lost[pkg] {
					say("%s has no row in the policy: add one that says what it may import", pkg)
				}
				lost[pkg] = true
				return
			}
			used[i] = used[i] || isProduction(name)
			for _, spec := range f.Imports {
				if why := forbidden(spec, pkg, isTest(name), policy[i], modules); why != "" {
					say("%s imports %s: %s", name, spec.Path.Value, why)
				}
			}
		})...)
		for i, r := range policy {
			if !used[i] {
				say("policy: the row %q fits no package: delete it", r.pkg)
			}
		}
		return problems
	}
}

// forbidden says why an import is not allowed, "" where it is.
func forbidden(spec *ast.ImportSpec, pkg string, test bool, r row, modules []outside) string {
	name, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return err.Error()
	}
	if own, ok := strings.CutPrefix(name, module+"/"); ok {
		for _, a := range strangers {
			for _, b := range strangers {
				if a != b && below(pkg, a) && below(own, b) {
					return a + " and " + b + " meet in the database only"
				}
			}
		}
		if !test && !slices.ContainsFunc(r.own, func(p string) bool { return fits(p, own) }) {
			return "of ours it may import only [" + strings.Join(r.own, " ") + "]"
		}
		return ""
	}
	if first, _, _ := strings.Cut(name, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	i := slices.IndexFunc(modules, func(m outside) bool { return below(name, m.path) })
	switch {
	case i < 0:
		return "the module is not in the table: say what it is for and who may use it, or do without"
	case test || slices.ContainsFunc(modules[i].homes, func(p string) bool { return fits(p, pkg) }):
		return ""
	}
	return "only [" + strings.Join(modules[i].homes, " ") + "] may use it: " + modules[i].why
}

func fits(pattern, pkg string) bool {
	ok, err := path.Match(pattern, pkg)
	return ok && err == nil
}

func TestImportsProved(t *testing.T) {
	rows := []row{
		{pkg: "graph"},
		{pkg: "loader/source/*", own: []string{"graph"}},
		{pkg: "loader", own: []string{"graph", "loader/source/*"}},
		{pkg: "api", own: []string{"graph"}},
	}
	outsides := []outside{{path: "example.org/web", why: "the API", homes: []string{"api"}}}
	good := func(more map[string]string) map[string]string {
		all := map[string]string{
			"graph/a.go":           "package graph\nimport \"strings\"",
			"loader/source/x/a.go": "package x\nimport \"" + module + "/graph\"",
			"loader/a.go":          "package loader\nimport \"" + module + "/loader/source/x\"",
			"api/a.go":             "package api\nimport \"example.org/web/v2\"",
		}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	prove(t, imports(rows, outsides), []broken{
		{name: "OK", files: good(nil)},
		{name: "OKTestsAreFree", files: good(map[string]string{
			"graph/a_test.go": "package graph_test\nimport (\n\"" + module + "/api\"\n\"example.org/web\"\n)",
		})},
		{
			name: "ErrForbiddenArrow", files: good(map[string]string{"graph/b.go": "package graph\nimport \"" + module + "/loader\""}),
			want: []string{`graph/b.go imports "` + module + `/loader": of ours it may import only []`},
		},
		{
			name: "ErrStrangers", files: good(map[string]string{"api/b_test.go": "package api_test\nimport \"" + module + "/loader\""}),
			want: []string{`api/b_test.go imports "` + module + `/loader": api and loader meet in the database only`},
		},
		{
			name: "ErrNotAtHome", files: good(map[string]string{"loader/b.go": "package loader\nimport \"example.org/web\""}),
			want: []string{`loader/b.go imports "example.org/web": only [api] may use it: the API`},
		},
		{
			name: "ErrUnknownModule", files: good(map[string]string{"api/b.go": "package api\nimport \"example.org/webs\""}),
			want: []string{`api/b.go imports "example.org/webs": the module is not in the table: say what it is for and who may use it, or do without`},
		},
		{
			name: "ErrNoRow", files: good(map[string]string{"models/a.go": "package models", "models/b.go": "package models"}),
			want: []string{"models has no row in the policy: add one that says what it may import"},
		},
		{
			name: "ErrRowWithoutPackage", files: map[string]string{
				"graph/a.go": "package graph", "loader/source/x/a.go": "package x", "loader/a.go": "package loader",
			},
			want: []string{`policy: the row "api" fits no package: delete it`},
		},
	})
}
