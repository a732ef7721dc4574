package company

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
)

// table is one of Defender's advanced hunting tables.
type table uint8

const (
	processEvents table = iota
	networkEvents
	deviceEvents
	tables
)

var tableFiles = [tables]string{"DeviceProcessEvents.csv", "DeviceNetworkEvents.csv", "DeviceEvents.csv"}

const initiatingColumns = "InitiatingProcessAccountDomain,InitiatingProcessAccountName,InitiatingProcessAccountSid," +
	"InitiatingProcessAccountUpn,InitiatingProcessAccountObjectId,InitiatingProcessLogonId,InitiatingProcessIntegrityLevel," +
	"InitiatingProcessTokenElevation,InitiatingProcessSHA1,InitiatingProcessSHA256,InitiatingProcessMD5," +
	"InitiatingProcessFileName,InitiatingProcessFileSize,InitiatingProcessVersionInfoCompanyName," +
	"InitiatingProcessVersionInfoProductName,InitiatingProcessVersionInfoProductVersion," +
	"InitiatingProcessVersionInfoInternalFileName,InitiatingProcessVersionInfoOriginalFileName," +
	"InitiatingProcessVersionInfoFileDescription,InitiatingProcessId,InitiatingProcessCommandLine," +
	"InitiatingProcessCreationTime,InitiatingProcessFolderPath,InitiatingProcessParentId," +
	"InitiatingProcessParentFileName,InitiatingProcessParentCreationTime,InitiatingProcessSignerType," +
	"InitiatingProcessSignatureStatus"

var tableColumns = [tables]string{
	"Timestamp,DeviceId,DeviceName,ActionType,FileName,FolderPath,SHA1,SHA256,MD5,FileSize,ProcessVersionInfoCompanyName," +
		"ProcessVersionInfoProductName,ProcessVersionInfoProductVersion,ProcessVersionInfoInternalFileName," +
		"ProcessVersionInfoOriginalFileName,ProcessVersionInfoFileDescription,ProcessId,ProcessCommandLine," +
		"ProcessIntegrityLevel,ProcessTokenElevation,ProcessCreationTime,AccountDomain,AccountName,AccountSid,AccountUpn," +
		"AccountObjectId,LogonId," + initiatingColumns + ",ReportId,AppGuardContainerId,AdditionalFields",
	"Timestamp,DeviceId,DeviceName,ActionType,RemoteIP,RemotePort,RemoteUrl,LocalIP,LocalPort,Protocol,LocalIPType," +
		"RemoteIPType," + initiatingColumns + ",ReportId,AppGuardContainerId,AdditionalFields",
	"Timestamp,DeviceId,DeviceName,ActionType," + initiatingColumns + ",ReportId,AppGuardContainerId,AdditionalFields",
}

// tableHeader is a table's first line, with the mark that the portal puts
// before it.
func tableHeader(t table) []byte {
	return []byte("\ufeff\"" + strings.ReplaceAll(tableColumns[t], ",", `","`) + "\"\r\n")
}

// appendCSV appends quoted values, each after a comma.
func appendCSV(b []byte, values ...string) []byte {
	for _, v := range values {
		b = append(b, ',', '"')
		if strings.IndexByte(v, '"') >= 0 {
			v = strings.ReplaceAll(v, `"`, `""`)
		}
		b = append(b, v...)
		b = append(b, '"')
	}
	return b
}

// defenderCommand is a command line as Defender has it: services' without the
// path of svchost.
func (p *process) defenderCommand() string {
	if rest, ok := strings.CutPrefix(p.command, `C:\Windows\system32\svchost.exe`); ok {
		return "svchost.exe" + rest
	}
	return p.command
}

func elevation(a *account) string {
	if a.integrity == "Medium" {
		return "TokenElevationTypeLimited"
	}
	return "TokenElevationTypeDefault"
}

// digests are SHA-1, SHA-256 and MD5, made up from the path; the last two are
// those of the Sysmon record.
func digests(image string) (sha1, sha256sum, md5 string) {
	sum := sha256.Sum256([]byte(image))
	return fmt.Sprintf("%x", sum[8:28]), fmt.Sprintf("%x", sum), fmt.Sprintf("%x", sum[:16])
}

func defenderTime(ms int64) string { return string(appendUTC(nil, ms, 'T', 7)) }

// initiating is the columns of a process as the one that did something.
func (p *process) initiating() string {
	if p.row != "" {
		return p.row
	}
	sha1, sha256sum, md5 := digests(p.image)
	parentID, parentName, parentStart := "", "", ""
	if q := p.parent; q != nil {
		parentID, parentName, parentStart = strconv.Itoa(int(q.pid)), q.name(), defenderTime(q.start)
	}
	p.row = string(appendCSV(nil, strings.ToLower(p.user.domain), strings.ToLower(p.user.name), p.user.sid, "", "",
		strconv.FormatUint(p.user.logon, 10), p.user.integrity, elevation(p.user), sha1, sha256sum, md5,
		p.name(), "57360", "", "", "10.0.1.4", p.name(), p.name(), "", strconv.Itoa(int(p.pid)), p.defenderCommand(),
		defenderTime(p.start), strings.ToLower(p.image), parentID, parentName, parentStart, "OsVendor", "Valid"))
	return p.row
}

// head begins a row with the columns that all tables share.
func (m *machine) head(t table, at int64, action string) []byte {
	b := m.batch.defender[t]
	b = append(b, '"')
	b = append(b, defenderTime(at)...)
	b = append(b, '"')
	m.batch.defenderRecords[t]++
	m.counts[countKey{carrier: Defender, what: tableName(t) + "|" + action}]++
	return appendCSV(b, m.device, strings.ToLower(m.name), action)
}

func tableName(t table) string { return strings.TrimSuffix(tableFiles[t], ".csv") }

func (m *machine) tail(t table, b []byte, additional string) {
	m.reports++
	b = appendCSV(b, itoa(m.reports), "", additional)
	m.batch.defender[t] = append(b, '\r', '\n')
}

// tellsDefender says that Defender's tables are wanted and see this host.
func (m *machine) tellsDefender() bool { return m.defender && m.batch.wants[Defender] }

func (m *machine) defenderStart(p *process) {
	if !m.tellsDefender() || p.parent == nil {
		return
	}
	sha1, sha256sum, md5 := digests(p.image)
	b := m.head(processEvents, p.start+18, "ProcessCreated")
	b = appendCSV(b, p.name(), p.image, sha1, sha256sum, md5, "57360", "", "", "10.0.1.4", p.name(), p.name(), "",
		strconv.Itoa(int(p.pid)), p.defenderCommand(), p.user.integrity, elevation(p.user), defenderTime(p.start),
		p.user.domain, p.user.name, p.user.sid, "", "", strconv.FormatUint(p.user.logon, 10))
	m.tail(processEvents, append(b, p.parent.initiating()...), "")
}

func (m *machine) defenderConnection(p *process, ip, name string, remote, local uint16, protocol string) {
	if !m.tellsDefender() {
		return
	}
	ipType := "Public"
	if strings.HasPrefix(ip, "10.") {
		ipType = "Private"
	}
	b := m.head(networkEvents, m.now, "ConnectionSuccess")
	b = appendCSV(b, ip, strconv.Itoa(int(remote)), name, m.ip, strconv.Itoa(int(local)), strings.ToUpper(protocol[:1])+protocol[1:], "Private", ipType)
	m.tail(networkEvents, append(b, p.initiating()...), "")
	m.defTalks = true
}

func (m *machine) defenderDNS(p *process, s site) {
	if !m.tellsDefender() {
		return
	}
	b := m.head(deviceEvents, m.now, "DnsQueryResponse")
	var extra []byte
	extra = append(extra, `{"DnsQueryString":`...)
	extra = appendJSON(extra, s.name)
	extra = append(extra, `,"DnsQueryResult":`...)
	extra = appendJSON(extra, strings.Join(s.ips, ";"))
	m.tail(deviceEvents, append(b, p.initiating()...), string(append(extra, '}')))
	m.defTalks = true
}

// defenderTask tells of a task's registration, change or end; the service did
// it where nobody on this host is known to have asked.
func (m *machine) defenderTask(action string, t *task, xml string, by *process) {
	if !m.tellsDefender() {
		return
	}
	if by == nil {
		by = m.base.schedule
	}
	var extra []byte
	extra = append(extra, `{"TaskName":`...)
	extra = appendJSON(extra, t.path)
	if xml != "" {
		extra = append(extra, `,"TaskContent":`...)
		extra = appendJSON(extra, xml)
	}
	b := m.head(deviceEvents, m.now, action)
	m.tail(deviceEvents, append(b, by.initiating()...), string(append(extra, '}')))
}
