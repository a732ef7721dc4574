package archtest

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// files walks the tree for files with one of these endings.
func files(t *testing.T, each func(file, text string), endings ...string) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "build"):
			return filepath.SkipDir
		case d.IsDir() || !slices.Contains(endings, filepath.Ext(file)):
			return nil
		}
		text, err := os.ReadFile(file)
		if err == nil {
			each(file, string(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPackageComments(t *testing.T) {
	comments := map[string]int{}
	sources(t, func(file, pkg string) {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		comments[pkg] += 0
		if f.Doc != nil {
			comments[pkg]++
		}
	})
	for pkg, n := range comments {
		if n != 1 {
			t.Errorf("%s has %d package comments; write one that says what it is for", pkg, n)
		}
	}
}

var cypher = regexp.MustCompile(`\b(MATCH \(|MERGE \(|UNWIND \$)`)

func TestNoCypherInGo(t *testing.T) {
	sources(t, func(file, _ string) {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && cypher.MatchString(lit.Value) {
				t.Errorf("%s holds Cypher; move it to a file below queries", file)
			}
			return true
		})
	})
}

// TestStatements: each statement is used, each find has its cases, each hunt
// its page, and the other way round.
func TestStatements(t *testing.T) {
	var code strings.Builder
	files(t, func(file, text string) {
		if !strings.HasSuffix(file, "_test.go") {
			code.WriteString(text)
		}
	}, ".go")
	names := map[string][]string{}
	for _, kind := range []string{"load", "find", "hunt"} {
		found, err := filepath.Glob(root + "/queries/" + kind + "/*.cypher")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			name := strings.TrimSuffix(filepath.Base(f), ".cypher")
			names[kind] = append(names[kind], name)
			short := strings.TrimPrefix(name, "hunt-") // as the books of the hunts call theirs
			if kind != "hunt" && !strings.Contains(code.String(), `"`+name+`"`) && !strings.Contains(code.String(), `"`+short+`"`) {
				t.Errorf("queries/%s/%s.cypher is used by nothing; delete it", kind, name)
			}
		}
	}
	pairs(t, names["find"], root+"/queries/testdata/*.txt", ".txt", "a find without its cases")
	pairs(t, names["hunt"], root+"/docs/hunts/*.md", ".md", "a hunt without its page")
}

func pairs(t *testing.T, names []string, pattern, ending, missing string) {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, f := range found {
		have = append(have, strings.TrimSuffix(filepath.Base(f), ending))
	}
	for _, n := range names {
		if !slices.Contains(have, n) {
			t.Errorf("%s: %s; write %s", missing, n, strings.Replace(pattern, "*", n, 1))
		}
	}
	for _, h := range have {
		if !slices.Contains(names, h) {
			t.Errorf("%s belongs to nothing; delete it", strings.Replace(pattern, "*", h, 1))
		}
	}
}

var example = regexp.MustCompile(`(?m)^// (:param .*)$`)

// TestBrowser: each find is there as Neo4j Browser runs it: its parameters as
// commands, each ended, since the Browser takes a paste as several statements only then.
func TestBrowser(t *testing.T) {
	finds, err := filepath.Glob(root + "/queries/find/*.cypher")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range finds {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		saved, err := os.ReadFile(root + "/docs/browser/" + filepath.Base(f))
		if want := example.ReplaceAllString(string(text), "$1;"); err != nil || string(saved) != want {
			t.Errorf("docs/browser/%s is not what %s says; run make browser", filepath.Base(f), f)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

func TestLinks(t *testing.T) {
	files(t, func(file, text string) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", file, m[1])
			}
		}
	}, ".md")
}

// banned are calls that production code must not make, and where they may be.
var banned = []struct {
	call  string
	cure  string
	where []string // package prefixes
}{
	{"panic(", "return an error", nil},
	{"context.Background()", "take the caller's context", []string{"cmd/", "internal/app", "internal/graphtest"}},
	{"func init()", "make a literal table", nil},
}

func TestBannedCalls(t *testing.T) {
	sources(t, func(file, pkg string) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(text), "\n") {
			code, _, _ := strings.Cut(line, "//")
			for _, b := range banned {
				in := slices.ContainsFunc(b.where, func(p string) bool { return strings.HasPrefix(pkg, p) })
				if strings.Contains(code, b.call) && !in {
					t.Errorf("%s:%d uses %s; %s", file, n+1, b.call, b.cure)
				}
			}
		}
	})
}

// direct are the modules that the project itself imports, and why.
var direct = map[string]string{
	"github.com/neo4j/neo4j-go-driver/v5":         "the database",
	"github.com/gin-gonic/gin":                    "the REST API",
	"github.com/spf13/viper":                      "configuration",
	"github.com/spf13/cobra":                      "the command line",
	"github.com/spf13/pflag":                      "flags as configuration keys",
	"github.com/testcontainers/testcontainers-go": "a Neo4j for tests",
	"github.com/moby/moby/api":                    "loopback binds of that container",
	"github.com/prometheus/client_golang":         "/metrics",
	"github.com/klauspost/compress":               "gzip, zip, zstd",
	"github.com/schollz/progressbar/v3":           "progress on a terminal",
	"github.com/dustin/go-humanize":               "numbers for people",
	"github.com/rivo/uniseg":                      "how wide text is on a terminal",
	"go.yaml.in/yaml/v3":                          "configuration and OpenAPI files",
	"golang.org/x/net":                            "public suffix list, IDNA",
	"golang.org/x/text":                           "UTF-16 and ANSI text",
	"golang.org/x/term":                           "is it a terminal, how wide",
}

func TestModule(t *testing.T) {
	text, err := os.ReadFile(root + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "\nreplace") {
		t.Error("go.mod has a replace; use a published version")
	}
	first, _, _ := strings.Cut(string(text[strings.Index(string(text), "require ("):]), ")")
	found := map[string]bool{}
	for _, line := range strings.Split(first, "\n")[1:] {
		if fields := strings.Fields(line); len(fields) == 2 {
			found[fields[0]] = true
			if direct[fields[0]] == "" {
				t.Errorf("%s is a new dependency; say in the table what it is for", fields[0])
			}
		}
	}
	for name := range direct {
		if !found[name] {
			t.Errorf("%s is in the table but not in go.mod; run go mod tidy or delete the row", name)
		}
	}
}

// The sizes that still can be read at a glance; longer ones are cut in two.
const (
	longestFunction = 50
	longestFile     = 400
)

func TestSizes(t *testing.T) {
	sources(t, func(file, _ string) {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n := set.Position(f.FileEnd).Line; n > longestFile {
			t.Errorf("%s has %d lines; give part of it a file of its own", file, n)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1; n > longestFunction {
				t.Errorf("%s: %s has %d lines; cut it in two", file, fn.Name.Name, n)
			}
		}
	})
}

// TestPlaces: nothing names the folders of the machine it was written on.
func TestPlaces(t *testing.T) {
	place := regexp.MustCompile(`(^|[\s"'=(])/(work|root)/`)
	files(t, func(file, text string) {
		scan := bufio.NewScanner(strings.NewReader(text))
		scan.Buffer(nil, 1<<24)
		for n := 1; scan.Scan(); n++ {
			if place.MatchString(scan.Text()) {
				t.Errorf("%s:%d names a folder of one machine", file, n)
			}
		}
	}, ".go", ".md", ".sh", ".yaml", ".cypher", ".txt")
}

// TestDocComments: what other packages can name says what it is.
func TestDocComments(t *testing.T) {
	sources(t, func(file, pkg string) {
		if strings.HasPrefix(pkg, "cmd/") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.IsExported() &&
				!strings.HasPrefix(fn.Doc.Text(), fn.Name.Name+" ") {
				t.Errorf("%s: %s has no comment that starts with its name", file, fn.Name.Name)
			}
		}
	})
}
