package evtx_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"

	"github.com/taskroot/taskroot/loader/source/evtx"
	"github.com/taskroot/taskroot/loader/winevent"
)

// corpus is every real log of a megabyte or more, in memory.
func corpus(b *testing.B) (all [][]byte, size int64) {
	_, files := logs(b)
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		if len(data) >= 1<<20 {
			all = append(all, data)
			size += int64(len(data))
		}
	}
	return all, size
}

type counter struct{ events, skipped, damaged int }

func (c *counter) Event(*winevent.Event) error             { c.events++; return nil }
func (c *counter) Skipped(_ string, _ uint32, n int) error { c.skipped += n; return nil }
func (c *counter) Damaged(d evtx.Damage) error             { c.damaged += d.Count; return nil }

func BenchmarkDumpJSON(b *testing.B) {
	all, size := corpus(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range all {
			// The damage of some logs is known and no matter here.
			_ = evtx.DumpJSON(context.Background(), bytes.NewReader(data), io.Discard)
		}
	}
}

// open gates nothing.
func open(string, uint32) *winevent.Gate { return nil }

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		name string
		want func(string, uint32) bool
		gate func(string, uint32) *winevent.Gate
	}{
		{"Wanted", winevent.Wanted, open},
		{"Gated", winevent.Wanted, winevent.GateOf},
		{"All", func(string, uint32) bool { return true }, open},
		{"None", func(string, uint32) bool { return false }, open},
	} {
		b.Run(c.name, func(b *testing.B) {
			all, size := corpus(b)
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				for _, data := range all {
					if err := evtx.DecodeGated(context.Background(), bytes.NewReader(data), "bench", c.want, c.gate, &counter{}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
