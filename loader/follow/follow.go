// Package follow says what to read next of files that are being written: which
// files there are, which of them is one that was known under another name, how
// far it was taken, and where its last whole line ends.
//
// It reads files and remembers nothing: what was taken is in a [Checkpoint],
// which the loader keeps in the database.
package follow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// File is a regular file as a scan found it.
type File struct {
	Path     string // as the caller named it, or below the folder that was named; with slashes
	Identity string // what stays when it is renamed: device and inode
	Size     int64
	Modified time.Time
}

// Scan lists the regular files at the paths and in the folders below them, in
// the order of their paths, a file with several names once. Links in folders are
// not followed. A path that names a file stands for it and for its neighbours
// that keep reports by identity, so that it is still found when it was renamed.
// What can't be looked at comes back as troubles; it stops nothing else.
func Scan(ctx context.Context, paths []string, keep func(identity string) bool) (files []File, troubles []error, err error) {
	s := scan{seen: map[string]bool{}}
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err == nil && info.IsDir():
			err = s.folder(ctx, path)
		case err == nil && info.Mode().IsRegular() || errors.Is(err, fs.ErrNotExist):
			err = s.neighbours(ctx, path, keep)
		case err == nil:
			err = fmt.Errorf("%s is no file and no folder: it can't be followed", path)
		}
		if ctx.Err() != nil {
			return nil, nil, fmt.Errorf("look for files: %w", ctx.Err())
		}
		if err != nil {
			s.troubles = append(s.troubles, err)
		}
	}
	slices.SortFunc(s.files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return s.files, s.troubles, nil
}

type scan struct {
	files    []File
	troubles []error
	seen     map[string]bool // identities
}

func (s *scan) folder(ctx context.Context, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist) && path != dir:
			return nil // it went between being listed and being looked at
		case err != nil:
			s.troubles = append(s.troubles, err)
			return nil
		case d.Type().IsRegular():
			s.add(path, d.Info)
		}
		return nil
	})
}

// neighbours adds the file at path, and what of its folder is kept.
func (s *scan) neighbours(ctx context.Context, path string, keep func(string) bool) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("look for %s: %w", path, err)
	}
	for _, d := range entries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch info, err := d.Info(); {
		case d.Name() == filepath.Base(path):
			s.add(path, func() (fs.FileInfo, error) { return os.Stat(path) })
		case err == nil && info.Mode().IsRegular() && keep(identity(filepath.Join(filepath.Dir(path), d.Name()), info)):
			s.add(filepath.Join(filepath.Dir(path), d.Name()), d.Info)
		}
	}
	return nil
}

func (s *scan) add(path string, stat func() (fs.FileInfo, error)) {
	info, err := stat()
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		s.troubles = append(s.troubles, err)
		return
	}
	id := identity(path, info)
	if s.seen[id] {
		return
	}
	s.seen[id] = true
	s.files = append(s.files, File{Path: filepath.ToSlash(path), Identity: id, Size: info.Size(), Modified: info.ModTime()})
}

// Stat is the identity and size of an open file.
func Stat(f *os.File) (id string, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return "", 0, fmt.Errorf("look at an open file: %w", err)
	}
	return identity(f.Name(), info), info.Size(), nil
}
