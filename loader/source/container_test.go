package source_test

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// unpack writes the one file of an archive to a temporary file.
func unpack(tb testing.TB, archive string) string {
	tb.Helper()
	z, err := zip.OpenReader(archive)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close() //nolint:errcheck // only read from
	in, err := z.File[0].Open()
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "unpacked")
	out, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		tb.Fatal(err)
	}
	if err := out.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}
