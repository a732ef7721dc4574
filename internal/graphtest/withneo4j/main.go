// Command withneo4j runs a command, such as "go test ./...", with a Neo4j made
// for its tests, and takes the server away again when the command has ended,
// however it ended. NEO4J_TEST_URI, if set, names a server to use instead: an
// empty one, or one used so before. TASKROOT_TEST_WITH=docker or java forces
// how the server is run.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/internal/localdb"
)

const stopLimit = 2 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	status, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withneo4j:", err)
		status = max(status, 1)
	}
	os.Exit(status)
}

func run(ctx context.Context, command []string) (status int, err error) {
	if len(command) == 0 {
		return 2, errors.New("usage: withneo4j COMMAND [ARGUMENT…]")
	}
	c, given := graphtest.ConfigFromEnvironment()
	if given {
		if err := mark(ctx, c); err != nil {
			return 1, err
		}
	} else {
		if err := forContainers(); err != nil {
			return 1, err
		}
		log := slog.New(slog.NewTextHandler(os.Stderr, nil))
		var stop func(context.Context) error
		c, stop, err = graphtest.Start(ctx, log, localdb.With(os.Getenv("TASKROOT_TEST_WITH")))
		if err != nil {
			return 1, err
		}
		defer func() {
			limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
			defer cancel()
			err = errors.Join(err, stop(limit))
		}()
	}
	return execute(ctx, command, c)
}

// mark readies a server that was named for us.
func mark(ctx context.Context, c graphdb.Config) error {
	db, err := graphdb.Open(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(graphtest.Mark(ctx, db), db.Close(ctx))
}

// forContainers tells testcontainers what it cannot find out: inside a
// container a published port is on our own loopback, and there may be no image
// of its reaper at hand; we take our container away ourselves.
func forContainers() error {
	preset := map[string]string{"TESTCONTAINERS_RYUK_DISABLED": "true"}
	if _, err := os.Stat("/.dockerenv"); err == nil {
		preset["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1"
	}
	for name, value := range preset {
		if _, set := os.LookupEnv(name); set {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// execute runs the command and gives its exit status. A signal reaches it as
// it reaches us; what does not end by itself is killed.
func execute(ctx context.Context, command []string, c graphdb.Config) (int, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(),
		graphtest.URIVariable+"="+c.URI, graphtest.UsernameVariable+"="+c.Username, graphtest.PasswordVariable+"="+c.Password)
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}
