package eventjson

import (
	"strings"

	"github.com/taskroot/taskroot/loader/winevent"
)

// The Elastic Common Schema: an ingest pipeline (Winlogbeat's sysmon.yml and
// security.yml, Elastic Agent's windows and system integrations) moves an event's
// fields out of event_data. What was moved is put back under its own name, what
// stayed is left as it is.

// rename is a member of the schema and the event's field that it was made from.
type rename struct{ path, field string }

var sysmonRenames = []rename{
	{"process.entity_id", "ProcessGuid"}, {"process.pid", "ProcessId"}, {"process.executable", "Image"},
	{"process.command_line", "CommandLine"}, {"process.parent.entity_id", "ParentProcessGuid"},
	{"process.parent.pid", "ParentProcessId"}, {"process.parent.executable", "ParentImage"},
	{"process.parent.command_line", "ParentCommandLine"}, {"network.transport", "Protocol"},
	{"source.ip", "SourceIp"}, {"source.port", "SourcePort"}, {"source.domain", "SourceHostname"},
	{"destination.ip", "DestinationIp"}, {"destination.port", "DestinationPort"}, {"destination.domain", "DestinationHostname"},
	{"dns.question.name", "QueryName"},
}

// reachRenames are those of Sysmon 8 and 10, whose process is the source.
var reachRenames = []rename{
	{"process.entity_id", "SourceProcessGuid"}, {"process.pid", "SourceProcessId"}, {"process.executable", "SourceImage"},
}

var (
	fileRenames     = []rename{{"file.path", "TargetFilename"}}
	registryRenames = []rename{{"registry.path", "TargetObject"}}
	pipeRenames     = []rename{{"file.name", "PipeName"}}
)

// sysmonMore are those of single events, beside the ones of all.
var sysmonMore = map[uint32][]rename{
	7: {
		{"file.path", "ImageLoaded"}, {"dll.path", "ImageLoaded"},
		{"file.code_signature.subject_name", "Signature"}, {"dll.code_signature.subject_name", "Signature"},
		{"file.code_signature.status", "SignatureStatus"}, {"dll.code_signature.status", "SignatureStatus"},
		{"file.code_signature.signed", "Signed"}, {"dll.code_signature.signed", "Signed"},
		{"file.code_signature.exists", "Signed"}, {"dll.code_signature.exists", "Signed"},
	},
	11: fileRenames, 23: fileRenames, 26: fileRenames,
	12: registryRenames, 13: registryRenames, 14: registryRenames,
	17: pipeRenames, 18: pipeRenames,
}

var (
	processRenames = []rename{{"process.pid", "ProcessId"}, {"process.executable", "ProcessName"}}
	peerRenames    = []rename{{"source.ip", "IpAddress"}, {"source.port", "IpPort"}, {"source.domain", "WorkstationName"}}
)

// securityMore are those of Security events; whose account and session the
// schema's user and logon are is in [subjectOf].
var securityMore = map[uint32][]rename{
	4688: {
		{"process.pid", "NewProcessId"}, {"process.executable", "NewProcessName"}, {"process.command_line", "CommandLine"},
		{"process.parent.pid", "ProcessId"}, {"process.parent.executable", "ParentProcessName"},
	},
	4689: processRenames, 4648: append(peerRenames[:2:2], processRenames...), 4657: processRenames,
	4624: append(peerRenames[:3:3], processRenames...), 5140: peerRenames[:2], 5145: peerRenames[:2],
	5156: {
		{"process.pid", "ProcessID"}, {"process.executable", "Application"},
		{"source.ip", "SourceAddress"}, {"source.port", "SourcePort"},
		{"destination.ip", "DestAddress"}, {"destination.port", "DestPort"},
		{"network.iana_number", "Protocol"}, {"network.transport", "Protocol"},
	},
}

// renamed brings back the fields that an ingest pipeline moved out of
// event_data. Those that are still there are left as they are.
func renamed(d *doc, r int, e *winevent.Event) error {
	switch {
	case strings.EqualFold(e.Channel, winevent.Sysmon):
		return renamedSysmon(d, r, e)
	case strings.EqualFold(e.Channel, winevent.Security):
		return renamedSecurity(d, r, e)
	}
	return nil
}

func bringBack(d *doc, r int, e *winevent.Event, table []rename) error {
	for _, m := range table {
		v := d.firstOf(r, m.path)
		if v == 0 {
			continue
		}
		if d.nodes[v].kind == kindArray && d.nodes[v].next > int32(v)+1 {
			v++ // one of several, where only one is meant
		}
		text, ok, err := d.text(v)
		if err != nil {
			return err
		}
		if ok && text != "" {
			put(e, m.field, text)
		}
	}
	return nil
}

func renamedSysmon(d *doc, r int, e *winevent.Event) error {
	table := sysmonRenames
	if e.ID == 8 || e.ID == 10 {
		table = reachRenames
	}
	if err := bringBack(d, r, e, table); err != nil {
		return err
	}
	if err := bringBack(d, r, e, sysmonMore[e.ID]); err != nil {
		return err
	}
	name, domain := d.str(d.firstOf(r, "user.name")), d.str(d.firstOf(r, "user.domain"))
	if name != "" && domain != "" && e.Get("ProcessGuid") != "" {
		put(e, "User", domain+`\`+name)
	}
	switch e.ID {
	case 1:
		renamedHashes(d, r, e, "process")
	case 7:
		renamedHashes(d, r, e, "file")
		renamedHashes(d, r, e, "dll")
	case 3:
		switch d.str(d.firstOf(r, "network.direction")) {
		case "egress", "outbound":
			put(e, "Initiated", "true")
		case "ingress", "inbound":
			put(e, "Initiated", "false")
		}
	case 13, 14:
		renamedData(d, r, e)
	case 22:
		renamedAnswers(d, r, e)
	}
	return nil
}

// renamedHashes writes hashes as Sysmon does.
func renamedHashes(d *doc, r int, e *winevent.Event, of string) {
	var all []string
	for _, h := range []rename{
		{of + ".hash.sha1", "SHA1"}, {of + ".hash.md5", "MD5"}, {of + ".hash.sha256", "SHA256"}, {of + ".pe.imphash", "IMPHASH"},
	} {
		if s := d.str(d.firstOf(r, h.path)); s != "" {
			all = append(all, h.field+"="+strings.ToUpper(s))
		}
	}
	if len(all) > 0 {
		put(e, "Hashes", strings.Join(all, ","))
	}
}

// renamedData is what a registry value was set to; a multiple string's parts
// are kept apart by a semicolon.
func renamedData(d *doc, r int, e *winevent.Event) {
	v := d.firstOf(r, "registry.data.strings")
	if v == 0 {
		return
	}
	if s := strings.Join(list(d, v), ";"); s != "" {
		put(e, "Details", s)
	}
}

// list is the texts of an array, or the one text that stands in its place.
func list(d *doc, v int) []string {
	if d.nodes[v].kind != kindArray {
		return []string{d.str(v)}
	}
	var all []string
	for i := v + 1; i < int(d.nodes[v].next); i = int(d.nodes[i].next) {
		all = append(all, d.str(i))
	}
	return all
}

// renamedAnswers writes DNS answers as Sysmon does: names of records that are no
// addresses behind a mark, addresses as they are.
func renamedAnswers(d *doc, r int, e *winevent.Event) {
	if status := d.str(d.firstOf(r, "sysmon.dns.status")); status == "SUCCESS" {
		put(e, "QueryStatus", "0")
	} else if status != "" {
		put(e, "QueryStatus", status)
	}
	var results strings.Builder
	if v := d.firstOf(r, "dns.answers"); v != 0 && d.nodes[v].kind == kindArray {
		for i := v + 1; i < int(d.nodes[v].next); i = int(d.nodes[i].next) {
			switch data := d.str(d.firstOf(i, "data")); d.str(d.firstOf(i, "type")) {
			case "":
			case "A", "AAAA":
				results.WriteString(data + ";")
			case "CNAME":
				results.WriteString("type:  5 " + data + ";")
			default:
				results.WriteString("type:  0 " + data + ";")
			}
		}
	}
	if v := d.firstOf(r, "dns.resolved_ip"); v != 0 {
		for _, ip := range list(d, v) {
			if !strings.Contains(results.String(), ip+";") {
				results.WriteString(ip + ";")
			}
		}
	}
	if results.Len() > 0 {
		put(e, "QueryResults", results.String())
	}
}

// subjectOf is whose account and session the schema's are: the one who logged
// on, else the one who acted.
func subjectOf(id uint32) string {
	if id == 4624 {
		return "Target"
	}
	return "Subject"
}

func renamedSecurity(d *doc, r int, e *winevent.Event) error {
	if err := bringBack(d, r, e, securityMore[e.ID]); err != nil {
		return err
	}
	if e.ID == 5156 {
		switch d.str(d.firstOf(r, "network.direction")) {
		case "egress", "outbound":
			put(e, "Direction", "outbound")
		case "ingress", "inbound":
			put(e, "Direction", "inbound")
		}
		return nil
	}
	who := subjectOf(e.ID)
	if e.Get(who+"UserName") != "" { // all of it stayed, or it is another's
		return bringBack(d, r, e, []rename{{"winlog.logon.id", who + "LogonId"}})
	}
	return bringBack(d, r, e, []rename{
		{"winlog.logon.id", who + "LogonId"}, {"user.id", who + "UserSid"},
		{"user.name", who + "UserName"}, {"user.domain", who + "DomainName"},
	})
}
