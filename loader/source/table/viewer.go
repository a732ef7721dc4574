package table

import (
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
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

// messageRow reads a row of Get-WinEvent, exported by PowerShell: ProcessId is
// the logging service's and the event's own values are in the message only.
func messageRow(r *reader) error {
	value := func(name string) string { return strings.TrimSpace(r.head.value(r.row.fields, name)) }
	id, err := strconv.ParseUint(value("Id"), 10, 32)
	if err != nil {
		return r.reject(BadRecord, "has no event id under Id")
	}
	e := &winevent.Event{
		Channel: value("LogName"), ID: uint32(id), Provider: value("ProviderName"), Computer: value("MachineName"),
		Activity: value("ActivityId"), Trust: graph.Naive,
	}
	if e.Channel == "" {
		e.Channel = channelOf(e.Provider)
	}
	e.RecordID, _ = strconv.ParseUint(value("RecordId"), 10, 64)
	if pid, err := strconv.ParseUint(value("ProcessId"), 10, 32); err == nil {
		e.ExecPID = uint32(pid)
	}
	return r.message(e, value("TimeCreated"), r.head.value(r.row.fields, "Message"))
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
	if e.Data, err = parseMessage(e.Channel, e.ID, text); err != nil {
		return r.reject(BadRecord, err.Error())
	}
	if len(e.Data) == 0 {
		return r.h.Passed(MessageOnly)
	}
	return r.event(e)
}
