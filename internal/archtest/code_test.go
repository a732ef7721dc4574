package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
)

func TestPackageComments(t *testing.T) { hold(t, packageComments) }

// packageComments wants one a package, that starts as Go's tools expect.
func packageComments(tree fs.FS) []string {
	var order []string
	found := map[string][]string{}
	names := map[string]string{}
	problems := parsed(tree, goFiles(tree, isProduction), func(name string, _ *token.FileSet, f *ast.File) {
		pkg := path.Dir(name)
		if _, ok := names[pkg]; !ok {
			order = append(order, pkg)
		}
		names[pkg] = f.Name.Name
		if f.Doc != nil {
			found[pkg] = append(found[pkg], f.Doc.Text())
		}
	})
	for _, pkg := range order {
		start := "Package " + names[pkg] + " "
		if names[pkg] == "main" {
			start = "Command " + path.Base(pkg) + " "
		}
		switch docs := found[pkg]; {
		case len(docs) != 1:
			problems = append(problems, fmt.Sprintf("%s has %d package comments: write one that says what it is for", pkg, len(docs)))
		case !strings.HasPrefix(docs[0], start):
			problems = append(problems, fmt.Sprintf("%s: its package comment must start with %q", pkg, start))
		}
	}
	return problems
}

func TestPackageCommentsProved(t *testing.T) {
	prove(t, packageComments, []broken{
		{name: "OK", files: map[string]string{
			"a/a.go": "// Package a is good.\npackage a", "a/b.go": "package a", "cmd/b/b.go": "// Command b runs.\npackage main",
		}},
		{name: "ErrNone", files: map[string]string{"a/a.go": "package a"}, want: []string{
			"a has 0 package comments: write one that says what it is for",
		}},
		{
			name: "ErrTwo", files: map[string]string{"a/a.go": "// Package a is.\npackage a", "a/b.go": "// Licence.\npackage a"},
			want: []string{"a has 2 package comments: write one that says what it is for"},
		},
		{name: "ErrStart", files: map[string]string{"a/a.go": "// Good stuff.\npackage a"}, want: []string{
			`a: its package comment must start with "Package a "`,
		}},
	})
}

// ban is a call that code must not make.
type ban struct {
	call   string
	cure   string
	tests  bool     // it binds tests, not production code
	except []string // packages where it may stand
}

var bans = []ban{
	{call: "panic", cure: "return an error"},
	{call: "context.Background", cure: "take the caller's context", except: []string{"cmd", "internal/app", "internal/graphtest"}},
	{
		call: "context.TODO", cure: "take the caller's context",
		except: []string{"internal/localdb"}, // Discover takes none yet; when it does, delete this
	},
	{call: "time.Sleep", cure: "wait for what you wait for, or use testing/synctest", tests: true},
}

func TestBans(t *testing.T) { hold(t, banned(bans)) }

// banned finds forbidden calls, and init functions.
func banned(bans []ban) rule {
	return func(tree fs.FS) []string {
		var problems []string
		return append(parsed(tree, goFiles(tree, isAny), func(name string, set *token.FileSet, f *ast.File) {
			say := func(n ast.Node, what, cure string) {
				problems = append(problems, fmt.Sprintf("%s:%d has %s: %s", name, set.Position(n.Pos()).Line, what, cure))
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					if n.Recv == nil && n.Name.Name == "init" {
						say(n, "an init function", "make a literal table, or a constructor")
					}
				case *ast.CallExpr:
					i := slices.IndexFunc(bans, func(b ban) bool { return b.call == called(n) && b.tests == isTest(name) })
					if i >= 0 && !slices.ContainsFunc(bans[i].except, func(p string) bool { return below(path.Dir(name), p) }) {
						say(n, bans[i].call, bans[i].cure)
					}
				}
				return true
			})
		}), problems...)
	}
}

// called is the name of what a call calls: f or pkg.F.
func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}

func TestBansProved(t *testing.T) {
	prove(t, banned(bans), []broken{
		{name: "OK", files: map[string]string{
			"a/a.go":      "package a\n// panic( in words\nvar s = \"panic(\"\ntype t struct{}\nfunc (t) init() {}",
			"a/a_test.go": "package a\nfunc f() { panic(1) }",
			"cmd/b/b.go":  "package main\nfunc f() { g(context.Background()) }",
		}},
		{
			name: "Err", files: map[string]string{
				"a/a.go":      "package a\nfunc init() {}\nfunc f() {\n\tpanic(1)\n}\nfunc g() { h(context.Background(), context.TODO()) }",
				"a/a_test.go": "package a\nfunc f() { time.Sleep(1) }",
			},
			want: []string{
				"a/a.go:2 has an init function: make a literal table, or a constructor",
				"a/a.go:4 has panic: return an error",
				"a/a.go:6 has context.Background: take the caller's context",
				"a/a.go:6 has context.TODO: take the caller's context",
				"a/a_test.go:2 has time.Sleep: wait for what you wait for, or use testing/synctest",
			},
		},
	})
}

// The sizes that can be read at a glance.
const (
	longestFunction = 50
	longestFile     = 400
)

// oversize are the exceptions: a file, or a file and a function, and why.
var oversize = map[string]string{
	"hunt/hunt_test.go": "the whole life of a hunt in one story, to be cut when it is next touched",
}

func TestSizes(t *testing.T) { hold(t, sizes(oversize)) }

// sizes holds all files and the functions of production code to their limits.
func sizes(oversize map[string]string) rule {
	return func(tree fs.FS) []string {
		var problems []string
		needed := map[string]bool{}
		over := func(what string, lines, limit int, cure string) {
			switch {
			case lines <= limit:
			case oversize[what] != "":
				needed[what] = true
			default:
				problems = append(problems, fmt.Sprintf("%s has %d lines, at most %d are allowed: %s", what, lines, limit, cure))
			}
		}
		problems = append(problems, parsed(tree, goFiles(tree, isAny), func(name string, set *token.FileSet, f *ast.File) {
			over(name, set.File(f.Pos()).LineCount(), longestFile, "give part of it a file of its own")
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && isProduction(name) {
					lines := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1
					over(name+" "+fn.Name.Name, lines, longestFunction, "cut it in two")
				}
			}
		})...)
		for what := range oversize {
			if !needed[what] {
				problems = append(problems, what+" is small enough: delete it from the exceptions")
			}
		}
		slices.Sort(problems)
		return problems
	}
}

func TestSizesProved(t *testing.T) {
	long := func(n int) string { return "package a\n\nfunc f() {\n" + strings.Repeat("\t_ = 1\n", n-2) + "}\n" }
	prove(t, sizes(map[string]string{"a/known.go f": "a table"}), []broken{
		{name: "OK", files: map[string]string{"a/a.go": long(50), "a/known.go": long(51), "a/a_test.go": long(200)}},
		{
			name: "Err", files: map[string]string{"a/a.go": long(51), "a/a_test.go": long(399), "a/known.go": long(50)},
			want: []string{
				"a/a.go f has 51 lines, at most 50 are allowed: cut it in two",
				"a/a_test.go has 401 lines, at most 400 are allowed: give part of it a file of its own",
				"a/known.go f is small enough: delete it from the exceptions",
			},
		},
	})
}
