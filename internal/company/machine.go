package company

import (
	"cmp"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// todo is something that will happen on a machine.
type todo struct {
	at    int64
	seq   uint32
	epoch int // the boot it belongs to, 0 for any
	do    func()
}

// agenda is a heap of what will happen, the next first.
type agenda []todo

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].seq < a[j].seq
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push is for package heap.
func (a *agenda) Push(x any) { *a = append(*a, x.(todo)) }

// Pop is for package heap.
func (a *agenda) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	(*a)[last] = todo{}
	*a = (*a)[:last]
	return x
}

// machine is a host as time passes: what runs on it and what will happen. One
// goroutine at a time works on it.
type machine struct {
	*host
	w   *world
	rng *rand.Rand
	now int64

	agenda  agenda
	ordinal uint32 // of what was put on the agenda
	epoch   int    // counts boots; 0 before the first
	up      bool
	ids     pids
	starts  uint32 // counts processes, for their GUIDs
	boots   int64  // when it booted

	base     baseProcesses
	browsers []*process // newest last
	changed  *task      // a normal task whose definition is another by now
	live     []*process // all that will end at shutdown, and some that ended
	crowd    int        // how many of them call for a clearing
	ports    uint16

	written [channels]uint64 // record ids so far
	pending []record         // not yet due
	late    []record         // delivered with the next slice
	batch   *batch           // of the slice at hand

	counts   map[countKey]int64
	talks    bool // network or DNS telemetry was written
	defTalks bool
	reached  map[string]bool // planted and decoy destinations it reached
	decoys   []Decoy
	links    []Act // of scenes
	reports  int64 // Defender's report ids
}

type countKey struct {
	carrier Format
	what    string
	id      uint16
	channel channel
}

func newMachine(w *world, h *host) *machine {
	m := &machine{
		host: h, w: w, rng: w.stream(h), now: w.start, counts: map[countKey]int64{}, reached: map[string]bool{}, ports: 49152,
	}
	for c := range m.written {
		m.written[c] = h.baseline * uint64(c+1)
	}
	m.ids.next = 300 + uint32(m.rng.IntN(100))*4
	if h.stayOn {
		// It has been up for days: what started then is not in the logs.
		m.at(w.start, 0, func() { m.boot(w.start-int64(1+m.rng.IntN(9))*day-int64(m.rng.IntN(int(hour))), false) })
	} else {
		m.at(w.start+7*hour+30*minute+m.within(40*minute), 0, m.morning)
	}
	m.arrange()
	return m
}

// within draws a time below d.
func (m *machine) within(d int64) int64 { return m.rng.Int64N(max(d, 1)) }

func (m *machine) chance(p float64) bool { return m.rng.Float64() < p }

// at puts something on the agenda; an epoch other than 0 is the boot that it
// will not outlive.
func (m *machine) at(t int64, epoch int, do func()) {
	m.ordinal++
	heap.Push(&m.agenda, todo{t, m.ordinal, epoch, do})
}

// in is at for something that does not outlive the boot.
func (m *machine) in(d int64, do func()) { m.at(m.now+d, m.epoch, do) }

// run lets time pass until the slice's end and fills the batch.
func (m *machine) run(b *batch, until int64, last bool) {
	m.batch = b
	b.reset()
	due := m.pending
	m.pending = nil
	for _, r := range due {
		if r.at < until || last {
			b.records = append(b.records, r)
		} else {
			m.pending = append(m.pending, r)
		}
	}
	for len(m.agenda) > 0 && m.agenda[0].at < until {
		next := heap.Pop(&m.agenda).(todo)
		m.now = next.at
		if next.epoch == 0 || next.epoch == m.epoch && m.up {
			next.do()
		}
	}
	m.now = until
	m.deliver(b, until, last)
	m.batch = nil
}

// emit logs an event at a time that may lie a little ahead.
func (m *machine) emit(c channel, id uint16, version uint8, at int64, logger uint32, activity string, fields ...field) {
	if !m.logs[c] {
		return
	}
	b := m.batch
	from := len(b.arena)
	b.arena = append(b.arena, fields...)
	m.ordinal++
	b.records = append(b.records, record{
		at: at, seq: m.ordinal, id: id, channel: c, version: version, pid: logger, thread: 1000 + uint32(m.rng.IntN(900))*4,
		activity: activity, from: from, to: len(b.arena),
	})
}

// lateShare is how many of a thousand records reach the collector a slice late.
const lateShare = 3

// deliver numbers the slice's records in the order of their logs and writes
// them in the order in which they arrive.
func (m *machine) deliver(b *batch, until int64, last bool) {
	slices.SortFunc(b.records, func(x, y record) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.seq, y.seq)) })
	cut := len(b.records)
	for !last && cut > 0 && b.records[cut-1].at >= until {
		cut--
	}
	for i := cut; i < len(b.records); i++ {
		b.records[i].keep(b.arena)
		m.pending = append(m.pending, b.records[i])
	}
	b.records = b.records[:cut]
	for i := range b.records {
		m.written[b.records[i].channel]++
		b.records[i].number = m.written[b.records[i].channel]
	}
	held := m.late
	m.late = nil
	kept := b.records[:0]
	for _, r := range b.records {
		if !last && m.rng.IntN(1000) < lateShare {
			r.keep(b.arena)
			m.late = append(m.late, r)
			continue
		}
		kept = append(kept, r)
	}
	// A few change places with their neighbour.
	for i := 1; i < len(kept); i++ {
		if m.rng.IntN(200) == 0 {
			kept[i-1], kept[i] = kept[i], kept[i-1]
		}
	}
	for i := range kept {
		m.encode(b, &kept[i], until)
	}
	for i := range held {
		m.encode(b, &held[i], until)
	}
}

func (m *machine) encode(b *batch, r *record, until int64) {
	fields := r.fields(b.arena)
	b.events++
	if b.wants[EvtxJSON] {
		b.evtx[r.channel] = appendEvtx(b.evtx[r.channel], m.name, r, fields)
		b.evtxRecords[r.channel]++
		m.counts[countKey{carrier: EvtxJSON, id: r.id, channel: r.channel}]++
	}
	if b.wants[Winlogbeat] {
		b.beat = appendBeat(b.beat, m.name, r, fields, max(until, r.at+second))
		b.beatRecords++
		m.counts[countKey{carrier: Winlogbeat, id: r.id, channel: r.channel}]++
	}
	m.talks = m.talks || r.channel == sysmonLog && (r.id == 3 || r.id == 22) || r.id == 5156
}

// newGUID makes a random GUID, upper case without braces.
func (m *machine) newGUID() string {
	hi, lo := m.rng.Uint64(), m.rng.Uint64()
	return fmt.Sprintf("%08X-%04X-4%03X-%04X-%012X", hi>>32, hi>>16&0xffff, hi&0xfff, 0x8000|lo>>48&0x3fff, lo&0xffffffffffff)
}
