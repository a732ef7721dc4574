package inventory_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/inventory"
	"github.com/taskroot/taskroot/loader/taskxml"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

var taken = time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC)

// listing is a handler that writes a few lines for each call.
type listing struct{ bytes.Buffer }

func (l *listing) Listed(o *graph.TaskListed, r inventory.Record) error {
	fmt.Fprintf(l, "listed %q %q from %s at %s record %d", o.Host, o.Path, o.Origin, o.Clock.Claimed.Format(time.RFC3339), o.Evidence.Record)
	if o.Enabled != nil {
		fmt.Fprintf(l, " enabled=%t", *o.Enabled)
	}
	if o.NoSD != nil {
		fmt.Fprintf(l, " noSD=%t", *o.NoSD)
	}
	if o.Index != nil {
		fmt.Fprintf(l, " index=%d", *o.Index)
	}
	fmt.Fprintf(l, " [%s, %d bytes]\n", r.Place, len(r.Raw))
	if o.XML == "" {
		return nil
	}
	d, err := taskxml.Parse(o.XML)
	if err != nil {
		return err
	}
	fmt.Fprintf(l, "  %s %s %.8s dated %q by %q uri %q as %+v\n  %s\n  %s\n  %+v\n", "does", d.Does(), d.Hash(), d.Date, d.Author, d.URI, d.Principal,
		d.ActionsJSON(), d.TriggersJSON(), d.Settings)
	return nil
}

func (l *listing) Passed(reason string, n int) error {
	fmt.Fprintf(l, "passed %d %s\n", n, reason)
	return nil
}

func (l *listing) Rejected(b inventory.Bad) error {
	fmt.Fprintf(l, "rejected %s: %s: %s: %q\n", b.Place, b.Reason, b.Detail, b.Raw)
	return nil
}

func decode(t *testing.T, in []byte, opt inventory.Options) string {
	t.Helper()
	var l listing
	if err := inventory.Decode(t.Context(), bytes.NewReader(in), "f", opt, &l); err != nil {
		t.Fatal(err)
	}
	return l.String()
}

// TestGolden reads each made-up inventory and compares what was found with the
// golden file beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != 12 {
		t.Fatalf("%d input files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !inventory.Sniff(in) {
				t.Error("not known by its first bytes")
			}
			got := decode(t, in, inventory.Options{Host: "ws01.corp.example", Time: taken, Path: `\By\Name`})
			golden := strings.TrimSuffix(file, ".txt") + ".golden"
			if *rewrite {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestSameDefinition holds the forms that say all to one hash, and the others
// to one answer of what the task does.
func TestSameDefinition(t *testing.T) {
	first := func(file string) []string {
		out, err := os.ReadFile("testdata/" + file + ".golden")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(strings.Split(string(out), "\n")[1])[1:3]
	}
	whole := first("file_uri")
	for file, wantHash := range map[string]bool{"file_bare": true, "one": true, "cim": true, "taskcache": false, "table_csv": false} {
		if got := first(file); got[0] != whole[0] || (got[1] == whole[1]) != wantHash {
			t.Errorf("%s: %q, and the file %q", file, got, whole)
		}
	}
}

func TestDecode(t *testing.T) {
	const task = `<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions/></Task>`
	for _, c := range []struct{ name, in, host, want string }{
		{"ErrNoHost", task, "", `rejected the only task: no host: an inventory names no host; load it with --host NAME: "` +
			strings.ReplaceAll(task, `"`, `\"`) + "\"\n"},
		{"OKHostOfCIM", `{"TaskName":"a","TaskPath":"\\","PSComputerName":"WS07"}`, "", `listed "ws07" "\\a" from get-scheduledtask at 2024-05-01T08:00:00Z record 1 [task 1, 56 bytes]` + "\n"},
		{"OKHostGiven", `{"TaskName":"a","TaskPath":"\\","PSComputerName":"WS07"}`, "WS07.corp.example",
			`listed "ws07.corp.example" "\\a" from get-scheduledtask at 2024-05-01T08:00:00Z record 1 [task 1, 56 bytes]` + "\n"},
		{"ErrOther", `{"a":1}`, "h", "rejected all of it: bad record: holds no inventory of scheduled tasks in a form that is known: \"\"\n"},
		{"ErrLong", task + strings.Replace(task, "<Actions/>", "<Actions>"+strings.Repeat("x", 4<<20)+"</Actions>", 1) + task, "h",
			"rejected task 1: bad record: names no task: ~rejected task 2: too long: a definition of more than 4 MiB: ~rejected task 3: bad record: names no task: "},
		{"ErrLongCIM", `{"TaskName":"a","TaskPath":"\\","x":"` + strings.Repeat("x", 16<<20) + `"}`, "h",
			"rejected task 1: too long: a task of more than 16 MiB; what follows it was not read: \"\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := decode(t, []byte(c.in), inventory.Options{Host: c.host, Time: taken})
			if parts := strings.Split(c.want, "~"); len(parts) > 1 {
				for i, line := range strings.Split(strings.TrimSpace(got), "\n") {
					if i >= len(parts) || !strings.HasPrefix(line, parts[i]) {
						t.Errorf("line %d is %.200s", i, line)
					}
				}
				return
			}
			if got != c.want {
				t.Errorf("got\n%.300s\nwant\n%.300s", got, c.want)
			}
		})
	}
}

func TestFilePath(t *testing.T) {
	for name, want := range map[string]string{
		`C:\Windows\System32\Tasks\Microsoft\Windows\X`:                    `\Microsoft\Windows\X`,
		"host.zip!uploads/auto/C%3A/Windows/System32/Tasks/Corp/Back%20up": `\Corp\Back up`,
		"Tasks/A":                          `\A`,
		"a/Tasks/Tasks/B":                  `\B`,
		"/tmp/Backup.xml":                  `\Backup`,
		"/tmp/tasks/Backup.xml":            `\Backup.xml`,
		"x.zip!y.zip!C/100%/Tasks/100% up": `\100% up`,
	} {
		if got := inventory.FilePath(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// TestSniff leaves alone what belongs to others.
func TestSniff(t *testing.T) {
	for name, in := range map[string]string{
		"events as XML":   `<?xml version="1.0"?><Events><Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><Task>0</Task></Event></Events>`,
		"one event":       `<Event><System><Task>12</Task></System></Event>`,
		"another Task":    `<Task xmlns="urn:todo"><Name>x</Name></Task>`,
		"an event":        `{"EventID":129,"TaskName":"\\a","TaskPath":"x"}`,
		"a script logged": `{"EventID":4104,"ScriptBlockText":"Get-CimInstance MSFT_ScheduledTask"}`,
		"a launch":        `{"Channel":"x","TaskName":"\\a","Path":"c"}`,
		"another table":   `"HostName","TaskName","Status"` + "\n",
		"nothing":         "",
	} {
		t.Run("OK "+name, func(t *testing.T) {
			if inventory.Sniff([]byte(in)) {
				t.Error("taken for an inventory")
			}
		})
	}
}
