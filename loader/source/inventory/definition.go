package inventory

import (
	"encoding/json"
	"strings"
)

// definition is the task XML of a ScheduledTask object, as near as it can be to
// the task's own; ok is false where the actions are not all there.
func (o object) definition(actions []json.RawMessage, path string) (text string, ok bool) {
	ok = true
	principal, _ := o.object("Principal")
	settings, hasSettings := o.object("Settings")
	text = task(func(x *builder) {
		x.info(o.text("Date"), o.text("Author"), path)
		x.group("Triggers", func() {
			for _, raw := range o.list("Triggers") {
				if t, isObject := parseObject(raw); isObject {
					t.trigger(x)
				}
			}
		})
		principal.principal(x)
		if hasSettings {
			settings.settings(x)
		}
		x.actions(principal.text("Id"), func() {
			for _, raw := range actions {
				a, isObject := parseObject(raw)
				ok = ok && isObject && a.action(x)
			}
		})
	})
	return text, ok
}

// action writes an action and says whether it is one that can be understood.
func (o object) action(x *builder) bool {
	switch {
	case o.text("Execute") != "":
		x.exec(o.text("Execute"), o.text("Arguments"), o.text("WorkingDirectory"))
	case o.text("ClassId") != "":
		x.comHandler(o.text("ClassId"), o.text("Data"))
	case strings.Contains(o.class(), "EmailAction"), strings.Contains(o.class(), "ShowMessageAction"):
		tag := "SendEmail"
		if strings.Contains(o.class(), "ShowMessage") {
			tag = "ShowMessage"
		}
		x.group(tag, func() {
			for _, part := range []string{"Server", "From", "To", "Cc", "Bcc", "Subject", "Title", "Body"} {
				x.leaf(part, o.text(part))
			}
		})
	default:
		return false
	}
	return true
}

// accounts are the names that stand for SIDs in the definition itself; the
// English ones, as others can't be told from users.
var accounts = map[string]string{
	"system": "S-1-5-18", "local service": "S-1-5-19", "localservice": "S-1-5-19",
	"network service": "S-1-5-20", "networkservice": "S-1-5-20",
	"administrators": "S-1-5-32-544", "users": "S-1-5-32-545", "interactive": "S-1-5-4",
	"authenticated users": "S-1-5-11", "everyone": "S-1-1-0",
}

func sid(name string) string {
	if s := accounts[strings.ToLower(name)]; s != "" {
		return s
	}
	return name
}

// word is the schema's name for a value that is a number or PowerShell's name.
func word(value string, words ...string) string {
	for i := 0; i+2 < len(words); i += 3 {
		if value == words[i] || strings.EqualFold(value, words[i+1]) {
			return words[i+2]
		}
	}
	return ""
}

func (o object) principal(x *builder) {
	if o == nil {
		return
	}
	x.b.WriteString(`<Principals><Principal id="`)
	x.text(o.text("Id"))
	x.b.WriteString(`">`)
	user := sid(o.text("UserId"))
	x.leaf("UserId", user)
	x.leaf("GroupId", sid(o.text("GroupId")))
	if !strings.HasPrefix(user, "S-1-5-1") && !strings.HasPrefix(user, "S-1-5-20") { // services have none
		x.leaf("LogonType", word(o.text("LogonType"), "1", "Password", "Password", "2", "S4U", "S4U",
			"3", "Interactive", "InteractiveToken", "6", "InteractiveOrPassword", "InteractiveTokenOrPassword"))
	}
	x.leaf("RunLevel", word(o.text("RunLevel"), "0", "Limited", "LeastPrivilege", "1", "Highest", "HighestAvailable"))
	x.b.WriteString("</Principal></Principals>")
}

// settings writes those that a definition is known by.
func (o object) settings(x *builder) {
	x.group("Settings", func() {
		x.leaf("AllowStartOnDemand", o.text("AllowDemandStart"))
		for _, name := range []string{
			"AllowHardTerminate", "DeleteExpiredTaskAfter", "DisallowStartIfOnBatteries", "Enabled", "ExecutionTimeLimit", "Hidden",
			"Priority", "RunOnlyIfIdle", "RunOnlyIfNetworkAvailable", "StartWhenAvailable", "StopIfGoingOnBatteries", "WakeToRun",
		} {
			x.leaf(name, o.text(name))
		}
		x.leaf("MultipleInstancesPolicy", word(o.text("MultipleInstances"), "0", "Parallel", "Parallel", "1", "Queue", "Queue",
			"2", "IgnoreNew", "IgnoreNew", "3", "StopExisting", "StopExisting"))
		if o.number("RestartCount") > 0 {
			x.group("RestartOnFailure", func() {
				x.leaf("Interval", o.text("RestartInterval"))
				x.leaf("Count", o.text("RestartCount"))
			})
		}
	})
}

// triggerTags are the elements of the triggers' classes.
var triggerTags = map[string]string{
	"MSFT_TaskBootTrigger": "BootTrigger", "MSFT_TaskDailyTrigger": "CalendarTrigger", "MSFT_TaskEventTrigger": "EventTrigger",
	"MSFT_TaskIdleTrigger": "IdleTrigger", "MSFT_TaskLogonTrigger": "LogonTrigger",
	"MSFT_TaskRegistrationTrigger": "RegistrationTrigger", "MSFT_TaskSessionStateChangeTrigger": "SessionStateChangeTrigger",
	"MSFT_TaskTimeTrigger": "TimeTrigger", "MSFT_TaskWeeklyTrigger": "CalendarTrigger",
}

// otherTrigger stands for triggers that CIM has no class for: monthly ones, WNF.
const otherTrigger = "OtherTrigger"

func (o object) trigger(x *builder) {
	tag := triggerTags[o.class()]
	if tag == "" {
		tag = otherTrigger
	}
	x.group(tag, func() {
		if repeats, ok := o.object("Repetition"); ok && repeats.text("Interval") != "" {
			x.group("Repetition", func() {
				x.leaf("Interval", repeats.text("Interval"))
				x.leaf("Duration", repeats.text("Duration"))
			})
		}
		for _, name := range []string{"StartBoundary", "EndBoundary", "Enabled", "Subscription", "Delay", "RandomDelay"} {
			x.leaf(name, o.text(name))
		}
		x.leaf("UserId", sid(o.text("UserId")))
		x.leaf("StateChange", word(o.text("StateChange"), "1", "ConsoleConnect", "ConsoleConnect", "2", "ConsoleDisconnect", "ConsoleDisconnect",
			"3", "RemoteConnect", "RemoteConnect", "4", "RemoteDisconnect", "RemoteDisconnect",
			"7", "SessionLock", "SessionLock", "8", "SessionUnlock", "SessionUnlock"))
		switch o.class() {
		case "MSFT_TaskDailyTrigger":
			x.group("ScheduleByDay", func() { x.leaf("DaysInterval", o.text("DaysInterval")) })
		case "MSFT_TaskWeeklyTrigger":
			x.group("ScheduleByWeek", func() {
				x.leaf("WeeksInterval", o.text("WeeksInterval"))
				x.group("DaysOfWeek", func() { x.days(o.number("DaysOfWeek")) })
			})
		}
	})
}

// days writes the days in a mask, Sunday first.
func (x *builder) days(mask int) {
	for i, day := range []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"} {
		if mask&(1<<i) != 0 {
			x.group(day, func() {})
		}
	}
}
