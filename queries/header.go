package queries

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/taskroot/taskroot/internal/graphdb"
)

// Statement is one query file: its text and what its header says of it.
type Statement struct {
	Name    string // folder and file, without .cypher
	Summary string // first sentence of the header
	Doc     string // the header's prose, summary included
	Access  string // read or write
	Params  []Param
	Returns []Column
	Hunt    *HuntHeader // nil outside the folder hunt
	Text    string      // the whole file, comments included
	// Examples are the example parameters, Cypher expressions by name.
	Examples map[string]string
}

// DB is the statement as the database takes it.
func (s Statement) DB() graphdb.Statement { return graphdb.Statement{Name: s.Name, Text: s.Text} }

// Param is a declared parameter.
type Param struct {
	Name       string
	Type       string // Cypher's name of the type
	Default    string // Cypher literal
	HasDefault bool
	Doc        string
}

// Column is a declared column of the answer.
type Column struct {
	Name string
	Type string
	Doc  string
}

// HuntHeader is what the header of a batch hunt says besides.
type HuntHeader struct {
	Name   string
	Label  string // that it writes
	Every  string // duration
	Window string // duration; 0s for all data
	Attack string // ATT&CK technique
	Scorer string // scorer written in Go; "" where the query scores
}

var (
	directive = regexp.MustCompile(`^(access|hunt|label|every|window|attack|scorer|param|returns)\s{2,}(\S.*)$`)
	column    = regexp.MustCompile(`^([a-z][a-zA-Z0-9]*)\s+([A-Z]+(?:<[A-Z<> ]+>)?(?: DATETIME)?)(?: = ('[^']*'|\S+))?(?:\s{2,}(\S.*))?$`)
	example   = regexp.MustCompile(`^:param ([a-zA-Z]\w*) => (.+)$`)
	used      = regexp.MustCompile(`\$([a-zA-Z]\w*)`)
	notCode   = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"`)
)

// parse reads a query file and checks that it agrees with itself.
func parse(name, text string) (Statement, error) {
	s := Statement{Name: name, Text: text, Examples: map[string]string{}}
	var prose []string
	body := text
	for body != "" {
		line, rest, _ := strings.Cut(body, "\n")
		comment, ok := strings.CutPrefix(line, "//")
		if !ok {
			break
		}
		body = rest
		comment = strings.TrimSpace(comment)
		if m := example.FindStringSubmatch(comment); m != nil {
			s.Examples[m[1]] = m[2]
		} else if m := directive.FindStringSubmatch(comment); m != nil {
			if err := s.directive(m[1], m[2]); err != nil {
				return s, fmt.Errorf("%s.cypher: %w", name, err)
			}
		} else if s.Access == "" {
			prose = append(prose, comment)
		} else if comment != "" {
			return s, fmt.Errorf("%s.cypher: the header's line %q is none that is known; prose goes above access", name, comment)
		}
	}
	s.Doc = strings.TrimSpace(strings.Join(prose, "\n"))
	s.Summary = summary(s.Doc)
	if err := s.check(body); err != nil {
		return s, fmt.Errorf("%s.cypher: %w", name, err)
	}
	return s, nil
}

// summary is the first sentence of a header's prose, on one line.
func summary(doc string) string {
	first, _, _ := strings.Cut(doc, "\n\n")
	first = strings.Join(strings.Fields(first), " ")
	if i := strings.Index(first, ". "); i >= 0 {
		return first[:i+1]
	}
	return first
}

func (s *Statement) directive(key, value string) error {
	value = strings.TrimSpace(value)
	switch key {
	case "access":
		s.Access = value
	case "param", "returns":
		m := column.FindStringSubmatch(value)
		if m == nil {
			return fmt.Errorf("%s %q is not: name, TYPE, two spaces, text", key, value)
		}
		if key == "param" {
			s.Params = append(s.Params, Param{Name: m[1], Type: m[2], Default: m[3], HasDefault: m[3] != "", Doc: m[4]})
		} else {
			s.Returns = append(s.Returns, Column{Name: m[1], Type: m[2], Doc: m[4]})
		}
	default:
		if s.Hunt == nil {
			s.Hunt = &HuntHeader{}
		}
		*map[string]*string{
			"hunt": &s.Hunt.Name, "label": &s.Hunt.Label, "every": &s.Hunt.Every,
			"window": &s.Hunt.Window, "attack": &s.Hunt.Attack, "scorer": &s.Hunt.Scorer,
		}[key] = value
	}
	return nil
}

// check holds the header, the body, the examples and the folder together.
func (s *Statement) check(body string) error {
	folder, file, _ := strings.Cut(s.Name, "/")
	switch {
	case strings.TrimSpace(body) == "":
		return fmt.Errorf("no statement follows the header")
	case s.Doc == "":
		return fmt.Errorf("the header does not say what the statement does")
	case s.Access != "read" && s.Access != "write":
		return fmt.Errorf("access is %q, not read or write", s.Access)
	case s.Access == "write" && (folder == "find" || folder == "hunt"), s.Access == "read" && folder == "schema":
		return fmt.Errorf("access %s is not for the folder %s", s.Access, folder)
	case (s.Hunt != nil) != (folder == "hunt"):
		return fmt.Errorf("a hunt's header belongs to the folder hunt, and only there")
	case s.Hunt != nil && (s.Hunt.Name != file || s.Hunt.Label == "" || s.Hunt.Every == "" || s.Hunt.Window == ""):
		return fmt.Errorf("a hunt's header names the hunt as its file (%s), its label, every and window", file)
	case folder == "find" && len(s.Returns) == 0:
		return fmt.Errorf("the header declares no columns")
	}
	var declared, bodyUses, examples []string
	for _, p := range s.Params {
		declared = append(declared, p.Name)
	}
	for _, m := range used.FindAllStringSubmatch(code(body), -1) {
		bodyUses = append(bodyUses, m[1])
	}
	for name := range s.Examples {
		examples = append(examples, name)
	}
	if !sameSet(declared, bodyUses) {
		return fmt.Errorf("the header declares the parameters %v, the statement uses %v", declared, bodyUses)
	}
	if !sameSet(declared, examples) {
		return fmt.Errorf("the header declares the parameters %v, the :param lines set %v", declared, examples)
	}
	return nil
}

// code is a statement without comments and string literals.
func code(body string) string { return notCode.ReplaceAllString(body, " ") }

func sameSet(a, b []string) bool {
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
