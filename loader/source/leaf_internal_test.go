package source

import (
	"bytes"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/eventjson"
	"github.com/taskroot/taskroot/loader/winevent"
)

// kept is a handler that keeps the last event.
type kept struct {
	jsonLeaf
	event winevent.Event
}

func (k *kept) Event(e *winevent.Event, _ eventjson.Record) error {
	k.event = *e
	return nil
}

// TestDump writes an event as it is kept in a reject file and reads it again.
func TestDump(t *testing.T) {
	want := winevent.Event{
		Channel: winevent.Security, ID: 4698, Provider: "Microsoft-Windows-Security-Auditing", Version: 1,
		Computer: "A\"B", RecordID: 1 << 40, ExecPID: 4, Activity: "{0}", Trust: graph.Honest,
		Time: time.Date(2024, 3, 1, 6, 21, 0, 123456700, time.UTC), Source: "x", Ordinal: 1,
		Data: []winevent.Field{{Name: "TaskContent", Value: "<Task>\r\n\"\u202e"}, {Name: "TaskName", Value: `\a`}},
	}
	line := dump(&want)
	var k kept
	opt := eventjson.Options{Want: winevent.Wanted}
	if err := eventjson.Decode(t.Context(), bytes.NewReader(line), "x", opt, &k); err != nil {
		t.Fatal(err)
	}
	if got, again := dump(&k.event), k.event; !bytes.Equal(got, line) || !again.Time.Equal(want.Time) || again.Trust != want.Trust {
		t.Errorf("got  %s\nwant %s", got, line)
	}
}
