package source_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// TestUnreadable reads a folder in which a file and a folder are forbidden.
// Where the tests run as root, the thread gives up root's right to read all.
func TestUnreadable(t *testing.T) {
	dir := folder(t, map[string]string{"a.json": line(1), "b/x.json": line(2), "c.json": line(3), "d.json": line(4)})
	for path, mode := range map[string]os.FileMode{
		filepath.Dir(dir): 0o755, dir: 0o755,
		filepath.Join(dir, "b"): 0, filepath.Join(dir, "c.json"): 0,
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "b"), 0o700) }) //nolint:gosec // a folder of the test's own
	r := newRecorder(t)
	asNobody(t, func() { readInto(t, r, dir) })
	check(t, r, filepath.ToSlash(dir)+"/", []string{"file INa.json", saw(1),
		"rejected all of it: unreadable: permission denied", "rejected all of it: unreadable: permission denied",
		"file INd.json", saw(4)})
	if r.rejected[0].Source != filepath.ToSlash(dir)+"/b" || r.rejected[1].Source != filepath.ToSlash(dir)+"/c.json" {
		t.Errorf("rejected %s and %s", r.rejected[0].Source, r.rejected[1].Source)
	}
}

func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := syscall.Setfsuid(65534); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Setfsuid(0) }()
	f()
}
