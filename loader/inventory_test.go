package loader_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/loader"
	"github.com/taskroot/taskroot/queries"
)

// collected is a folder with one task file as Windows writes them, of a day after
// the epoch.
func collected(t *testing.T, registered string) string {
	t.Helper()
	text := `<?xml version="1.0" encoding="UTF-16"?><Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">` + registered +
		`<Actions Context="Author"><Exec><Command>%windir%\System32\cmd.exe</Command><Arguments>/c sync</Arguments></Exec></Actions></Task>`
	wide := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "C", "Windows", "System32", "Tasks", "Corp", "Sync")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, wide, 0o600); err != nil {
		t.Fatal(err)
	}
	at := epoch.AddDate(0, 0, 1)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	return dir
}

// launched is what Sysmon says of a start by the Schedule service, and nothing else.
func launched() string {
	return event(sysmonLog, 1, 1, 0, map[string]string{
		"UtcTime": epoch.Format("2006-01-02 15:04:05.000"), "ProcessGuid": guid(epoch, 7), "ProcessId": "700", "Image": images[0],
		"CommandLine": `C:\Windows\System32\cmd.exe /c sync`, "ParentProcessId": "800", "ParentProcessGuid": guid(epoch.Add(-time.Hour), 8), "ParentImage": images[1],
		"ParentCommandLine": images[1] + " -k netsvcs -p -s Schedule",
	})
}

// fromTasks are the edges from tasks, without what their tests don't speak of.
func fromTasks(t *testing.T, lines []string) []string {
	t.Helper()
	var out []string
	for _, l := range lines {
		var row []any
		if err := json.Unmarshal([]byte(l), &row); err != nil {
			t.Fatal(err)
		}
		props, _ := row[len(row)-1].(map[string]any)
		switch row[0] {
		case graph.RelSpawned, graph.RelMayHaveSpawned:
			if props["via"] == "sysmon1" {
				continue
			}
			out = append(out, fmt.Sprint(row[0], " ", row[1], " via ", props["via"], " ", props["confidence"]))
		case graph.RelDefined:
			out = append(out, fmt.Sprint(row[0], " ", row[1], " from ", props["from"], " seen ", props["firstSeen"], " assumed ", props["assumed"]))
		case graph.LabelTask:
			out = append(out, fmt.Sprint(row[0], " ", props["path"], " listed ", props["listed"], " registered ", props["registered"]))
		}
	}
	slices.Sort(out)
	return out
}

// TestInventoryNamesLaunches loads a launch that no record of the scheduler
// claims, and an inventory of the day after: whichever comes first, the launch is
// the listed task's.
func TestInventoryNamesLaunches(t *testing.T) {
	db, lib := open(t)
	for _, c := range []struct{ name, registered, from, assumed string }{
		{"OKAssumed", "", "1970-01-01T00:00:00Z", "true"},
		{"OKDated", "<RegistrationInfo><Date>2021-04-01T10:00:00Z</Date></RegistrationInfo>", "2021-04-01T10:00:00Z", "<nil>"},
	} {
		logs, tasks := file(t, launched()), collected(t, c.registered)
		want := []string{
			"DEFINED h1|\\corp\\sync from " + c.from + " seen 2024-05-02T08:00:00Z assumed " + c.assumed,
			`SPAWNED h1|\corp\sync via command-line 0.85`, `Task \Corp\Sync listed true registered false`,
		}
		for name, parts := range map[string][][]string{
			"LogFirst": {{logs}, {tasks}}, "InventoryFirst": {{tasks}, {logs}}, "Together": {{logs, tasks}}, "Twice": {{logs, tasks}, {tasks, logs}},
		} {
			t.Run(c.name+name, func(t *testing.T) {
				if got := fromTasks(t, loadParts(t, db, lib, parts)); !slices.Equal(got, want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		}
	}
	t.Run("OKTooLate", func(t *testing.T) {
		logs := file(t, launched())
		tasks := collected(t, "<RegistrationInfo><Date>"+epoch.Add(time.Hour).Format(time.RFC3339)+"</Date></RegistrationInfo>")
		got := fromTasks(t, loadParts(t, db, lib, [][]string{{logs}, {tasks}}))
		if len(got) != 4 || !strings.HasPrefix(got[1], "SPAWNED h1|?") || !strings.HasSuffix(got[1], " via scheduler 0.7") {
			t.Errorf("got\n%s", strings.Join(got, "\n"))
		}
	})
}

// loadParts loads into an empty database, one run for each part.
func loadParts(t *testing.T, db *graphdb.DB, lib *queries.Library, parts [][]string) []string {
	t.Helper()
	graphtest.Wipe(t, db)
	c := loader.DefaultConfig()
	c.Host = "H1"
	for _, paths := range parts {
		c.RejectDir = t.TempDir()
		tally, err := loader.New(db, lib, slog.New(slog.DiscardHandler), c).Load(t.Context(), paths, nil)
		if err != nil {
			t.Fatal(err)
		}
		balanced(t, tally)
		if loader.Sum(tally.Rejected) != 0 {
			t.Errorf("rejected %v", tally.Rejected)
		}
	}
	return dump(t, db)
}
