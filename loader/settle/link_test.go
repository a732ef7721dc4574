package settle_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

var epoch = time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC)

// at is a time so many milliseconds after the epoch.
func at(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

const (
	image    = `C:\Windows\System32\cmd.exe`
	command  = `cmd.exe /c backup`
	services = `C:\Windows\System32\svchost.exe`
)

// The parents that roots of these tests have.
var (
	schedule   = settle.ParentOf{Key: "h|sched", Image: services, Command: services + ` -k netsvcs -p -s Schedule`, PID: 900}
	shared     = settle.ParentOf{Key: "h|shared", Image: services, Command: services + ` -k netsvcs -p`, PID: 900}
	silent     = settle.ParentOf{Key: "h|silent", Image: services, PID: 900}
	dcom       = settle.ParentOf{Key: "h|dcom", Image: services, Command: services + ` -k DcomLaunch -p`, PID: 901}
	fake       = settle.ParentOf{Key: "h|fake", Image: `C:\Temp\svchost.exe`, Command: services + ` -k netsvcs -s Schedule`, PID: 902}
	engine     = settle.ParentOf{Key: "h|eng", Image: `C:\Windows\System32\taskeng.exe`, Command: `taskeng.exe {A} S-1-5-18`, PID: 903}
	explorer   = settle.ParentOf{Key: "h|exp", Image: `C:\Windows\explorer.exe`, Command: `explorer.exe`, PID: 904}
	unnamedKey = "h|?a4512503c812d88c16d1a8d6"
)

func root(key string, ms int, parent settle.ParentOf, launches ...settle.Launch) *settle.Root {
	return &settle.Root{Key: key, At: at(ms), Known: true, PID: 10, Image: image, Command: command, Parent: parent, Launches: launches}
}

func launch129(ms int, task string) settle.Launch {
	return settle.Launch{At: at(ms), Task: task, Image: image}
}
func launch200(ms int, task string) settle.Launch {
	return settle.Launch{At: at(ms), Task: task, Image: image, Action: true}
}

func run(task, instance string, ticks ...settle.Tick) *settle.Run {
	r := &settle.Run{Key: fmt.Sprint(task, "|", instance, ticks[0].At), Host: "h", Task: task, Instance: instance}
	for _, t := range ticks {
		r.Add(t)
	}
	return r
}

// lost is a 129 that lost its PID.
func lost(task string, ms int) *settle.Run {
	return run(task, "", settle.Tick{Stage: graph.Launched, At: at(ms), Image: `%SystemRoot%\system32\CMD.exe`})
}

func plan(task string, from, to time.Time) settle.Plan {
	return settle.Plan{Task: task, From: from, To: to, Matches: fits(settle.FitsCommand)}
}

func fits(fit settle.Fit) settle.Matcher {
	return func(i, c string) settle.Fit {
		if i == image && c == command {
			return fit
		}
		return settle.NoFit
	}
}

// handler is a definition with a COM handler.
func handler(task string) settle.Plan {
	return settle.Plan{Task: task, From: at(-1000), Matches: fits(settle.FitsHandler)}
}

func may(task, process string, ms int, via string, weight float64) settle.Spawn {
	return settle.Spawn{Task: task, Process: process, May: true, At: at(ms), Via: via, Confidence: weight}
}

func spawned(task, process string, ms int, via string, confidence float64) settle.Spawn {
	return settle.Spawn{Task: task, Process: process, At: at(ms), Via: via, Confidence: confidence}
}

func unnamed(process string, ms int, via string, confidence float64) settle.Spawn {
	return settle.Spawn{Task: unnamedKey, Process: process, At: at(ms), Via: via, Confidence: confidence, Unnamed: true}
}

type linkCase struct {
	name  string
	roots []*settle.Root
	runs  []*settle.Run
	plans []settle.Plan
	want  []settle.Spawn
}

func (c linkCase) check(t *testing.T) {
	t.Helper()
	got := settle.Link("h", slices.Clone(c.roots), slices.Clone(c.runs), c.plans)
	slices.SortFunc(got, func(a, b settle.Spawn) int {
		return cmp.Or(strings.Compare(a.Process, b.Process), strings.Compare(a.Task, b.Task))
	})
	if !slices.Equal(got, c.want) {
		t.Errorf("got\n%swant\n%s", listed(got), listed(c.want))
	}
}

func listed(spawns []settle.Spawn) string {
	var b strings.Builder
	for _, s := range spawns {
		fmt.Fprintf(&b, "  %+v\n", s)
	}
	return b.String()
}

// TestLinkByPID is rungs A and B.
func TestLinkByPID(t *testing.T) {
	t.Parallel()
	whole := run("h|\\a", "I1",
		settle.Tick{Stage: graph.Triggered, At: at(0), Trigger: "time"}, settle.Tick{Stage: graph.InstanceStart, At: at(5)},
		settle.Tick{Stage: graph.ActionStart, At: at(21), PID: 10, Image: image},
		settle.Tick{Stage: graph.ActionEnd, At: at(9000), PID: 10, Result: "2147942401"},
		settle.Tick{Stage: graph.InstanceEnd, At: at(9001)})
	told := spawned(`h|\a`, "p1", 20, "129+200", 1)
	told.Instance, told.Trigger, told.Ended, told.Result = "I1", "time", at(9000), "2147942401"
	stopped := run("h|\\a", "I2", settle.Tick{Stage: graph.ActionStart, At: at(21), PID: 10}, settle.Tick{Stage: graph.Terminated, At: at(700)})
	ended := spawned(`h|\a`, "p1", 20, "129", .95)
	ended.Instance, ended.Ended = "I2", at(700)
	other := run("h|\\a", "I3", settle.Tick{Stage: graph.ActionStart, At: at(22), PID: 11})
	otherTask := run("h|\\b", "I4", settle.Tick{Stage: graph.ActionStart, At: at(22), PID: 10})
	for _, c := range []linkCase{
		{
			name: "OK A", roots: []*settle.Root{root("p1", 7, schedule, launch129(20, `h|\a`), launch200(21, `h|\a`))},
			runs: []*settle.Run{whole}, want: []settle.Spawn{told},
		},
		{
			name: "OK A whoever the parent is", roots: []*settle.Root{root("p1", 7, explorer, launch129(20, `h|\a`), launch200(21, `h|\a`))},
			want: []settle.Spawn{spawned(`h|\a`, "p1", 20, "129+200", 1)},
		},
		{
			name: "OK B by 129", roots: []*settle.Root{root("p1", 7, schedule, launch129(20, `h|\a`))},
			runs: []*settle.Run{stopped}, want: []settle.Spawn{ended},
		},
		{
			name: "OK B by 200", roots: []*settle.Root{root("p1", 7, schedule, launch200(21, `h|\a`))},
			want: []settle.Spawn{spawned(`h|\a`, "p1", 21, "200", .95)},
		},
		{
			name: "OK run of another PID or task tells nothing", roots: []*settle.Root{root("p1", 7, schedule, launch129(20, `h|\a`))},
			runs: []*settle.Run{other, otherTask}, want: []settle.Spawn{spawned(`h|\a`, "p1", 20, "129", .95)},
		},
		{
			name: "OK no rung below counts", roots: []*settle.Root{root("p1", 7, schedule, launch129(20, `h|\a`))},
			runs: []*settle.Run{lost(`h|\b`, 30)}, plans: []settle.Plan{plan(`h|\c`, at(-1000), time.Time{})},
			want: []settle.Spawn{spawned(`h|\a`, "p1", 20, "129", .95)},
		},
	} {
		t.Run(c.name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}

// TestLinkSeveralActions holds that each action of one run gets what the run
// tells of it: its own end and result, and the instance they share.
func TestLinkSeveralActions(t *testing.T) {
	t.Parallel()
	second := root("p2", 2007, schedule, launch200(2021, `h|\a`))
	second.PID = 12
	one, two := spawned(`h|\a`, "p1", 21, "200", .95), spawned(`h|\a`, "p2", 2021, "200", .95)
	one.Instance, one.Trigger, one.Ended, one.Result = "I1", "boot", at(2000), "0"
	two.Instance, two.Trigger, two.Ended, two.Result = "I1", "boot", at(2500), "1"
	linkCase{
		roots: []*settle.Root{root("p1", 7, schedule, launch200(21, `h|\a`)), second},
		runs: []*settle.Run{run(`h|\a`, "I1",
			settle.Tick{Stage: graph.Triggered, At: at(0), Trigger: "boot"},
			settle.Tick{Stage: graph.ActionStart, At: at(21), PID: 10}, settle.Tick{Stage: graph.ActionEnd, At: at(2000), PID: 10, Result: "0"},
			settle.Tick{Stage: graph.ActionStart, At: at(2021), PID: 12}, settle.Tick{Stage: graph.ActionEnd, At: at(2500), PID: 12, Result: "1"},
			settle.Tick{Stage: graph.InstanceEnd, At: at(2501)})},
		want: []settle.Spawn{one, two},
	}.check(t)
}

// TestLinkByImage is rung B2.
func TestLinkByImage(t *testing.T) {
	t.Parallel()
	undated := root("p1", 0, schedule)
	undated.Known = false
	unclear := run(`h|\a`, "", settle.Tick{Stage: graph.Launched, At: at(100), Image: image, Unknown: true})
	windows7 := run(`h|\a`, "I1", settle.Tick{Stage: graph.ActionStart, At: at(100), Image: image})
	seven := spawned(`h|\a`, "p1", 100, "200-image", .9)
	seven.Instance = "I1"
	for _, c := range []linkCase{
		{
			name: "OK one candidate", roots: []*settle.Root{root("p1", 0, schedule)}, runs: []*settle.Run{lost(`h|\a`, 2000)},
			want: []settle.Spawn{spawned(`h|\a`, "p1", 2000, "129-image", .9)},
		},
		{
			name: "OK from a shared host", roots: []*settle.Root{root("p1", 0, shared)}, runs: []*settle.Run{lost(`h|\a`, -2000)},
			want: []settle.Spawn{spawned(`h|\a`, "p1", -2000, "129-image", .9)},
		},
		{
			name: "OK 200 without 129", roots: []*settle.Root{root("p1", 0, schedule)}, runs: []*settle.Run{windows7}, want: []settle.Spawn{seven},
		},
		{
			name: "OK two tasks are candidates", roots: []*settle.Root{root("p1", 0, schedule)},
			runs: []*settle.Run{lost(`h|\a`, 100), lost(`h|\b`, 200)},
			want: []settle.Spawn{may(`h|\a`, "p1", 100, "129-image", .5), may(`h|\b`, "p1", 200, "129-image", .5)},
		},
		{
			name: "OK two launches and two processes of one task", roots: []*settle.Root{root("p1", 0, schedule), root("p2", 1000, schedule)},
			runs: []*settle.Run{lost(`h|\a`, 100), lost(`h|\a`, 1100)},
			want: []settle.Spawn{spawned(`h|\a`, "p1", 100, "129-image", .9), spawned(`h|\a`, "p2", 1100, "129-image", .9)},
		},
		{
			name: "OK a launch is used once", roots: []*settle.Root{root("p1", 0, schedule), root("p2", 1000, schedule)},
			runs: []*settle.Run{lost(`h|\a`, 100)},
			want: []settle.Spawn{may(`h|\a`, "p1", 100, "129-image", .5), may(`h|\a`, "p2", 100, "129-image", .5)},
		},
		{
			name: "OK what a PID claims is no candidate", roots: []*settle.Root{root("p1", 0, schedule, launch129(20, `h|\b`)), root("p2", 1000, schedule)},
			runs: []*settle.Run{lost(`h|\a`, 100)},
			want: []settle.Spawn{spawned(`h|\b`, "p1", 20, "129", .95), spawned(`h|\a`, "p2", 100, "129-image", .9)},
		},
		{
			name: "OK outside two seconds", roots: []*settle.Root{root("p1", 0, schedule)}, runs: []*settle.Run{lost(`h|\a`, 2001)},
			want: []settle.Spawn{unnamed("p1", 0, "scheduler", .7)},
		},
		{
			name: "OK unknown clock of the launch", roots: []*settle.Root{root("p1", 0, schedule)}, runs: []*settle.Run{unclear},
			want: []settle.Spawn{unnamed("p1", 0, "scheduler", .7)},
		},
		{name: "OK unknown clock of the process", roots: []*settle.Root{undated}, runs: []*settle.Run{lost(`h|\a`, 100)}},
		{name: "OK parent is no scheduler", roots: []*settle.Root{root("p1", 0, explorer)}, runs: []*settle.Run{lost(`h|\a`, 100)}},
	} {
		t.Run(c.name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}

// TestLinkByParent is rungs C, D and E.
func TestLinkByParent(t *testing.T) {
	t.Parallel()
	open := func(task string) settle.Plan { return plan(task, at(-1000), time.Time{}) }
	wrote := func(pid uint32, ms int) *settle.Run {
		return run(`h|\x`, "I9", settle.Tick{Stage: graph.InstanceStart, At: at(ms), Writer: pid})
	}
	sharedUnnamed := unnamed("p1", 0, "shared-svchost", 1)
	sharedUnnamed.May = true
	const hour = 3600_000
	for _, c := range []linkCase{
		{
			name: "OK C", roots: []*settle.Root{root("p1", 0, schedule)}, plans: []settle.Plan{open(`h|\a`)},
			want: []settle.Spawn{spawned(`h|\a`, "p1", 0, "command-line", .85)},
		},
		{
			name: "OK F", roots: []*settle.Root{root("p1", 0, schedule)}, plans: []settle.Plan{handler(`h|\a`)},
			want: []settle.Spawn{spawned(`h|\a`, "p1", 0, "com-handler", .7)},
		},
		{
			name: "OK C before F", roots: []*settle.Root{root("p1", 0, schedule)}, plans: []settle.Plan{handler(`h|\a`), open(`h|\b`)},
			want: []settle.Spawn{spawned(`h|\b`, "p1", 0, "command-line", .85)},
		},
		{
			name: "OK F from a shared host is a candidate", roots: []*settle.Root{root("p1", 0, shared)}, plans: []settle.Plan{handler(`h|\a`)},
			want: []settle.Spawn{may(`h|\a`, "p1", 0, "com-handler", 1)},
		},
		{
			name: "OK F two handlers name nothing", roots: []*settle.Root{root("p1", 0, schedule)}, plans: []settle.Plan{handler(`h|\a`), handler(`h|\b`)},
			want: []settle.Spawn{unnamed("p1", 0, "scheduler", .7)},
		},
		{
			name: "OK C two definitions", roots: []*settle.Root{root("p1", 0, schedule)}, plans: []settle.Plan{open(`h|\a`), open(`h|\b`)},
			want: []settle.Spawn{may(`h|\a`, "p1", 0, "command-line", .5), may(`h|\b`, "p1", 0, "command-line", .5)},
		},
		{
			name: "OK C two versions of one task", roots: []*settle.Root{root("p1", 0, engine)},
			plans: []settle.Plan{plan(`h|\a`, at(-900), at(0)), plan(`h|\a`, at(0), time.Time{})},
			want:  []settle.Spawn{spawned(`h|\a`, "p1", 0, "command-line", .85)},
		},
		{
			name: "OK C from a shared host is a candidate", roots: []*settle.Root{root("p1", 0, shared)}, plans: []settle.Plan{open(`h|\a`)},
			want: []settle.Spawn{may(`h|\a`, "p1", 0, "command-line", 1)},
		},
		{
			name: "OK C deleted before", roots: []*settle.Root{root("p1", 0, schedule)}, plans: []settle.Plan{plan(`h|\a`, at(-1000), at(0))},
			want: []settle.Spawn{unnamed("p1", 0, "scheduler", .7)},
		},
		{
			name: "OK C defined after", roots: []*settle.Root{root("p1", 0, schedule)}, plans: []settle.Plan{plan(`h|\a`, at(1), time.Time{})},
			want: []settle.Spawn{unnamed("p1", 0, "scheduler", .7)},
		},
		{name: "OK C not the scheduler's child", roots: []*settle.Root{root("p1", 0, explorer)}, plans: []settle.Plan{open(`h|\a`)}},
		{
			name: "OK D", roots: []*settle.Root{root("p1", 0, schedule)},
			want: []settle.Spawn{unnamed("p1", 0, "scheduler", .7)},
		},
		{
			name: "OK D by the log's PID", roots: []*settle.Root{root("p1", 0, silent)}, runs: []*settle.Run{wrote(900, hour)},
			want: []settle.Spawn{unnamed("p1", 0, "scheduler-pid", .5)},
		},
		{name: "OK D log of another PID", roots: []*settle.Root{root("p1", 0, silent)}, runs: []*settle.Run{wrote(901, 0)}},
		{name: "OK D log too long ago", roots: []*settle.Root{root("p1", 0, silent)}, runs: []*settle.Run{wrote(900, -hour-1)}},
		{name: "OK D nothing says so", roots: []*settle.Root{root("p1", 0, silent)}},
		{name: "OK D shared host", roots: []*settle.Root{root("p1", 0, shared)}, want: []settle.Spawn{sharedUnnamed}},
		{name: "OK D DcomLaunch", roots: []*settle.Root{root("p1", 0, dcom)}, runs: []*settle.Run{wrote(901, 0)}},
		{name: "OK D faked tokens", roots: []*settle.Root{root("p1", 0, fake)}, plans: []settle.Plan{open(`h|\a`)}},
		{
			name: "OK E", roots: []*settle.Root{root("p1", 0, engine)},
			want: []settle.Spawn{unnamed("p1", 0, "taskeng", .7)},
		},
	} {
		t.Run(c.name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}

func TestLauncherOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, image, command string
		wrote                bool
		want                 settle.Launcher
	}{
		{"OK schedule", services, services + " -k netsvcs -p -s Schedule", false, settle.Schedule},
		{"OK any case", `c:\WINDOWS\SYSTEM32\SvcHost.EXE`, `"c:\windows\system32\svchost.exe" -K NETSVCS -S schedule`, false, settle.Schedule},
		{"OK device path", `\Device\HarddiskVolume3\Windows\System32\svchost.exe`, "svchost -s Schedule", false, settle.Schedule},
		{"OK base name alone", "svchost.exe", "svchost.exe -k netsvcs -s Schedule", false, settle.Schedule},
		{"OK another service", services, services + " -k netsvcs -p -s BITS", true, settle.NoLauncher},
		{"OK name only begins so", services, services + " -s ScheduleX", false, settle.NoLauncher},
		{"OK shared", services, services + " -k netsvcs", false, settle.SharedHost},
		{"OK shared that wrote the log", services, services + " -k netsvcs -p", true, settle.SharedHost},
		{"OK DcomLaunch", services, services + " -k DcomLaunch", true, settle.NoLauncher},
		{"OK log", services, "", true, settle.ScheduleLog},
		{"OK no log", services, "", false, settle.NoLauncher},
		{"OK another place", `C:\Users\u\svchost.exe`, services + " -k netsvcs -s Schedule", true, settle.NoLauncher},
		{"OK another place, same ending", `C:\xsystem32\svchost.exe`, "-s Schedule", false, settle.NoLauncher},
		{"OK another place, same folder", `C:\Temp\System32\svchost.exe`, "-s Schedule", false, settle.NoLauncher},
		{"OK another place, same folders", `C:\Temp\Windows\System32\svchost.exe`, "-s Schedule", false, settle.NoLauncher},
		{"OK NT path", `\??\C:\Windows\System32\svchost.exe`, "svchost -s Schedule", false, settle.Schedule},
		{"OK kernel path", `\SystemRoot\System32\svchost.exe`, "svchost -s Schedule", false, settle.Schedule},
		{"OK engine", `C:\Windows\System32\taskeng.exe`, "", false, settle.Engine},
		{"OK explorer", `C:\Windows\explorer.exe`, "explorer.exe -s Schedule", true, settle.NoLauncher},
		{"OK unknown", "", "", true, settle.NoLauncher},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := settle.LauncherOf(c.image, c.command, func() bool { return c.wrote }); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}
