package taskxml_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/taskroot/taskroot/loader/taskxml"
)

const namespace = ` xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"`

const full = `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.4"` + namespace + `>
  <RegistrationInfo>
    <Date>2022-09-22T02:20:56</Date><Author>DOM\bob</Author><URI>\Folder\Full</URI>
    <Description>a &amp; b</Description><Source>src</Source><SecurityDescriptor>D:(A;;FA;;;SY)</SecurityDescriptor>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <Repetition><Interval>PT5M</Interval><Duration>P1D</Duration></Repetition>
      <StartBoundary>2022-09-22T08:00:00</StartBoundary><EndBoundary>2023-01-01T00:00:00</EndBoundary>
      <Enabled>false</Enabled><RandomDelay>PT1M</RandomDelay>
      <ScheduleByWeek><WeeksInterval>2</WeeksInterval><DaysOfWeek><Monday/><Friday /></DaysOfWeek></ScheduleByWeek>
    </CalendarTrigger>
    <CalendarTrigger><ScheduleByDay/></CalendarTrigger>
    <CalendarTrigger><ScheduleByMonth><DaysOfMonth><Day>1</Day><Day>Last</Day></DaysOfMonth><Months><March/></Months></ScheduleByMonth></CalendarTrigger>
    <CalendarTrigger><ScheduleByMonthDayOfWeek><Weeks><Week>1</Week></Weeks><DaysOfWeek><Sunday/></DaysOfWeek><Months><May/><June/></Months></ScheduleByMonthDayOfWeek></CalendarTrigger>
    <TimeTrigger><StartBoundary>2015-07-15T20:35:13.2757294</StartBoundary></TimeTrigger>
    <BootTrigger><Delay>PT30S</Delay></BootTrigger>
    <LogonTrigger><UserId>DOM\bob</UserId></LogonTrigger>
    <IdleTrigger/><RegistrationTrigger/>
    <EventTrigger><Subscription>&lt;QueryList&gt;&lt;/QueryList&gt;</Subscription></EventTrigger>
    <SessionStateChangeTrigger><StateChange>SessionUnlock</StateChange></SessionStateChangeTrigger>
    <WnfStateChangeTrigger><StateName>7510BCA3</StateName></WnfStateChangeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Other"><GroupId>S-1-5-32-545</GroupId></Principal>
    <Principal id="Author"><UserId>S-1-5-18</UserId><LogonType>Password</LogonType><RunLevel>HighestAvailable</RunLevel></Principal>
  </Principals>
  <Settings>
    <Hidden>true</Hidden><Enabled>0</Enabled><WakeToRun>1</WakeToRun><ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
    <DeleteExpiredTaskAfter>PT0S</DeleteExpiredTaskAfter><Priority>5</Priority><MultipleInstancesPolicy>Parallel</MultipleInstancesPolicy>
    <RestartOnFailure><Interval>PT1M</Interval><Count>3</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec><Command>cmd.exe</Command><Arguments>/C echo "a" &gt; b &amp;&amp; c</Arguments><WorkingDirectory>C:\</WorkingDirectory></Exec>
    <Exec><Command> C:\x.exe </Command></Exec>
    <ComHandler><ClassId>{a6ba00fe-40e8-477c-b713-c64a14f18adb}</ClassId><Data><![CDATA[$(Arg0)]]></Data></ComHandler>
    <SendEmail><Server>smtp</Server><To>a@b</To><Subject>s</Subject></SendEmail>
    <ShowMessage><Title>t</Title><Body>b</Body></ShowMessage>
  </Actions>
</Task>`

// defaults is what a definition has that says nothing.
func defaults() *taskxml.Definition {
	return &taskxml.Definition{
		Principal: taskxml.Principal{RunLevel: "LeastPrivilege"},
		Settings: taskxml.Settings{
			Enabled: true, AllowStartOnDemand: true, AllowHardTerminate: true,
			DisallowStartIfOnBatteries: true, StopIfGoingOnBatteries: true,
			ExecutionTimeLimit: "PT72H", MultipleInstancesPolicy: "IgnoreNew", Priority: "7",
		},
	}
}

func fullWant() *taskxml.Definition {
	d := defaults()
	d.URI, d.Author, d.Date, d.Description = `\Folder\Full`, `DOM\bob`, "2022-09-22T02:20:56", "a & b"
	d.Source, d.SecurityDescriptor = "src", "D:(A;;FA;;;SY)"
	d.Principal = taskxml.Principal{ID: "Author", UserID: "S-1-5-18", LogonType: "Password", RunLevel: "HighestAvailable"}
	s := &d.Settings
	s.Hidden, s.Enabled, s.WakeToRun, s.ExecutionTimeLimit = true, false, true, "PT1H"
	s.DeleteExpiredTaskAfter, s.Priority, s.MultipleInstancesPolicy = "PT0S", "5", "Parallel"
	s.RestartInterval, s.RestartCount = "PT1M", "3"
	d.Actions = []taskxml.Action{
		{Kind: taskxml.Exec, Command: "cmd.exe", Arguments: `/C echo "a" > b && c`, WorkingDirectory: `C:\`},
		{Kind: taskxml.Exec, Command: `C:\x.exe`},
		{Kind: taskxml.ComHandler, ClassID: "A6BA00FE-40E8-477C-B713-C64A14F18ADB", Data: "$(Arg0)"},
		{Kind: taskxml.SendEmail, Data: "Server: smtp\nTo: a@b\nSubject: s"},
		{Kind: taskxml.ShowMessage, Data: "Title: t\nBody: b"},
	}
	d.Triggers = []taskxml.Trigger{
		{Kind: taskxml.Calendar, StartBoundary: "2022-09-22T08:00:00", EndBoundary: "2023-01-01T00:00:00",
			Interval: "PT5M", Duration: "P1D", RandomDelay: "PT1M", Schedule: "weekly every 2 on Monday,Friday"},
		{Kind: taskxml.Calendar, Enabled: true, Schedule: "daily every 1"},
		{Kind: taskxml.Calendar, Enabled: true, Schedule: "monthly on days 1,Last of March"},
		{Kind: taskxml.Calendar, Enabled: true, Schedule: "monthly in weeks 1 on Sunday of May,June"},
		{Kind: taskxml.Time, Enabled: true, StartBoundary: "2015-07-15T20:35:13.2757294"},
		{Kind: taskxml.Boot, Enabled: true, Delay: "PT30S"},
		{Kind: taskxml.Logon, Enabled: true, UserID: `DOM\bob`},
		{Kind: taskxml.Idle, Enabled: true},
		{Kind: taskxml.Registration, Enabled: true},
		{Kind: taskxml.Event, Enabled: true, Subscription: "<QueryList></QueryList>"},
		{Kind: taskxml.SessionState, Enabled: true, Schedule: "SessionUnlock"},
		{Kind: "wnfStateChange", Enabled: true, Schedule: "7510BCA3"},
	}
	return d
}

func utf16LE(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestParse(t *testing.T) {
	t.Parallel()
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace
	for _, tc := range []struct {
		name, xml string
		want      *taskxml.Definition
	}{
		{"OK full", full, fullWant()},
		{"OK byte order mark", "\uFEFF" + full, fullWant()},
		{"OK CRLF", strings.ReplaceAll(full, "\n", "\r\n"), fullWant()},
		{"OK no name space", strings.Replace(full, namespace, "", 1), fullWant()},
		{"OK prefixed name space", `<t:Task xmlns:t="x"><t:RegistrationInfo/></t:Task>`, defaults()},
		{"OK escaped", escape(full), fullWant()},
		{"OK escaped twice", escape(escape(full)), fullWant()},
		{"OK UTF-16 bytes", utf16LE("\uFEFF" + full), fullWant()},
		{"OK UTF-16 bytes without mark", utf16LE(full), fullWant()},
		{"OK trailing NUL", full + "\x00", fullWant()},
		{"OK nothing in it", `<Task/>`, defaults()},
		{"OK unknown version", `<?xml version="1.1"?><Task version="1.9"><New/></Task>`, defaults()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := taskxml.Parse(tc.xml)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, xml string
		want      error
	}{
		{"ErrEmpty", " \r\n", taskxml.ErrEmpty},
		{"ErrOnlyPrologue", `<?xml version="1.0"?>`, taskxml.ErrEmpty},
		{"ErrRoot", `<Other/>`, taskxml.ErrNotTask},
		{"ErrCutShort", full[:len(full)-20], taskxml.ErrNotTask},
		{"ErrText", "no xml", taskxml.ErrNotTask},
		{"ErrCrossed", "<Task><a><b></a></b></Task>", taskxml.ErrNotTask},
		{"ErrDeep", strings.Repeat("<Task>", 100), taskxml.ErrTooBig},
		{"ErrWide", "<Task>" + strings.Repeat("<a/>", 100_001) + "</Task>", taskxml.ErrTooBig},
		{"ErrBig", "<Task>" + strings.Repeat(" ", 4<<20) + "</Task>", taskxml.ErrTooBig},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if _, err := taskxml.Parse(tc.xml); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestParseReadsNoEntities(t *testing.T) {
	t.Parallel()
	d, err := taskxml.Parse(`<!DOCTYPE Task [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "z">]>` +
		`<Task><Actions><Exec><Command>a&x;b&y;</Command></Exec></Actions></Task>`)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a&x;b&y;"}; !slices.Equal(d.Commands(), want) {
		t.Errorf("got %q, want %q", d.Commands(), want)
	}
}

func TestDefinitionViews(t *testing.T) {
	t.Parallel()
	d, err := taskxml.Parse(`<Task><Triggers><BootTrigger/></Triggers><Actions><Exec><Command>a</Command><Arguments>&lt;b&gt;</Arguments></Exec>` +
		`<ComHandler><ClassId>x</ClassId></ComHandler></Actions></Task>`)
	if err != nil {
		t.Fatal(err)
	}
	empty := defaults()
	for _, tc := range []struct{ name, got, want string }{
		{"commands", strings.Join(d.Commands(), "|"), "a <b>"},
		{"handlers", strings.Join(d.ComHandlers(), "|"), "x"},
		{"actions", d.ActionsJSON(), `[{"kind":"exec","command":"a","arguments":"<b>"},{"kind":"comHandler","classId":"x"}]`},
		{"triggers", d.TriggersJSON(), `[{"kind":"boot","enabled":true}]`},
		{"no actions", empty.ActionsJSON(), `[]`},
		{"no triggers", empty.TriggersJSON(), `[]`},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, tc.got, tc.want)
		}
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	hash := func(xml string) string {
		d, err := taskxml.Parse(xml)
		if err != nil {
			t.Fatal(err)
		}
		return d.Hash()
	}
	const base = `<Task><Actions><Exec><Command>a</Command></Exec></Actions></Task>`
	// The hash is a key in databases that exist: a change here orphans them.
	const golden = "1b0ac0f08538320a42d834b679a241d7681420b8c02caa1fa1382e706642e0b0"
	if got := hash(base); got != golden {
		t.Errorf("hash %s, want %s", got, golden)
	}
	for name, same := range map[string]string{
		"registration": strings.Replace(base, "<Task>", "<Task><RegistrationInfo><Date>x</Date><Author>y</Author><URI>z</URI><Description>d</Description></RegistrationInfo>", 1),
		"defaults":     strings.Replace(base, "</Task>", "<Settings><Enabled>true</Enabled><Priority>7</Priority></Settings><Principals><Principal><RunLevel>LeastPrivilege</RunLevel></Principal></Principals></Task>", 1),
		"white space":  strings.ReplaceAll(base, "><", ">\r\n  <"),
	} {
		if got := hash(same); got != golden {
			t.Errorf("%s: hash %s, want %s", name, got, golden)
		}
	}
	seen := map[string]string{golden: "base"}
	for name, other := range map[string]string{
		"arguments": strings.Replace(base, "</Exec>", "<Arguments>b</Arguments></Exec>", 1),
		"trigger":   strings.Replace(base, "<Task>", "<Task><Triggers><BootTrigger/></Triggers>", 1),
		"principal": strings.Replace(base, "<Task>", "<Task><Principals><Principal><UserId>S-1-5-18</UserId></Principal></Principals>", 1),
		"hidden":    strings.Replace(base, "<Task>", "<Task><Settings><Hidden>true</Hidden></Settings>", 1),
	} {
		got := hash(other)
		if prior, ok := seen[got]; ok {
			t.Errorf("%s has the hash of %s", name, prior)
		}
		seen[got] = name
	}
}

func TestUnescape(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`&lt;Task a=&quot;b&quot;&gt;`: `<Task a="b">`,
		`&#60;Task&#62;`:               `<Task>`,
		`&amp;lt;Task&amp;gt;`:         `<Task>`,
		`<Task>&lt;</Task>`:            `<Task>&lt;</Task>`,
		"\uFEFF &lt;a&gt;":             "\uFEFF <a>",
		`&lt;a&gt;&amp;amp;&lt;/a&gt;`: `<a>&amp;</a>`,
		``:                             ``,
	} {
		if got := taskxml.Unescape(in); got != want {
			t.Errorf("Unescape(%q) = %q; want %q", in, got, want)
		}
	}
}

func FuzzUnescape(f *testing.F) {
	for _, s := range []string{`&lt;a&gt;`, `&amp;lt;`, `&#60;`, "\uFEFF&lt;&lt;", `&amp;amp;amp;amp;amp;lt;`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := taskxml.Unescape(s)
		if twice := taskxml.Unescape(once); twice != once {
			t.Errorf("once %q, twice %q", once, twice)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add(`&lt;Task&gt;&lt;/Task&gt;`)
	f.Add(utf16LE(`<Task/>`))
	f.Add(`<Task><Triggers><Trigger/><XTrigger/></Triggers></Task>`)
	f.Fuzz(func(t *testing.T, s string) {
		d, err := taskxml.Parse(s)
		if err != nil {
			return
		}
		if again, err := taskxml.Parse(s); err != nil || again.Hash() != d.Hash() {
			t.Errorf("not the same twice: %v", err)
		}
	})
}

// TestDoes compares definitions by what they do, wherever they say it.
func TestDoes(t *testing.T) {
	t.Parallel()
	does := func(inner string) string {
		d, err := taskxml.Parse("<Task>" + inner + "</Task>")
		if err != nil {
			t.Fatal(err)
		}
		return d.Does()
	}
	base := does(`<Actions><Exec><Command>a.exe</Command><Arguments>b  c</Arguments></Exec></Actions>`)
	if base != "6d056f403ec6ecd4" {
		t.Errorf("changed: %s; stored hashes would fit no more", base)
	}
	for inner, want := range map[string]bool{
		`<Actions Context="x"><Exec><Command>a.exe b c</Command></Exec></Actions>`:                                                    true,
		`<Triggers><BootTrigger/></Triggers><Actions><Exec><Command>a.exe</Command><Arguments>b c</Arguments></Exec></Actions>`:       true,
		`<Actions><Exec><Command>a.exe</Command><Arguments>b c</Arguments><WorkingDirectory>d</WorkingDirectory></Exec></Actions>`:    true,
		`<Actions><Exec><Command>a.exe</Command><Arguments>b d</Arguments></Exec></Actions>`:                                          false,
		`<Actions><Exec><Command>a.exe</Command><Arguments>b c</Arguments></Exec><Exec><Command>a.exe b c</Command></Exec></Actions>`: false,
		`<Actions><ComHandler><ClassId>{a6ba00fe-40e8-477c-b713-c64a14f18adb}</ClassId><Data>a.exe b c</Data></ComHandler></Actions>`: false,
		``: false,
	} {
		if got := does(inner) == base; got != want {
			t.Errorf("%s: %t", inner, got)
		}
	}
}
