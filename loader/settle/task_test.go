package settle_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

// The channels that tell of changes.
const (
	security  = "Security"
	scheduler = "Microsoft-Windows-TaskScheduler/Operational"
)

func fact(change graph.Change, ms int, channel string) settle.TaskFact {
	return settle.TaskFact{Change: change, At: at(ms), Channel: channel, Path: `\A`}
}

// defined is a fact with a definition.
func defined(change graph.Change, ms int, plan string) settle.TaskFact {
	f := fact(change, ms, security)
	f.Plan, f.Author, f.Principal, f.RunLevel = plan, "author "+plan, "principal "+plan, "level "+plan
	return f
}

func yes() *bool { b := true; return &b }
func no() *bool  { return new(bool) }

// of is the state that a definition gives.
func of(plan string, s settle.TaskState) settle.TaskState {
	s.Path, s.Registered = `\A`, true
	s.Author, s.Principal, s.RunLevel = "author "+plan, "principal "+plan, "level "+plan
	if s.Hidden == nil {
		s.Hidden = no()
	}
	return s
}

func TestTaskState(t *testing.T) {
	t.Parallel()
	off, hidden := defined(graph.Created, 0, "p"), defined(graph.Created, 0, "p")
	off.Off, hidden.Hidden = true, true
	unclear := func(f settle.TaskFact) settle.TaskFact { f.Unknown = true; return f }
	second := 1000
	for _, c := range []struct {
		name  string
		facts []settle.TaskFact
		want  settle.TaskState
	}{
		{"OK nothing", nil, settle.TaskState{Path: `\ran`}},
		{
			"OK created", []settle.TaskFact{fact(graph.Created, 0, scheduler)},
			settle.TaskState{Path: `\A`, Registered: true, CreatedAt: at(0), Enabled: yes()},
		},
		{
			"OK created with a definition", []settle.TaskFact{defined(graph.Created, 0, "p")},
			of("p", settle.TaskState{CreatedAt: at(0), Enabled: yes(), Plans: []settle.InForce{{Plan: "p", From: at(0)}}}),
		},
		{
			"OK created switched off", []settle.TaskFact{off},
			of("p", settle.TaskState{CreatedAt: at(0), Enabled: no(), Plans: []settle.InForce{{Plan: "p", From: at(0)}}}),
		},
		{
			"OK hidden", []settle.TaskFact{hidden},
			of("p", settle.TaskState{CreatedAt: at(0), Enabled: yes(), Hidden: yes(), Plans: []settle.InForce{{Plan: "p", From: at(0)}}}),
		},
		{
			"OK two channels tell of one creation", []settle.TaskFact{defined(graph.Created, 0, "p"), fact(graph.Created, 2*second, scheduler)},
			of("p", settle.TaskState{CreatedAt: at(0), Enabled: yes(), Plans: []settle.InForce{{Plan: "p", From: at(0)}}}),
		},
		{
			"OK the other channel first", []settle.TaskFact{defined(graph.Created, 20, "p"), fact(graph.Created, 0, scheduler)},
			of("p", settle.TaskState{CreatedAt: at(0), Enabled: yes(), Plans: []settle.InForce{{Plan: "p", From: at(20)}}}),
		},
		{
			"OK deleted", []settle.TaskFact{defined(graph.Created, 0, "p"), fact(graph.Deleted, 23, scheduler), fact(graph.Deleted, 25, security)},
			of("p", settle.TaskState{
				CreatedAt: at(0), DeletedAt: at(23), Enabled: yes(), Plans: []settle.InForce{{Plan: "p", From: at(0), To: at(23)}},
			}),
		},
		{
			// as a task that lives for milliseconds is logged by two channels
			"OK echo of the creation after the deletion",
			[]settle.TaskFact{
				defined(graph.Created, 0, "p"), fact(graph.Deleted, 23, security), fact(graph.Created, 24, scheduler), fact(graph.Deleted, 40, scheduler),
			},
			of("p", settle.TaskState{
				CreatedAt: at(0), DeletedAt: at(23), Enabled: yes(), Plans: []settle.InForce{{Plan: "p", From: at(0), To: at(23)}},
			}),
		},
		{
			"OK deleted and created again", []settle.TaskFact{
				defined(graph.Created, 0, "p"), fact(graph.Deleted, 10*second, security), defined(graph.Created, 20*second, "p"),
			},
			of("p", settle.TaskState{CreatedAt: at(20 * second), Enabled: yes(), Plans: []settle.InForce{
				{Plan: "p", From: at(0), To: at(10 * second)}, {Plan: "p", From: at(20 * second)},
			}}),
		},
		{
			"OK created again at once", []settle.TaskFact{
				defined(graph.Created, 0, "p"), fact(graph.Deleted, 10, security), defined(graph.Created, 20, "q"),
			},
			of("q", settle.TaskState{CreatedAt: at(20), Enabled: yes(), Plans: []settle.InForce{
				{Plan: "p", From: at(0), To: at(10)}, {Plan: "q", From: at(20)},
			}}),
		},
		{
			"OK versions", []settle.TaskFact{
				defined(graph.Created, 0, "p"), defined(graph.Updated, 1*second, "p"), defined(graph.Updated, 2*second, "q"),
				fact(graph.Updated, 3*second, scheduler), defined(graph.Updated, 4*second, "p"),
			},
			of("p", settle.TaskState{CreatedAt: at(0), Enabled: yes(), Plans: []settle.InForce{
				{Plan: "p", From: at(0), To: at(2 * second)}, {Plan: "q", From: at(2 * second), To: at(4 * second)}, {Plan: "p", From: at(4 * second)},
			}}),
		},
		{
			"OK switched off and on", []settle.TaskFact{
				fact(graph.Created, 0, security), fact(graph.Disabled, 1*second, security), fact(graph.Enabled, 2*second, security),
			},
			settle.TaskState{Path: `\A`, Registered: true, CreatedAt: at(0), Enabled: yes()},
		},
		{
			"OK switched off, whatever the definition beside it says", []settle.TaskFact{
				defined(graph.Created, 0, "p"), defined(graph.Disabled, 1*second, "p"),
			},
			of("p", settle.TaskState{CreatedAt: at(0), Enabled: no(), Plans: []settle.InForce{{Plan: "p", From: at(0)}}}),
		},
		{
			"OK only its deletion was seen", []settle.TaskFact{fact(graph.Deleted, 0, scheduler)},
			settle.TaskState{Path: `\A`, DeletedAt: at(0)},
		},
		{
			"OK unknown clock tells what, not when",
			[]settle.TaskFact{unclear(defined(graph.Created, 0, "p")), unclear(fact(graph.Deleted, 5, scheduler))},
			of("p", settle.TaskState{Enabled: yes()}),
		},
		{
			"OK unknown clock beside a known one",
			[]settle.TaskFact{defined(graph.Created, 0, "p"), unclear(fact(graph.Deleted, 5*second, scheduler))},
			of("p", settle.TaskState{CreatedAt: at(0), Enabled: yes(), Plans: []settle.InForce{{Plan: "p", From: at(0)}}}),
		},
	} {
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

// TestTaskForgets bounds updates that say nothing but that they happened.
func TestTaskForgets(t *testing.T) {
	t.Parallel()
	var task settle.Task
	task.Add(defined(graph.Created, 0, "p"))
	for i := range 1500 {
		task.Add(fact(graph.Updated, 1000+i, scheduler))
	}
	if len(task.Facts) != 1025 || task.Facts[0].Change != graph.Created || !task.Facts[1].At.Equal(at(1000+1500-1024)) {
		t.Errorf("%d facts, the second of %s", len(task.Facts), task.Facts[1].At)
	}
}

func TestDeeds(t *testing.T) {
	t.Parallel()
	by := func(change graph.Change, ms int, user, name, sid string) settle.TaskFact {
		f := fact(change, ms, security)
		f.User, f.UserName, f.SID = user, name, sid
		return f
	}
	var task settle.Task
	task.Add(
		by(graph.Created, 0, `d\u`, `D\u`, "S-1-5-21-2"), by(graph.Created, 400, `d\u`, `D\U`, "S-1-5-21-1"),
		by(graph.Updated, 5000, `d\u`, `D\u`, ""), by(graph.Updated, 2000, `d\u`, `D\u`, ""), by(graph.Updated, 3000, "S-1-5-21-9", "", "S-1-5-21-9"),
		fact(graph.Deleted, 9000, scheduler),
	)
	want := []settle.Deed{
		{Change: graph.Created, User: `d\u`, Name: `D\u`, SIDs: []string{"S-1-5-21-1", "S-1-5-21-2"}, Times: []int64{epoch.Unix()}},
		{Change: graph.Updated, User: `d\u`, Name: `D\u`, Times: []int64{epoch.Unix() + 2, epoch.Unix() + 5}},
		{Change: graph.Updated, User: "S-1-5-21-9", SIDs: []string{"S-1-5-21-9"}, Times: []int64{epoch.Unix() + 3}},
	}
	if got := task.Deeds(); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestUserKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ host, name, sid, want string }{
		{"h", `CORP\Ann`, "S-1-5-21-1", `corp\ann`},
		{"h", "", "S-1-5-21-1", "S-1-5-21-1"},
		{"h", `CORP\H$`, "S-1-5-18", "h|S-1-5-18"},
		{"h", `NT AUTHORITY\LOCAL SERVICE`, "S-1-5-19", "h|S-1-5-19"},
		{"h", "", "S-1-5-20", "h|S-1-5-20"},
		{"h", "", "", ""},
	} {
		t.Run(fmt.Sprint("OK ", c.name, " ", c.sid), func(t *testing.T) {
			t.Parallel()
			if got := settle.UserKey(c.host, c.name, c.sid); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestRunAdd holds a run's records to one order and each to one place.
func TestRunAdd(t *testing.T) {
	t.Parallel()
	ticks := []settle.Tick{
		{Stage: graph.Triggered, At: at(0), Trigger: "time"}, {Stage: graph.InstanceStart, At: at(0)},
		{Stage: graph.ActionStart, At: at(5), PID: 1}, {Stage: graph.ActionStart, At: at(5), PID: 2},
	}
	for seed := range uint64(10) {
		var r settle.Run
		for _, i := range rand.New(rand.NewPCG(seed, 1)).Perm(8) {
			tick := ticks[i%4]
			if i < 4 {
				tick.At = tick.At.In(time.FixedZone("x", 3600)) // as a database may give it back
			}
			r.Add(tick)
		}
		same := func(a, b settle.Tick) bool {
			equal := a.At.Equal(b.At)
			a.At = b.At
			return equal && a == b
		}
		want := []settle.Tick{ticks[1], ticks[0], ticks[2], ticks[3]}
		if !slices.EqualFunc(r.Ticks, want, same) || !r.At().Equal(at(0)) {
			t.Fatalf("seed %d: %+v", seed, r.Ticks)
		}
	}
}
