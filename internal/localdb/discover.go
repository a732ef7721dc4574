package localdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// runningFile, in Taskroot's data directory, lists where databases were
// brought up, the latest first: how other commands find one by themselves
// wherever it is kept.
const runningFile = "databases.json"

// keptRunning bounds that list.
const keptRunning = 16

// Discover finds a database that runs, and how to log in to it. With a dir it
// looks there only; without, the one most recently brought up that still runs
// is taken. The second result is false where none runs.
func Discover(dir string) (Connection, bool, error) {
	ctx, cancel := context.WithTimeout(context.TODO(), 10*time.Second) // a look at local files, and at most at the local engine
	defer cancel()
	return discover(ctx, dir)
}

func discover(ctx context.Context, dir string) (Connection, bool, error) {
	if dir != "" {
		return discoverIn(ctx, dir)
	}
	list, err := runningList()
	if err != nil {
		return Connection{}, false, err
	}
	preset, err := DefaultDir()
	if err != nil {
		return Connection{}, false, err
	}
	for _, candidate := range append(list, preset) {
		// One that cannot be read must not hide the next.
		if c, runs, err := discoverIn(ctx, candidate); err == nil && runs {
			return c, true, nil
		}
	}
	return Connection{}, false, nil
}

func discoverIn(ctx context.Context, dir string) (Connection, bool, error) {
	dir, err := resolveDir(dir)
	if err != nil {
		return Connection{}, false, err
	}
	home := instance{dir: dir}
	_, alive, err := home.current(ctx)
	if err != nil || !alive {
		return Connection{}, false, err
	}
	c, err := home.connection()
	return c, err == nil, err
}

func runningList() ([]string, error) {
	home, err := dataHome()
	if err != nil {
		return nil, err
	}
	var list []string
	err = readJSON(filepath.Join(home, runningFile), &list)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return list, err
}

// addRunning puts dir first on the list.
func addRunning(dir string) error {
	home, err := dataHome()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return fmt.Errorf("note where the database is: %w", err)
	}
	list, err := runningList()
	if err != nil {
		list = nil // unreadable: a new one is as good
	}
	list = slices.DeleteFunc(list, func(d string) bool { return d == dir })
	list = append([]string{dir}, list...)
	return writeJSON(filepath.Join(home, runningFile), list[:min(len(list), keptRunning)])
}
