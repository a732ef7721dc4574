package table_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/loader/source/table"
)

func TestSniff(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     bool
	}{
		{"OK three names", "a,b,c\n", true},
		{"OK tabs", "when\twho\twhat\n", true},
		{"OK separator line", "sep=|\nwhen|who|what\n", true},
		{"OK type line", "#TYPE Selected.Object\n\"when\",\"who\",\"what\"\n", true},
		{"OK two names and two values", "pid,image\n7,a.exe\n", true},
		{"OK index column", ",TenantId,EventID\n0,x,1\n", true},
		{"OK Event Viewer's with tabs", "Level\tDate and Time\tSource\tEvent ID\tTask Category\n", true},
		{"ErrTwoNamesAlone", "Dear all, hello\nthis is prose\n", false},
		{"ErrProse", "It was late, and they had all gone home by then, but for one.\n", false},
		{"ErrValues", "1,2,3\n4,5,6\n", false},
		{"ErrOneColumn", "name\nvalue\n", false},
		{"ErrOpenQuote", "a,b,\"c\n", false},
		{"ErrEmpty", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := table.Sniff([]byte(c.in)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

const header = "EventID,Channel,Computer,EventTime,ProcessId,Image"

func good(pid int) string {
	return fmt.Sprintf("5,Microsoft-Windows-Sysmon/Operational,ws01,2024-03-01T06:21:00Z,%d,C:\\a.exe", pid)
}

// count reads a table and counts events and rejects.
func count(t *testing.T, in string) (events, rejected, calls int) {
	t.Helper()
	out := read(t, in, table.Options{})
	return strings.Count("\n"+out, "\nevent "), strings.Count("\n"+out, "\nrejected "), strings.Count(out, "\n")
}

// TestDamageCostsItsRow puts each kind of damage between rows that are in order.
func TestDamageCostsItsRow(t *testing.T) {
	for _, c := range []struct{ name, line string }{
		{"ErrOpenQuote", `5,"Microsoft-Windows-Sysmon/Operational,ws01,x,7,C:\a.exe`},
		{"ErrOpenLastQuote", `5,Microsoft-Windows-Sysmon/Operational,ws01,x,7,"C:\a.exe`},
		{"ErrFewColumns", `5,Microsoft-Windows-Sysmon/Operational`},
		{"ErrManyColumns", good(7) + ",a,b"},
		{"ErrTextBehindQuote", `5,"Microsoft-Windows-Sysmon/Operational"x,ws01,x,7,C:\a.exe,`},
		{"ErrTooLong", strings.Repeat("a", 1<<20+1)},
		{"ErrManyCommas", strings.Repeat(",", 5000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := header + "\n" + good(1) + "\n" + c.line + "\n" + good(2) + "\n" + good(3) + "\n"
			if c.name == "ErrManyCommas" { // all empty: nothing is lost with them
				in = strings.Replace(in, c.line, "x"+c.line+"x", 1)
			}
			events, rejected, calls := count(t, in)
			if events != 3 || rejected != 1 || calls != 4 {
				t.Errorf("%d events, %d rejected, %d calls", events, rejected, calls)
			}
		})
	}
	t.Run("OK doubled marks, line ends and empty columns", func(t *testing.T) {
		in := header + "\r\n" + `5,Microsoft-Windows-Sysmon/Operational,"ws01",2024-03-01T06:21:00Z,7,"a ""b"", c` + "\r\n" + `d.exe",,` + "\r\n"
		want := `event Microsoft-Windows-Sysmon/Operational/5 at 2024-03-01T06:21:00Z (zoned) host="ws01" record=0 ordinal=1` +
			` ProcessId="7" Image="a \"b\", c\nd.exe" [row 1 at line 2, 143 bytes]` + "\n"
		if got := read(t, in, table.Options{}); got != want {
			t.Errorf("got  %swant %s", got, want)
		}
	})
}

// TestReadAheadIsBounded reads a file in which each line opens a quotation mark
// that only the end would close, so that each would be read ahead of again.
func TestReadAheadIsBounded(t *testing.T) {
	const lines = 50000
	for _, line := range []string{`a","x""`, `"a`, `,"""`, `,"x""`} {
		in := "EventID,Channel,EventTime," + strings.Repeat("c,", 20) + "d\n" + strings.Repeat(line+"\n", lines)
		_, rejected, calls := count(t, in)
		if rejected != calls || rejected == 0 || rejected > lines {
			t.Errorf("%q: %d rejected of %d calls", line, rejected, calls)
		}
	}
}
