package company

import "fmt"

// plant is a task that reaches a rare destination.
type plant struct {
	id, path string
	depth    int // processes from the task to the one that makes contact
	hosts    int
	on       string // the kind of telemetry it needs; see telemetry.name
	name     string // what is resolved; "" for an address alone
	domain   string // the destination
	root     string // image of the action
	args     string

	resolvedOnly bool // asks, gets an answer, never connects
	com          bool // a COM handler in taskhostw.exe
	remote       bool // registered from another machine, run once, deleted
	before       bool // registered before the data begins
	short        bool // each process lives for a fraction of a second
	lostRoot     bool // the start of its first process is not logged
	lostMiddle   bool // that of its second is not
	sharedIP     bool // its address is a content network's, with common names on it
	reuse        bool // a browser gets the PID of its last process
	why          string
}

const (
	cmd        = `C:\Windows\System32\cmd.exe`
	powershell = `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`
	taskhost   = `C:\Windows\System32\taskhostw.exe`
)

// plants is the table of what is planted, in every company that has the hosts.
var plants = []plant{
	{
		id: "direct", path: `\DisplayTools\Calibration Sync`, depth: 1, hosts: 1, on: "all", reuse: true,
		name: "tiles.palecrane-metrics.com", domain: "palecrane-metrics.com",
		root: `C:\ProgramData\DisplayTools\dcal.exe`, args: "/sync /quiet",
		why: "the task's own process makes contact; a browser gets its PID afterwards",
	},
	{
		id: "script", path: `\Vendor\Audio Helper`, depth: 3, hosts: 2, on: "all",
		name: "cdn.quietharbor-assets.net", domain: "quietharbor-assets.net",
		root: cmd, args: `/c C:\ProgramData\AudioHelper\run.cmd`,
		why: "a script, a shell and a tool; two hosts have the task",
	},
	{
		id: "deep", path: `\Vendor\Print Queue Maintenance`, depth: 8, hosts: 1, on: "all",
		name: "queue.saltmarsh-relay.org", domain: "saltmarsh-relay.org",
		root: cmd, args: `/c C:\ProgramData\PrintMaint\step01.cmd`,
		why: "deeper than a fixed number of joins goes",
	},
	{
		id: "deepest", path: `\Vendor\Catalog Reindex`, depth: 30, hosts: 1, on: "all",
		name: "index.tinpeak-catalog.co.uk", domain: "tinpeak-catalog.co.uk",
		root: cmd, args: `/c C:\ProgramData\Reindex\step01.cmd`,
		why: "deeper than any cap that a query may have",
	},
	{
		id: "dynamic-dns", path: `\Home Office\Link Check`, depth: 2, hosts: 1, on: "all",
		name: "kestrelbox7.duckdns.org", domain: "kestrelbox7.duckdns.org",
		root: powershell, args: `-NoProfile -WindowStyle Hidden -File C:\ProgramData\LinkCheck\link.ps1`,
		why: "a dynamic DNS customer is a domain of its own; others of the same service are common here",
	},
	{
		id: "address", path: `\Vendor\Sensor Upload`, depth: 2, hosts: 1, on: "all",
		root: cmd, args: `/c C:\ProgramData\Sensor\upload.cmd`,
		why: "an address that the process never asked a name for; a browser's answer for it names nothing here",
	},
	{
		id: "resolved", path: `\Vendor\License Ping`, depth: 2, hosts: 1, on: "all", resolvedOnly: true,
		name: "a7f3.licence-thistlebay.net", domain: "licence-thistlebay.net",
		root: cmd, args: `/c C:\ProgramData\License\ping.cmd`,
		why: "asked and answered, never connected",
	},
	{
		id: "com-handler", path: `\Vendor\Shell Extensions\Preview Cache`, depth: 1, hosts: 1, on: "all", com: true,
		name: "preview.dovecote-cache.com", domain: "dovecote-cache.com",
		root: taskhost,
		why:  "a COM handler: the definition has no command and only 129 and 200 name the task",
	},
	{
		id: "remote", path: `\bKwZqTnA`, depth: 2, hosts: 1, on: "all", remote: true,
		name: "drop.ashlarforge-sync.net", domain: "ashlarforge-sync.net",
		root: cmd, args: `/C powershell.exe -NoP -NonI -W Hidden -Command "& C:\Windows\Temp\bKwZqTnA.ps1" > C:\Windows\Temp\bKwZqTnA.tmp 2>&1`,
		why: "registered from another host, run and deleted within seconds",
	},
	{
		id: "before", path: `\Vendor\Old Telemetry Bridge`, depth: 2, hosts: 1, on: "all", before: true,
		name: "bridge.mossgate-stats.io", domain: "mossgate-stats.io",
		root: `C:\Program Files\Bridge\bridge.exe`, args: "--once",
		why: "registered before the data begins: only its runs name it",
	},
	{
		id: "short", path: `\Vendor\Beacon Light`, depth: 2, hosts: 1, on: "all", short: true,
		name: "l.wickerlamp-cdn.net", domain: "wickerlamp-cdn.net",
		root: `C:\ProgramData\Light\light.exe`, args: "-t 1",
		why: "its processes live for a fraction of a second",
	},
	{
		id: "content-network", path: `\Vendor\Asset Prefetch`, depth: 3, hosts: 1, on: "all", sharedIP: true,
		name: "assets.plumsail-mirror.com", domain: "plumsail-mirror.com",
		root: cmd, args: `/c C:\ProgramData\Prefetch\prefetch.cmd`,
		why: "its address is a content network's: common domains have the same one",
	},
	{
		id: "lost-root", path: `\Vendor\Font Cache Upload`, depth: 3, hosts: 1, on: "all", lostRoot: true,
		name: "fonts.gullwing-type.com", domain: "gullwing-type.com",
		root: cmd, args: `/c C:\ProgramData\Fonts\upload.cmd`,
		why: "the start of the first process is not logged; 129, 200 and its child know it",
	},
	{
		id: "lost-middle", path: `\Vendor\Crash Uploader`, depth: 3, hosts: 1, on: "all", lostMiddle: true,
		name: "crash.fennelgate-dump.com", domain: "fennelgate-dump.com",
		root: cmd, args: `/c C:\ProgramData\Crash\upload.cmd`,
		why: "the start of the second process is not logged, so nothing tells whose child it is: not to be found",
	},
	{
		id: "security-log", path: `\Vendor\Badge Export`, depth: 3, hosts: 1, on: "security+scheduler", reuse: true,
		name: "badge.larkspur-export.com", domain: "larkspur-export.com",
		root: cmd, args: `/c C:\ProgramData\Badge\export.cmd`,
		why: "no Sysmon: processes by PID and time alone, no names; a browser gets the PID of the last process",
	},
	{
		id: "sysmon-alone", path: `\Vendor\Wallpaper Rotator`, depth: 2, hosts: 1, on: "sysmon",
		name: "img.copperwren-wall.com", domain: "copperwren-wall.com",
		root: `C:\ProgramData\Wall\rotator.exe`, args: "/next",
		why: "no TaskScheduler log and no registration: a task that nothing names",
	},
	{
		id: "lost-pids", path: `\Vendor\Scan Spooler`, depth: 2, hosts: 1, on: "lost-pids",
		name: "spool.hearthvane-scan.net", domain: "hearthvane-scan.net",
		root: `C:\ProgramData\Scan\spooler.exe`, args: "/flush",
		why: "129 and 200 have lost the PID",
	},
	{
		id: "definition", path: `\Vendor\Meter Reader`, depth: 3, hosts: 1, on: "no-scheduler-log",
		name: "meter.rookfield-grid.org", domain: "rookfield-grid.org",
		root: `C:\ProgramData\Meter\meter.exe`, args: `/collect "C:\ProgramData\Meter\site list.txt"`,
		why: "no TaskScheduler log: the command line fits one registered definition",
	},
	{
		id: "older", path: `\Vendor\Legacy Courier`, depth: 3, hosts: 1, on: "older",
		name: "post.drystone-courier.com", domain: "drystone-courier.com",
		root: cmd, args: `/c C:\Courier\send.cmd`,
		why: "Schedule shares its svchost with other services; 129 says which child is whose",
	},
	{
		id: "no-command-lines", path: `\Vendor\Invoice Poll`, depth: 2, hosts: 1, on: "no-command-lines",
		name: "poll.stoneferry-billing.com", domain: "stoneferry-billing.com",
		root: cmd, args: `/c C:\ProgramData\Invoice\poll.cmd`,
		why: "4688 without command lines, no names",
	},
	{
		id: "older-sysmon", path: `\Vendor\Ledger Mirror`, depth: 2, hosts: 1, on: "older-sysmon",
		name: "mirror.bellmoor-ledger.com", domain: "bellmoor-ledger.com",
		root: `C:\Ledger\mirror.exe`, args: "/once",
		why: "a child of a shared svchost that no record claims: only a candidate",
	},
}

// planting is a plant on one host.
type planting struct {
	*plant
	n    int // number of the plant
	host *host
	ip   string
	task *task

	// What the host's own run fills in.
	chain   []Link
	runs    int
	contact int64
}

// plant puts the plants on hosts, in turn among those with the telemetry.
func (w *world) plant() {
	next := map[string]int{}
	for n := range plants {
		p := &plants[n]
		fit := w.fitting(p.on)
		for range min(p.hosts, len(fit)) {
			h := fit[next[p.on]%len(fit)]
			next[p.on]++
			pl := &planting{plant: p, n: n, host: h, ip: fmt.Sprintf("151.%d.%d.%d", 196+n%20, 11+n, 40+n)}
			if p.sharedIP {
				pl.ip = w.sites[0].ips[0]
			}
			pl.task = plantTask(pl)
			h.plants = append(h.plants, pl)
			w.plantings = append(w.plantings, pl)
		}
	}
}

func (w *world) fitting(kind string) []*host {
	var fit, any []*host
	for _, h := range w.hosts {
		if h.telemetry.name == kind {
			any = append(any, h)
			if h.role == workstation {
				fit = append(fit, h)
			}
		}
	}
	if len(fit) == 0 {
		return any
	}
	return fit
}

// step is a process of a chain, counted from 1.
type step struct{ image, command string }

// steps is the chain of processes that a run of the plant starts.
func (p *planting) steps() []step {
	var all []step
	folder := fmt.Sprintf(`C:\ProgramData\Pkg%02d`, p.n)
	for i := 1; i <= p.depth; i++ {
		switch {
		case i == 1:
			all = append(all, step{p.task.image, p.task.commandLine()})
		case i == p.depth:
			image := folder + `\agent.exe`
			all = append(all, step{image, fmt.Sprintf(`"%s" --job %d`, image, p.n)})
		case i%2 == 0:
			all = append(all, step{powershell, fmt.Sprintf(`powershell.exe -NoProfile -File %s\step%02d.ps1`, folder, i)})
		default:
			all = append(all, step{cmd, fmt.Sprintf(`C:\Windows\system32\cmd.exe /c %s\step%02d.cmd`, folder, i)})
		}
	}
	return all
}
