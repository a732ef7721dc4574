package source_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/taskroot/taskroot/loader/source"
)

// TestXMLAgain: what was rejected of a damaged file is read from its reject file
// under the name and place that it had.
func TestXMLAgain(t *testing.T) {
	event := func(id, host string) string {
		return `<Event><System><EventID>5</EventID><TimeCreated SystemTime="2024-03-01T09:15:00Z"/><EventRecordID>` + id +
			`</EventRecordID><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>` + host +
			`</Computer></System><EventData><Data Name="ProcessId">7</Data></EventData></Event>`
	}
	path := filepath.Join(t.TempDir(), "log")
	in := event("1", "ws01") + "\nwords\n" + event("2", "") + event("3", "ws01")[:200] + event("4", "ws01")
	if err := os.WriteFile(path, []byte(in), 0o600); err != nil {
		t.Fatal(err)
	}
	first := newRecorder(t)
	readInto(t, first, path)
	if len(first.seen) != 2 || len(first.rejected) != 3 {
		t.Fatalf("%d observations, rejected %+v", len(first.seen), first.rejected)
	}
	var rejects bytes.Buffer
	for _, r := range first.rejected {
		if err := source.WriteReject(&rejects, r); err != nil {
			t.Fatal(err)
		}
	}
	again := newRecorder(t)
	if err := source.Read(t.Context(), []string{source.Stdin}, &rejects, source.Options{Host: "ws02"}, again); err != nil {
		t.Fatal(err)
	}
	if len(again.seen) != 1 || again.seen[0].Head().Host != "ws02" || again.seen[0].Head().Evidence.Record != 2 {
		t.Errorf("seen again: %+v", again.seen)
	}
	if len(again.rejected) != 2 || again.rejected[1].Record != first.rejected[2].Record || again.rejected[1].Reason != "bad xml" {
		t.Errorf("rejected again: %+v", again.rejected)
	}
}
