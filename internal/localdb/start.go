package localdb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
)

// cleanUpLimit is how long tidying may take after the caller's context ended.
const cleanUpLimit = 90 * time.Second

// start brings a server up where none runs. Whatever fails, no process stays.
func (i instance) start(ctx context.Context, o Options, last server) (Connection, error) {
	if err := last.discard(ctx); err != nil {
		return Connection{}, err
	}
	if err := i.forget(); err != nil {
		return Connection{}, err
	}
	next, err := choosePorts(ctx, i.wishes(o), last)
	if err != nil {
		return Connection{}, err
	}
	run, err := i.runner(ctx, o)
	if err != nil {
		return Connection{}, err
	}
	password, err := i.password()
	if err != nil {
		return Connection{}, err
	}
	next, err = run(ctx, o, next)
	if err != nil {
		return Connection{}, err
	}
	c := i.connectionTo(next, password)
	err = i.remember(next, c)
	if err == nil {
		err = i.await(ctx, o, next, c)
	}
	if err != nil {
		tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpLimit)
		defer cancel()
		return Connection{}, errors.Join(err, next.stop(tidy), next.discard(tidy), i.forget())
	}
	return c, i.list(o)
}

// wishes puts the ports last used here where o asks for them.
func (i instance) wishes(o Options) Options {
	last, err := i.connection()
	bolt, http := DefaultBoltPort, DefaultHTTPPort
	if err == nil {
		bolt, http = portOf(last.URI, bolt), portOf(last.Browser, http)
	}
	if o.BoltPort == LastPort {
		o.BoltPort = bolt
	}
	if o.HTTPPort == LastPort {
		o.HTTPPort = http
	}
	return o
}

// runner chooses how the server is run.
func (i instance) runner(ctx context.Context, o Options) (func(context.Context, Options, server) (server, error), error) {
	if o.With == Java {
		return i.runJava, nil
	}
	image, err := FindImage(ctx)
	if err == nil {
		return func(ctx context.Context, o Options, s server) (server, error) {
			return i.runContainer(ctx, o, s, image)
		}, nil
	}
	if o.With == Docker {
		return nil, err
	}
	o.Log.Debug("no container: taking Java", "why", err.Error())
	return i.runJava, nil
}

// join is for an Up that found the server running: it must be the one asked
// for, and it may still be starting.
func (i instance) join(ctx context.Context, o Options, s server) (Connection, error) {
	if (o.With != Auto && o.With != s.With) || (o.BoltPort > 0 && o.BoltPort != s.BoltPort) || (o.HTTPPort > 0 && o.HTTPPort != s.HTTPPort) {
		return Connection{}, fault.New(fault.Conflict, "the database in %s is up already with %s, Bolt on port %d and HTTP on port %d", i.dir, s.With, s.BoltPort, s.HTTPPort).
			WithHint("take it down first: taskroot db down --dir %s", i.dir)
	}
	password, err := i.password()
	if err != nil {
		return Connection{}, err
	}
	c := i.connectionTo(s, password)
	if err := i.await(ctx, o, s, c); err != nil {
		return Connection{}, err
	}
	if err := i.remember(s, c); err != nil {
		return Connection{}, err
	}
	return c, i.list(o)
}

// await returns once the server lets us in.
func (i instance) await(ctx context.Context, o Options, s server, c Connection) error {
	limit, cancel := context.WithTimeout(ctx, o.Wait)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		if last = knock(limit, c); last == nil {
			return nil
		}
		alive, err := s.alive(limit)
		if err == nil && !alive {
			return fault.Wrap(fault.Unavailable, errors.New(i.lastWords(ctx, s)), "the Neo4j server stopped while it started")
		}
		select {
		case <-tick.C:
		case <-limit.Done():
			if ctx.Err() != nil {
				return fmt.Errorf("stopped before the server answered: %w", ctx.Err())
			}
			return fault.Wrap(fault.Timeout, errors.Join(last, errors.New(i.lastWords(ctx, s))), "the Neo4j server did not answer within %s", o.Wait)
		}
	}
}

// knock tries to log in, and whether the Browser's server answers too: it
// comes up a little later. The port is tried first, which tells at once.
func knock(ctx context.Context, c Connection) error {
	var dial net.Dialer
	conn, err := dial.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", portOf(c.URI, 0)))
	if err != nil {
		return err
	}
	if err := conn.Close(); err != nil {
		return err
	}
	db, err := graphdb.Open(ctx, graphdb.Config{URI: c.URI, Username: c.Username, Password: c.Password})
	if err != nil {
		return err
	}
	if err := db.Close(ctx); err != nil {
		return err
	}
	_, err = serverVersion(ctx, c)
	return err
}

// lastWords are the last lines the server wrote, for an error's text.
func (i instance) lastWords(ctx context.Context, s server) string {
	const lines = 12
	from := i.path("logs", "console.log")
	if s.Container != "" {
		return "it last said:\n" + containerLog(context.WithoutCancel(ctx), s.Container, lines)
	}
	f, err := os.Open(from)
	if err != nil {
		return "and left no log: " + err.Error()
	}
	defer f.Close()
	var kept []string
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		if kept = append(kept, "  "+scan.Text()); len(kept) > lines {
			kept = kept[1:]
		}
	}
	return "the last lines of " + from + " are:\n" + strings.Join(kept, "\n")
}

// list lets other commands find the database, unless it is not for them.
func (i instance) list(o Options) error {
	if o.Unlisted {
		return nil
	}
	return addRunning(i.dir)
}
