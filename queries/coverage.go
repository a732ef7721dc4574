package queries

import (
	"slices"
	"time"
)

// Covering are the parameters of coverage.
type Covering struct {
	Host     *string
	Since    *time.Time
	Until    *time.Time
	OnlyGaps bool
	Limit    int64 `min:"1" max:"10000"`
}

// CoverageDay is a row of coverage.
type CoverageDay struct {
	Host      string    `json:"host"`
	Day       string    `json:"day"` // 2006-01-02, UTC
	Events    []string  `json:"events"`
	Kinds     []string  `json:"kinds"`
	Gaps      []Gap     `json:"gaps"`
	FirstSeen time.Time `json:"firstSeen"`
	LastSeen  time.Time `json:"lastSeen"`
}

// Gap is something that is missing in the telemetry of a host and day.
type Gap struct {
	Code   string   `json:"code"`
	Detail string   `json:"detail,omitempty"` // the log, the records or the offset
	Text   string   `json:"text,omitempty"`
	Blinds []string `json:"blinds,omitempty"` // finds and hunts that miss something by it
	Closes []string `json:"closes,omitempty"` // what to set up; none where nothing can be
}

// explain puts into a row's gaps what the table says of them.
func (d *CoverageDay) explain() {
	for i := range d.Gaps {
		g := &d.Gaps[i]
		if at := slices.IndexFunc(gapTable, func(k Gap) bool { return k.Code == g.Code }); at >= 0 {
			g.Text, g.Blinds, g.Closes = gapTable[at].Text, gapTable[at].Blinds, gapTable[at].Closes
		}
	}
}

// Gaps are all gaps that coverage can tell of, the gravest first.
func Gaps() []Gap { return slices.Clone(gapTable) }

// Names of finds and hunts, as the table repeats them.
const (
	findReaching = "tasks-reaching-rare-domains"
	findTree     = "task-tree"
	findAncestry = "process-ancestry"
	findContacts = "domain-contacts"
	findTasks    = "tasks"
	findOrigins  = "task-origins"
	findObserved = "hosts-observed"
	huntRare     = "task-to-rare-domain"
)

const auditOther = `Audit policy: Object Access > "Audit Other Object Access Events" (Success): 4698 to 4702`

// gapTable is in the order in which to worry.
var gapTable = []Gap{
	{
		Code:   "log-cleared",
		Text:   "a log was cleared: what it held before is gone unless it had been collected",
		Blinds: []string{findReaching, findTree, findOrigins, huntRare},
		Closes: []string{
			"Collect logs as they are written (Windows Event Forwarding or an agent), so that clearing takes nothing away",
			"Look into who did it: Security 1102 and System 104 name the account",
		},
	},
	{
		Code:   "log-off",
		Text:   "a log was switched off: nothing was written from then on until it was switched on again",
		Blinds: []string{findReaching, findTree, findTasks, huntRare},
		Closes: []string{"wevtutil sl Microsoft-Windows-TaskScheduler/Operational /e:true, for the log that is named"},
	},
	{
		Code:   "no-process-starts",
		Text:   "no process start was recorded: what tasks started, and what those processes started, is not known",
		Blinds: []string{findReaching, findTree, findAncestry, huntRare},
		Closes: []string{
			`Audit policy: Detailed Tracking > "Audit Process Creation" (Success): 4688`,
			"Sysmon: <ProcessCreate onmatch=\"exclude\"> (event 1), which brings process GUIDs, command lines and hashes too",
		},
	},
	{
		Code:   "no-connections",
		Text:   "no connection was recorded: where processes went is known from DNS questions at best",
		Blinds: []string{findReaching, findContacts, findObserved, huntRare},
		Closes: []string{
			`Sysmon: <NetworkConnect onmatch="exclude"> (event 3), which is off by default`,
			`Audit policy: Object Access > "Audit Filtering Platform Connection" (Success): 5156`,
			"Load Zeek's or a proxy's logs of the same hours",
		},
	},
	{
		Code:   "no-dns",
		Text:   "no DNS question was recorded: destinations stay IP addresses, and names that were asked for are not known",
		Blinds: []string{findReaching, findContacts, huntRare},
		Closes: []string{`Sysmon 10 or later: <DnsQuery onmatch="exclude"> (event 22)`, "Load Zeek's dns.log of the same hours"},
	},
	{
		Code:   "no-task-log",
		Text:   "no TaskScheduler/Operational record: launches get their task's name from process trees and definitions only, where those tell",
		Blinds: []string{findReaching, findTree, findTasks, huntRare},
		Closes: []string{"wevtutil sl Microsoft-Windows-TaskScheduler/Operational /e:true, and collect that log; many versions of Windows have it off"},
	},
	{
		Code:   "no-registrations",
		Text:   "no registration, change or deletion of a task was ever recorded on this host: none was made, or nothing would have told",
		Blinds: []string{findTasks, findOrigins},
		Closes: []string{auditOther, "wevtutil sl Microsoft-Windows-TaskScheduler/Operational /e:true: 106, 140, 141"},
	},
	{
		Code:   "no-definitions",
		Text:   "tasks were registered or changed, but no record holds what they do",
		Blinds: []string{findTasks, findOrigins},
		Closes: []string{auditOther, "Take an inventory: schtasks /query /xml, or a copy of System32\\Tasks (docs/inventory.md)"},
	},
	{
		Code:   "launches-without-registration",
		Text:   "tasks ran whose registration was never seen and which no inventory lists: registered before the logs begin, or in a way that no log tells of",
		Blinds: []string{findTasks, findOrigins},
		Closes: []string{
			"Take an inventory: schtasks /query /xml, or a copy of System32\\Tasks (docs/inventory.md); what is still left then was hidden or deleted",
			auditOther,
		},
	},
	{
		Code:   "connections-without-processes",
		Text:   "processes connected or asked whose start was not recorded: they have no parent, so no task can be found above them",
		Blinds: []string{findReaching, findAncestry, huntRare},
		Closes: []string{
			"Load logs from before the connections; services that started at boot need those of the boot",
			`Sysmon: see that <ProcessCreate> leaves out nothing that <NetworkConnect> and <DnsQuery> take in`,
			`Audit policy: Detailed Tracking > "Audit Process Creation" (Success): 4688`,
		},
	},
	{
		Code:   "no-command-lines",
		Text:   "process starts were recorded without command lines: what scripts and interpreters ran is not known",
		Blinds: []string{findTree, findAncestry, findOrigins, huntRare},
		Closes: []string{
			`Group policy: Administrative Templates > System > Audit Process Creation > "Include command line in process creation events"`,
			"Sysmon: <ProcessCreate> (event 1) always has them",
		},
	},
	{
		Code:   "no-logons",
		Text:   "no logon was recorded: from where a task was made, and whether a person was there, can't be told",
		Blinds: []string{findOrigins},
		Closes: []string{
			`Audit policy: Logon/Logoff > "Audit Logon" (Success): 4624`,
			`Audit policy: Object Access > "Audit Detailed File Share" (Success): 5145 for calls to the Task Scheduler from the network`,
		},
	},
	{
		Code:   "records-missing",
		Text:   "the file's records are not numbered one by one: some were removed, overwritten or damaged",
		Blinds: []string{findReaching, findTree, findOrigins, huntRare},
		Closes: []string{"Load the log as the collector has it, and compare those ids", "Export with wevtutil epl LOG FILE.evtx rather than copying a log in use"},
	},
	{
		Code:   "clock-unknown",
		Text:   "some records' clocks could not be corrected: they are kept, but nothing is linked by their time",
		Blinds: []string{findReaching, findTree, huntRare},
		Closes: []string{"Load again with --clock-offset, such as 5h for an export in UTC-5", "Export in UTC, or load the host's Sysmon records in the same file"},
	},
	{
		Code:   "launch-pids-lost",
		Text:   "launches (129) came without their process id, as NXLog exports them: they are joined by image and second, less surely",
		Blinds: []string{findReaching, findTree},
		Closes: []string{"Forward the raw XML of TaskScheduler/Operational (NXLog: to_xml or $raw_event with the message kept)"},
	},
	{
		Code:   "capped",
		Text:   "Defender reports of connections that are alike only some: counts are too low and intervals between contacts mean nothing",
		Blinds: []string{findContacts, huntRare},
		Closes: []string{`Sysmon: <NetworkConnect onmatch="exclude"> (event 3) beside Defender`},
	},
	{
		Code:   "clock-shifted",
		Text:   "records' times were off by this much and have been corrected: nothing is lost",
		Blinds: []string{},
		Closes: []string{"Have the exporter write UTC, if only to compare with other tools"},
	},
}
