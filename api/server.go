// Package api serves the finds over HTTP: it turns a request into parameters
// and rows into JSON, and decides nothing. It is the only package that knows
// gin.
//
// What it keeps: an empty answer is 200 with an empty list; a failure is a
// problem document (RFC 9457) whose status follows from the error's kind in one
// table; a parameter nobody knows is an error that names it; values of
// parameters are never logged. Without an API key it listens on loopback only.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/taskroot/taskroot/internal/fault"
)

// Config says how the API is served. Zero durations mean those of
// [DefaultConfig].
type Config struct {
	Listen string // host:port; port 0 takes a free one
	// Keys are the accepted API keys, each as itself or as "sha256:<hex>".
	Keys []string
	// Hosts are further names under which a loopback server may be called.
	Hosts           []string
	ReadTimeout     time.Duration // longest a request may take to arrive
	WriteTimeout    time.Duration // longest an answer may take
	IdleTimeout     time.Duration // longest an idle connection is kept
	ShutdownTimeout time.Duration // longest to wait for open requests at the end
	ReadyTimeout    time.Duration // longest the database may take to say it is there
}

// DefaultConfig is what holds where nothing else is said.
func DefaultConfig() Config {
	return Config{
		Listen:          "127.0.0.1:8844",
		ReadTimeout:     10 * time.Second,
		WriteTimeout:    3 * time.Minute,
		IdleTimeout:     2 * time.Minute,
		ShutdownTimeout: 10 * time.Second,
		ReadyTimeout:    2 * time.Second,
	}
}

// Deps are the things the API talks to.
type Deps struct {
	Finds    Finds
	Database Database
	Log      *slog.Logger
}

// Database is asked whether it answers.
type Database interface {
	Ping(ctx context.Context) error
}

// maxHeaderBytes bounds a request's line and headers.
const maxHeaderBytes = 32 << 10

// Server is the REST API. Make it with [New].
type Server struct {
	config   Config
	deps     Deps
	keys     []keyHash
	loopback bool
	engine   *gin.Engine
	metrics  *metrics
	openapi  []byte
	listener net.Listener
}

// New checks the configuration and builds the server; it does not listen yet.
func New(deps Deps, c Config) (*Server, error) {
	c = c.complete()
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "api.listen is not host:port")
	}
	s := &Server{config: c, deps: deps, loopback: isLoopback(host), metrics: newMetrics()}
	if s.keys, err = hashKeys(c.Keys); err != nil {
		return nil, err
	}
	if !s.loopback && len(s.keys) == 0 {
		return nil, fault.New(fault.Invalid, "refusing to listen on %s, which others can reach, without an API key", c.Listen).
			WithHint("set api.keys or api.keys_file, or listen on 127.0.0.1")
	}
	if s.openapi, err = openapiJSON(); err != nil {
		return nil, err
	}
	s.engine, err = s.build()
	return s, err
}

func (c Config) complete() Config {
	d := DefaultConfig()
	if c.Listen == "" {
		c.Listen = d.Listen
	}
	for _, f := range []struct{ field, def *time.Duration }{
		{&c.ReadTimeout, &d.ReadTimeout}, {&c.WriteTimeout, &d.WriteTimeout}, {&c.IdleTimeout, &d.IdleTimeout},
		{&c.ShutdownTimeout, &d.ShutdownTimeout}, {&c.ReadyTimeout, &d.ReadyTimeout},
	} {
		if *f.field <= 0 {
			*f.field = *f.def
		}
	}
	return c
}

// isLoopback says that only this machine can reach the address. An empty host
// means every interface.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// Handler is the whole API as a handler, for tests.
func (s *Server) Handler() http.Handler { return s.engine }

// Routes lists the paths there are; all take GET and nothing else.
func (s *Server) Routes() []string {
	var out []string
	for _, r := range s.engine.Routes() {
		out = append(out, r.Path)
	}
	slices.Sort(out)
	return out
}

// Listen opens the port and gives the URL. [Server.Run] calls it where the
// caller has not.
func (s *Server) Listen(ctx context.Context) (url string, err error) {
	if s.listener == nil {
		var lc net.ListenConfig
		if s.listener, err = lc.Listen(ctx, "tcp", s.config.Listen); err != nil {
			return "", fault.Wrap(fault.Conflict, err, "cannot listen on %s", s.config.Listen).
				WithHint("is it in use? choose another with --listen")
		}
	}
	return "http://" + s.listener.Addr().String(), nil
}

// Run serves until ctx ends, then waits for open requests, at most as long as
// configured, and closes. It returns nil after such an end.
func (s *Server) Run(ctx context.Context) error {
	if _, err := s.Listen(ctx); err != nil {
		return err
	}
	// Requests outlive ctx until the wait for them is over.
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler:           s.engine,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: s.config.ReadTimeout,
		ReadTimeout:       s.config.ReadTimeout,
		WriteTimeout:      s.config.WriteTimeout,
		IdleTimeout:       s.config.IdleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.deps.Log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(s.listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve the API: %w", err)
	case <-ctx.Done():
	}
	wait, done := context.WithTimeout(requests, s.config.ShutdownTimeout)
	defer done()
	if err := server.Shutdown(wait); err != nil {
		s.deps.Log.Warn("requests were cut off at shutdown", "error", err)
		cancel()
		return errors.Join(server.Close(), ignoreClosed(<-failed))
	}
	return ignoreClosed(<-failed)
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
