package evtx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/loader/source/evtx"
)

// check decodes a log both ways. Nothing may panic or hang, JSON must be JSON,
// and a log that has records has them for both.
func check(t *testing.T, log []byte) {
	t.Helper()
	k := &keeper{}
	err := evtx.Decode(context.Background(), bytes.NewReader(log), "fuzz", all, k)
	if err != nil && fault.KindOf(err) != fault.Invalid {
		t.Fatal(err)
	}
	lines := 0
	_, err = evtx.DumpEach(context.Background(), bytes.NewReader(log), func(_ uint64, line []byte) {
		if lines++; !json.Valid(line) {
			t.Errorf("not JSON: %q", line)
		}
	})
	if err != nil && fault.KindOf(err) != fault.Invalid {
		t.Fatal(err)
	}
	if lines > 0 && len(k.events) == 0 && len(k.damage) == 0 {
		t.Errorf("%d lines of JSON and no event", lines)
	}
}

// records is the part of a log's first chunk that holds its records.
func records(log []byte) []byte {
	chunk := log[4096:]
	return chunk[512:le.Uint32(chunk[48:])]
}

// FuzzDecode puts the fuzzer's bytes where a chunk has its records, with a
// header and checksums that are right, so that they are looked at.
func FuzzDecode(f *testing.F) {
	f.Add(records(kinds()))
	f.Add(records(file(small(1, 2).close())))
	f.Add([]byte("**\x00\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := newChunkWriter(1)
		c.bytes(body[:min(len(body), 65536-512)])
		c.next = 1 << 40
		check(t, file(c.close()))
	})
}

// TestMutations damages logs at random, always the same way.
func TestMutations(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seeds := [][]byte{kinds(), file(small(1, 40).close(), small(41, 40).close())}
	for i := range 600 {
		log := bytes.Clone(seeds[i%len(seeds)])
		used := 4096 + 512 + len(records(log))
		for range 1 + r.IntN(20) {
			switch at := r.IntN(used); r.IntN(3) {
			case 0:
				log[at] ^= byte(1 << r.IntN(8))
			case 1:
				log[at] = byte(r.IntN(256))
			default:
				copy(log[at:], log[r.IntN(used):][:r.IntN(16)])
			}
		}
		if r.IntN(2) == 0 && le.Uint32(log[4096+48:]) <= 65536 && le.Uint32(log[4096+48:]) >= 512 {
			sum(log[4096:])
		}
		if r.IntN(4) == 0 {
			log = log[:r.IntN(len(log))]
		}
		check(t, log)
	}
}

// TestNoise decodes random bytes.
func TestNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		log := make([]byte, 200_000)
		for i := range log {
			log[i] = byte(r.IntN(256))
		}
		copy(log, "ElfFile\x00")
		copy(log[4096:], "ElfChnk\x00")
		check(t, log)
	}
}
