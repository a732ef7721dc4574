package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/graphtest"
)

// TestServe runs the whole program on a real database and a free port, asks it,
// and interrupts it.
func TestServe(t *testing.T) {
	c := graphtest.Config(t)
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("TASKROOT_NEO4J_URI", c.URI)
	t.Setenv("TASKROOT_NEO4J_USERNAME", c.Username)
	t.Setenv("TASKROOT_NEO4J_PASSWORD", c.Password)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, write := io.Pipe()
	var stderr bytes.Buffer
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"serve", "--json", "--listen", "127.0.0.1:0"}, strings.NewReader(""), write, &stderr)
		write.Close()
	}()
	var ready struct{ URL string }
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		t.Fatalf("no URL: %v; status %d: %s", err, <-status, stderr.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	for path, want := range map[string]string{
		"/livez": `{"status":"ok"}` + "\n", "/readyz": `{"status":"ok"}` + "\n",
		"/v1/find/tasks?host=no-such-host": `{"items":[],"next":null}` + "\n",
	} {
		if got := get(t, ready.URL+path); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
	interrupt()
	if s := <-status; s != app.ExitDone {
		t.Errorf("status %d: %s", s, stderr.String())
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
