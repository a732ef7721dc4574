package hunt

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/queries"
)

// Definition is a hunt as its query file declares it.
type Definition struct {
	Name    string
	Summary string
	Label   string
	Attack  string        // ATT&CK technique
	Every   time.Duration // 0: only by hand
	// Window is how far back a scheduled run looks; 0: all data.
	Window  time.Duration
	Scorer  string
	Version string // hash of the query's text
	Params  []Param
}

// Param is a parameter that a caller may set.
type Param struct {
	Name    string // as the query has it: maxHosts
	Type    string // Cypher's: INTEGER, ZONED DATETIME, …
	Default string // as the header has it; "" is null
	Help    string
}

// FlagName is a parameter's name on the command line: maxHosts is max-hosts.
func FlagName(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Bind turns texts into the values of the query's parameters; every parameter
// gets one. Names may be the query's or the command line's; now is what
// relative times are counted from.
func (d Definition) Bind(given map[string]string, now time.Time) (map[string]any, error) {
	out := make(map[string]any, len(d.Params))
	for _, p := range d.Params {
		value, err := p.parse(unquote(p.Default), now)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "hunt %s: the default of %s", d.Name, p.Name)
		}
		out[p.Name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(d.Params, func(p Param) bool { return p.Name == name || FlagName(p.Name) == name })
		if i < 0 {
			return nil, fault.New(fault.Invalid, "hunt %s has no parameter %q", d.Name, name).WithHint("it has %s", d.names())
		}
		value, err := d.Params[i].parse(given[name], now)
		if err != nil {
			return nil, err
		}
		out[d.Params[i].Name] = value
	}
	return out, nil
}

func (d Definition) names() string {
	names := make([]string, len(d.Params))
	for i, p := range d.Params {
		names[i] = FlagName(p.Name)
	}
	return strings.Join(names, ", ")
}

// parse reads a value; "" and null are null.
func (p Param) parse(s string, now time.Time) (value any, err error) {
	if s == "" || s == "null" {
		return nil, nil
	}
	want := p.Type
	switch p.Type {
	case "INTEGER":
		value, err = strconv.ParseUint(s, 10, 63)
		if n, ok := value.(uint64); ok {
			value = int64(n)
		}
		want = "a whole number, 0 or more"
	case "FLOAT":
		value, err = strconv.ParseFloat(s, 64)
		want = "a number"
	case "BOOLEAN":
		value, err = strconv.ParseBool(s)
		want = "true or false"
	case "ZONED DATETIME":
		value, err = queries.ParseInstant(s, now)
		want = "an instant such as 2026-05-02T03:00:00Z, a day such as 2026-05-02, or 24h or 7d for that long ago"
	default:
		value = s
		if choices := p.choices(); len(choices) > 0 && !slices.Contains(choices, s) {
			err, want = fault.New(fault.Invalid, "no such choice"), strings.Join(choices, " or ")
		}
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s is %q", FlagName(p.Name), s).WithHint("it must be %s", want)
	}
	return value, nil
}

var choice = regexp.MustCompile(`(?:^|; )(\w+): `)

// choices are the words that a text may be, where its help names them as
// "connected: …; any: …" and its default is one of them.
func (p Param) choices() []string {
	var out []string
	for _, m := range choice.FindAllStringSubmatch(p.Help, -1) {
		out = append(out, m[1])
	}
	if !slices.Contains(out, unquote(p.Default)) {
		return nil
	}
	return out
}

// unquote takes the quotes from a header's text literal.
func unquote(literal string) string { return strings.Trim(literal, `'"`) }
