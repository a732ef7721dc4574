package archtest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// uses is what one statement speaks of. It is no parser of Cypher: it knows
// patterns, label tests, maps and property access, which is what names are in.
type uses struct {
	names   []string            // labels and types, sorted
	owners  map[string][]string // of variables bound in a pattern
	access  [][2]string         // variable, property
	inline  schema              // properties in the maps of patterns
	maps    map[string]bool     // keys of other maps, which look the same when read
	written schema              // properties that are set, and keys of patterns that are made
}

var (
	quoted   = regexp.MustCompile(`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"`)
	remark   = regexp.MustCompile(`(?m)^\s*//.*$`)
	pattern  = regexp.MustCompile(`([(\[])\s*(\w*)\s*:\s*([A-Za-z]\w*(?:\s*[|&]\s*\w+)*)[+*]?\s*(\{)?`)
	given    = regexp.MustCompile(`\[\s*(\w+)\s*:\s*\$\(`)
	renamed  = regexp.MustCompile(`\bAS (\w+)\b`)
	labelled = regexp.MustCompile(`\b(\w+):([A-Z]\w*)\b`)
	property = regexp.MustCompile(`(^|[^$\w.])([A-Za-z_]\w*)\.([A-Za-z_]\w*)\b(\()?`)
	mapKey   = regexp.MustCompile(`[{,]\s*(\w+)\s*:`)
	assigned = regexp.MustCompile(`(?:\bSET|,)\s+(\w+)\.(\w+) = `)
	create   = regexp.MustCompile(`\b(?:CREATE|MERGE)\b[^\n]*(?:\n\s+[^A-Z\n][^\n]*)*`)
)

// temporal are the parts of points in time that statements ask for.
var temporal = map[string]bool{"epochSeconds": true, "epochMillis": true}

// read takes a statement apart; types are those it is given as a parameter.
func read(statement string, types []string) *uses {
	body := quoted.ReplaceAllString(remark.ReplaceAllString(statement, ""), "''")
	u := &uses{owners: map[string][]string{}, inline: schema{}, maps: map[string]bool{}, written: schema{}}
	u.patterns(body)
	for _, m := range given.FindAllStringSubmatch(body, -1) {
		u.bind(m[1], types)
	}
	for _, m := range renamed.FindAllStringSubmatch(body, -1) {
		delete(u.owners, m[1]) // it may hold something else now
	}
	for _, m := range labelled.FindAllStringSubmatch(body, -1) {
		u.names = append(u.names, m[2])
	}
	for _, m := range mapKey.FindAllStringSubmatch(body, -1) {
		u.maps[m[1]] = true
	}
	for _, m := range property.FindAllStringSubmatch(body, -1) {
		if m[4] == "" {
			u.access = append(u.access, [2]string{m[2], m[3]})
		}
	}
	for _, m := range assigned.FindAllStringSubmatch(body, -1) {
		for _, owner := range u.owners[m[1]] {
			u.written.add(owner, m[2])
		}
	}
	for _, clause := range create.FindAllString(body, -1) {
		made := &uses{owners: map[string][]string{}, inline: schema{}}
		made.patterns(clause)
		for owner, has := range made.inline {
			u.written.add(owner, slices.Collect(maps.Keys(has))...)
		}
	}
	slices.Sort(u.names)
	u.names = slices.Compact(u.names)
	return u
}

// patterns reads (p:Process {key: …}) and -[c:CONNECTED|RESOLVED {…}]->.
func (u *uses) patterns(body string) {
	for _, m := range pattern.FindAllStringSubmatchIndex(body, -1) {
		owners := strings.FieldsFunc(body[m[6]:m[7]], func(r rune) bool { return strings.ContainsRune("|& \n", r) })
		if !strings.Contains("ABCDEFGHIJKLMNOPQRSTUVWXYZ", body[m[6]:m[6]+1]) {
			continue // a map in brackets
		}
		u.names = append(u.names, owners...)
		u.bind(body[m[4]:m[5]], owners)
		for _, owner := range owners {
			u.inline.add(owner)
			if m[8] >= 0 {
				u.inline.add(owner, topKeys(body[m[8]:])...)
			}
		}
	}
}

func (u *uses) bind(variable string, owners []string) {
	if variable != "" {
		u.owners[variable] = append(u.owners[variable], owners...)
	}
}

// topKeys are the keys of the map that s starts with, not of maps within it.
func topKeys(s string) []string {
	var flat strings.Builder
	depth := 0
	for _, r := range s {
		switch r {
		case '{', '(', '[':
			depth++
		}
		if depth == 1 {
			flat.WriteRune(r)
		}
		switch r {
		case '}', ')', ']':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	var keys []string
	for _, m := range mapKey.FindAllStringSubmatch(flat.String(), -1) {
		keys = append(keys, m[1])
	}
	return keys
}

// unknown are the properties that a schema does not have. Of a variable bound
// in a pattern one of its owners must have it; of any other, some name must,
// or a map of the statement.
func (u *uses) unknown(s schema) []string {
	var out []string
	for owner, has := range u.inline {
		for p := range has {
			if s[owner] != nil && !s[owner][p] {
				out = append(out, owner+"."+p)
			}
		}
	}
	for _, a := range u.access {
		owners, p := u.owners[a[0]], a[1]
		fits := func(owner string) bool { return s[owner] == nil || s[owner][p] }
		switch {
		case len(owners) > 0 && slices.ContainsFunc(owners, fits):
		case len(owners) == 0 && (s.any(p) || u.maps[p] || temporal[p]):
		default:
			out = append(out, a[0]+"."+p)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestSchemaProved(t *testing.T) {
	const names = "package graph\nconst (\nLabelHost = \"Host\"\nLabelTask = \"Task\"\nRelOn = \"ON\"\nRelRan = \"RAN\"\n)\nvar HuntLabels = []string{\"TrX\"}"
	const told = "### `Host`\n\n| property | is | from | absent |\n|---|---|---|---|\n| `key`, `name` | x | y | z |\n" +
		"### `Task`\n\n| rung | is | from | absent |\n| `129` | x | y | z |\n\n| property | is | from | absent |\n| `key` | x | y | z |\n" +
		"### `ON`\n| `at` | x | y | z |\n### `RAN`\nreserved\n### `TrX`\n## `else`\n| `no` | x | y | z |\n"
	const load = "// a (:Remark {x: 1})\nUNWIND $rows AS r\nMERGE (h:Host {key: r.key})\nSET h.name = 'x.y', h.key = {at: 1}.at\n" +
		"WITH h\nMATCH (n)\nCREATE (:Task {key: datetime({day: 1})})-[o:$(r[1])]->(h)\nSET o.at = r[2]\nRETURN n.name, $since.epochSeconds, o.at.epochSeconds\n"
	good := map[string]string{"graph/names.go": names, page: told, "queries/load/a.cypher": load}
	with := func(name, text string) map[string]string {
		all := maps.Clone(good)
		all[name] = text
		return all
	}
	rule := schemaAgrees(map[string][]string{"queries/load/a.cypher": {"ON"}}, map[string]string{"RAN": "later"}, map[string]bool{"Mine": true})
	prove(t, rule, []broken{
		{name: "OK", files: good},
		{name: "OKTheirs", files: with("hunt/testdata/a.cypher", "MATCH (m:Mine) RETURN m")},
		{
			name: "ErrNotOnPage", files: with("graph/names.go", strings.Replace(names, "RelOn", "RelNew = \"NEW\"\nRelOn", 1)),
			want: []string{"docs/schema.md lacks NEW, which graph.RelNew has: give it a section"},
		},
		{
			name: "ErrNotInGraph", files: with(page, told+"### `GONE`\n"),
			want: []string{
				"docs/schema.md has a section on GONE, which graph/names.go lacks: add the constant, or delete the section",
				"docs/schema.md has a section on GONE, which no statement in queries/load writes: delete it",
			},
		},
		{
			name: "ErrNeverWritten", files: with(page, strings.Replace(told, "`name`", "`name`, `size`", 1)),
			want: []string{"docs/schema.md gives Host a property size, which no statement in queries/load writes: delete the row"},
		},
		{
			name: "ErrMisspelt", files: with("queries/find/a.cypher", "MATCH (h:Hots)-[:ONN]->(t:Task {kye: 1})\nWHERE t.nmae = 1 AND h:Tsak\nMATCH (x)\nRETURN x.kee"),
			want: []string{
				"queries/find/a.cypher speaks of Hots, which is not in graph/names.go: mend the name, or add it",
				"queries/find/a.cypher speaks of ONN, which is not in graph/names.go: mend the name, or add it",
				"queries/find/a.cypher speaks of Tsak, which is not in graph/names.go: mend the name, or add it",
				"queries/find/a.cypher speaks of Task.kye, which docs/schema.md has not: mend the name, or add a row",
				"queries/find/a.cypher speaks of t.nmae, which docs/schema.md has not: mend the name, or add a row",
				"queries/find/a.cypher speaks of x.kee, which docs/schema.md has not: mend the name, or add a row",
			},
		},
		{
			name: "ErrOtherOwner", files: with("queries/find/a.cypher", "MATCH (t:Task)\nRETURN t.name"),
			want: []string{"queries/find/a.cypher speaks of t.name, which docs/schema.md has not: mend the name, or add a row"},
		},
	})
}
