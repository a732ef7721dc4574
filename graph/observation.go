package graph

import "time"

// Observation is what one source record says. The types that implement it are
// the whole language between sources and the loader; a source never decides
// identity, it only reports.
type Observation interface {
	// Head is the part that all observations share; the loader corrects its
	// clock in place.
	Head() *Header
}

// Header says where and when something was observed.
type Header struct {
	Host     string // [HostKey] of the machine the record is about
	HostName string // the name as written
	Clock    Clock
	Evidence Evidence
	// SchedulerPID is the process id of the Schedule service where the record
	// came from TaskScheduler/Operational (System/Execution/@ProcessID), else 0.
	SchedulerPID uint32
}

// Head implements [Observation].
func (h *Header) Head() *Header { return h }

// Trust says how far a claimed time can be believed to be UTC.
type Trust uint8

// The grades of trust. A carrier whose format fixes UTC is Honest; one that
// writes a zone that is sometimes a lie is Zoned; one without zone is Naive.
const (
	Naive Trust = iota
	Zoned
	Honest
)

// Clock is the time a record claims and what it holds to check the claim.
type Clock struct {
	Claimed time.Time // the event's own time, read as UTC
	Trust   Trust
	// UTC is a time in the same record that is known to be UTC and near the
	// claimed one (Sysmon's UtcTime, the second inside the event's own Sysmon
	// GUID for a process start); zero where there is none.
	UTC time.Time
	// Received is when a collector took the record in, true UTC and at most a
	// few minutes late (NXLog's @timestamp beside an EventTime); zero where
	// there is none or it equals the claimed time.
	Received time.Time
	// At is the corrected time; the loader sets it. Unknown says that it could
	// not be corrected, and nothing may be linked by it.
	At      time.Time
	Unknown bool
}

// Evidence is the source record behind an observation.
type Evidence struct {
	Source  string // file, member of an archive, or stream
	Channel string
	Record  uint64 // the log's record id, or the ordinal in the source
	EventID uint32
	Time    time.Time
}

// ProcessRef is what a record says of a process it mentions. Every field may
// be missing: PID 0 and "" mean unknown.
type ProcessRef struct {
	GUID        string // [NormalGUID]
	PID         uint32
	Image       string // full path, or a base name where that is all there is
	CommandLine string
	User        string // DOMAIN\name
}

// StartSource is the kind of record a process start comes from.
type StartSource string

// Sources of process starts.
const (
	StartSysmon   StartSource = "sysmon1"
	StartSecurity StartSource = "4688"
)

// ProcessStarted is the creation of a process: Sysmon 1, Security 4688.
type ProcessStarted struct {
	Header
	Process   ProcessRef
	Parent    ProcessRef
	Source    StartSource
	Integrity string // Low, Medium, High, System
	Hashes    string // as written: SHA256=…,MD5=…
}

// ProcessEnded is the end of a process: Sysmon 5, Security 4689.
type ProcessEnded struct {
	Header
	Process ProcessRef
	Source  string // sysmon5, 4689
}

// Contacted is a network connection: Sysmon 3, Security 5156.
type Contacted struct {
	Header
	Process    ProcessRef
	Inbound    bool
	RemoteIP   string // canonical
	RemotePort uint16 // of the remote side; for an inbound one the peer's port
	LocalIP    string
	LocalPort  uint16
	Protocol   string // tcp, udp, or the number
	// ReverseName is Sysmon 3's host name of the remote side: a reverse
	// look-up, kept but not believed.
	ReverseName string
	Source      string // sysmon3, 5156
}

// Asked is a DNS question with its answer: Sysmon 22.
type Asked struct {
	Header
	Process ProcessRef
	Name    string   // as asked
	Status  string   // "0" is success
	Answers []string // IPs, canonical; CNAME targets are left out
}

// Change is what happened to a task's registration.
type Change string

// The changes.
const (
	Created  Change = "created"
	Updated  Change = "updated"
	Deleted  Change = "deleted"
	Enabled  Change = "enabled"
	Disabled Change = "disabled"
)

// TaskChanged is a change of a task's registration: Security 4698 to 4702,
// TaskScheduler 106, 140, 141, 142.
type TaskChanged struct {
	Header
	Path    string // as written
	Change  Change
	XML     string // definition, decoded to plain XML; "" where the record has none
	User    string // DOMAIN\name, or a SID where that is all there is
	UserSID string
	// Client is the process that asked (4698–4702 version 1): PID only, and 0
	// together with Remote for a remote caller.
	Client ProcessRef
	Remote bool // ClientProcessId present and 0
}

// Stage is the step of a task's run that a record tells of.
type Stage string

// The stages and the TaskScheduler/Operational events that tell of them.
const (
	Launched      Stage = "launched"       // 129
	InstanceStart Stage = "started"        // 100
	ActionStart   Stage = "action-started" // 200
	ActionEnd     Stage = "action-ended"   // 201
	ActionFailed  Stage = "action-failed"  // 202, 203
	InstanceEnd   Stage = "ended"          // 102
	Terminated    Stage = "terminated"     // 111
	Triggered     Stage = "triggered"      // 107, 108, 110, 118, 119
)

// TaskRan is one record about a run of a task.
type TaskRan struct {
	Header
	Path     string // the task's, as written
	Stage    Stage
	Instance string // [NormalGUID] of the run; "" in 129
	PID      uint32 // 129 ProcessID, 200/201/202 EnginePID; 0 where lost
	Image    string // 129 Path, 200 ActionName
	User     string
	Result   string // decimal result code
	Trigger  string // time, event, demand, boot, logon
}
