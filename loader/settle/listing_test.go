package settle_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

const day = 24 * time.Hour

var beginning = time.Unix(0, 0).UTC()

// stocked is an inventory's word, with a definition that does the same as
// another one of its first letter.
func stocked(ms int, plan string, more ...func(*settle.TaskFact)) settle.TaskFact {
	f := settle.TaskFact{Change: graph.Listed, At: at(ms), Channel: "inventory", Path: `\A`, Listing: &settle.Listing{}}
	if plan != "" {
		f.Plan, f.Does, f.Author, f.Principal, f.RunLevel = plan, plan[:1], "author "+plan, "principal "+plan, "level "+plan
	}
	for _, m := range more {
		m(&f)
	}
	return f
}

func dated(date string) func(*settle.TaskFact) {
	return func(f *settle.TaskFact) { f.Listing.Date = date }
}
func loose(f *settle.TaskFact) { f.Listing.Loose = true }
func scant(f *settle.TaskFact) {
	f.Listing.Loose, f.Listing.Scant = true, true
	f.Principal, f.RunLevel = "", ""
}
func switchedOff(f *settle.TaskFact) { f.Off = true }
func unclear(f *settle.TaskFact)     { f.Unknown = true }

func registry(noSD bool, index uint32) func(*settle.TaskFact) {
	return func(f *settle.TaskFact) { f.Listing.NoSD, f.Listing.Index = &noSD, &index }
}

func does(f settle.TaskFact) settle.TaskFact { f.Does = f.Plan[:1]; return f }

// requested is what a command line asked for.
func requested(plan string, ms int) settle.TaskFact {
	return settle.TaskFact{Change: graph.Created, At: at(ms), Channel: settle.ChannelCommand, Path: `\A`, Plan: plan, Does: plan}
}

// known is the state of a listed task whose newest definition is plan.
func known(plan string, s settle.TaskState) settle.TaskState {
	registered := s.Registered
	s = of(plan, s)
	s.Registered, s.Listed = registered, true
	if s.Enabled == nil {
		s.Enabled = yes()
	}
	return s
}

func in(plan string, from time.Time, more ...func(*settle.InForce)) settle.InForce {
	p := settle.InForce{Plan: plan, From: from}
	for _, m := range more {
		m(&p)
	}
	return p
}

func until(ms int) func(*settle.InForce) { return func(p *settle.InForce) { p.To = at(ms) } }
func seen(ms int) func(*settle.InForce)  { return func(p *settle.InForce) { p.Seen = at(ms) } }
func assumed(p *settle.InForce)          { p.Assumed = true }
func unlogged(p *settle.InForce)         { p.Unlogged = true }

type stateCase struct {
	name  string
	facts []settle.TaskFact
	want  settle.TaskState
}

// aloneCases are inventories without logs.
func aloneCases() []stateCase {
	index, missing := uint32(0), true
	return []stateCase{
		{"OK for ever", []settle.TaskFact{stocked(0, "p")},
			known("p", settle.TaskState{Plans: []settle.InForce{in("p", beginning, seen(0), assumed)}})},
		{"OK since its date", []settle.TaskFact{stocked(0, "p", dated("2021-04-01T10:00:00+02:00"))},
			known("p", settle.TaskState{CreatedAt: time.Date(2021, 4, 1, 8, 0, 0, 0, time.UTC),
				Plans: []settle.InForce{in("p", time.Date(2021, 4, 1, 8, 0, 0, 0, time.UTC), seen(0))}})},
		{"OK since its day", []settle.TaskFact{stocked(0, "p", dated("2021-04-01T10:00:00.1234567"))},
			known("p", settle.TaskState{CreatedAt: time.Date(2021, 4, 1, 0, 0, 0, 0, time.UTC),
				Plans: []settle.InForce{in("p", time.Date(2021, 3, 31, 0, 0, 0, 0, time.UTC), seen(0))}})},
		{"OK a date from the future", []settle.TaskFact{stocked(0, "p", dated("2121-04-01T10:00:00Z"))},
			known("p", settle.TaskState{Plans: []settle.InForce{in("p", beginning, seen(0), assumed)}})},
		{"OK a date from before computers", []settle.TaskFact{stocked(0, "p", dated("1601-01-01T00:00:00"))},
			known("p", settle.TaskState{Plans: []settle.InForce{in("p", beginning, seen(0), assumed)}})},
		{"OK no date", []settle.TaskFact{stocked(0, "p", dated("yesterday"))},
			known("p", settle.TaskState{Plans: []settle.InForce{in("p", beginning, seen(0), assumed)}})},
		{"OK without a definition", []settle.TaskFact{stocked(0, "", registry(true, 0))},
			settle.TaskState{Path: `\A`, Listed: true, SDMissing: &missing, TreeIndex: &index}},
		{"OK switched off", []settle.TaskFact{stocked(0, "p", switchedOff)},
			known("p", settle.TaskState{Enabled: no(), Plans: []settle.InForce{in("p", beginning, seen(0), assumed)}})},
		{"OK the inventory knows better whether it is on", []settle.TaskFact{stocked(0, "p", func(f *settle.TaskFact) { f.Listing.Enabled = no() })},
			known("p", settle.TaskState{Enabled: no(), Plans: []settle.InForce{in("p", beginning, seen(0), assumed)}})},
		{"OK again and again", []settle.TaskFact{stocked(0, "p"), stocked(86400_000, "p"), stocked(2*86400_000, "p")},
			known("p", settle.TaskState{Plans: []settle.InForce{in("p", beginning, seen(0), assumed)}})},
		{"OK another definition, unlogged", []settle.TaskFact{stocked(0, "p"), stocked(86400_000, "q")},
			known("q", settle.TaskState{Plans: []settle.InForce{in("p", beginning, seen(0), assumed, until(86400_000)), in("q", at(86400_000), seen(86400_000), unlogged)}})},
		{"OK another that does the same", []settle.TaskFact{stocked(0, "p"), stocked(86400_000, "p2")},
			known("p2", settle.TaskState{Plans: []settle.InForce{in("p", beginning, seen(0), assumed, until(86400_000)), in("p2", at(86400_000), seen(86400_000))}})},
		{"OK a loose one is the whole one that does the same", []settle.TaskFact{stocked(0, "px", loose), stocked(86400_000, "p")},
			known("p", settle.TaskState{Plans: []settle.InForce{in("p", beginning, seen(0), assumed)}})},
		{"OK a loose one by itself", []settle.TaskFact{stocked(0, "px", loose)},
			known("px", settle.TaskState{Plans: []settle.InForce{in("px", beginning, seen(0), assumed)}})},
		{"OK the registry has no principal", []settle.TaskFact{stocked(0, "px", scant)},
			settle.TaskState{Path: `\A`, Listed: true, Author: "author px", Plans: []settle.InForce{in("px", beginning, seen(0), assumed)}}},
		{"OK unknown clock", []settle.TaskFact{stocked(0, "p", unclear)}, known("p", settle.TaskState{})},
	}
}

// loggedCases are inventories beside logs.
func loggedCases() []stateCase {
	const s = 1000
	april := time.Date(2021, 4, 1, 8, 0, 0, 0, time.UTC)
	return []stateCase{
		{"OK before a logged update", []settle.TaskFact{stocked(0, "p", dated("2021-04-01T08:00:00Z")), does(defined(graph.Updated, 100*s, "q"))},
			known("q", settle.TaskState{CreatedAt: april, Plans: []settle.InForce{in("p", april, seen(0), until(100*s)), in("q", at(100*s))}})},
		{"OK the same after a logged creation", []settle.TaskFact{does(defined(graph.Created, 0, "p")), stocked(100*s, "p", dated("2021-04-01T08:00:00Z"))},
			known("p", settle.TaskState{Registered: true, CreatedAt: at(0), Plans: []settle.InForce{in("p", at(0))}})},
		{"OK another after a logged update", []settle.TaskFact{does(defined(graph.Updated, 0, "p")), stocked(100*s, "q")},
			known("q", settle.TaskState{Plans: []settle.InForce{in("p", at(0), until(100*s)), in("q", at(100*s), seen(100*s), unlogged)}})},
		{"OK what a creation without definition created", []settle.TaskFact{fact(graph.Created, 0, scheduler), stocked(100*s, "p", dated("2021-04-01T08:00:00Z"))},
			known("p", settle.TaskState{Registered: true, CreatedAt: at(0), Plans: []settle.InForce{in("p", at(0), seen(100*s))}})},
		{"OK what an update without definition brought", []settle.TaskFact{does(defined(graph.Created, 0, "p")), fact(graph.Updated, 50*s, scheduler), stocked(100*s, "q")},
			known("q", settle.TaskState{Registered: true, CreatedAt: at(0),
				Plans: []settle.InForce{in("p", at(0), until(50*s)), in("q", at(50*s), seen(100*s))}})},
		{"OK the other channel's word of a creation brings nothing", []settle.TaskFact{
			does(defined(graph.Created, 0, "p")), fact(graph.Created, 1*s, scheduler), stocked(100*s, "q")},
			known("q", settle.TaskState{Registered: true, CreatedAt: at(0),
				Plans: []settle.InForce{in("p", at(0), until(100*s)), in("q", at(100*s), seen(100*s), unlogged)}})},
		{"OK the file of a creation, written just before it was logged", []settle.TaskFact{stocked(0, "p"), does(defined(graph.Created, 900, "p"))},
			known("p", settle.TaskState{Registered: true, CreatedAt: at(900), Plans: []settle.InForce{in("p", at(900))}})},
		{"OK created anew over what was listed", []settle.TaskFact{stocked(0, "p"), does(defined(graph.Created, 100*s, "q"))},
			known("q", settle.TaskState{Registered: true, CreatedAt: at(100 * s),
				Plans: []settle.InForce{in("p", beginning, seen(0), assumed, until(100*s)), in("q", at(100*s))}})},
		{"OK deleted after", []settle.TaskFact{stocked(0, "p"), fact(graph.Deleted, 100*s, scheduler)},
			known("p", settle.TaskState{DeletedAt: at(100 * s), Plans: []settle.InForce{in("p", beginning, seen(0), assumed, until(100*s))}})},
		{"OK there although it was deleted", []settle.TaskFact{fact(graph.Deleted, 0, scheduler), stocked(100*s, "p")},
			known("p", settle.TaskState{Plans: []settle.InForce{in("p", at(100*s), seen(100*s), unlogged)}})},
		{"OK registered anew after its deletion, by its date", []settle.TaskFact{
			does(defined(graph.Created, 0, "p")), fact(graph.Deleted, 50*s, scheduler), stocked(100*s, "p", dated(at(60*s).Format(time.RFC3339)))},
			known("p", settle.TaskState{Registered: true, CreatedAt: at(60 * s),
				Plans: []settle.InForce{in("p", at(0), until(50*s)), in("p", at(60*s), seen(100*s), unlogged)}})},
		{"OK the registry names the logged definition", []settle.TaskFact{does(defined(graph.Created, 0, "p")), stocked(100*s, "px", scant)},
			func() settle.TaskState {
				st := known("p", settle.TaskState{Registered: true, CreatedAt: at(0), Plans: []settle.InForce{in("p", at(0))}})
				st.Author = "author px"
				return st
			}()},
		{"OK the registry does something else", []settle.TaskFact{does(defined(graph.Created, 0, "p")), stocked(100*s, "q", loose)},
			known("q", settle.TaskState{Registered: true, CreatedAt: at(0),
				Plans: []settle.InForce{in("p", at(0), until(100*s)), in("q", at(100*s), seen(100*s), unlogged)}})},
		{"OK what a command line asked for, as it was made", []settle.TaskFact{requested("c", 0), stocked(100*s, "p")},
			known("p", settle.TaskState{Plans: []settle.InForce{in("p", at(0), seen(100*s))}})},
		{"OK what a command line asked for, its file written at once", []settle.TaskFact{requested("c", 200), stocked(0, "p", dated("2021-04-01T08:00:00Z"))},
			known("p", settle.TaskState{CreatedAt: april, Plans: []settle.InForce{in("p", at(200), seen(200))}})},
		{"OK what a command line asked for, deleted before the inventory", []settle.TaskFact{
			requested("c", 0), fact(graph.Deleted, 50*s, scheduler), stocked(100*s, "p")},
			known("p", settle.TaskState{Plans: []settle.InForce{in("c", at(0), until(50*s)), in("p", at(100*s), seen(100*s), unlogged)}})},
		{"OK switched off after", []settle.TaskFact{stocked(0, "p"), fact(graph.Disabled, 100*s, scheduler)},
			known("p", settle.TaskState{Enabled: no(), Plans: []settle.InForce{in("p", beginning, seen(0), assumed)}})},
	}
}

// TestListed holds what inventories say of a task, in any order and repeated.
func TestListed(t *testing.T) {
	t.Parallel()
	for _, c := range slices.Concat(aloneCases(), loggedCases()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(5) {
				facts := slices.Concat(c.facts, c.facts)
				rand.New(rand.NewPCG(seed, 1)).Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
				task := settle.Task{Key: `h|\a`, RunPath: `\ran`}
				for _, f := range facts {
					task.Add(f)
				}
				if len(task.Facts) != len(c.facts) {
					t.Fatalf("%d facts of %d", len(task.Facts), len(c.facts))
				}
				if got := task.State(); !reflect.DeepEqual(got, c.want) {
					t.Fatalf("seed %d: got\n%+v\nwant\n%+v", seed, got, c.want)
				}
			}
		})
	}
}

// TestListedForgets bounds the listings that a task remembers.
func TestListedForgets(t *testing.T) {
	t.Parallel()
	var task settle.Task
	for i := range 1500 {
		task.Add(stocked(i*int(day/time.Millisecond), "p"))
	}
	if first := task.Facts[0].At; len(task.Facts) != 1024 || !first.Equal(at(0).Add((1500-1024)*day)) {
		t.Errorf("%d facts, the first of %s", len(task.Facts), first)
	}
}
