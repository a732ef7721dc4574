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
)

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
	Source   string    // file, archive member or stream
	Ordinal  uint64    // position in the source, from 1
}

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

// wanted is the table of events that are read, by lower-case channel.
var wanted = map[string]map[uint32]bool{
	strings.ToLower(Sysmon):   set(1, 3, 5, 22),
	strings.ToLower(Security): set(4688, 4689, 4698, 4699, 4700, 4701, 4702, 5156),
	strings.ToLower(TaskScheduler): set(100, 102, 106, 107, 108, 110, 111, 118, 119, 129,
		140, 141, 142, 200, 201, 202, 203),
}

func set(ids ...uint32) map[uint32]bool {
	m := make(map[uint32]bool, len(ids))
	for _, id := range ids {
		m[id] = true
	}
	return m
}

// Wanted says whether an event of that channel and id is read; all others are
// counted as skipped.
func Wanted(channel string, id uint32) bool {
	if m, ok := wanted[channel]; ok {
		return m[id]
	}
	return wanted[strings.ToLower(channel)][id]
}
