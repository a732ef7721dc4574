package taskxml

import (
	"encoding/json"
	"strings"
)

// compact is the JSON of one of this package's own types, which hold strings
// and booleans only and so always encode. Markup stays readable.
func compact[T any](v T) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}
