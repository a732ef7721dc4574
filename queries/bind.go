package queries

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/taskroot/taskroot/internal/fault"
)

var (
	timeType    = reflect.TypeFor[time.Time]()
	cypherTypes = map[string]string{"STRING": "string", "INTEGER": "integer", "BOOLEAN": "boolean", "ZONED DATETIME": "instant"}
)

// lowerCamel is a Go field's name as a Cypher name: MaxHosts is maxHosts, PID pid.
func lowerCamel(field string) string {
	if strings.ToUpper(field) == field {
		return strings.ToLower(field)
	}
	return strings.ToLower(field[:1]) + field[1:]
}

// separated splits lowerCamel words with sep: maxHosts is max-hosts.
func separated(name string, sep rune) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteRune(sep)
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// bindParams makes the list of parameters of the header and the struct.
func (f *Find) bindParams() error {
	fields := map[string]int{}
	for i := range f.paramType.NumField() {
		fields[lowerCamel(f.paramType.Field(i).Name)] = i
	}
	var errs []error
	for _, p := range f.statement.Params {
		if column, ok := strings.CutPrefix(p.Name, "after"); ok && column != "" {
			f.after = append(f.after, strings.ToLower(column[:1])+column[1:])
			continue
		}
		i, ok := fields[p.Name]
		if !ok {
			errs = append(errs, fmt.Errorf("parameter %s has no field in %s", p.Name, f.paramType))
			continue
		}
		delete(fields, p.Name)
		fp, err := newFindParam(p, f.paramType.Field(i))
		fp.field = i
		errs = append(errs, err)
		f.Params = append(f.Params, fp)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		errs = append(errs, fmt.Errorf("%s has a field for %s, which the header does not declare", f.paramType, name))
	}
	return errors.Join(errs...)
}

func newFindParam(p Param, field reflect.StructField) (FindParam, error) {
	fp := FindParam{
		CLI: separated(p.Name, '-'), API: separated(p.Name, '_'), Type: cypherTypes[p.Type], Doc: p.Doc,
		Required: !p.HasDefault, name: p.Name,
	}
	if p.Default != "null" {
		fp.Default = strings.Trim(p.Default, "'")
	}
	t, pointer := field.Type, false
	if t.Kind() == reflect.Pointer {
		t, pointer = t.Elem(), true
	}
	if kind := goKind(t); fp.Type == "" || kind != fp.Type {
		return fp, fmt.Errorf("parameter %s is %s in the header and %s in Go", p.Name, p.Type, field.Type)
	}
	if pointer != (p.Default == "null") {
		return fp, fmt.Errorf("parameter %s: a pointer in Go and the default null in the header belong together", p.Name)
	}
	for tag, into := range map[string]**int64{"min": &fp.Min, "max": &fp.Max} {
		if text, ok := field.Tag.Lookup(tag); ok {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return fp, fmt.Errorf("parameter %s: %w", p.Name, err)
			}
			*into = &n
		}
	}
	if enum := field.Tag.Get("enum"); enum != "" {
		fp.Enum = strings.Split(enum, ",")
	}
	return fp, nil
}

func goKind(t reflect.Type) string {
	switch {
	case t == timeType:
		return "instant"
	case t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Int64:
		return "integer"
	case t.Kind() == reflect.Bool:
		return "boolean"
	}
	return ""
}

// bind makes the parameter struct of texts; the result is a pointer to it. now
// is what relative times are counted from.
func (f *Find) bind(values map[string]string, now time.Time) (any, error) {
	known := make([]string, len(f.Params))
	for i, p := range f.Params {
		known[i] = p.CLI
	}
	given := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		p := f.param(name)
		if p == nil {
			return nil, fault.New(fault.Invalid, "unknown parameter %q", name).WithHint("known are: %s", strings.Join(known, ", "))
		}
		if _, twice := given[p.name]; twice {
			return nil, fault.New(fault.Invalid, "parameter %s is given twice", p.API)
		}
		given[p.name] = values[name]
	}
	target := reflect.New(f.paramType)
	for _, p := range f.Params {
		text, ok := given[p.name]
		switch {
		case !ok && p.Required, ok && p.Required && strings.TrimSpace(text) == "":
			return nil, fault.New(fault.Invalid, "parameter %s is missing", p.API).WithHint("it is the %s", p.Doc)
		case !ok && p.Default == "":
			continue
		case !ok:
			text = p.Default
		}
		if err := p.set(target.Elem().Field(p.field), text, now); err != nil {
			return nil, err
		}
	}
	if c, ok := target.Interface().(interface{ check() error }); ok {
		if err := c.check(); err != nil {
			return nil, err
		}
	}
	return target.Interface(), nil
}

func (p *FindParam) set(into reflect.Value, text string, now time.Time) error {
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	text = strings.TrimSpace(text)
	switch p.Type {
	case "instant":
		t, err := instant(text, now)
		if err != nil {
			return fault.New(fault.Invalid, "parameter %s: %q is no time", p.API, text).
				WithHint("write 2026-01-31T12:00:00Z, 2026-01-31, or 24h or 7d for that long ago")
		}
		into.Set(reflect.ValueOf(t))
	case "integer":
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
			return fault.New(fault.Invalid, "parameter %s: %q is no whole number", p.API, text)
		case p.Min != nil && n < *p.Min:
			return fault.New(fault.Invalid, "parameter %s: %d is less than %d", p.API, n, *p.Min)
		case p.Max != nil && n > *p.Max:
			return fault.New(fault.Invalid, "parameter %s: %d is more than %d", p.API, n, *p.Max)
		}
		into.SetInt(n)
	case "boolean":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fault.New(fault.Invalid, "parameter %s: %q is neither true nor false", p.API, text)
		}
		into.SetBool(b)
	default:
		switch {
		case text == "":
			return fault.New(fault.Invalid, "parameter %s is empty", p.API).WithHint("leave it out instead")
		case !utf8.ValidString(text):
			return fault.New(fault.Invalid, "parameter %s is no UTF-8 text", p.API)
		case p.Enum != nil && !slices.Contains(p.Enum, text):
			return fault.New(fault.Invalid, "parameter %s: %q is none of %s", p.API, text, strings.Join(p.Enum, ", "))
		}
		into.SetString(text)
	}
	return nil
}

// instant reads a time: RFC 3339, to the minute, a date, or how long ago.
func instant(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	ago := text
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return time.Time{}, err
		}
		ago = strconv.FormatUint(n*24, 10) + "h"
	}
	d, err := time.ParseDuration(ago)
	if err == nil && d < 0 {
		err = errors.New("negative")
	}
	return now.Add(-d), err
}

// params are the values of a parameter struct as the database takes them.
func (f *Find) params(bound any) map[string]any {
	v := reflect.ValueOf(bound).Elem()
	out := map[string]any{}
	for _, p := range f.Params {
		field := v.Field(p.field)
		if field.Kind() == reflect.Pointer {
			if field.IsNil() {
				out[p.name] = nil
				continue
			}
			field = field.Elem()
		}
		out[p.name] = field.Interface()
	}
	return out
}
