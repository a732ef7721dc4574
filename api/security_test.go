package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/api"
	"github.com/taskroot/taskroot/internal/fault"
)

const key = "correct-horse-battery"

func hashed(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func TestListenAddresses(t *testing.T) {
	tests := []struct {
		name, listen string
		keys         []string
		want         string
	}{
		{name: "OKLoopback4", listen: "127.0.0.1:0"},
		{name: "OKLoopback4Other", listen: "127.9.9.9:0"},
		{name: "OKLoopback6", listen: "[::1]:0"},
		{name: "OKLocalhost", listen: "localhost:0"},
		{name: "OKOpenWithKey", listen: "0.0.0.0:0", keys: []string{key}},
		{name: "ErrOpen", listen: "0.0.0.0:8844",
			want: "refusing to listen on 0.0.0.0:8844, which others can reach, without an API key"},
		{name: "ErrEveryInterface", listen: ":8844",
			want: "refusing to listen on :8844, which others can reach, without an API key"},
		{name: "ErrName", listen: "host.example:1",
			want: "refusing to listen on host.example:1, which others can reach, without an API key"},
		{name: "ErrNoPort", listen: "127.0.0.1", want: "api.listen is not host:port"},
		{name: "ErrShortKey", listen: "127.0.0.1:0", keys: []string{key, "short"},
			want: "api key 2 is shorter than 16 characters"},
		{name: "ErrHash", listen: "127.0.0.1:0", keys: []string{"sha256:beef"},
			want: "api key 1: want sha256: and 64 hexadecimal digits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := working()
			_, err := api.New(api.Deps{Finds: f, Database: f, Log: slog.New(slog.DiscardHandler)},
				api.Config{Listen: tt.listen, Keys: tt.keys})
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if text, _ := fault.Public(err); text != tt.want || fault.KindOf(err) != fault.Invalid {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	tests := []struct {
		name, target, header, value string
		status                      int
	}{
		{"OKBearer", "/v1/find/tasks", "Authorization", "Bearer " + key, 200},
		{"OKBearerAnyCase", "/v1/find/tasks", "Authorization", "bearer " + key, 200},
		{"OKHeader", "/v1/find/tasks", "X-API-Key", key, 200},
		{"OKHashed", "/v1/find/tasks", "X-API-Key", "another-key-for-someone", 200},
		{"OKOpenRoute", "/livez", "", "", 200},
		{"ErrNone", "/v1/find/tasks", "", "", 401},
		{"ErrNoneOfOpenAPI", "/v1/openapi.json", "", "", 401},
		{"ErrWrong", "/v1/find/tasks", "X-API-Key", key + "x", 401},
		{"ErrHashAsKey", "/v1/find/tasks", "X-API-Key", hashed(key), 401},
		{"ErrBasic", "/v1/find/tasks", "Authorization", "Basic " + key, 401},
		{"ErrInQuery", "/v1/find/tasks?api_key=" + key, "", "", 401},
	}
	s := newServer(t, working(), api.Config{Listen: "0.0.0.0:0", Keys: []string{key, hashed("another-key-for-someone")}}, io.Discard)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t, tt.target)
			if tt.header != "" {
				r.Header.Set(tt.header, tt.value)
			}
			w := do(s, r)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			if tt.name == "ErrNone" {
				golden(t, "ErrNoKey", w)
			}
		})
	}
}

func TestHostNames(t *testing.T) {
	s := newServer(t, working(), api.Config{Hosts: []string{"Taskroot.example"}}, io.Discard)
	for host, status := range map[string]int{
		"127.0.0.1:8844": 200, "127.0.0.1": 200, "localhost:1": 200, "LOCALHOST": 200, "localhost.:1": 200, "[::1]:8844": 200,
		"taskroot.example:8844": 200,
		"evil.example:8844":     421, "127.0.0.1.evil.example": 421, "10.0.0.1": 421, "": 421, "localhost.evil.example": 421,
	} {
		for _, target := range []string{"/v1/find/tasks", "/metrics", "/nowhere"} {
			r := request(t, target)
			r.Host = host
			want := status
			if target == "/nowhere" && status == 200 {
				want = 404
			}
			if w := do(s, r); w.Code != want {
				t.Errorf("%s at host %q: status %d, want %d", target, host, w.Code, want)
			}
		}
	}
}

// TestRun starts the whole server on a free port, asks it, and ends it while a
// request is open: the request is answered first.
func TestRun(t *testing.T) {
	f := working()
	asked, answer := make(chan struct{}), make(chan struct{})
	f.find = func(ctx context.Context, _ string, _ map[string]string, _ string) (api.Page, error) {
		close(asked)
		select {
		case <-answer:
			return api.Page{Items: []json.RawMessage{[]byte(`{"n":1}`)}}, nil
		case <-ctx.Done():
			return api.Page{}, ctx.Err()
		}
	}
	s := newServer(t, f, api.Config{Listen: "127.0.0.1:0"}, io.Discard)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	url, err := s.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	if got := fetch(t, url+"/livez"); got != `{"status":"ok"}`+"\n" {
		t.Errorf("livez: %q", got)
	}
	body := make(chan string, 1)
	go func() { body <- fetch(t, url+"/v1/find/tasks") }()
	<-asked
	stop()
	close(answer)
	if got := <-body; got != `{"items":[{"n":1}],"next":null}`+"\n" {
		t.Errorf("the open request got %q", got)
	}
	if err := <-done; err != nil {
		t.Errorf("run ended with %v", err)
	}
}

// TestRunCutsOff ends the server while a query never ends: its context does.
func TestRunCutsOff(t *testing.T) {
	f := working()
	asked, ended := make(chan struct{}), make(chan struct{})
	f.find = func(ctx context.Context, _ string, _ map[string]string, _ string) (api.Page, error) {
		close(asked)
		<-ctx.Done()
		close(ended)
		return api.Page{}, ctx.Err()
	}
	s := newServer(t, f, api.Config{Listen: "127.0.0.1:0", ShutdownTimeout: 1}, io.Discard)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	url, err := s.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v1/find/tasks", http.NoBody)
		if err != nil {
			return
		}
		if resp, err := http.DefaultClient.Do(r); err == nil {
			resp.Body.Close()
		}
	}()
	<-asked
	stop()
	<-ended
	if err := <-done; err != nil {
		t.Errorf("run ended with %v", err)
	}
}

func TestErrPortTaken(t *testing.T) {
	first := newServer(t, working(), api.Config{Listen: "127.0.0.1:0"}, io.Discard)
	url, err := first.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- first.Run(ctx) }()
	second := newServer(t, working(), api.Config{Listen: strings.TrimPrefix(url, "http://")}, io.Discard)
	_, err = second.Listen(t.Context())
	if text, _ := fault.Public(err); text != "cannot listen on "+strings.TrimPrefix(url, "http://") {
		t.Errorf("got %v", err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestLongHeader shows the limit on what a caller may send.
func TestLongHeader(t *testing.T) {
	s := newServer(t, working(), api.Config{Listen: "127.0.0.1:0"}, io.Discard)
	ctx, stop := context.WithCancel(t.Context())
	url, err := s.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/livez", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", string(bytes.Repeat([]byte("x"), 64<<10)))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", resp.StatusCode)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Error(err)
		return ""
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return string(body)
}
