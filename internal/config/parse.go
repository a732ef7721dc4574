package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// assign reads a raw value, text or what the file's format made of it, into
// the key's field and says how the value is shown.
func (k key) assign(raw any) (shown string, err error) {
	switch field := k.field.(type) {
	case *string:
		*field, err = text(raw)
		shown = *field
	case *int:
		*field, err = whole(raw)
		shown = strconv.Itoa(*field)
	case *bool:
		*field, err = truth(raw)
		shown = strconv.FormatBool(*field)
	case *time.Duration:
		*field, err = duration(raw)
		shown = shortDuration(*field)
	case *[]string:
		*field, err = list(raw)
		shown = strings.Join(*field, ",")
	case *map[string]string:
		*field, err = table(raw, text)
		shown = showTable(*field, func(s string) string { return s })
	case *map[string]time.Duration:
		*field, err = table(raw, duration)
		shown = showTable(*field, shortDuration)
	}
	if err == nil && k.check != nil && (shown != "" || k.def != "") {
		err = k.check(shown)
	}
	return shown, err
}

func text(raw any) (string, error) {
	if s, ok := raw.(string); ok {
		return s, nil
	}
	return "", errors.New("want text: put it in quotes")
}

func whole(raw any) (int, error) {
	switch v := raw.(type) {
	case int:
		return v, nil
	case string:
		if n, err := strconv.Atoi(v); err == nil {
			return n, nil
		}
	}
	return 0, errors.New("want a whole number")
}

func truth(raw any) (bool, error) {
	switch v := raw.(type) {
	case bool:
		return v, nil
	case string:
		if v == "true" || v == "false" {
			return v == "true", nil
		}
	}
	return false, errors.New("want true or false")
}

func duration(raw any) (time.Duration, error) {
	if s, ok := raw.(string); ok {
		if d, err := time.ParseDuration(s); err == nil {
			return d, nil
		}
	}
	return 0, errors.New("want a duration with its unit, such as 90s or 2m")
}

func list(raw any) ([]string, error) {
	switch v := raw.(type) {
	case string:
		return split(v), nil
	case []any:
		out := make([]string, 0, len(v))
		for _, item := range v {
			s, err := text(item)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, errors.New("want a list")
}

// split cuts "a, b" into its parts; nothing gives none.
func split(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// table reads a map from the file, or "name=value,name=value" from elsewhere.
func table[V any](raw any, value func(any) (V, error)) (map[string]V, error) {
	entries := map[string]any{}
	switch v := raw.(type) {
	case map[string]any:
		entries = v
	case string:
		for _, part := range split(v) {
			name, val, ok := strings.Cut(part, "=")
			if !ok {
				return nil, errors.New("want name=value,name=value")
			}
			entries[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(val)
		}
	default:
		return nil, errors.New("want a table of names and values")
	}
	out := make(map[string]V, len(entries))
	for name, entry := range entries {
		v, err := value(entry)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = v
	}
	return out, nil
}

func showTable[V any](m map[string]V, show func(V) string) string {
	parts := make([]string, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, name+"="+show(m[name]))
	}
	return strings.Join(parts, ",")
}

// shortDuration writes 2m0s as 2m, and 1h0m0s as 1h.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
