package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/api"
	"github.com/taskroot/taskroot/internal/fault"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden files")

// fake is the database and the finds as functions.
type fake struct {
	catalog []api.Find
	find    func(ctx context.Context, name string, params map[string]string, after string) (api.Page, error)
	ping    func(ctx context.Context) error
}

func (f fake) Catalog() []api.Find { return f.catalog }

func (f fake) Find(ctx context.Context, name string, params map[string]string, after string) (api.Page, error) {
	return f.find(ctx, name, params, after)
}

func (f fake) Ping(ctx context.Context) error { return f.ping(ctx) }

// working has one find, with two parameters, that answers nothing.
func working() fake {
	return fake{
		catalog: []api.Find{{Name: "tasks", Summary: "The tasks.", Params: []api.Param{
			{Name: "host", Type: "string", Help: "only those of this host"},
			{Name: "limit", Type: "integer", Default: "100", Help: "at most this many rows"},
		}}},
		find: func(context.Context, string, map[string]string, string) (api.Page, error) { return api.Page{}, nil },
		ping: func(context.Context) error { return nil },
	}
}

func newServer(t *testing.T, f fake, c api.Config, log io.Writer) *api.Server {
	t.Helper()
	s, err := api.New(api.Deps{Finds: f, Database: f, Log: slog.New(slog.NewJSONHandler(log, nil))}, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// request is a GET with a fixed request id, as from this machine.
func request(t *testing.T, target string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	r.Host = "127.0.0.1:8844"
	r.Header.Set("X-Request-Id", "test-1")
	return r
}

func do(s *api.Server, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// golden compares status, the headers that matter and the body with a file.
func golden(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	var b strings.Builder
	b.WriteString(http.StatusText(w.Code) + "\n")
	for _, h := range []string{"Content-Type", "X-Request-Id", "Retry-After", "Allow", "Www-Authenticate"} {
		if v := w.Header().Get(h); v != "" {
			b.WriteString(h + ": " + v + "\n")
		}
	}
	var body bytes.Buffer
	if err := json.Indent(&body, w.Body.Bytes(), "", "  "); err != nil {
		t.Fatalf("the body is no JSON: %v: %s", err, w.Body)
	}
	b.WriteString("\n" + body.String())
	file := filepath.Join("testdata", name+".golden")
	if *rewrite {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestAnswers is one request a row; testdata/<name>.golden has the answer.
func TestAnswers(t *testing.T) {
	failing := func(err error) func(*fake) {
		return func(f *fake) {
			f.find = func(context.Context, string, map[string]string, string) (api.Page, error) { return api.Page{}, err }
		}
	}
	rows := func(f *fake) {
		f.find = func(_ context.Context, name string, params map[string]string, after string) (api.Page, error) {
			row, err := json.Marshal(map[string]any{"find": name, "params": params, "after": after, "text": "<a & b>"})
			return api.Page{Items: []json.RawMessage{row}, Next: "more"}, err
		}
	}
	tests := []struct {
		name, target string
		with         func(*fake)
	}{
		{name: "OK-empty", target: "/v1/find/tasks"},
		{name: "OK-rows", target: "/v1/find/tasks?host=H%C3%A4+1&cursor=abc", with: rows},
		{name: "OK-catalog", target: "/v1/find"},
		{name: "OK-empty-catalog", target: "/v1/find", with: func(f *fake) { f.catalog = nil }},
		{name: "OK-live", target: "/livez?any=1", with: func(f *fake) { f.ping = nil }},
		{name: "OK-ready", target: "/readyz"},
		{name: "ErrUnknownParameter", target: "/v1/find/tasks?hots=h1"},
		{name: "ErrUnknownParameterOfCatalog", target: "/v1/find?x=1"},
		{name: "ErrRepeatedParameter", target: "/v1/find/tasks?host=a&host=b"},
		{name: "ErrUnreadableQuery", target: "/v1/find/tasks?host=%zz"},
		{name: "ErrControlCharacter", target: "/v1/find/tasks?host=a%00b"},
		{name: "ErrUnknownFind", target: "/v1/find/secrets"},
		{name: "ErrFindWithoutQuery", target: "/v1/find/task-tree"},
		{name: "ErrUnknownRoute", target: "/v2/x"},
		{name: "ErrInvalid", target: "/v1/find/tasks?limit=x",
			with: failing(fault.New(fault.Invalid, "limit: want a whole number").WithHint("such as 100"))},
		{name: "ErrNotFound", target: "/v1/find/tasks", with: failing(fault.New(fault.NotFound, "no such host"))},
		{name: "ErrConflict", target: "/v1/find/tasks", with: failing(fault.New(fault.Conflict, "an import runs"))},
		{name: "ErrTimeout", target: "/v1/find/tasks", with: failing(fault.New(fault.Timeout, "tasks took too long"))},
		{name: "ErrDeadline", target: "/v1/find/tasks", with: failing(context.DeadlineExceeded)},
		{name: "ErrUnavailable", target: "/v1/find/tasks",
			with: failing(fault.Wrap(fault.Unavailable, errors.New("dial 10.0.0.7"), "the database does not answer"))},
		{name: "ErrInternal", target: "/v1/find/tasks", with: failing(errors.New("secret detail"))},
		{name: "ErrPanic", target: "/v1/find/tasks", with: func(f *fake) { f.find = nil }},
		{name: "ErrNotReady", target: "/readyz",
			with: func(f *fake) { f.ping = func(context.Context) error { return errors.New("secret detail") } }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := working()
			if tt.with != nil {
				tt.with(&f)
			}
			golden(t, tt.name, do(newServer(t, f, api.Config{}, io.Discard), request(t, tt.target)))
		})
	}
	t.Run("ErrMethod", func(t *testing.T) {
		r := request(t, "/v1/find/tasks")
		r.Method = http.MethodPost
		golden(t, "ErrMethod", do(newServer(t, working(), api.Config{}, io.Discard), r))
	})
}

func TestReadyHasItsOwnTimeout(t *testing.T) {
	f := working()
	f.ping = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	w := do(newServer(t, f, api.Config{ReadyTimeout: time.Millisecond}, io.Discard), request(t, "/readyz"))
	golden(t, "ErrNotReady", w)
}

func TestRequestID(t *testing.T) {
	s := newServer(t, working(), api.Config{}, io.Discard)
	for sent, kept := range map[string]bool{
		"a-Z_0.9:x": true, "": false, "two words": false, strings.Repeat("x", 65): false, "a\tb": false,
	} {
		r := request(t, "/livez")
		r.Header.Set("X-Request-Id", sent)
		got := do(s, r).Header().Get("X-Request-Id")
		if kept != (got == sent) || got == "" {
			t.Errorf("sent %q, got %q", sent, got)
		}
	}
}

func TestHeaders(t *testing.T) {
	h := do(newServer(t, working(), api.Config{}, io.Discard), request(t, "/v1/find/tasks")).Header()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
		"Access-Control-Allow-Origin":  "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestLogHoldsNoValues also shows the line's form.
func TestLogHoldsNoValues(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, working(), api.Config{}, &log)
	do(s, request(t, "/v1/find/tasks?host=alice-pc"))
	do(s, request(t, "/v1/alice"))
	if strings.Contains(log.String(), "alice") {
		t.Errorf("the log tells what was asked for: %s", log.String())
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(strings.SplitN(log.String(), "\n", 2)[0]), &line); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"time", "seconds"} {
		delete(line, k)
	}
	got, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"bytes":25,"from":"192.0.2.1","level":"INFO","method":"GET","msg":"request","request":"test-1",` +
		`"route":"/v1/find/tasks","status":200}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestClientThatLeft(t *testing.T) {
	f := working()
	ctx, leave := context.WithCancel(t.Context())
	f.find = func(ctx context.Context, _ string, _ map[string]string, _ string) (api.Page, error) {
		leave()
		<-ctx.Done() // the request's end reaches the query
		return api.Page{}, ctx.Err()
	}
	var log bytes.Buffer
	w := do(newServer(t, f, api.Config{}, &log), request(t, "/v1/find/tasks").WithContext(ctx))
	if w.Code != 499 || w.Body.Len() != 0 || strings.Contains(log.String(), "ERROR") {
		t.Errorf("status %d, body %q, log %s", w.Code, w.Body, log.String())
	}
}

func TestMetrics(t *testing.T) {
	f := working()
	s := newServer(t, f, api.Config{}, io.Discard)
	do(s, request(t, "/v1/find/tasks"))
	do(s, request(t, "/nowhere/alice"))
	body := do(s, request(t, "/metrics")).Body.String()
	for _, line := range []string{
		`taskroot_http_requests_total{method="GET",route="/v1/find/tasks",status="200"} 1`,
		`taskroot_http_requests_total{method="GET",route="unmatched",status="404"} 1`,
		`taskroot_http_request_duration_seconds_count{route="/v1/find/tasks"} 1`,
		`taskroot_query_duration_seconds_count{find="tasks",outcome="ok"} 1`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("missing %s", line)
		}
	}
}
