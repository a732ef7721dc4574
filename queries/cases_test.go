package queries_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/queries"
)

var rewrite = flag.Bool("rewrite", false, "write what the queries answer into the case and plan files")

func library(t *testing.T) *queries.Library {
	t.Helper()
	lib, err := queries.New()
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// TestCases runs every find on the graphs of its case file.
func TestCases(t *testing.T) {
	lib := library(t)
	db := graphtest.Open(t)
	for i, f := range lib.Finds(nil) {
		t.Run(f.Name, func(t *testing.T) {
			path := "testdata/" + f.Name + ".txt"
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("every find has a case file: %v", err)
			}
			c := &cases{T: t, db: db, find: func(r graphdb.Runner) *queries.Find { return lib.Finds(r)[i] }}
			got := c.all(string(text))
			if got == string(text) {
				return
			}
			if *rewrite {
				err = os.WriteFile(path, []byte(got), 0o644)
			} else {
				err = fmt.Errorf("%s: answers differ (after a look, run the test with -rewrite):\n%s", path, firstDifference(string(text), got))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, strings.Join(w[i:min(i+6, len(w))], "\n     "), strings.Join(g[min(i, len(g)):min(i+6, len(g))], "\n     "))
		}
	}
	return "more lines than wanted: " + strings.Join(g[len(w):], "\n")
}

// cases goes through a case file and writes it anew with the answers.
type cases struct {
	*testing.T
	db      *graphdb.DB
	find    func(graphdb.Runner) *queries.Find
	graph   []string
	columns []string
	out     strings.Builder
}

func (c *cases) all(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		c.out.WriteString(line + "\n")
		switch verb, rest, _ := strings.Cut(line, " "); verb {
		case "graph":
			c.graph = nil
		case "columns":
			c.columns = strings.Fields(rest)
		case "run", "pages":
			c.out.WriteString("----\n")
			c.run(verb, rest)
			if i+1 < len(lines) && lines[i+1] == "----" { // the answer of last time
				for i+1 < len(lines) && lines[i+1] != "" {
					i++
				}
			} else {
				c.out.WriteString("\n")
				if i+1 < len(lines) && lines[i+1] == "" {
					i++
				}
			}
		default:
			if strings.HasPrefix(line, " ") {
				c.graph = append(c.graph, line)
			} else if line != "" && !strings.HasPrefix(line, "#") {
				c.Fatalf("line %d: a case file has no %q", i+1, line)
			}
		}
	}
	return strings.TrimRight(c.out.String(), "\n") + "\n"
}

func (c *cases) run(verb, arguments string) {
	values := map[string]string{}
	for _, word := range strings.Fields(arguments) {
		key, value, _ := strings.Cut(word, "=")
		values[key] = value
	}
	g := newSmall(c, c.graph)
	graphtest.Tx(c.T, c.db, func(r graphdb.Runner) {
		g.write(r)
		c.pages(c.find(r), verb, values)
	})
}

func (c *cases) pages(f *queries.Find, verb string, values map[string]string) {
	cursor := ""
	for {
		result, err := f.Run(c.Context(), values, cursor)
		if fault.KindOf(err) == fault.Invalid {
			fmt.Fprintf(&c.out, "invalid: %v\n", err)
			return
		}
		if err != nil {
			c.Fatal(err)
		}
		for _, row := range result.Rows {
			c.out.WriteString(c.row(row) + "\n")
		}
		for _, note := range result.Notes {
			c.out.WriteString("note: " + note + "\n")
		}
		if result.Next == "" {
			return
		}
		c.out.WriteString("-- more\n")
		if cursor = result.Next; verb == "run" {
			return
		}
	}
}

// row is a row of an answer as one line: the chosen columns that hold anything.
func (c *cases) row(row any) string {
	var parts []string
	v := reflect.ValueOf(row)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if len(c.columns) > 0 && c.columns[0] != "*" && !slices.Contains(c.columns, name) {
			continue
		}
		if text := short(v.Field(i).Interface()); text != "" {
			parts = append(parts, name+"="+text)
		}
	}
	return strings.Join(parts, "  ")
}

func short(v any) string {
	if v == nil || (reflect.ValueOf(v).Kind() == reflect.Pointer && reflect.ValueOf(v).IsNil()) {
		return ""
	}
	switch v := v.(type) {
	case time.Time:
		return v.Format("2006-01-02T15:04:05Z")
	case *time.Time:
		return short(*v)
	case string:
		return v
	case queries.TaskRef:
		return v.Key
	case []json.RawMessage:
		var out []string
		for _, e := range v {
			var evidence struct{ Source string }
			if json.Unmarshal(e, &evidence) == nil {
				out = append(out, evidence.Source)
			}
		}
		return "[" + strings.Join(out, ", ") + "]"
	case []queries.Gap:
		var out []string
		for _, g := range v {
			out = append(out, strings.TrimSpace(g.Code+" "+g.Detail))
		}
		return "[" + strings.Join(out, ", ") + "]"
	case []queries.Step:
		return chain(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(string(text), `"`, "")
}

// chain leaves the middle of a long chain out, but says how long it is.
func chain(steps []queries.Step) string {
	var out []string
	for i, s := range steps {
		if len(steps) > 8 && i >= 3 && i < len(steps)-3 {
			if i == 3 {
				out = append(out, fmt.Sprintf("(%d more)", len(steps)-6))
			}
			continue
		}
		text := s.Name
		if s.PID != nil {
			text += fmt.Sprintf("#%d", *s.PID)
		}
		if s.Via != "" {
			text += " " + s.Via
		}
		if s.Confidence != nil && *s.Confidence != 1 {
			text += fmt.Sprintf(" %v", *s.Confidence)
		}
		out = append(out, text)
	}
	return strings.Join(out, " > ")
}
