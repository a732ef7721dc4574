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
	// Further says that another observation of the same record was given
	// before, and this one is not to be counted.
	Further bool
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
	// Started is when the process was created, in UTC, where the record says
	// so (Defender does): with the PID it names one instance as a GUID would.
	Started time.Time
	// StartKey is Windows' process start key: boot id and a sequence number.
	// Defender calls it ProcessUniqueId, 4698 ClientProcessStartKey.
	StartKey uint64
	LogonID  uint64 // the logon session that it runs in; 0 is unknown
}

// StartSource is the kind of record a process start comes from.
type StartSource string

// Sources of process starts.
const (
	StartSysmon   StartSource = "sysmon1"
	StartSecurity StartSource = "4688"
	StartDefender StartSource = "defender"
)

// ProcessStarted is the creation of a process: Sysmon 1, Security 4688, Defender's
// DeviceProcessEvents.
type ProcessStarted struct {
	Header
	Process   ProcessRef
	Parent    ProcessRef
	Source    StartSource
	Integrity string // Low, Medium, High, System
	Hashes    string // as written: SHA256=…,MD5=…
}

// ProcessMentioned is what a record says in passing of a process and of its
// parent: Defender's rows describe the initiating process and name its parent.
// It is no sighting of a creation. Process has a PID and Started; so has Parent,
// or it is empty.
type ProcessMentioned struct {
	Header
	Process   ProcessRef
	Parent    ProcessRef
	Integrity string
	Hashes    string
}

// ProcessEnded is the end of a process: Sysmon 5, Security 4689.
type ProcessEnded struct {
	Header
	Process ProcessRef
	Source  string // sysmon5, 4689
}

// Contacted is a network connection: Sysmon 3, Security 5156, DeviceNetworkEvents.
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
	// RemoteName is the name that the source itself gives for the remote side of
	// this very connection (Defender's RemoteUrl, a proxy's request, TLS's server
	// name), without port: believed. RemoteIP may then be "", or the proxy's.
	RemoteName string
	Source     string // sysmon3, 5156, defender
}

// Asked is a DNS question with its answer: Sysmon 22.
type Asked struct {
	Header
	Process ProcessRef
	Name    string   // as asked
	Status  string   // "0" is success
	Answers []string // IPs, canonical; CNAME targets are left out
	Source  string   // sysmon22 where "", defender
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
	// Listed is no change: an inventory has the task as it was at that time.
	Listed Change = "listed"
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
	// LogonID is the session of who asked (SubjectLogonId); 0 is unknown.
	LogonID uint64
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
	Triggered     Stage = "triggered"      // 107, 108, 109, 110, 117 to 125
	StartFailed   Stage = "start-failed"   // 101, 103, 204, 205 and the like
	Missed        Stage = "missed"         // 114, 153
	Refused       Stage = "refused"        // 322, 324, 325: another instance runs, or it waits; 326, 332 and the like: a condition
	Stopped       Stage = "stopped"        // 323 (for a new instance), 327 to 330
	Misconfigured Stage = "misconfigured"  // 414 and the like
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
	// Trigger is time, event, registration, demand, idle, boot, logon, or the
	// change of a session: console-connect, console-disconnect, remote-connect,
	// remote-disconnect, lock, unlock.
	Trigger string
}

// LoggedOn is a logon: Security 4624.
type LoggedOn struct {
	Header
	LogonID     uint64
	LinkedID    uint64 // the other half of a split token; 0 for none
	User        string // DOMAIN\name
	UserSID     string
	Type        uint8  // 2 interactive, 3 network, 4 batch, 5 service, 7 unlock, 9 new credentials, 10 remote interactive, 11 cached
	IP          string // canonical; "" where the record has none
	Port        uint16
	Workstation string // name that the client gave for itself; not believed
}

// UsedCredentials is a process using another account's credentials, often
// towards another machine: Security 4648.
type UsedCredentials struct {
	Header
	Process      ProcessRef
	LogonID      uint64
	User         string // whose session it was, DOMAIN\name
	TargetUser   string
	TargetServer string // as written; localhost for this machine
	IP           string
	Port         uint16
}

// PipeOpened is a named pipe or a shared file being opened from the network
// (Security 5145, 5140), or on the host itself (Sysmon 17, 18).
type PipeOpened struct {
	Header
	Process ProcessRef // Sysmon's; empty in 5145
	Share   string     // \\*\IPC$; "" in Sysmon
	Target  string     // atsvc, or a path under the share
	User    string
	UserSID string
	LogonID uint64
	IP      string
	Port    uint16
	Write   bool
	Source  string // 5145, 5140, sysmon17, sysmon18
}

// TraceKind says where a task left a trace.
type TraceKind string

// The places where a task leaves traces.
const (
	TraceFile TraceKind = "task-file"  // %SystemRoot%\System32\Tasks\…, or Tasks_Migrated, or SysWOW64
	TraceTree TraceKind = "task-tree"  // TaskCache\Tree\<path>
	TraceTask TraceKind = "task-cache" // TaskCache\Tasks\{id}
)

// TraceOp is what was done there.
type TraceOp string

// What can be done to a file, a key or a value.
const (
	TraceSet    TraceOp = "set"    // a value, or a file written
	TraceMade   TraceOp = "made"   // a key or a file came into being
	TraceGone   TraceOp = "gone"   // deleted
	TraceRename TraceOp = "rename" // a key or value got another name
)

// TaskTraced is a write to where Windows keeps tasks: Sysmon 11, 12, 13, 14, 23, 26,
// Security 4657, Defender's file and registry events.
type TaskTraced struct {
	Header
	Process ProcessRef
	Kind    TraceKind
	Op      TraceOp // "" where an export has lost it
	Path    string  // the task's, with its leading backslash; "" for TaskCache\Tasks
	TaskID  string  // [NormalGUID] of TaskCache\Tasks\{id}, or the Id value of a Tree key; "" where unknown
	Value   string  // the value's name (SD, Index, Id, Path, Actions, URI); "" for a key or file
	Data    string  // the value's new data as text; "" where the record has none
	Source  string  // sysmon11, sysmon13, 4657, defender …
}

// ModuleLoaded is a DLL that a process loaded: Sysmon 7, DeviceImageLoadEvents.
type ModuleLoaded struct {
	Header
	Process   ProcessRef
	Path      string
	Hashes    string
	Signature string // signer
	Valid     bool   // the signature is there and valid
	Source    string // sysmon7, defender
}

// ClassChanged is a change of a COM class's server in the registry: Sysmon 12,
// 13, 14, Security 4657, DeviceRegistryEvents.
type ClassChanged struct {
	Header
	Process ProcessRef
	ClassID string // [NormalGUID]
	Kind    string // InprocServer32, LocalServer32, InprocHandler32, TreatAs, ProgID …
	Server  string // what it is set to; "" where it is deleted or unknown
	PerUser bool   // in a user's own hive, which overrides the machine's
	Gone    bool
	Source  string
}

// Injected is a process reaching into another: Sysmon 8 (a remote thread) and 10
// (a handle with rights).
type Injected struct {
	Header
	Process ProcessRef
	Target  ProcessRef
	Rights  uint32 // of Sysmon 10
	Source  string // sysmon8, sysmon10
}

// LogTampered is a log being cleared or switched off: Security 1102, System 104,
// TaskScheduler 719.
type LogTampered struct {
	Header
	Log  string // the channel
	User string
	Off  bool // switched off rather than cleared
}

// RecordsMissing is that records of a log are missing before this one: their ids
// were passed over. It is a further statement of the record after the gap, whose
// header it has.
type RecordsMissing struct {
	Header
	Log      string // the channel
	From, To uint64 // ids of the first and the last that are missing
	More     bool   // further ones are missing that are not told; From and To are 0
}

// PolicyChanged is a change in the directory that deals out scheduled tasks by
// group policy: Security 5136.
type PolicyChanged struct {
	Header
	Object    string // distinguished name
	Attribute string
	Value     string
	User      string
	LogonID   uint64
}

// FlowSeen is a connection that the network saw, without a process: Zeek's
// conn.log, a web proxy's log. Host is "" where only the client's address is known.
type FlowSeen struct {
	Header
	ClientIP   string
	ClientPort uint16
	RemoteIP   string // "" where a proxy names only the host
	RemotePort uint16
	RemoteName string // requested or served name; "" where unknown
	Protocol   string
	Sent       uint64 // bytes from the client
	Received   uint64
	User       string // whom the proxy knows
	Source     string // zeek, proxy
}

// AnswerSeen is a DNS question that the network saw: Zeek's dns.log.
type AnswerSeen struct {
	Header
	ClientIP   string
	ClientPort uint16
	Name       string
	Answers    []string // canonical IPs
	Source     string   // zeek
}
