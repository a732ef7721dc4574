package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// module is the prefix of our own import paths.
const module = "github.com/taskroot/taskroot"

// repo is the tree that the rules are for.
var repo = os.DirFS("../..")

// rule looks a tree through and says what is wrong in it, and the cure.
type rule func(tree fs.FS) []string

// hold fails for each violation in the repository.
func hold(t *testing.T, r rule) {
	t.Helper()
	for _, problem := range r(repo) {
		t.Error(problem)
	}
}

// broken is a made-up tree and what a rule must say of it, in full.
type broken struct {
	name  string
	files map[string]string
	want  []string
}

// prove runs a rule over made-up trees.
func prove(t *testing.T, r rule, cases []broken) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tree := fstest.MapFS{}
			for name, text := range c.files {
				tree[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := r(tree); !slices.Equal(got, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// files are the names below tree that keep wants, in order; what Git and the
// build leave behind is not looked at.
func files(tree fs.FS, keep func(name string) bool) []string {
	var names []string
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == "build"):
			return fs.SkipDir
		case !d.IsDir() && keep(name):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return []string{"cannot walk the tree: " + err.Error()}
	}
	return names
}

// goFiles are the Go files of packages. What lies below testdata is none, but
// for the package that finds the real telemetry.
func goFiles(tree fs.FS, keep func(name string) bool) []string {
	return files(tree, func(name string) bool {
		return strings.HasSuffix(name, ".go") && keep(name) &&
			(!strings.Contains("/"+name, "/testdata/") || path.Dir(name) == "internal/testdata")
	})
}

func isTest(name string) bool       { return strings.HasSuffix(name, "_test.go") }
func isProduction(name string) bool { return !isTest(name) }
func isAny(string) bool             { return true }

// text is a file's content; a file that cannot be read reads as its error.
func text(tree fs.FS, name string) string {
	b, err := fs.ReadFile(tree, name)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// parsed gives each named Go file to look.
func parsed(tree fs.FS, names []string, look func(name string, set *token.FileSet, f *ast.File)) []string {
	var problems []string
	for _, name := range names {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, text(tree, name), parser.ParseComments)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: does not parse: %v", name, err))
			continue
		}
		look(name, set, f)
	}
	return problems
}

// below says that a package is dir or lies under it.
func below(pkg, dir string) bool { return pkg == dir || strings.HasPrefix(pkg, dir+"/") }

// base is a file's name without folder and ending.
func base(name string) string { return strings.TrimSuffix(path.Base(name), path.Ext(name)) }
