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
	"unicode"
)

func isPage(name string) bool { return path.Ext(name) == ".md" }

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	scheme  = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)
)

func TestLinks(t *testing.T) { hold(t, links) }

// links wants what a page points at inside the repository to be there, the
// heading too.
func links(tree fs.FS) []string {
	var problems []string
	for _, name := range files(tree, isPage) {
		for _, m := range link.FindAllStringSubmatch(text(tree, name), -1) {
			if scheme.MatchString(m[1]) {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			to := name
			if file != "" {
				to = path.Join(path.Dir(name), file)
			}
			switch _, err := fs.Stat(tree, to); {
			case err != nil:
				problems = append(problems, fmt.Sprintf("%s links to %s, which is not there: mend the link", name, m[1]))
			case anchor != "" && !slices.Contains(anchors(text(tree, to)), anchor):
				problems = append(problems, fmt.Sprintf("%s links to %s, but %s has no such heading: mend the link", name, m[1], to))
			}
		}
	}
	return problems
}

// anchors are what GitHub makes of a page's headings.
func anchors(page string) []string {
	var out []string
	for _, m := range heading.FindAllStringSubmatch(page, -1) {
		out = append(out, strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, m[1]))
	}
	return out
}

func TestLinksProved(t *testing.T) {
	prove(t, links, []broken{
		{name: "OK", files: map[string]string{
			"a.md": "# One `Two`, three\n[b](docs/b.md) [up](#one-two-three) [web](https://example.org/x)", "docs/b.md": "[a](../a.md#one-two-three)",
		}},
		{
			name: "Err", files: map[string]string{"a.md": "[x](docs/x.md)", "docs/b.md": "[a](../a.md#gone)"},
			want: []string{
				"a.md links to docs/x.md, which is not there: mend the link",
				"docs/b.md links to ../a.md#gone, but a.md has no such heading: mend the link",
			},
		},
	})
}

// command is the program's name and a sub-command, as pages show them: in code.
var (
	command = regexp.MustCompile("(?:^|[\\s(`])taskroot ([a-z][a-z0-9-]*)")
	inCode  = regexp.MustCompile("(?s:```.*?```)|`[^`\n]+`|(?m:^    .*$)")
)

func TestCommands(t *testing.T) { hold(t, commands) }

// commands wants each sub-command that a page shows to exist.
func commands(tree fs.FS) []string {
	var uses []string
	problems := parsed(tree, goFiles(tree, func(n string) bool { return path.Dir(n) == "cmd/taskroot" }), func(_ string, _ *token.FileSet, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				key, _ := kv.Key.(*ast.Ident)
				if lit, ok := kv.Value.(*ast.BasicLit); ok && key != nil && key.Name == "Use" {
					use, _ := strconv.Unquote(lit.Value)
					first, _, _ := strings.Cut(use, " ")
					uses = append(uses, first)
				}
			}
			return true
		})
	})
	for _, name := range files(tree, isPage) {
		for _, code := range inCode.FindAllString(text(tree, name), -1) {
			for _, m := range command.FindAllStringSubmatch(strings.Trim(code, "`"), -1) {
				if !slices.Contains(uses, m[1]) {
					problems = append(problems, fmt.Sprintf("%s shows 'taskroot %s', which is no command: mend the page", name, m[1]))
				}
			}
		}
	}
	return problems
}

func TestCommandsProved(t *testing.T) {
	code := "package main\nvar c = &cobra.Command{Use: \"load PATH…\"}"
	prove(t, commands, []broken{
		{name: "OK", files: map[string]string{"cmd/taskroot/a.go": code, "a.md": "taskroot is here. `taskroot load x`\n\n    taskroot load\n"}},
		{
			name: "Err", files: map[string]string{"cmd/taskroot/a.go": code, "a.md": "    x\n\nSee `taskroot doctor`.\n```\ntaskroot lode x\n```\n"},
			want: []string{
				"a.md shows 'taskroot doctor', which is no command: mend the page",
				"a.md shows 'taskroot lode', which is no command: mend the page",
			},
		},
	})
}

// place is a path that only one machine has; the letters stand apart so that
// this file does not name it itself.
var place = regexp.MustCompile(`(^|[\s"'` + "`" + `=(,:])/(wor` + `k|roo` + `t)/`)

// written are the endings of files that people write.
var written = []string{
	"", ".go", ".md", ".sh", ".yaml", ".yml", ".json", ".jsonl", ".xml", ".py", ".cypher", ".txt", ".golden", ".mod", ".Dockerfile",
}

func TestPlaces(t *testing.T) { hold(t, places) }

// places: nothing names the folders of the machine it was written on.
func places(tree fs.FS) []string {
	var problems []string
	for _, name := range files(tree, func(name string) bool { return slices.Contains(written, path.Ext(name)) }) {
		n := 0
		for line := range strings.Lines(text(tree, name)) {
			if n++; place.MatchString(line) {
				problems = append(problems, fmt.Sprintf("%s:%d names a folder of one machine: use a relative path", name, n))
			}
		}
	}
	return problems
}

func TestPlacesProved(t *testing.T) {
	prove(t, places, []broken{
		{name: "OK", files: map[string]string{"a.sh": "cd \"$work/root/var\"; cd net/work/", "Makefile": "x: ./work/a"}},
		{
			name: "Err", files: map[string]string{"Makefile": "x:\n\tcd /wor" + "k/main", ".ci/run": "HOME=/roo" + "t/x"},
			want: []string{
				".ci/run:1 names a folder of one machine: use a relative path",
				"Makefile:2 names a folder of one machine: use a relative path",
			},
		},
	})
}
