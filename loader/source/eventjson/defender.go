package eventjson

import (
	"errors"
	"strings"

	"github.com/taskroot/taskroot/loader/mde"
)

// Defender's advanced hunting comes as JSON in two ways: the streaming API wraps
// each row, {time, tenantId, category, properties}, in lines (storage account) or
// in {"records": […]} (Event Hub); Log Analytics and query results have the row
// itself, with its table in Type, TableName or nowhere.

// defenderRow is the index of the row in the record and its table, "" where that
// is not named. The root's index is 0.
func defenderRow(d *doc) (root int, table string, ok bool) {
	category := d.str(d.get(0, "category"))
	if props := d.get(0, "properties"); props != 0 && d.nodes[props].kind == kindObject && strings.HasPrefix(category, "AdvancedHunting-") {
		return props, mde.TableOf(category), true
	}
	if d.firstOf(0, "Timestamp", "TimeGenerated") == 0 {
		return 0, "", false
	}
	table = mde.TableOf(d.str(d.firstOf(0, "Type", "TableName", "$table")))
	return 0, table, table != "" || d.get(0, "ActionType") != 0
}

// row is an object as a row of a table.
type row struct {
	d    *doc
	root int
	err  error // the first value that could not be read
}

// Get implements [mde.Row].
func (r *row) Get(column string) string {
	v := r.d.get(r.root, column)
	switch {
	case v == 0:
		return ""
	case r.d.nodes[v].kind == kindObject || r.d.nodes[v].kind == kindArray:
		return strings.ToValidUTF8(string(r.d.span(v)), "\uFFFD")
	}
	s, _, err := r.d.text(v)
	if err != nil && r.err == nil {
		r.err = err
	}
	return s
}

// defender hands on what a row says.
func (d *decoder) defender(p place, root int, table string) error {
	r := &row{d: &d.doc, root: root}
	said, skipped, err := mde.Observe(table, r, mde.Place{Source: d.name, Ordinal: p.ordinal, Host: d.opt.Host})
	switch {
	case r.err != nil:
		return d.reject(p, BadJSON, r.err.Error())
	case errors.Is(err, mde.ErrNoHost):
		return d.reject(p, NoHost, err.Error())
	case err != nil:
		return d.reject(p, BadRecord, err.Error())
	case len(said) == 0:
		return d.h.Passed(skipped)
	}
	return d.h.Said(said[0], said[1:], Record{Place: p.String(), Raw: d.raw})
}
