package table

import (
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
	"github.com/taskroot/taskroot/loader/winmessage"
)

// viewerColumns is how many columns Event Viewer's rows have: the message is
// the sixth, and the header, which names five, forgets it.
const viewerColumns = 6

// viewerHeaders are the names of the columns that Event Viewer's "Save as"
// writes, after [newHeader]; the first is a level, or keywords in the Security log.
var viewerHeaders = [][]string{
	{"Level", "EventTime", "Source", "EventID", "Task Category"},
	{"Keywords", "EventTime", "Source", "EventID", "Task Category"},
	{"レベル", "日付と時刻", "ソース", "イベント ID", "タスクのカテゴリ"},
	{"キーワード", "日付と時刻", "ソース", "イベント ID", "タスクのカテゴリ"},
}

func isViewer(h *header) bool {
	for _, names := range viewerHeaders {
		same := len(h.columns) == len(names) || len(h.columns) == len(names)+1
		for i := range names {
			same = same && h.columns[i].name == names[i]
		}
		if same {
			return true
		}
	}
	return false
}

// channelOf is the channel that a provider writes the events to which are
// wanted; a provider's own name where it is another one.
func channelOf(provider string) string {
	name := strings.ToLower(strings.TrimSpace(provider))
	switch strings.TrimPrefix(name, "microsoft-windows-") {
	case "sysmon":
		return winevent.Sysmon
	case "taskscheduler":
		return winevent.TaskScheduler
	case "security-auditing", "microsoft windows security auditing.", "eventlog":
		return winevent.Security
	}
	return provider
}

// viewerRow reads a row of Event Viewer's own export. Its times are local to
// the machine that saved it, and the row does not say which machine that is.
func viewerRow(r *reader) error {
	f := r.row.fields
	id, err := strconv.ParseUint(strings.TrimSpace(f[3]), 10, 32)
	if err != nil {
		return r.reject(BadRecord, "has no event id in its fourth column")
	}
	e := &winevent.Event{Channel: channelOf(f[2]), ID: uint32(id), Provider: f[2], Trust: graph.Naive}
	return r.message(e, f[1], f[5])
}

// The columns in which exports that hold the message as text have the rest:
// PowerShell's Get-WinEvent and Get-EventLog, Splunk, NXLog.
var (
	messageIDs       = []string{"Id", "EventID", "EventId", "event_id"}
	messageTimes     = []string{"TimeCreated", "EventTime", "TimeGenerated", "@timestamp"}
	messageLogs      = []string{"LogName", "Channel", "EventLog", "log_name"}
	messageProviders = []string{"ProviderName", "SourceName", "Provider", "Source", "source_name"}
	messageHosts     = []string{"MachineName", "ComputerName", "Computer", "Hostname", "computer_name"}
	messageRecords   = []string{"RecordId", "RecordNumber", "EventRecordID", "record_number"}
)

// holdsValues says whether a table has columns for the event's own values, so
// that its message is not needed. Some names are the log's as well.
func holdsValues(h *header) bool {
	for _, c := range h.columns {
		switch c.name {
		case "ProcessId", "Description", "User", "EventType", "Company", "Product":
			continue
		case "EventData", "NewProcessId", "NewProcessName", "TaskName", "TaskContent", "SubjectUserName", "DestAddress":
			return true
		}
		if winmessage.IsSysmonField(c.name) || strings.HasPrefix(c.name, "winlog.") || strings.HasPrefix(c.name, "EventData.") {
			return true
		}
	}
	return false
}

// messageRow reads a row that has its event's values in the message only.
// ProcessId beside it is the logging service's.
func messageRow(r *reader) error {
	value := func(names []string) string {
		for _, name := range names {
			if v := strings.TrimSpace(r.head.value(r.row.fields, name)); v != "" {
				return v
			}
		}
		return ""
	}
	id, err := strconv.ParseUint(value(messageIDs), 10, 32)
	if err != nil {
		return r.reject(BadRecord, "has no event id")
	}
	e := &winevent.Event{
		Channel: value(messageLogs), ID: uint32(id), Provider: value(messageProviders), Computer: value(messageHosts),
		Activity: value([]string{"ActivityId"}), Trust: graph.Naive,
	}
	if e.Channel == "" {
		e.Channel = channelOf(e.Provider)
	}
	e.RecordID, _ = strconv.ParseUint(value(messageRecords), 10, 64)
	if pid, err := strconv.ParseUint(value([]string{"ProcessId"}), 10, 32); err == nil {
		e.ExecPID = uint32(pid)
	}
	return r.message(e, value(messageTimes), r.head.value(r.row.fields, "Message"))
}

// message completes an event from its time and its message as text.
func (r *reader) message(e *winevent.Event, when, text string) error {
	if !r.opt.Want(e.Channel, e.ID) {
		return r.h.Skipped(e.Channel, e.ID, 1)
	}
	at, zoned, err := parseTime(when)
	if err != nil {
		return r.reject(BadRecord, err.Error())
	}
	e.Time = at
	if zoned {
		e.Trust = graph.Zoned
	}
	if e.Data, err = winmessage.Parse(e.Channel, e.ID, text); err != nil {
		return r.reject(BadRecord, err.Error())
	}
	if len(e.Data) == 0 {
		return r.h.Passed(MessageOnly)
	}
	return r.event(e)
}
