package settle_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

func set(m map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(m)), " ") }

func covered(c *settle.Changes) []string {
	var out []string
	for _, d := range c.Coverage {
		out = append(out, fmt.Sprintf("%s %s events %s kinds %s notes %s gaps %s %v", d.Host, d.Day, set(d.Events), set(d.Kinds), set(d.Notes), set(d.Gaps), d.MoreGaps))
	}
	return out
}

// TestCoverage says what is noted of each kind of record.
func TestCoverage(t *testing.T) {
	t.Parallel()
	const day = 24 * 3600 * 1000
	numbered := func(ms int, channel string, id uint32) graph.Header {
		h := record("h", ms, channel)
		h.Evidence.EventID = id
		return h
	}
	shifted := numbered(3, "Security", 4689)
	shifted.Clock.Claimed = shifted.Clock.At.Add(-5*time.Hour - 2*time.Minute)
	ahead := numbered(3, "Security", 4689)
	ahead.Clock.Claimed = ahead.Clock.At.Add(330 * time.Minute)
	unknown := numbered(4, "Security", 4688)
	unknown.Clock.Unknown = true
	nowhere := numbered(5, "zeek", 0)
	nowhere.Host = ""
	first := at(0).Format(time.DateOnly)
	for _, c := range []struct {
		name string
		say  []graph.Observation
		want []string
	}{
		{"OKStart", []graph.Observation{
			&graph.ProcessStarted{Header: numbered(1, "Security", 4688), Process: graph.ProcessRef{PID: 5, CommandLine: "a"}, Source: graph.StartSecurity},
			&graph.ProcessStarted{Header: numbered(9, "Security", 4688), Process: graph.ProcessRef{PID: 6}, Source: graph.StartSecurity},
		}, []string{"h " + first + " events Security/4688 kinds start notes command-line no-command-line gaps  false"}},
		{"OKDays", []graph.Observation{
			&graph.ProcessEnded{Header: numbered(1, "Security", 4689), Process: graph.ProcessRef{PID: 5}},
			&graph.LoggedOn{Header: numbered(day, "Security", 4624)},
		}, []string{
			"h " + first + " events Security/4689 kinds end notes  gaps  false",
			"h " + at(day).Format(time.DateOnly) + " events Security/4624 kinds logon notes  gaps  false",
		}},
		{"OKDefender", []graph.Observation{
			&graph.Contacted{Header: numbered(1, "Defender/DeviceNetworkEvents", 0), Process: graph.ProcessRef{PID: 5}, RemoteIP: "192.0.2.1", Source: "defender"},
		}, []string{"h " + first + " events Defender/DeviceNetworkEvents kinds contact notes capped gaps  false"}},
		{"OKLaunchWithoutPID", []graph.Observation{
			&graph.TaskRan{Header: numbered(1, "T", 129), Path: `\A`, Stage: graph.Launched},
		}, []string{"h " + first + " events T/129 kinds run notes no-launch-pid gaps  false"}},
		{"OKTampered", []graph.Observation{
			&graph.LogTampered{Header: numbered(1, "Security", 1102), Log: "Security"},
			&graph.LogTampered{Header: numbered(2, "T", 719), Log: strings.Repeat("x", 500), Off: true},
		}, []string{"h " + first + " events Security/1102 T/719 kinds  notes cleared:Security off:" + strings.Repeat("x", 120) + "… gaps  false"}},
		{"OKClocks", []graph.Observation{
			&graph.ProcessEnded{Header: shifted, Process: graph.ProcessRef{PID: 5}},
			&graph.ProcessEnded{Header: ahead, Process: graph.ProcessRef{PID: 5}},
			&graph.LoggedOn{Header: unknown},
		}, []string{"h " + first + " events Security/4688 Security/4689 kinds end logon notes clock-unknown clock:+05:00 clock:-05:30 gaps  false"}},
		{"OKGaps", []graph.Observation{
			&graph.RecordsMissing{Header: numbered(1, "Security", 4688), Log: "Security", From: 5, To: 9},
			&graph.RecordsMissing{Header: numbered(1, "Security", 4688), Log: "Security", More: true},
		}, []string{"h " + first + " events  kinds  notes  gaps Security:5-9 true"}},
		{"OKNoHost", []graph.Observation{&graph.FlowSeen{Header: nowhere, ClientIP: "10.0.0.1"}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := covered(settled(t, c.say...)); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestCoverageManyGaps says that the same gaps are kept in any order.
func TestCoverageManyGaps(t *testing.T) {
	t.Parallel()
	var all []graph.Observation
	for i := range 40 {
		all = append(all, &graph.RecordsMissing{Header: record("h", 1, "Security"), Log: "Security", From: uint64(100 + i), To: uint64(100 + i)})
	}
	there := covered(settled(t, all...))
	slices.Reverse(all)
	back := covered(settled(t, all...))
	if !slices.Equal(there, back) || strings.Count(there[0], "Security:") != 32 || !strings.HasSuffix(there[0], "Security:131-131 true") {
		t.Errorf("one way\n%s\nthe other\n%s", there, back)
	}
}
