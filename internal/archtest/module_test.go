package archtest

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// outside is a module of others that go.mod names directly.
type outside struct {
	path  string
	why   string
	homes []string // packages whose production code may import it
}

// modules are the direct dependencies. Each has few homes, so that an upgrade
// touches few folders.
var modules = []outside{
	{"github.com/dustin/go-humanize", "numbers for people", []string{"cmd/*"}},
	{"github.com/gin-gonic/gin", "the REST API", []string{"api"}},
	{"github.com/klauspost/compress", "gzip, zip and zstd", []string{"loader/source"}},
	{"github.com/moby/moby/api", "loopback binds of the test container, which testcontainers takes in these types", []string{"internal/graphtest"}},
	{"github.com/neo4j/neo4j-go-driver/v5", "the database", []string{"internal/graphdb"}},
	{"github.com/prometheus/client_golang", "/metrics", []string{"api"}},
	{"github.com/rivo/uniseg", "how many columns text takes on a terminal", []string{"internal/render"}},
	{"github.com/schollz/progressbar/v3", "progress on a terminal", []string{"cmd/*"}},
	{"github.com/spf13/cobra", "the command line", []string{"cmd/*"}},
	{"github.com/spf13/pflag", "flags as configuration keys", []string{"cmd/*"}},
	{"github.com/spf13/viper", "configuration", []string{"internal/config"}},
	{"github.com/testcontainers/testcontainers-go", "a Neo4j for tests", []string{"internal/graphtest"}},
	{"go.yaml.in/yaml/v3", "the OpenAPI document, which is served as JSON; mapping files", []string{"api", "loader/source/table"}},
	{"golang.org/x/net", "public suffix list, IDNA", []string{"graph"}},
	{"golang.org/x/term", "is it a terminal, and how wide", []string{"internal/app", "internal/render"}},
	{"golang.org/x/text", "UTF-16 and ANSI text", []string{"loader/source", "loader/source/evtx"}},
}

func TestModule(t *testing.T) { hold(t, goMod(modules)) }

// goMod holds go.mod to the table.
func goMod(modules []outside) rule {
	return func(tree fs.FS) []string {
		var problems, direct []string
		block := ""
		for line := range strings.Lines(text(tree, "go.mod")) {
			code, comment, _ := strings.Cut(line, "//")
			fields := strings.Fields(code)
			switch {
			case len(fields) == 0:
				continue
			case fields[0] == ")":
				block = ""
				continue
			case fields[len(fields)-1] == "(":
				block = fields[0]
				continue
			case block != "":
				fields = append([]string{block}, fields...)
			}
			switch {
			case fields[0] == "replace":
				problems = append(problems, "go.mod replaces "+fields[1]+": use a published version")
			case fields[0] == "require" && strings.TrimSpace(comment) != "indirect":
				direct = append(direct, fields[1])
			}
		}
		for _, d := range direct {
			if !slices.ContainsFunc(modules, func(m outside) bool { return m.path == d }) {
				problems = append(problems, fmt.Sprintf("go.mod requires %s, which the table lacks: say what it is for, or run go mod tidy", d))
			}
		}
		for _, m := range modules {
			if !slices.Contains(direct, m.path) {
				problems = append(problems, fmt.Sprintf("the table has %s, which go.mod does not require directly: delete the row", m.path))
			}
		}
		return problems
	}
}

func TestModuleProved(t *testing.T) {
	table := []outside{{path: "example.org/a"}, {path: "example.org/b"}}
	const head = "module x\n\ngo 1.26\n\n"
	prove(t, goMod(table), []broken{
		{name: "OK", files: map[string]string{
			"go.mod": head + "require example.org/a v1.0.0\nrequire (\n\texample.org/b v1.0.0\n\texample.org/c v1.0.0 // indirect\n)\n",
		}},
		{
			name: "ErrReplace", files: map[string]string{
				"go.mod": head + "require (\n\texample.org/a v1.0.0\n\texample.org/b v1.0.0\n)\nreplace (\n\texample.org/a => ../a\n)\n",
			},
			want: []string{"go.mod replaces example.org/a: use a published version"},
		},
		{
			name: "ErrUnknown", files: map[string]string{
				"go.mod": head + "require (\n\texample.org/a v1.0.0\n\texample.org/b v1.0.0\n\texample.org/c v1.0.0\n)\n",
			},
			want: []string{"go.mod requires example.org/c, which the table lacks: say what it is for, or run go mod tidy"},
		},
		{
			name: "ErrGone", files: map[string]string{"go.mod": head + "require (\n\texample.org/a v1.0.0\n\texample.org/b v1.0.0 // indirect\n)\n"},
			want: []string{"the table has example.org/b, which go.mod does not require directly: delete the row"},
		},
	})
}
