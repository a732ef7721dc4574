package company

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// batch is one host's slice of time while it is made and written.
type batch struct {
	wants   map[Format]bool
	records []record
	arena   []field
	events  int64
	seen    witnessed

	evtx            [channels][]byte
	evtxRecords     [channels]int64
	beat            []byte
	beatRecords     int64
	defender        [tables][]byte
	defenderRecords [tables]int64
}

// reset empties the batch; what has grown far beyond the usual is given back.
func (b *batch) reset() {
	const usual = 8 << 20
	empty := func(buf []byte) []byte {
		if cap(buf) > usual {
			return nil
		}
		return buf[:0]
	}
	clear(b.arena)
	clear(b.records)
	clear(b.seen.births)
	clear(b.seen.acts)
	b.seen.births, b.seen.acts = b.seen.births[:0], b.seen.acts[:0]
	b.records, b.arena, b.events, b.beatRecords = b.records[:0], b.arena[:0], 0, 0
	for i := range b.evtx {
		b.evtx[i], b.evtxRecords[i] = empty(b.evtx[i]), 0
	}
	for i := range b.defender {
		b.defender[i], b.defenderRecords[i] = empty(b.defender[i]), 0
	}
	b.beat = empty(b.beat)
}

// run is one making of a company.
type run struct {
	o        Options
	out      *output
	w        *world
	machines []*machine
	events   int64
}

func newRun(o Options, out *output) *run {
	r := &run{o: o, out: out, w: newWorld(o)}
	for _, h := range r.w.hosts {
		r.machines = append(r.machines, newMachine(r.w, h))
	}
	return r
}

// all lets the whole time pass, slice by slice.
func (r *run) all(ctx context.Context) error {
	total := (r.w.end - r.w.start + r.w.slice - 1) / r.w.slice
	free := make(chan *batch, 2*r.o.Workers)
	for range cap(free) {
		b := &batch{wants: map[Format]bool{}}
		for _, f := range r.o.Formats {
			b.wants[f] = true
		}
		free <- b
	}
	for n := range total {
		until := r.w.start + (n+1)*r.w.slice
		if err := r.pass(ctx, free, until, n == total-1); err != nil {
			return err
		}
		if r.o.Progress != nil {
			r.o.Progress(Progress{Done: float64(n+1) / float64(total), Events: r.events, Bytes: r.out.bytes})
		}
	}
	return nil
}

// pass lets one slice pass on every host: workers take hosts in order, each
// when a batch is free, and what they made is written in the order of hosts.
func (r *run) pass(ctx context.Context, free chan *batch, until int64, last bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	made := make([]chan *batch, len(r.machines))
	for i := range made {
		made[i] = make(chan *batch, 1)
	}
	var next atomic.Int64
	var take sync.Mutex // a batch and the next host are taken together, or later hosts could take all batches
	var workers sync.WaitGroup
	for range min(r.o.Workers, len(r.machines)) {
		workers.Go(func() {
			for {
				take.Lock()
				var b *batch
				select {
				case b = <-free:
				case <-ctx.Done():
				}
				i := int(next.Add(1)) - 1
				take.Unlock()
				if b == nil {
					return
				}
				if i >= len(r.machines) {
					free <- b
					return
				}
				r.machines[i].run(b, until, last)
				made[i] <- b
			}
		})
	}
	err := r.collect(ctx, made, free, until)
	cancel()
	workers.Wait()
	return err
}

func (r *run) collect(ctx context.Context, made []chan *batch, free chan *batch, until int64) error {
	for i, ch := range made {
		select {
		case b := <-ch:
			if err := r.write(r.machines[i], b, until); err != nil {
				return err
			}
			free <- b
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (r *run) write(m *machine, b *batch, until int64) error {
	r.events += b.events
	if r.o.Witness != nil {
		r.o.Witness.tell(&b.seen)
	}
	for c := range b.evtx {
		path := string(EvtxJSON) + "/" + strings.ToLower(m.name) + "/" + logs[c].file
		if err := r.out.append(path, nil, b.evtx[c], b.evtxRecords[c]); err != nil {
			return err
		}
	}
	of := time.UnixMilli(until - r.w.slice).UTC().Format("20060102")
	if err := r.out.append(string(Winlogbeat)+"/winlogbeat-"+of+".ndjson", nil, b.beat, b.beatRecords); err != nil {
		return err
	}
	for t := range b.defender {
		path := string(Defender) + "/" + tableFiles[t]
		if err := r.out.append(path, tableHeader(table(t)), b.defender[t], b.defenderRecords[t]); err != nil {
			return err
		}
	}
	return nil
}
