// Package queries is the only home of Cypher: one statement a file, embedded,
// each with a header that is checked against its text; and of the Go types
// that parameters and rows become.
//
// The folder says who runs a file: schema (constraints and indexes), load (the
// loader's and the hunts' books), find (read queries that users name) and hunt
// (batch hunts). No text is ever put together at run time.
//
// Tried and dropped: generating the Go structs from the headers, which is not
// worth it below about thirty queries; one big query that returns the paths of
// all candidates, which carries every chain although only the best is shown.
package queries

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
)

//go:embed schema/*.cypher load/*.cypher find/*.cypher hunt/*.cypher
var files embed.FS

// Library is all statements, by name. It never changes once made, and is safe
// for concurrent use.
type Library struct {
	statements map[string]Statement
}

// New reads and checks all embedded statements.
func New() (*Library, error) {
	l, err := read(files)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, f := range l.Finds(nil) {
		errs = append(errs, f.broken)
	}
	return l, errors.Join(errs...)
}

// read takes every problem with it, so that one run of the tests tells all.
func read(from fs.FS) (*Library, error) {
	l := &Library{statements: map[string]Statement{}}
	var errs []error
	err := fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		name, ok := strings.CutSuffix(path, ".cypher")
		if err != nil || d.IsDir() || !ok {
			return err
		}
		text, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		s, err := parse(name, string(text))
		errs = append(errs, err)
		l.statements[name] = s
		return nil
	})
	return l, errors.Join(append(errs, err)...)
}

// Statement is the statement of that name: folder and file, as load/process.
func (l *Library) Statement(name string) (Statement, error) {
	s, ok := l.statements[name]
	if !ok {
		return s, fault.New(fault.Internal, "there is no statement %q", name)
	}
	return s, nil
}

// Names lists the statements of a folder, in order.
func (l *Library) Names(folder string) []string {
	names := slices.Sorted(maps.Keys(l.statements))
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, folder+"/") })
}

// indexWait is how long Migrate waits for an index to be filled.
const indexWait = 5 * time.Minute

// Migrate makes the constraints and indexes that are not there yet, in the
// order of the files' names, and waits until all of them are in use. r runs
// each statement in a transaction of its own.
func (l *Library) Migrate(ctx context.Context, r graphdb.Runner) error {
	for _, name := range l.Names("schema") {
		s := l.statements[name]
		params := map[string]any{}
		if len(s.Params) > 0 { // the last file waits
			params["seconds"] = int64(indexWait / time.Second)
		}
		if err := r.Run(ctx, s.DB(), params, nil); err != nil {
			return fmt.Errorf("set up the database (%s): %w", name, err)
		}
	}
	return nil
}
