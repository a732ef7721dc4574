package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// schema is which properties a label or relationship type has.
type schema map[string]map[string]bool

func (s schema) add(name string, properties ...string) {
	if s[name] == nil {
		s[name] = map[string]bool{}
	}
	for _, p := range properties {
		s[name][p] = true
	}
}

// any says that some label or type has the property.
func (s schema) any(property string) bool {
	for _, has := range s {
		if has[property] {
			return true
		}
	}
	return false
}

// page is where people read what the graph holds.
const page = "docs/schema.md"

var (
	codeSpan = regexp.MustCompile("`([A-Za-z_]\\w*)`")
	sectionE = regexp.MustCompile(`(?m)^### `)
)

// onPage is what the page says: a section a name, a row a property.
func onPage(tree fs.FS) schema {
	s := schema{}
	for _, section := range sectionE.Split(text(tree, page), -1)[1:] {
		title, body, _ := strings.Cut(section, "\n")
		for _, name := range spans(title) {
			s.add(name)
			for line := range strings.Lines(body) {
				if strings.HasPrefix(line, "## ") {
					break
				}
				if cells := strings.Split(line, "|"); len(cells) > 4 && strings.HasPrefix(cells[1], " `") {
					s.add(name, rowNames(body, line, cells[1])...)
				}
			}
		}
	}
	return s
}

// rowNames are the properties of a table's row; the ladder's rows are rungs.
func rowNames(body, line, cell string) []string {
	before, _, _ := strings.Cut(body, line)
	if strings.LastIndex(before, "| rung ") > strings.LastIndex(before, "| property ") {
		return nil
	}
	return spans(cell)
}

func spans(s string) []string {
	var out []string
	for _, m := range codeSpan.FindAllStringSubmatch(s, -1) {
		out = append(out, m[1])
	}
	return out
}

// inGraph are the names that package graph has, by constant, and the labels
// that hunts may write.
func inGraph(tree fs.FS, problems *[]string) map[string]string {
	names := map[string]string{}
	*problems = append(*problems, parsed(tree, []string{"graph/names.go"}, func(_ string, _ *token.FileSet, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				return true
			}
			constant := v.Names[0].Name
			ast.Inspect(v.Values[0], func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if s, err := strconv.Unquote(lit.Value); err == nil {
						names[s] = constant
					}
				}
				return true
			})
			return true
		})
	})...)
	return names
}

// statementFile: internal/graphtest and internal/localdb speak of any database,
// all else of a graph of ours; docs/browser repeats queries/find.
func statementFile(name string) bool {
	return path.Ext(name) == ".cypher" && !below(name, "docs/browser") && !below(name, "internal/graphtest") && !below(name, "internal/localdb")
}

// dynamic are the statements that write a relationship type they are given.
var dynamic = map[string][]string{
	"queries/load/contact-create.cypher":       {"CONNECTED", "RESOLVED", "ACCEPTED"},
	"queries/load/act.cypher":                  {"CREATED", "UPDATED", "DELETED", "ENABLED", "DISABLED"},
	"queries/load/handover.cypher":             {"VIA_BITS", "VIA_COM", "VIA_LOGON", "VIA_MSI", "VIA_SERVICE", "VIA_SHELL", "VIA_WMI"},
	"queries/load/deed.cypher":                 {"CREATED", "UPDATED", "DELETED", "ENABLED", "DISABLED"},
	"queries/testdata/fixture/contact.cypher":  {"CONNECTED", "RESOLVED", "ACCEPTED"},
	"queries/testdata/fixture/handover.cypher": {"VIA_BITS", "VIA_COM", "VIA_LOGON", "VIA_MSI", "VIA_SERVICE", "VIA_SHELL", "VIA_WMI"},
}

// reserved are names that nothing writes yet, and why they are there.
var reserved = map[string]string{}

// theirs are names that test data makes up, as an analyst would.
var theirs = map[string]bool{"Reviewed": true, "verdict": true, "note": true}

func TestSchema(t *testing.T) { hold(t, schemaAgrees(dynamic, reserved, theirs)) }

// schemaAgrees holds the page, package graph and the statements to each other.
func schemaAgrees(dynamic map[string][]string, reserved map[string]string, theirs map[string]bool) rule {
	return func(tree fs.FS) []string {
		var problems []string
		say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
		told, known := onPage(tree), inGraph(tree, &problems)
		for _, name := range slices.Sorted(maps.Keys(known)) {
			if told[name] == nil {
				say("%s lacks %s, which graph.%s has: give it a section", page, name, known[name])
			}
		}
		for _, name := range slices.Sorted(maps.Keys(told)) {
			if known[name] == "" {
				say("%s has a section on %s, which graph/names.go lacks: add the constant, or delete the section", page, name)
			}
		}
		written := schema{}
		for _, file := range files(tree, statementFile) {
			u := read(text(tree, file), dynamic[file])
			for _, name := range u.names {
				if known[name] == "" && !theirs[name] {
					say("%s speaks of %s, which is not in graph/names.go: mend the name, or add it", file, name)
				}
			}
			for _, p := range u.unknown(told) {
				if !theirs[p[strings.LastIndex(p, ".")+1:]] {
					say("%s speaks of %s, which %s has not: mend the name, or add a row", file, p, page)
				}
			}
			if path.Dir(file) == "queries/load" {
				for name, has := range u.written {
					written.add(name, slices.Collect(maps.Keys(has))...)
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(told)) {
			if known[name] == "HuntLabels" || reserved[name] != "" {
				continue
			}
			if written[name] == nil {
				say("%s has a section on %s, which no statement in queries/load writes: delete it", page, name)
				continue
			}
			for _, p := range slices.Sorted(maps.Keys(told[name])) {
				if !written[name][p] {
					say("%s gives %s a property %s, which no statement in queries/load writes: delete the row", page, name, p)
				}
			}
		}
		return problems
	}
}
