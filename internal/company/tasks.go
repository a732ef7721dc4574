package company

import (
	"strings"
)

// task is a scheduled task and what its process does.
type task struct {
	path    string
	image   string // of the process
	command string // as the definition has it, "" for a COM handler
	args    string
	class   string // of the COM handler
	title   string // the handler's description, which 200 tells in the command's place
	user    bool   // runs as the user who is logged on
	trigger int    // 107 by time, 118 at boot, 119 at logon
	every   int64  // between runs by time
	lasts   int64  // how long its process lives, on average
	site    string // vendor's name that it contacts, "" for none
	share   bool   // it copies to the company's file server
	child   *step  // a process that it starts
	hidden  bool
	date    string
	planted *planting
	scene   string // which it belongs to, "" for none
}

// commandLine is how the Schedule service starts the command.
func (t *task) commandLine() string {
	if t.class != "" {
		return "taskhostw.exe"
	}
	image := t.image
	if strings.Contains(image, " ") || strings.Contains(t.command, `"`) {
		image = `"` + image + `"`
	}
	return strings.TrimSpace(image + " " + t.args)
}

// launchPath is 129's Path: bare for a COM handler, else as the definition.
func (t *task) launchPath() string {
	if t.class != "" {
		return "taskhostw.exe"
	}
	return strings.Trim(t.command, `"`)
}

// action is 200's ActionName.
func (t *task) action() string {
	if t.class != "" {
		return t.title
	}
	return t.command
}

var workstationTasks = []*task{
	{
		path: `\ContosoUpdateTaskMachineUA`, image: `C:\Program Files (x86)\Contoso\Update\ContosoUpdate.exe`,
		command: `C:\Program Files (x86)\Contoso\Update\ContosoUpdate.exe`, args: "/ua /installsource scheduler",
		trigger: 107, every: hour, lasts: 6 * second, site: "updates.contoso-software.com",
	},
	{
		path: `\ContosoUpdateTaskMachineCore`, image: `C:\Program Files (x86)\Contoso\Update\ContosoUpdate.exe`,
		command: `C:\Program Files (x86)\Contoso\Update\ContosoUpdate.exe`, args: "/c",
		trigger: 119, lasts: 4 * second, site: "updates.contoso-software.com",
	},
	{
		path: `\Contoso Sync Standalone Update Task`, image: `C:\ProgramData\Contoso\Sync\SyncStandaloneUpdater.exe`,
		command: `%ProgramData%\Contoso\Sync\SyncStandaloneUpdater.exe`, args: "/reporting",
		user: true, trigger: 107, every: 8 * hour, lasts: 20 * second, site: "sync.contoso-software.com",
	},
	{
		path: `\Fabrikam\Office Telemetry Agent LogOn`, image: `C:\Program Files\Fabrikam Office\telemetry\ftagent.exe`,
		command: `"C:\Program Files\Fabrikam Office\telemetry\ftagent.exe"`, args: "scan upload mininterval:2880",
		user: true, trigger: 119, lasts: 12 * second, site: "telemetry.fabrikam-office.com",
	},
	{
		path: `\Litware\Protection\Scheduled Scan`, image: `C:\Program Files\Litware Protection\LpScan.exe`,
		command: `C:\Program Files\Litware Protection\LpScan.exe`, args: "Scan -ScheduleJob -ScanTrigger 55",
		trigger: 107, every: 6 * hour, lasts: 90 * second, site: "definitions.litware-protection.com",
	},
	{
		path: `\Microsoft\Windows\Defrag\ScheduledDefrag`, image: `C:\Windows\System32\defrag.exe`,
		command: `%windir%\system32\defrag.exe`, args: "-c -h -k -g -$", trigger: 107, every: 24 * hour, lasts: 200 * second,
	},
	{
		path: `\Microsoft\Windows\LanguageComponentsInstaller\Installation`, image: taskhost,
		class: "{6F58F65F-EC0E-4ACA-99FE-FC5A1A25E4BE}", title: "Language Components Installer",
		trigger: 107, every: 12 * hour, lasts: 3 * second,
	},
	{
		path: `\Microsoft\Windows\Time Synchronization\SynchronizeTime`, image: `C:\Windows\System32\sc.exe`,
		command: `%windir%\system32\sc.exe`, args: "start w32time task_started", trigger: 107, every: 24 * hour, lasts: 200,
	},
	{
		path: inventory, image: powershell, command: "powershell.exe",
		args: `-NoProfile -ExecutionPolicy Bypass -File C:\IT\inventory.ps1`, trigger: 107, every: 6 * hour, lasts: 9 * second,
		share: true, child: &step{`C:\Windows\System32\systeminfo.exe`, `"C:\Windows\system32\systeminfo.exe" /fo csv`},
	},
	{
		path: `\Contoso\Driver Check`, image: `C:\Program Files\Contoso\Drivers\drvcheck.exe`,
		command: `%ProgramFiles%\Contoso\Drivers\drvcheck.exe`, trigger: 118, lasts: 2 * second, site: "cdn.fabrikam-cloud.net",
	},
}

var serverTasks = []*task{
	{
		path: `\Backup\Nightly Backup`, image: cmd, command: `C:\Windows\System32\cmd.exe`, args: `/c C:\Scripts\backup.cmd`,
		trigger: 107, every: 12 * hour, lasts: 240 * second, share: true,
		child: &step{`C:\Windows\System32\Robocopy.exe`, `robocopy D:\Data \\srv-files\backup /MIR /R:1`},
	},
	{
		path: `\Litware\Protection\Scheduled Scan`, image: `C:\Program Files\Litware Protection\LpScan.exe`,
		command: `C:\Program Files\Litware Protection\LpScan.exe`, args: "Scan -ScheduleJob -ScanTrigger 55",
		trigger: 107, every: 6 * hour, lasts: 90 * second, site: "definitions.litware-protection.com",
	},
	{
		path: `\ContosoUpdateTaskMachineUA`, image: `C:\Program Files (x86)\Contoso\Update\ContosoUpdate.exe`,
		command: `C:\Program Files (x86)\Contoso\Update\ContosoUpdate.exe`, args: "/ua /installsource scheduler",
		trigger: 107, every: 2 * hour, lasts: 6 * second, site: "updates.contoso-software.com",
	},
	{
		path: `\Microsoft\Windows\Time Synchronization\SynchronizeTime`, image: `C:\Windows\System32\sc.exe`,
		command: `%windir%\system32\sc.exe`, args: "start w32time task_started", trigger: 107, every: 24 * hour, lasts: 200,
	},
}

// inventory and inventoryAfter are a task before and after its definition
// changes.
const inventory = `\IT\Inventory`

func inventoryAfter(t *task) *task {
	changed := *t
	changed.args += " -Full"
	return &changed
}

// plantTask is the task of a planting.
func plantTask(p *planting) *task {
	t := &task{
		path: p.path, image: p.root, command: p.root, args: p.args, trigger: 107, every: 2 * hour,
		lasts: 4 * second, planted: p, date: "2026-03-02T08:00:00",
	}
	switch {
	case p.com:
		t.command, t.class, t.title = "", "{3B9D6C1E-52A4-4B0F-9C77-0D7E5A1F8E42}", "Preview Cache"
	case p.remote:
		t.command, t.hidden, t.date = "cmd.exe", true, "2015-07-15T20:35:13.2757294"
	}
	return t
}

// xml is the task's definition as the service stores it.
func (t *task) xml(author *account) string {
	var b strings.Builder
	line := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteString("\r\n")
	}
	date := t.date
	if date == "" {
		date = "2025-11-04T09:12:44"
	}
	line(`<?xml version="1.0" encoding="UTF-16"?>`)
	line(`<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">`)
	line(`  <RegistrationInfo>`)
	line(`    <Date>`, date, `</Date>`)
	line(`    <Author>`, escapeXML(author.full()), `</Author>`)
	line(`    <URI>`, escapeXML(t.path), `</URI>`)
	line(`  </RegistrationInfo>`)
	line(`  <Triggers>`)
	line(t.triggerXML(date))
	line(`  </Triggers>`)
	line(`  <Principals>`)
	line(`    <Principal id="Author">`)
	if t.user {
		line(`      <GroupId>S-1-5-32-545</GroupId>`)
		line(`      <RunLevel>LeastPrivilege</RunLevel>`)
	} else {
		line(`      <UserId>S-1-5-18</UserId>`)
		line(`      <RunLevel>HighestAvailable</RunLevel>`)
	}
	line(`    </Principal>`)
	line(`  </Principals>`)
	line(`  <Settings>`)
	line(`    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>`)
	line(`    <Enabled>true</Enabled>`)
	if t.hidden {
		line(`    <Hidden>true</Hidden>`)
	}
	line(`    <ExecutionTimeLimit>PT72H</ExecutionTimeLimit>`)
	line(`  </Settings>`)
	line(`  <Actions Context="Author">`)
	t.actionXML(line)
	line(`  </Actions>`)
	b.WriteString(`</Task>`)
	return b.String()
}

func (t *task) triggerXML(date string) string {
	switch t.trigger {
	case 118:
		return `    <BootTrigger><Enabled>true</Enabled></BootTrigger>`
	case 119:
		return `    <LogonTrigger><Enabled>true</Enabled></LogonTrigger>`
	}
	interval := "PT" + itoa(t.every/hour) + "H"
	return `    <TimeTrigger><Repetition><Interval>` + interval + `</Interval></Repetition><StartBoundary>` + date +
		`</StartBoundary><Enabled>true</Enabled></TimeTrigger>`
}

func (t *task) actionXML(line func(...string)) {
	if t.class != "" {
		line(`    <ComHandler><ClassId>`, t.class, `</ClassId></ComHandler>`)
		return
	}
	line(`    <Exec>`)
	line(`      <Command>`, escapeXML(t.command), `</Command>`)
	if t.args != "" {
		line(`      <Arguments>`, escapeXML(t.args), `</Arguments>`)
	}
	line(`    </Exec>`)
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func escapeXML(s string) string { return xmlEscaper.Replace(s) }
