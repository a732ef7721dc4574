package source_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader/source"
	"github.com/taskroot/taskroot/loader/source/evtx"
	"github.com/taskroot/taskroot/loader/winevent"
)

// asXML writes the events of a binary log in the log's XML.
type asXML struct{ bytes.Buffer }

func (x *asXML) Event(e *winevent.Event) error {
	esc := html.EscapeString // five references, as the log's
	fmt.Fprintf(x, `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="%s"/><EventID>%d</EventID>`+
		`<Version>%d</Version><TimeCreated SystemTime="%s"/><EventRecordID>%d</EventRecordID><Correlation ActivityID="%s"/>`+
		`<Execution ProcessID="%d" ThreadID="1"/><Channel>%s</Channel><Computer>%s</Computer></System><EventData>`,
		esc(e.Provider), e.ID, e.Version, e.Time.Format(time.RFC3339Nano), e.RecordID, esc(e.Activity), e.ExecPID, esc(e.Channel), esc(e.Computer))
	for _, f := range e.Data {
		fmt.Fprintf(x, `<Data Name="%s">%s</Data>`, esc(f.Name), esc(f.Value))
	}
	x.WriteString("</EventData></Event>\r\n")
	return nil
}

func (x *asXML) Skipped(string, uint32, int) error { return nil }
func (x *asXML) Damaged(evtx.Damage) error         { return nil }

// TestSharedXML writes the events of real binary logs as XML and reads that: the
// observations are the same but for where they come from.
func TestSharedXML(t *testing.T) {
	logs, err := filepath.Glob(filepath.Join(testdata.Shared(t), "evtx", "*", "*.evtx"))
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	for _, log := range logs {
		if strings.Contains(log, "evtx-crate") {
			continue // made to be damaged
		}
		t.Run("OK "+filepath.Base(log), func(t *testing.T) {
			raw, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			var x asXML
			if err := evtx.Decode(context.Background(), bytes.NewReader(raw), "log", winevent.Wanted, &x); err != nil {
				t.Fatal(err)
			}
			want, got := newRecorder(t), newRecorder(t)
			readInto(t, want, log)
			if err := source.Read(t.Context(), []string{source.Stdin}, &x, source.Options{}, got); err != nil {
				t.Fatal(err)
			}
			if len(got.rejected) != len(want.rejected) || len(got.seen) != len(want.seen) {
				t.Fatalf("%d observations and %d rejected, want %d and %d", len(got.seen), len(got.rejected), len(want.seen), len(want.rejected))
			}
			for i, o := range got.seen {
				o.Head().Evidence.Source = want.seen[i].Head().Evidence.Source
				if !reflect.DeepEqual(o, want.seen[i]) {
					t.Fatalf("observation %d: got %+v\nwant %+v", i, o, want.seen[i])
				}
				if o.Head().Clock.Trust != graph.Honest {
					t.Fatalf("observation %d: its clock is not believed", i)
				}
			}
			all += len(got.seen)
		})
	}
	if all != 1394 {
		t.Errorf("%d observations in all", all)
	}
}
