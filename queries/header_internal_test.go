package queries

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

const good = `// Finds things. They are many.
//
// More about it.
//
// access   read
// param    since     ZONED DATETIME = null  from when on
// param    maxRows   INTEGER = 2            at most
// param    who       STRING                 who
// returns  thing     LIST<LIST<ANY>>        it
//
// :param since => datetime('2024-05-01T00:00:00Z')
// :param maxRows => 25
// :param who => 'me // you'

MATCH (n) // $comment
WHERE n.a = '$text' AND n.b > $since AND n.c = $who
RETURN n.thing AS thing
LIMIT $maxRows
`

func TestParse(t *testing.T) {
	s, err := parse("find/things", good)
	if err != nil {
		t.Fatal(err)
	}
	want := Statement{
		Name: "find/things", Summary: "Finds things.", Doc: "Finds things. They are many.\n\nMore about it.", Access: "read", Text: good,
		Params: []Param{
			{"since", "ZONED DATETIME", "null", true, "from when on"},
			{"maxRows", "INTEGER", "2", true, "at most"},
			{"who", "STRING", "", false, "who"},
		},
		Returns:  []Column{{"thing", "LIST<LIST<ANY>>", "it"}},
		Examples: map[string]string{"since": "datetime('2024-05-01T00:00:00Z')", "maxRows": "25", "who": "'me // you'"},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, file, old, new, want string }{
		{"ErrUnused", "find/x", "LIMIT $maxRows", "", "the statement uses"},
		{"ErrUndeclared", "find/x", "LIMIT $maxRows", "LIMIT $maxRow", "the statement uses"},
		{"ErrNoExample", "find/x", "// :param maxRows => 25\n", "", "the :param lines set"},
		{"ErrAccess", "find/x", "access   read", "access   write", "not for the folder find"},
		{"ErrNoAccess", "find/x", "// access   read\n", "", "access is"},
		{"ErrHuntHeader", "hunt/x", "", "", "belongs to the folder hunt"},
		{"ErrHuntInFind", "find/x", "// access   read\n", "// access   read\n// label    TrX\n", "belongs to the folder hunt"},
		{"ErrType", "find/x", "INTEGER = 2", "number", "is not: name, TYPE"},
		{"ErrColumns", "find/x", "// returns  thing     LIST<LIST<ANY>>        it\n", "", "no columns"},
		{"ErrProse", "find/x", "// :param who", "// so be it\n// :param who", "prose goes above"},
		{"ErrEmpty", "find/x", good[strings.Index(good, "MATCH"):], "", "no statement"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := fstest.MapFS{c.file + ".cypher": {Data: []byte(strings.Replace(good, c.old, c.new, 1))}}
			if _, err := read(fs); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) {
				t.Errorf("got %v, want %q and the file's name", err, c.want)
			}
		})
	}
}
