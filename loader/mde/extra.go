package mde

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// extra is what the column AdditionalFields holds: a JSON object, as text or, in
// some exports, as an object.
type extra map[string]json.RawMessage

// extra reads the column; an empty one gives nothing. encoding/json bounds depth.
func (r row) extra() (extra, error) {
	for _, column := range []string{"AdditionalFields", "AdditionalFields_string", "AdditionalFields_dynamic"} {
		s := strings.TrimSpace(r.text(column))
		if s == "" || s == "[]" || s == "{}" {
			continue
		}
		x, ok := object([]byte(s))
		if !ok {
			return nil, ErrBadExtra
		}
		return x, nil
	}
	return nil, nil
}

// object reads a JSON object, or a string that holds one.
func object(b []byte) (extra, bool) {
	var inner string
	if len(b) > 0 && b[0] == '"' && json.Unmarshal(b, &inner) == nil {
		b = []byte(inner)
	}
	var x extra
	return x, json.Unmarshal(b, &x) == nil && x != nil
}

// get is the member of that name, whatever its case: action types write one
// thing in several ways.
func (x extra) get(name string) json.RawMessage {
	if v, ok := x[name]; ok {
		return v
	}
	var key string
	for k := range x {
		if strings.EqualFold(k, name) && (key == "" || k < key) {
			key = k
		}
	}
	return x[key]
}

// text is a scalar member's text; an object's or array's as JSON.
func (x extra) text(name string) string {
	v := bytes.TrimSpace(x.get(name))
	var s string
	switch {
	case len(v) == 0 || string(v) == "null":
		return ""
	case v[0] != '"':
		return string(v)
	case json.Unmarshal(v, &s) != nil || absent[strings.TrimSpace(s)]:
		return ""
	}
	return s
}

// has says whether a member is there and not null.
func (x extra) has(name string) bool {
	v := x.get(name)
	return len(v) > 0 && string(v) != "null"
}

// time is a member's time in UTC, zero where there is none.
func (x extra) time(name string) time.Time {
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(x.text(name)))
	if err != nil || t.Year() < firstYear {
		return time.Time{}
	}
	return t.UTC()
}

// mostAnswers bounds the addresses of one answer; DNS over UDP has room for some
// thirty.
const mostAnswers = 256

// addresses is every address in a member, canonical, each once, in order: in a
// text with separators, in an array, or in objects that say of which type each
// result is, as text or as JSON.
func (x extra) addresses(name string) []string {
	v := x.get(name)
	var inner string
	if len(v) > 0 && v[0] == '"' && json.Unmarshal(v, &inner) == nil {
		if !strings.HasPrefix(strings.TrimSpace(inner), "[") && !strings.HasPrefix(strings.TrimSpace(inner), "{") {
			return appendIPs(nil, inner)
		}
		v = []byte(inner)
	}
	var found []string
	d := json.NewDecoder(bytes.NewReader(v))
	for len(found) < mostAnswers {
		token, err := d.Token()
		if err != nil {
			break
		}
		if s, ok := token.(string); ok {
			found = appendIPs(found, s)
		}
	}
	return found
}

func appendIPs(list []string, s string) []string {
	for _, part := range strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(";, \t|", c) }) {
		ip, ok := graph.NormalIP(part)
		seen := false
		for _, have := range list {
			seen = seen || have == ip
		}
		if ok && !seen && len(list) < mostAnswers {
			list = append(list, ip)
		}
	}
	return list
}
