// Command taskroot loads Windows telemetry into Neo4j and finds the scheduled
// tasks whose process tree reaches rare destinations.
//
// A file holds one sub-command; root.go joins them. Nothing here decides
// anything: parts are chosen, joined, and their results shown.
package main

import (
	"context"
	"io"
	"os"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/fault"
)

func main() {
	ctx, stop := app.Signals(context.Background())
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is the whole program. What fails before a command starts is wrong usage.
func run(ctx context.Context, args []string, in io.Reader, out, stderr io.Writer) int {
	a := app.New(in, out, stderr)
	root, started := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !*started {
		err = fault.New(fault.Invalid, "%s", err).WithHint("'taskroot --help' and 'taskroot COMMAND --help' tell what there is")
	}
	return a.Exit(err)
}
