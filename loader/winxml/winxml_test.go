package winxml_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/taskroot/taskroot/loader/winevent"
	"github.com/taskroot/taskroot/loader/winxml"
)

func read(t *testing.T, xml string) (winevent.Event, error) {
	t.Helper()
	var x winxml.Event
	var e winevent.Event
	if err := x.Open([]byte(xml)); err != nil {
		return e, err
	}
	return e, x.Fill(&e)
}

func TestFill(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		want       []winevent.Field
	}{
		{"OK named", `<EventData><Data Name="a">1</Data><Data Name='b'/></EventData>`, []winevent.Field{{Name: "a", Value: "1"}, {Name: "b", Value: ""}}},
		{"OK nameless", `<EventData><Data>1</Data><Binary>00FF</Binary></EventData>`, []winevent.Field{{Name: "Data", Value: "1"}, {Name: "Binary", Value: "00FF"}}},
		{"OK nothing", `<EventData/><UserData></UserData>`, nil},
		{"OK text alone", `<EventData>words</EventData>`, []winevent.Field{{Name: "EventData", Value: "words"}}},
		{"OK user data", `<UserData><x:R xmlns:x="y"><x:A>1</x:A><x:B><x:C>2</x:C></x:B></x:R></UserData>`, []winevent.Field{{Name: "A", Value: "1"}, {Name: "C", Value: "2"}}},
		{"OK white space kept", "<EventData><Data Name=\"a\"> x\r\n</Data></EventData>", []winevent.Field{{Name: "a", Value: " x\r\n"}}},
		{"OK references", `<EventData><Data Name="a&amp;b">&lt;&#65;&#x42;&apos;&quot;&gt; &nothing; &</Data></EventData>`, []winevent.Field{{Name: "a&b", Value: `<AB'"> &nothing; &`}}},
		{"OK no bracket is a tag", `<EventData><Data Name="a">1 < 2 <3</Data></EventData>`, []winevent.Field{{Name: "a", Value: "1 < 2 <3"}}},
		{"OK bracket in quotes", `<EventData><Data x="a>b" Name="n">1</Data></EventData>`, []winevent.Field{{Name: "n", Value: "1"}}},
		{"OK bad characters", "<EventData><Data Name=\"a\">\xff&#xD800;</Data></EventData>", []winevent.Field{{Name: "a", Value: "\uFFFD\uFFFD"}}},
		{"OK rendered is no data", `<RenderingInfo><Message>m</Message><Channel>c</Channel></RenderingInfo>`, nil},
		{"OK definition put in", `<EventData><Data Name="a"><Task><Data>x</Data></Task></Data></EventData>`, []winevent.Field{{Name: "a", Value: "<Task><Data>x</Data></Task>"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, err := read(t, `<Event><System><EventID>5</EventID></System>`+tc.data+`</Event>`)
			if err != nil || !reflect.DeepEqual(e.Data, tc.want) {
				t.Errorf("got %q, %v, want %q", e.Data, err, tc.want)
			}
		})
	}
}

func TestSystem(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2024-03-01T09:15:00.1234567Z":     time.Date(2024, 3, 1, 9, 15, 0, 123456700, time.UTC),
		"2024-03-01T09:15:00.000000000Z":   time.Date(2024, 3, 1, 9, 15, 0, 0, time.UTC),
		"2024-03-01T10:15:00+01:00":        time.Date(2024, 3, 1, 9, 15, 0, 0, time.UTC),
		"2024-03-01 09:15:00.5":            time.Date(2024, 3, 1, 9, 15, 0, 500000000, time.UTC),
		"2024-03-01 09:15:00.5 UTC":        time.Date(2024, 3, 1, 9, 15, 0, 500000000, time.UTC),
		"2024-03-01 09:15:00.500000+00:00": time.Date(2024, 3, 1, 9, 15, 0, 500000000, time.UTC),
		"yesterday":                        {},
	} {
		e, err := read(t, `<Event><System><Provider Name="Microsoft-Windows-Sysmon"/><EventID Qualifiers="0">0x5</EventID><TimeCreated SystemTime="`+
			text+`"/><Correlation/><Execution ThreadID='1' ProcessID = "7"/><Computer> ws01 </Computer></System></Event>`)
		if err != nil || !e.Time.Equal(want) || e.ExecPID != 7 || e.ID != 5 || e.Channel != winevent.Sysmon || e.Computer != "ws01" {
			t.Errorf("%s: got %+v, %v", text, e, err)
		}
	}
}

func TestErr(t *testing.T) {
	for _, tc := range []struct{ name, xml, want string }{
		{"ErrEmpty", "", "ends inside the event"},
		{"ErrCut", "<Event><System>", "ends inside the event"},
		{"ErrCutTag", "<Event><System", "ends inside the event"},
		{"ErrCutEnd", "<Event><System></Sys", "ends inside the event"},
		{"ErrCutComment", "<Event><!-- ", "ends inside the event"},
		{"ErrEndFirst", "</Event>", `begins with the end of "Event"`},
		{"ErrCrossed", "<Event><a><b></a></b></Event>", `has the end of "a" where "b" is open`},
		{"ErrDoctype", `<!DOCTYPE x [<!ENTITY y "z">]><Event></Event>`, "has a document type, which no event has"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := read(t, tc.xml); err == nil || err.Error() != tc.want {
				t.Errorf("got %v", err)
			}
		})
	}
}
