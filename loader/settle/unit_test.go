package settle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/loader/settle"
)

// start is a sighting of cmd.exe.
func start(ms int) settle.Start { return settle.Start{At: at(ms), Image: image} }

// sysmon is a process known by GUID that Sysmon saw start.
func sysmon(guid string, ms int) *settle.Process {
	s := start(ms)
	s.PID = 10
	return &settle.Process{Key: "h|" + guid, Host: "h", GUID: guid, PID: 10, Facts: settle.Facts{Sysmon: &s}}
}

// mentioned is a process known by GUID whose start nobody saw.
func mentioned(second int, name string) *settle.Process {
	s := uint32(at(second * 1000).Unix())
	guid := fmt.Sprintf("AAAAAAAA-%04X-%04X-0001-000000000001", s&0xffff, s>>16)
	p := &settle.Process{Key: "h|" + guid, Host: "h", GUID: guid, PID: 10}
	p.Merge(settle.Mention{PID: 10, Image: name})
	return p
}

func unit(guids ...*settle.Process) *settle.Unit {
	return &settle.Unit{Host: "h", PID: 10, GUIDs: guids}
}

// shown is the unit's processes, one a line: what the key says, and which
// sightings, launches and ends it holds, in milliseconds.
func shown(u *settle.Unit) string {
	var lines []string
	since := func(p *settle.Start) string { return fmt.Sprint(p.At.Sub(epoch).Milliseconds()) }
	for _, p := range u.All() {
		line := strings.ReplaceAll(p.Key, epoch.Format("20060102T1504"), "")
		if p.Sysmon != nil {
			line += " sysmon:" + since(p.Sysmon)
		}
		if p.Security != nil {
			line += " security:" + since(p.Security)
		}
		for _, l := range p.Launches {
			kind := " 129:"
			if l.Action {
				kind = " 200:"
			}
			line += kind + fmt.Sprint(l.At.Sub(epoch).Milliseconds())
		}
		for _, e := range p.Ends {
			line += " end:" + fmt.Sprint(e.At.Sub(epoch).Milliseconds())
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

type unitCase struct {
	name string
	unit *settle.Unit
	want []string
}

func (c unitCase) check(t *testing.T) {
	t.Helper()
	c.unit.Cluster()
	if got, want := shown(c.unit), strings.Join(c.want, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestClusterStarts is contract section 2, rule 2.
func TestClusterStarts(t *testing.T) {
	t.Parallel()
	with := func(u *settle.Unit, starts ...settle.Start) *settle.Unit { u.Security = starts; return u }
	other := settle.Start{At: at(0), Image: `C:\Tools\other.exe`}
	nameless := settle.Start{At: at(0)}
	unclear := settle.Start{At: at(0), Image: image, Unknown: true}
	device := settle.Start{At: at(20), Image: `\Device\HarddiskVolume1\Windows\System32\CMD.EXE`}
	stub := mentioned(5, image)
	bare := mentioned(5, "")
	for _, c := range []unitCase{
		{"OK a second apart", with(unit(sysmon("g1", 0)), start(1000)), []string{"h|g1 sysmon:0 security:1000"}},
		{"OK a second before", with(unit(sysmon("g1", 1000)), start(0)), []string{"h|g1 sysmon:1000 security:0"}},
		{
			"OK more than a second apart", with(unit(sysmon("g1", 0)), start(1001)),
			[]string{"h|10|s|01.0010000Z|cmd.exe security:1001", "h|g1 sysmon:0"},
		},
		{"OK the base name counts", with(unit(sysmon("g1", 0)), device), []string{"h|g1 sysmon:0 security:20"}},
		{"OK another name", with(unit(sysmon("g1", 0)), other), []string{"h|10|s|00.0000000Z|other.exe security:0", "h|g1 sysmon:0"}},
		{"OK no name", with(unit(sysmon("g1", 0)), nameless), []string{"h|10|s|00.0000000Z| security:0", "h|g1 sysmon:0"}},
		{"OK unknown clock", with(unit(sysmon("g1", 0)), unclear), []string{"h|10|u|00.0000000Z|cmd.exe security:0", "h|g1 sysmon:0"}},
		{
			"OK never two of one source", with(unit(sysmon("g1", 0)), start(-500), start(400)),
			[]string{"h|10|s|" + "59.5000000Z|cmd.exe security:-500", "h|g1 sysmon:0 security:400"},
		},
		{
			"OK never two of the other", with(unit(sysmon("g1", 0), sysmon("g2", 700)), start(400)),
			[]string{"h|g1 sysmon:0", "h|g2 sysmon:700 security:400"},
		},
		{
			// s1 is nearest to g2, which is nearer to s2: s1 and g1 are not each other's nearest.
			"OK mutually nearest", with(unit(sysmon("g1", 0), sysmon("g2", 1000)), start(600), start(1100)),
			[]string{"h|10|s|00.6000000Z|cmd.exe security:600", "h|g1 sysmon:0", "h|g2 sysmon:1000 security:1100"},
		},
		{
			"OK two and two", with(unit(sysmon("g1", 0), sysmon("g2", 900)), start(910), start(10)),
			[]string{"h|g1 sysmon:0 security:10", "h|g2 sysmon:900 security:910"},
		},
		{"OK the second in a GUID", with(unit(stub), start(5999)), []string{stub.Key + " security:5999"}},
		{"OK a second after that second", with(unit(mentioned(5, image)), start(6999)), []string{stub.Key + " security:6999"}},
		{
			"OK later than that", with(unit(mentioned(5, image)), start(7000)),
			[]string{"h|10|s|07.0000000Z|cmd.exe security:7000", stub.Key},
		},
		{"OK a second before that second", with(unit(mentioned(5, image)), start(4000)), []string{stub.Key + " security:4000"}},
		{"OK a GUID without a name", with(unit(bare), start(5000)), []string{"h|10|s|05.0000000Z|cmd.exe security:5000", bare.Key}},
		{
			"OK one record from two exports", with(unit(), start(0), start(0), device),
			[]string{"h|10|s|00.0000000Z|cmd.exe security:0", "h|10|s|00.0200000Z|cmd.exe security:20"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for i, line := range c.want { // the minute before the epoch has a longer stamp
				c.want[i] = strings.ReplaceAll(line, "|59.", "|20240501T075959.")
			}
			c.check(t)
		})
	}
}

// TestClusterLaunches holds launches to the process that started from five
// seconds before to one second after.
func TestClusterLaunches(t *testing.T) {
	t.Parallel()
	with := func(u *settle.Unit, launches ...settle.Launch) *settle.Unit { u.Launches = launches; return u }
	odd := launch129(0, `h|\a`)
	odd.Image = `C:\Tools\other.exe`
	described := launch200(0, `h|\a`)
	described.Image = "Some words"
	none := launch129(0, `h|\a`)
	none.Image = ""
	short := launch129(0, `h|\a`)
	short.Image = "CMD"
	alone := `h|10|l|00.0000000Z|h|\a 129:0`
	for _, c := range []unitCase{
		{"OK five seconds before", with(unit(sysmon("g1", -5000)), launch129(0, `h|\a`)), []string{"h|g1 sysmon:-5000 129:0"}},
		{"OK earlier", with(unit(sysmon("g1", -5001)), launch129(0, `h|\a`)), []string{alone, "h|g1 sysmon:-5001"}},
		{"OK a second after", with(unit(sysmon("g1", 1000)), launch129(0, `h|\a`)), []string{"h|g1 sysmon:1000 129:0"}},
		{"OK later", with(unit(sysmon("g1", 1001)), launch129(0, `h|\a`)), []string{alone, "h|g1 sysmon:1001"}},
		{"OK the nearest", with(unit(sysmon("g1", -4000), sysmon("g2", -10)), launch129(0, `h|\a`)), []string{"h|g1 sysmon:-4000", "h|g2 sysmon:-10 129:0"}},
		{"OK 129 and 200", with(unit(sysmon("g1", -10)), launch200(2000, `h|\a`), launch129(0, `h|\a`)), []string{"h|g1 sysmon:-10 129:0 200:2000"}},
		{
			"OK a 200 too late for its 129", with(unit(sysmon("g1", -10)), launch200(2001, `h|\a`), launch129(0, `h|\a`)),
			[]string{`h|10|l|02.0010000Z|h|\a 200:2001`, "h|g1 sysmon:-10 129:0"},
		},
		{
			"OK a 200 of another task", with(unit(sysmon("g1", -10)), launch200(1, `h|\b`), launch129(0, `h|\a`)),
			[]string{`h|10|l|00.0010000Z|h|\b 200:1`, "h|g1 sysmon:-10 129:0"},
		},
		{"OK another image", with(unit(sysmon("g1", 0)), odd), []string{alone, "h|g1 sysmon:0"}},
		{"OK no image", with(unit(sysmon("g1", 0)), none), []string{"h|g1 sysmon:0 129:0"}},
		{"OK without .exe", with(unit(sysmon("g1", 0)), short), []string{"h|g1 sysmon:0 129:0"}},
		{"OK a 200 may hold a description", with(unit(sysmon("g1", 0)), described), []string{"h|g1 sysmon:0 200:0"}},
		{"OK no process", with(unit(), launch129(0, `h|\a`), launch200(3, `h|\a`)), []string{alone + " 200:3"}},
	} {
		t.Run(c.name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}

// TestResolve holds records that speak by PID to the instance that lived then.
func TestResolve(t *testing.T) {
	t.Parallel()
	second := sysmon("g2", 20_000)
	second.Sysmon.Image = `C:\Tools\a.exe`
	u := unit(second, sysmon("g1", 0))
	u.Ends = []settle.End{{At: at(10_000), ByPID: true, Image: `c:\windows\system32\CMD.EXE`}}
	u.Cluster()
	for _, c := range []struct {
		name  string
		ms    int
		known bool
		image string
		want  string
	}{
		{"OK the first", 5000, true, "cmd.exe", "h|g1"},
		{"OK at its start", 0, true, "cmd.exe", "h|g1"},
		{"OK at its end", 10_000, true, "cmd.exe", "h|g1"},
		{"OK just after its end", 11_000, true, "cmd.exe", "h|g1"},
		{"OK without a name", 5000, true, "", "h|g1"},
		{"OK after its end", 11_001, true, "cmd.exe", "h|10|~|cmd.exe|g1"},
		{"OK after its end without a name", 11_001, true, "", "h|10|~||g1"},
		{"OK the second", 20_000, true, "a.exe", "h|g2"},
		{"OK the second, much later", 900_000_000, true, "a.exe", "h|g2"},
		{"OK another name than the second", 20_001, true, "cmd.exe", "h|10|~|cmd.exe|g2"},
		{"OK before the first", -1, true, "cmd.exe", "h|10|~|cmd.exe|"},
		{"OK unknown clock", 5000, false, "cmd.exe", "h|10|~|cmd.exe|?"},
	} {
		t.Run(c.name, func(t *testing.T) { // not parallel: stubs are made in one map
			p := u.Resolve(at(c.ms), c.known, c.image)
			if p.Key != c.want {
				t.Errorf("got %s, want %s", p.Key, c.want)
			}
			if again := u.Resolve(at(c.ms), c.known, c.image); again != p {
				t.Errorf("the second time %p %s, not %p", again, again.Key, p)
			}
			if strings.Contains(c.want, "|~|") && (p.Name() != c.image || p.PID != 10 || p.Observed()) {
				t.Errorf("the stub is %+v", p)
			}
		})
	}
	t.Run("OK keys do not depend on what else was asked", func(t *testing.T) {
		other := unit(sysmon("g1", 0))
		other.Ends = []settle.End{{At: at(10_000), ByPID: true, Image: image}}
		other.Cluster()
		if got := other.Resolve(at(12_000), true, "cmd.exe").Key; got != "h|10|~|cmd.exe|g1" {
			t.Errorf("got %s", got)
		}
	})
}

func TestClusterEnds(t *testing.T) {
	t.Parallel()
	end := func(ms int, name string) settle.End { return settle.End{At: at(ms), ByPID: true, Image: name} }
	with := func(u *settle.Unit, ends ...settle.End) *settle.Unit { u.Ends = ends; return u }
	own := sysmon("g1", 0)
	own.Ends = []settle.End{{At: at(3000)}}
	for _, c := range []unitCase{
		{
			"OK each its own", with(unit(sysmon("g1", 0), sysmon("g2", 5000)), end(9000, image), end(4000, image)),
			[]string{"h|g1 sysmon:0 end:4000", "h|g2 sysmon:5000 end:9000"},
		},
		{
			"OK one missing", with(unit(sysmon("g1", 0), sysmon("g2", 5000)), end(9000, image)),
			[]string{"h|g1 sysmon:0", "h|g2 sysmon:5000 end:9000"},
		},
		{"OK of two channels", with(unit(own), end(3004, image)), []string{"h|g1 sysmon:0 end:3000 end:3004"}},
		{"OK before any start", with(unit(sysmon("g1", 0)), end(-1, image)), []string{"h|10|~|cmd.exe| end:-1", "h|g1 sysmon:0"}},
		{
			"OK of another name", with(unit(sysmon("g1", 0)), end(1000, `C:\Tools\a.exe`)),
			[]string{"h|10|~|a.exe|g1 end:1000", "h|g1 sysmon:0"},
		},
		{
			"OK twice ended", with(unit(sysmon("g1", 0)), end(1000, image), end(1000, image), end(2001, image)),
			[]string{"h|10|~|cmd.exe|g1 end:2001", "h|g1 sysmon:0 end:1000"},
		},
	} {
		t.Run(c.name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}

// TestTakeApart holds that taking a unit's processes apart and putting them
// together again changes nothing.
func TestTakeApart(t *testing.T) {
	t.Parallel()
	u := unit(sysmon("g1", 0), sysmon("g2", 30_000))
	u.Security = []settle.Start{start(10), start(60_000)}
	u.Launches = []settle.Launch{launch129(30_020, `h|\a`), launch200(30_021, `h|\a`), launch129(90_000, `h|\b`)}
	u.Ends = []settle.End{{At: at(20_000), ByPID: true, Image: image}, {At: at(-5000), ByPID: true, Image: image}}
	u.Cluster()
	want := strings.Join([]string{
		`h|10|l|20240501T080130.0000000Z|h|\b 129:90000`, "h|10|s|20240501T080100.0000000Z|cmd.exe security:60000",
		"h|10|~|cmd.exe| end:-5000", "h|g1 sysmon:0 security:10 end:20000", "h|g2 sysmon:30000 129:30020 200:30021",
	}, "\n")
	if got := shown(u); got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	all := u.All()
	for range 2 {
		slices.Reverse(all)
		again := unit()
		for _, p := range all {
			again.Take(p)
		}
		again.Cluster()
		if got := shown(again); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		all = again.All()
	}
}
