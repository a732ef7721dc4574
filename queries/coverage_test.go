package queries_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/queries"
)

// TestGaps holds the table to the page, to the statement and to the names of
// finds and hunts.
func TestGaps(t *testing.T) {
	page, err := os.ReadFile("../docs/coverage.md")
	if err != nil {
		t.Fatal(err)
	}
	lib := library(t)
	statement, err := lib.Statement("find/coverage")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range lib.Finds(nil) {
		names = append(names, f.Name)
	}
	for _, h := range lib.Names("hunt") {
		names = append(names, strings.TrimPrefix(h, "hunt/"))
	}
	var codes []string
	for _, g := range queries.Gaps() {
		codes = append(codes, g.Code)
		if g.Text == "" || len(g.Closes) == 0 {
			t.Errorf("%s: say what it is and what closes it", g.Code)
		}
		if !strings.Contains(string(page), "| `"+g.Code+"` |") {
			t.Errorf("%s has no row in docs/coverage.md", g.Code)
		}
		if !strings.Contains(statement.Text, "'"+g.Code+"'") {
			t.Errorf("%s: the statement never tells of it", g.Code)
		}
		for _, name := range g.Blinds {
			if !slices.Contains(names, name) {
				t.Errorf("%s blinds %s, which is no find and no hunt", g.Code, name)
			}
		}
	}
	for _, part := range strings.Split(statement.Text, "code: '")[1:] {
		if code, _, _ := strings.Cut(part, "'"); !slices.Contains(codes, code) {
			t.Errorf("the statement tells of %s, which the table does not know", code)
		}
	}
}
