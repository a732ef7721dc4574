package table

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

// columns are all columns that a mapping names.
func (m *Mapping) columns() []ref {
	all := []ref{m.time, m.host, m.chanl, m.id, m.change}
	for _, f := range m.fields {
		all = append(all, f.from)
	}
	for _, c := range m.where {
		all = append(all, c.column)
	}
	all = append(all, m.match...)
	named := all[:0]
	for _, f := range all {
		if f.given() && !f.literal {
			named = append(named, f)
		}
	}
	return named
}

// fitting are the mappings that are for a table with that header. One with
// match is for all tables that have those columns, and then it is an error if
// others are missing; one without is for tables that have all that it names.
// Near tells what is missing of a mapping that nearly fits.
func fitting(all []*Mapping, h *header) (fit []*Mapping, near, wrong error) {
	fewest := 0
	for _, m := range all {
		if len(m.match) > 0 && len(missing(m.match, h)) > 0 {
			continue
		}
		columns := m.columns()
		lost := missing(columns, h)
		switch {
		case len(lost) == 0:
			fit = append(fit, m)
		case len(m.match) > 0:
			wrong = errors.Join(wrong, m.lacks(lost, h))
		case 2*len(lost) <= len(columns) && (near == nil || len(lost) < fewest):
			near, fewest = m.lacks(lost, h), len(lost)
		}
	}
	return fit, near, wrong
}

func missing(columns []ref, h *header) []ref {
	var lost []ref
	for _, c := range columns {
		if !h.has(c.text) {
			lost = append(lost, c)
		}
	}
	return lost
}

// lacks says which columns a table lacks, with the lines that name them.
func (m *Mapping) lacks(lost []ref, h *header) error {
	parts := make([]string, 0, len(lost))
	for _, c := range lost {
		parts = append(parts, fmt.Sprintf("%s line %d: there is no column %q%s", m.file, c.line, c.text, nearText(c.text, h.names())))
	}
	return errors.New(strings.Join(parts, "; ") + "; the columns are " + someNames(h.names()))
}

// mappedRow reads a row by the first of the mappings that picks it.
func mappedRow(mappings []*Mapping) func(*reader) error {
	return func(r *reader) error {
		for _, m := range mappings {
			if m.picks(r) {
				return m.row(r)
			}
		}
		return r.h.Passed(NotPicked)
	}
}

func (m *Mapping) picks(r *reader) bool {
	for _, c := range m.where {
		value := strings.TrimSpace(r.value(c.column))
		any := false
		for _, want := range c.values {
			any = any || strings.EqualFold(value, want)
		}
		if !any {
			return false
		}
	}
	return true
}

// value is what a mapping's reference stands for in the row.
func (r *reader) value(f ref) string {
	if f.literal {
		return f.text
	}
	return r.head.value(r.row.fields, f.text)
}

func (m *Mapping) row(r *reader) error {
	e := &winevent.Event{Channel: m.kind.channel, ID: m.kind.id}
	switch m.kind.name {
	case kindEvent:
		id, err := strconv.ParseUint(strings.TrimSpace(r.value(m.id)), 10, 32)
		if err != nil {
			return r.reject(BadRecord, fmt.Sprintf("has %.40q where %s has the event's id", r.value(m.id), m.file))
		}
		e.Channel, e.ID = strings.TrimSpace(r.value(m.chanl)), uint32(id)
	case kindTask:
		if change := strings.ToLower(strings.TrimSpace(r.value(m.change))); change != "" {
			if e.ID = changes[change]; e.ID == 0 {
				return r.reject(BadRecord, fmt.Sprintf("has the change %.40q, which is none of created, updated, deleted, enabled, disabled", change))
			}
		}
	}
	if !r.opt.Want(e.Channel, e.ID) {
		return r.h.Skipped(e.Channel, e.ID, 1)
	}
	var err error
	if e.Time, e.Trust, err = m.clock(r.value(m.time)); err != nil {
		return r.reject(BadRecord, fmt.Sprintf("%s: %.60q", err, r.value(m.time)))
	}
	e.Computer = strings.TrimSpace(r.value(m.host))
	for _, f := range m.fields {
		value := r.value(f.from)
		if f.name == "QueryResults" {
			value = strings.NewReplacer(",", ";", "|", ";").Replace(value)
		}
		if value != "" {
			e.Data = append(e.Data, winevent.Field{Name: f.name, Value: value})
		}
	}
	for _, f := range m.kind.fixed {
		if e.Get(f.name) == "" {
			e.Data = append(e.Data, winevent.Field{Name: f.name, Value: f.from.text})
		}
	}
	return r.event(e)
}

// clock reads a row's time. A zone that the mapping states is believed; a time
// that states its own is taken as the loader takes all such.
func (m *Mapping) clock(text string) (at time.Time, trust graph.Trust, err error) {
	text = strings.TrimSpace(text)
	zoned := false
	switch m.layout {
	case "":
		at, zoned, err = parseTime(text)
	case epochFormat:
		var ok bool
		if at, ok = epoch(text); !ok {
			return at, 0, errNoTime
		}
		return at, graph.Honest, nil
	default:
		at, err = time.Parse(m.layout, text)
		zoned = strings.Contains(m.layout, "Z07") || strings.Contains(m.layout, "-07")
		if err != nil {
			err = errNoTime
		}
	}
	switch {
	case err != nil:
		return time.Time{}, 0, err
	case m.naive:
		return at.UTC(), graph.Naive, nil
	case m.zone == nil && zoned:
		return at.UTC(), graph.Zoned, nil
	case m.zone == nil:
		return at, graph.Naive, nil
	case zoned:
		return at.UTC(), graph.Honest, nil
	}
	return inZone(at, m.zone), graph.Honest, nil
}
