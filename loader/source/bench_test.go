package source_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader/source"
)

// nowhere is a sink that only counts.
type nowhere struct{ observations int }

func (n *nowhere) FileStart(string, int64) error { return nil }
func (n *nowhere) FileEnd(string) error          { return nil }
func (n *nowhere) Observation(graph.Observation, ...graph.Observation) error {
	n.observations++
	return nil
}
func (n *nowhere) Skipped(string, int) error    { return nil }
func (n *nowhere) Rejected(source.Reject) error { return nil }
func (n *nowhere) Progress(int64)               { /* not looked at */ }

// BenchmarkMordor reads 114 MB of flat JSON, of which few records are wanted,
// plain and as the archive it came in. TASKROOT_BENCH_FILE names another file.
func BenchmarkMordor(b *testing.B) {
	dir := testdata.Shared(b)
	archive := filepath.Join(dir, "mordor", "metasploit_nanodump_lsass_memory_dump.zip")
	files := map[string]string{"zip": archive, "plain": unpack(b, archive)}
	if file := os.Getenv("TASKROOT_BENCH_FILE"); file != "" {
		files["other"] = file
	}
	size, err := os.Stat(files["plain"])
	if err != nil {
		b.Fatal(err)
	}
	for name, file := range files {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size.Size())
			b.ReportAllocs()
			for b.Loop() {
				n := &nowhere{}
				if err := source.Read(b.Context(), []string{file}, nil, source.Options{}, n); err != nil {
					b.Fatal(err)
				}
				if name != "other" && n.observations != 1581 {
					b.Fatalf("%d observations", n.observations)
				}
			}
		})
	}
}
