// Package winevent is a Windows event as every carrier brings it, and what it
// says: decoders fill an [Event], [Observe] turns it into a graph observation.
//
// It knows event ids and field names and nothing of files or databases.
package winevent

import (
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// The channels whose events are read.
const (
	Sysmon        = "Microsoft-Windows-Sysmon/Operational"
	Security      = "Security"
	TaskScheduler = "Microsoft-Windows-TaskScheduler/Operational"
	System        = "System"
)

// ChannelOf is the channel that a provider writes to, "" where that is not one
// of those that are read. Some exports keep the provider and lose the channel.
func ChannelOf(provider string) string {
	switch strings.ToLower(provider) {
	case "microsoft-windows-sysmon":
		return Sysmon
	case "microsoft-windows-security-auditing":
		return Security
	case "microsoft-windows-taskscheduler":
		return TaskScheduler
	}
	return ""
}

// Field is one named value of an event's data, as text.
type Field struct{ Name, Value string }

// Event is one record of a Windows event log.
type Event struct {
	Channel  string // as written; compared without case
	ID       uint32
	Provider string
	Version  uint8
	Computer string // the machine the event is about, never the collector
	RecordID uint64 // EventRecordID; 0 where the carrier lost it
	ExecPID  uint32 // System/Execution/@ProcessID: the process that logged
	Activity string // System/Correlation/@ActivityID
	Time     time.Time
	Trust    graph.Trust
	Received time.Time // see graph.Clock
	Data     []Field   // in the order of the record
	// Message is the rendered text, "" unless [Event.NeedsMessage] says that it
	// holds what the data lack: people's text is translated and no source of facts.
	Message string
	Source  string // file, archive member or stream
	Ordinal uint64 // position in the source, from 1
	// Missing are records whose ids the log passed over before this one, where
	// the carrier knows; MissingMore says that there are more.
	Missing     []Range
	MissingMore bool
}

// Range is the ids of records from the first to the last.
type Range struct{ From, To uint64 }

// Get is the value of the first field of that exact name; "" where there is
// none. Names are compared with case, because NXLog writes ProcessID for the
// logging service and ProcessId for the event's own.
func (e *Event) Get(name string) string {
	for _, f := range e.Data {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// NeedsMessage says whether a record's data lack something that its rendered
// message may still hold. Exporters lose what has the name of one of their own
// fields: NXLog the ProcessID of a launch (TaskScheduler 129) and the EventType
// of a registry record (Sysmon 12, whose messages are never translated), and
// they do not look into UserData (System 104).
func (e *Event) NeedsMessage() bool {
	switch {
	case e.ID == 129 && strings.EqualFold(e.Channel, TaskScheduler):
		return first(e, "ProcessID", "ProcessId") == ""
	case e.ID == 12 && strings.EqualFold(e.Channel, Sysmon):
		return first(e, "EventType") == ""
	case e.ID == 104 && strings.EqualFold(e.Channel, System):
		return first(e, "Channel") == ""
	}
	return false
}

// SaysAll says whether a record of the event says something even without data:
// the ends of logs do.
func (e *Event) SaysAll() bool {
	switch {
	case e.ID == 1102:
		return strings.EqualFold(e.Channel, Security)
	case e.ID == 104:
		return strings.EqualFold(e.Channel, System)
	case e.ID == 719:
		return strings.EqualFold(e.Channel, TaskScheduler)
	}
	return false
}

// Wanted says whether an event of that channel and id is read; all others are
// counted as skipped. Of some that are read most records are of no use, see
// [ErrOfNoUse].
func Wanted(channel string, id uint32) bool { return observerOf(channel, id) != nil }
