package winevent_test

import (
	"fmt"
	"testing"

	"github.com/taskroot/taskroot/loader/winevent"
)

// values are n values that show where they stood.
func values(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(i)
	}
	return all
}

func TestByPosition(t *testing.T) {
	const at = "2024-03-01 09:15:00.123"
	sysmon := func(n, utc int) []string {
		all := values(n)
		all[utc] = at
		return all
	}
	for _, tc := range []struct {
		name    string
		channel string
		id      uint32
		values  []string
		field   string
		want    string
		n       int // fields in all
	}{
		{"OK Sysmon 13 and later", winevent.Sysmon, 1, sysmon(23, 1), "ParentUser", "22", 23},
		{"OK Sysmon 10", winevent.Sysmon, 1, sysmon(22, 1), "ParentCommandLine", "21", 22},
		{"OK Sysmon before rules", winevent.Sysmon, 3, sysmon(17, 0), "DestinationIp", "13", 17},
		{"OK registry", winevent.Sysmon, 13, sysmon(8, 2), "Details", "7", 8},
		{"OK case of the channel", "security", 4688, values(8), "ProcessId", "7", 8},
		{"OK 4688 with a command line", winevent.Security, 4688, values(9), "CommandLine", "8", 9},
		{"OK 4688 of today", winevent.Security, 4688, values(15), "MandatoryLabel", "14", 15},
		{"OK 4702", winevent.Security, 4702, values(11), "TaskContentNew", "5", 11},
		{"OK newer than known", winevent.Security, 5156, values(16), "DestAddress", "5", 13},
		{"OK launch", winevent.TaskScheduler, 129, values(4), "ProcessID", "2", 4},
		{"OK action of Windows 7", winevent.TaskScheduler, 200, values(3), "TaskInstanceId", "2", 3},
		{"ErrSysmonOtherNumber", winevent.Sysmon, 1, sysmon(19, 1), "Image", "", 0},
		{"ErrSysmonNoTime", winevent.Sysmon, 5, values(5), "Image", "", 0},
		{"ErrTooFew", winevent.Security, 4688, values(5), "NewProcessId", "", 0},
		{"ErrResultOfWindows7", winevent.TaskScheduler, 201, values(3), "ActionName", "", 0},
		{"ErrUnknown", winevent.Security, 4625, values(3), "LogonType", "", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := winevent.Event{Data: winevent.ByPosition(tc.channel, tc.id, tc.values)}
			if got := e.Get(tc.field); got != tc.want || len(e.Data) != tc.n {
				t.Errorf("%s is %q of %d, want %q of %d", tc.field, got, len(e.Data), tc.want, tc.n)
			}
		})
	}
}
