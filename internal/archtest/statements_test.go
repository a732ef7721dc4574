package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// cypher are the beginnings of clauses that no other text has.
var cypher = regexp.MustCompile(`\b(MATCH|MERGE|CREATE)\s*\(|\bMATCH \w+ = \(|\bUNWIND\s+[\w$.\[\]]+\s+AS\b|\bDETACH DELETE\b|` +
	`\bCREATE (CONSTRAINT|INDEX)\b|\bCALL d(b|bms)\.|\bRETURN [\w.()*]+ AS\b|\bSET \w+\.\w+ = `)

// cypherInGo are the files that may hold some, and why.
var cypherInGo = map[string]string{
	"queries/header_internal_test.go": "what the header parser is tried on",
}

func TestNoCypherInGo(t *testing.T) { hold(t, noCypher(cypherInGo)) }

// noCypher finds statements in string literals, in tests as well.
func noCypher(except map[string]string) rule {
	return func(tree fs.FS) []string {
		var problems []string
		return append(parsed(tree, goFiles(tree, isAny), func(name string, set *token.FileSet, f *ast.File) {
			if except[name] != "" || below(path.Dir(name), "internal/archtest") {
				return
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && cypher.MatchString(lit.Value) {
					problems = append(problems, fmt.Sprintf("%s:%d holds Cypher: move it to a .cypher file", name, set.Position(lit.Pos()).Line))
				}
				return true
			})
		}), problems...)
	}
}

func TestNoCypherInGoProved(t *testing.T) {
	prove(t, noCypher(map[string]string{"a/known.go": "x"}), []broken{
		{name: "OK", files: map[string]string{
			"a/a.go":     "package a\n// MATCH (n) in words\nvar s = \"it may match (or not)\"",
			"a/known.go": "package a\nvar k = `MATCH (n)`",
		}},
		{
			name: "Err", files: map[string]string{
				"a/a.go":      "package a\nvar s = \"UNWIND $rows AS r \"\nvar t = `\n  MATCH p = (n)`",
				"a/a_test.go": "package a\nvar c = \"RETURN count(*) AS n\"\nvar d = \"CREATE INDEX x\"",
			},
			want: []string{
				"a/a.go:2 holds Cypher: move it to a .cypher file", "a/a.go:3 holds Cypher: move it to a .cypher file",
				"a/a_test.go:2 holds Cypher: move it to a .cypher file", "a/a_test.go:3 holds Cypher: move it to a .cypher file",
			},
		},
	})
}

func TestStatements(t *testing.T) { hold(t, statements) }

// statements: each is used by name, each find has its cases and each hunt its
// page; and no case, page or stray file is left without its statement.
func statements(tree fs.FS) []string {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	named := literals(tree, &problems)
	var finds, hunts []string
	for _, name := range files(tree, func(name string) bool { return path.Ext(name) == ".cypher" }) {
		dir := path.Dir(name)
		switch dir {
		case "queries/schema": // all of them are run, in order
		case "docs/browser": // TestBrowser
		case "queries/hunt": // the file is the registration
			hunts = append(hunts, base(name))
		case "queries/find":
			finds = append(finds, base(name))
			if !named["queries"][base(name)] {
				say("%s is in no line of the catalog: add one, or delete it", name)
			}
		case "queries/load":
			short := strings.TrimPrefix(base(name), "hunt-") // as the books of the hunts call theirs
			if !anywhere(named, base(name)) && !(short != base(name) && named["queries"][short]) {
				say("%s is used by nothing: delete it", name)
			}
		default:
			owner, _, _ := strings.Cut(dir, "/testdata")
			if !named[owner][path.Base(name)] && !named[owner][base(name)] {
				say("%s is used by nothing in %s: delete it, or move it to queries", name, owner)
			}
		}
	}
	pair(tree, say, finds, "queries/testdata/", ".txt", "a find", "its cases")
	pair(tree, say, hunts, "docs/hunts/", ".md", "a hunt", "its page")
	return problems
}

// pair wants one file a name, and no other.
func pair(tree fs.FS, say func(string, ...any), names []string, dir, ending, what, with string) {
	var have []string
	for _, f := range files(tree, func(f string) bool { return path.Dir(f)+"/" == dir && path.Ext(f) == ending }) {
		have = append(have, base(f))
		if !slices.Contains(names, base(f)) {
			say("%s belongs to nothing: delete it", f)
		}
	}
	for _, n := range names {
		if !slices.Contains(have, n) {
			say("%s is %s without %s: write %s", n, what, with, dir+n+ending)
		}
	}
}

// literals are the strings in each package's code, tests included, and what its
// //go:embed lines name.
func literals(tree fs.FS, problems *[]string) map[string]map[string]bool {
	named := map[string]map[string]bool{}
	*problems = append(*problems, parsed(tree, goFiles(tree, isAny), func(name string, _ *token.FileSet, f *ast.File) {
		pkg := path.Dir(name)
		if named[pkg] == nil {
			named[pkg] = map[string]bool{}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					named[pkg][s], named[pkg][path.Base(s)] = true, true
				}
			}
			return true
		})
		for _, group := range f.Comments {
			for _, c := range group.List {
				if list, ok := strings.CutPrefix(c.Text, "//go:embed "); ok {
					for _, s := range strings.Fields(list) {
						named[pkg][path.Base(s)] = true
					}
				}
			}
		}
	})...)
	return named
}

func anywhere(named map[string]map[string]bool, s string) bool {
	for pkg := range named {
		if named[pkg][s] && !below(pkg, "internal/archtest") {
			return true
		}
	}
	return false
}

var example = regexp.MustCompile(`(?m)^// (:param .*)$`)

func TestBrowser(t *testing.T) { hold(t, browser) }

// browser: each find is there as Neo4j Browser runs it: its parameters as
// commands, each ended, since the Browser takes a paste as several statements
// only then.
func browser(tree fs.FS) []string {
	var problems []string
	const dir = "docs/browser/"
	for _, f := range files(tree, func(f string) bool { return path.Ext(f) == ".cypher" }) {
		saved, find := dir+path.Base(f), "queries/find/"+path.Base(f)
		if _, err := fs.Stat(tree, find); err != nil && f == saved {
			problems = append(problems, f+" is of no find: delete it")
		}
		if f == find && text(tree, saved) != example.ReplaceAllString(text(tree, find), "$1;") {
			problems = append(problems, saved+" is not what "+find+" says: run make browser")
		}
	}
	return problems
}

func TestBrowserProved(t *testing.T) {
	const find = "// Things.\n//\n// :param n => 1\n\nMATCH (n)\n"
	prove(t, browser, []broken{
		{name: "OK", files: map[string]string{
			"queries/find/a.cypher": find, "docs/browser/a.cypher": "// Things.\n//\n:param n => 1;\n\nMATCH (n)\n", "queries/load/b.cypher": find,
		}},
		{
			name: "Err", files: map[string]string{
				"queries/find/a.cypher": find, "queries/find/b.cypher": find, "docs/browser/a.cypher": find, "docs/browser/c.cypher": find,
			},
			want: []string{
				"docs/browser/c.cypher is of no find: delete it",
				"docs/browser/a.cypher is not what queries/find/a.cypher says: run make browser",
				"docs/browser/b.cypher is not what queries/find/b.cypher says: run make browser",
			},
		},
	})
}

func TestStatementsProved(t *testing.T) {
	good := map[string]string{
		"queries/a.go":            "package queries\nvar x = []string{\"things\", \"begin\"}",
		"loader/a.go":             "package loader\nvar x = \"thing\"",
		"queries/schema/1.cypher": "", "queries/find/things.cypher": "", "queries/load/thing.cypher": "",
		"queries/load/hunt-begin.cypher": "", "queries/hunt/seek.cypher": "",
		"queries/testdata/things.txt": "", "docs/hunts/seek.md": "",
		"docs/browser/things.cypher": "",
		"db/a.go":                    "package db\n\n//go:embed x/wipe.cypher\nvar w string", "db/x.go": "package db", "db/wipe.cypher": "",
		"db/a_test.go": "package db\nvar t = \"testdata/set.cypher\"", "db/testdata/set.cypher": "",
	}
	bad := map[string]string{
		"queries/find/other.cypher": "", "queries/load/left.cypher": "", "queries/load/hunt-left.cypher": "", "queries/hunt/hide.cypher": "",
		"queries/testdata/gone.txt": "", "docs/hunts/gone.md": "", "db/stray.cypher": "", "db/testdata/stray.cypher": "",
	}
	for k, v := range good {
		bad[k] = v
	}
	prove(t, statements, []broken{
		{name: "OK", files: good},
		{name: "Err", files: bad, want: []string{
			"db/stray.cypher is used by nothing in db: delete it, or move it to queries",
			"db/testdata/stray.cypher is used by nothing in db: delete it, or move it to queries",
			"queries/find/other.cypher is in no line of the catalog: add one, or delete it",
			"queries/load/hunt-left.cypher is used by nothing: delete it",
			"queries/load/left.cypher is used by nothing: delete it",
			"queries/testdata/gone.txt belongs to nothing: delete it",
			"other is a find without its cases: write queries/testdata/other.txt",
			"docs/hunts/gone.md belongs to nothing: delete it",
			"hide is a hunt without its page: write docs/hunts/hide.md",
		}},
	})
}
