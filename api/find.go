package api

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gin-gonic/gin"

	"github.com/taskroot/taskroot/internal/fault"
)

// Finds are the read queries that the API offers.
type Finds interface {
	// Catalog tells which there are, in the order to show them.
	Catalog() []Find
	// Find runs one. Parameters that were not given are absent; after is the
	// Next of the page before, "" for the first. Its errors carry a fault kind:
	// Invalid where a parameter is wrong, naming it.
	Find(ctx context.Context, name string, params map[string]string, after string) (Page, error)
}

// Find describes one read query.
type Find struct {
	Name    string  `json:"name"`
	Summary string  `json:"summary"`
	Params  []Param `json:"params"`
}

// Param describes one parameter of a find.
type Param struct {
	Name     string   `json:"name"` // snake_case, as it stands in a URL
	Type     string   `json:"type"` // string, integer, boolean, instant
	Default  string   `json:"default,omitempty"`
	Required bool     `json:"required"`
	Min      *int64   `json:"min,omitempty"`
	Max      *int64   `json:"max,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Help     string   `json:"help"`
}

// Page is a part of an answer, in the query's order.
type Page struct {
	Items []json.RawMessage
	Next  string   // what asks for the page after this; "" where there is none
	Notes []string // what the reader must know to trust the rows
}

// items is the body of every list: never null, and next is null at the end.
type items[T any] struct {
	Items []T      `json:"items"`
	Next  *string  `json:"next"`
	Notes []string `json:"notes,omitempty"`
}

// cursorParam is the query parameter that holds a page's Next.
const cursorParam = "cursor"

func (s *Server) listFinds(c *gin.Context) error {
	if _, err := queryValues(c.Request.URL, nil); err != nil {
		return err
	}
	write(c, http.StatusOK, contentJSON, items[Find]{Items: orEmpty(s.deps.Finds.Catalog())})
	return nil
}

// find answers GET /v1/find/<name>.
func (s *Server) find(name string) handler {
	return func(c *gin.Context) error {
		f, err := s.lookUp(name)
		if err != nil {
			return err
		}
		allowed := []string{cursorParam}
		for _, p := range f.Params {
			allowed = append(allowed, p.Name)
		}
		params, err := queryValues(c.Request.URL, allowed)
		if err != nil {
			return err
		}
		after := params[cursorParam]
		delete(params, cursorParam)
		start := time.Now()
		page, err := s.deps.Finds.Find(c.Request.Context(), name, params, after)
		s.metrics.query(name, err, time.Since(start))
		if err != nil {
			return err
		}
		answer := items[json.RawMessage]{Items: orEmpty(page.Items), Notes: page.Notes}
		if page.Next != "" {
			answer.Next = &page.Next
		}
		write(c, http.StatusOK, contentJSON, answer)
		return nil
	}
}

func (s *Server) lookUp(name string) (Find, error) {
	catalog := s.deps.Finds.Catalog()
	i := slices.IndexFunc(catalog, func(f Find) bool { return f.Name == name })
	if i < 0 {
		return Find{}, fault.New(fault.NotFound, "there is no find of that name").WithHint("GET /v1/find lists them")
	}
	return catalog[i], nil
}

// queryValues reads the query of a URL: each parameter known, and given once.
func queryValues(u *url.URL, allowed []string) (map[string]string, error) {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the query of the address cannot be read").WithHint("escape it as in RFC 3986")
	}
	out := make(map[string]string, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch given := values[name]; {
		case !slices.Contains(allowed, name):
			return nil, unknownParam(name, allowed)
		case len(given) > 1:
			return nil, fault.New(fault.Invalid, "parameter %q is given %d times", name, len(given)).WithHint("give it once")
		case strings.ContainsFunc(given[0], unicode.IsControl):
			return nil, fault.New(fault.Invalid, "parameter %q holds control characters", name)
		default:
			out[name] = given[0]
		}
	}
	return out, nil
}

func unknownParam(name string, allowed []string) error {
	if len(name) > 40 {
		name = name[:40]
	}
	f := fault.New(fault.Invalid, "unknown parameter %q", name)
	if len(allowed) == 0 {
		return f.WithHint("there are none here")
	}
	return f.WithHint("there are: %s", strings.Join(allowed, ", "))
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
