// Command dump serves docs/benchmarks/evtx.sh. It decodes an event log as JSON
// on standard output, or only what the loader wants, counted; and it makes a log
// longer by repeating those of its chunks that are in use.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"

	"github.com/taskroot/taskroot/loader/source/evtx"
	"github.com/taskroot/taskroot/loader/winevent"
)

type counter struct{ events, skipped, damaged int }

func (c *counter) Event(*winevent.Event) error             { c.events++; return nil }
func (c *counter) Skipped(_ string, _ uint32, n int) error { c.skipped += n; return nil }
func (c *counter) Damaged(d evtx.Damage) error             { c.damaged += d.Count; return nil }

// times is how often repeat writes each chunk.
const times = 20

// repeat writes a log's header and its used chunks, many times over.
func repeat(path string) error {
	const header, chunk = 4096, 65536
	log, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if _, err := os.Stdout.Write(log[:header]); err != nil {
		return err
	}
	for range times {
		for at := header; at+chunk <= len(log); at += chunk {
			if !evtx.Sniff(log[at:]) {
				continue
			}
			if _, err := os.Stdout.Write(log[at : at+chunk]); err != nil {
				return err
			}
		}
	}
	return nil
}

func run(mode, path string) error {
	if mode == "repeat" {
		return repeat(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if mode == "json" {
		w := bufio.NewWriterSize(os.Stdout, 1<<16)
		defer w.Flush()
		return evtx.DumpJSON(context.Background(), f, w)
	}
	c := &counter{}
	if err := evtx.Decode(context.Background(), f, path, winevent.Wanted, c); err != nil {
		return err
	}
	fmt.Println(c.events, c.skipped, c.damaged)
	return nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: dump json|wanted|repeat FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
