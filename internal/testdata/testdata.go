// Package testdata finds the real telemetry that tests use when it is there.
// The telemetry is not part of this project and cannot be: tests that need it
// say so and are skipped where it is missing.
package testdata

import (
	"os"
	"path/filepath"
	"testing"
)

// Env names the variable that points at the folder of real telemetry.
const Env = "TASKROOT_SHARED_DATA"

// Shared is the folder of real telemetry: $TASKROOT_SHARED_DATA, or shared/data
// beside the checkout. The test is skipped where neither is there.
func Shared(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv(Env); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		candidate := filepath.Join(dir, "shared", "data")
		if _, err := os.Stat(filepath.Join(candidate, "expected.json")); err == nil {
			return candidate
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Skipf("real telemetry is not here: put it in shared/data beside the checkout or set %s", Env)
		}
		dir = parent
	}
}
