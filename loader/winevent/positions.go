package winevent

import "strings"

// Templates of events: the names of their values in order, as the providers'
// manifests have them (field notes of Sysmon 5 to 15, of Windows 7 to 11). Those
// of Security and TaskScheduler only ever grew at their end. "+" marks where a
// version ends; a template's values are those up to one of the marks.
var templates = map[string]map[uint32]string{
	Sysmon: {
		1: "RuleName UtcTime ProcessGuid ProcessId Image FileVersion Description Product Company OriginalFileName CommandLine " +
			"CurrentDirectory User LogonGuid LogonId TerminalSessionId IntegrityLevel Hashes ParentProcessGuid ParentProcessId " +
			"ParentImage ParentCommandLine + ParentUser",
		3: "RuleName UtcTime ProcessGuid ProcessId Image User Protocol Initiated SourceIsIpv6 SourceIp SourceHostname SourcePort " +
			"SourcePortName DestinationIsIpv6 DestinationIp DestinationHostname DestinationPort DestinationPortName",
		5: "RuleName UtcTime ProcessGuid ProcessId Image + User",
		7: "RuleName UtcTime ProcessGuid ProcessId Image ImageLoaded FileVersion Description Product Company OriginalFileName " +
			"Hashes Signed Signature SignatureStatus + User",
		8: "RuleName UtcTime SourceProcessGuid SourceProcessId SourceImage TargetProcessGuid TargetProcessId TargetImage " +
			"NewThreadId StartAddress StartModule StartFunction + SourceUser TargetUser",
		10: "RuleName UtcTime SourceProcessGUID SourceProcessId SourceThreadId SourceImage TargetProcessGUID TargetProcessId " +
			"TargetImage GrantedAccess CallTrace + SourceUser TargetUser",
		11: "RuleName UtcTime ProcessGuid ProcessId Image TargetFilename CreationUtcTime + User",
		12: "RuleName EventType UtcTime ProcessGuid ProcessId Image TargetObject + User",
		13: "RuleName EventType UtcTime ProcessGuid ProcessId Image TargetObject Details + User",
		14: "RuleName EventType UtcTime ProcessGuid ProcessId Image TargetObject NewName + User",
		17: "RuleName EventType UtcTime ProcessGuid ProcessId PipeName Image + User",
		18: "RuleName EventType UtcTime ProcessGuid ProcessId PipeName Image + User",
		22: "RuleName UtcTime ProcessGuid ProcessId QueryName QueryStatus QueryResults Image + User",
		23: "RuleName UtcTime ProcessGuid ProcessId User Image TargetFilename Hashes IsExecutable Archived",
		26: "RuleName UtcTime ProcessGuid ProcessId User Image TargetFilename Hashes IsExecutable",
	},
	Security: {
		1102: subject,
		4624: subject + "TargetUserSid TargetUserName TargetDomainName TargetLogonId LogonType LogonProcessName " +
			"AuthenticationPackageName WorkstationName LogonGuid TransmittedServices LmPackageName KeyLength ProcessId ProcessName " +
			"IpAddress IpPort + ImpersonationLevel + RestrictedAdminMode TargetOutboundUserName TargetOutboundDomainName " +
			"VirtualAccount TargetLinkedLogonId ElevatedToken",
		4648: subject + "LogonGuid TargetUserName TargetDomainName TargetLogonGuid TargetServerName TargetInfo ProcessId " +
			"ProcessName IpAddress IpPort",
		4657: subject + "ObjectName ObjectValueName HandleId OperationType OldValueType OldValue NewValueType NewValue ProcessId ProcessName",
		4688: subject + "NewProcessId NewProcessName TokenElevationType ProcessId + CommandLine + TargetUserSid TargetUserName " +
			"TargetDomainName TargetLogonId ParentProcessName MandatoryLabel",
		4689: subject + "Status ProcessId ProcessName",
		4698: subject + "TaskName TaskContent + " + client5, 4699: subject + "TaskName TaskContent + " + client5,
		4700: subject + "TaskName TaskContent + " + client5, 4701: subject + "TaskName TaskContent + " + client5,
		4702: subject + "TaskName TaskContentNew + " + client5,
		5136: "OpCorrelationID AppCorrelationID " + subject + "DSName DSType ObjectDN ObjectGUID ObjectClass " +
			"AttributeLDAPDisplayName AttributeSyntaxOID AttributeValue OperationType",
		5140: subject + "ObjectType IpAddress IpPort ShareName ShareLocalPath AccessMask AccessList",
		5145: subject + "ObjectType IpAddress IpPort ShareName ShareLocalPath RelativeTargetName AccessMask AccessList AccessReason",
		5156: "ProcessID Application Direction SourceAddress SourcePort DestAddress DestPort Protocol FilterRTID LayerName " +
			"LayerRTID + RemoteUserID RemoteMachineID",
	},
	TaskScheduler: {
		100: "TaskName UserContext InstanceId", 101: "TaskName UserContext ResultCode", 102: "TaskName UserContext InstanceId",
		103: "TaskName InstanceId UserContext ResultCode", 106: "TaskName UserContext", 107: byRun, 108: byRun, 109: byRun,
		110: "TaskName InstanceId UserContext", 111: byRun, 114: byRun, 117: byRun, 118: byRun,
		119: byUser, 120: byUser, 121: byUser, 122: byUser, 123: byUser, 124: byUser, 125: byUser,
		129: "TaskName Path ProcessID Priority", 140: "TaskName UserName", 141: "TaskName UserName", 142: "TaskName UserName",
		200: "TaskName ActionName TaskInstanceId + EnginePID", 201: "TaskName TaskInstanceId ActionName ResultCode + EnginePID",
		202: "TaskName TaskInstanceId ActionName ResultCode + EnginePID", 203: "TaskName TaskInstanceId ActionName ResultCode",
		204: "TaskName ResultCode", 205: "TaskName ResultCode", 322: "TaskName TaskInstanceId",
		323: "TaskName StoppedTaskInstanceId NewTaskInstanceId", 324: "TaskName QueuedTaskInstanceId RunningTaskInstanceId",
		325: "TaskName QueuedTaskInstanceId", 330: "TaskName TaskInstanceId UserContext", 414: "TaskName Parameter",
	},
}

const (
	subject = "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId "
	client5 = "ClientProcessStartKey ClientProcessId ParentProcessId RpcCallClientLocality FQDN"
	byRun   = "TaskName InstanceId"
	byUser  = "TaskName UserName InstanceId"
)

// ByPosition names the values of an event that come in the order of its template
// without names. It is nil where their number fits no version that is known:
// then no value can be told from another.
func ByPosition(channel string, id uint32, values []string) []Field {
	channel = canonical(channel)
	template := templates[channel][id]
	if template == "" {
		return nil
	}
	names, fits := version(template, len(values), channel != Sysmon)
	if rest, ok := strings.CutPrefix(template, "RuleName "); !fits && ok { // before Sysmon 8
		names, fits = version(rest, len(values), false)
	}
	if !fits {
		return nil
	}
	data := make([]Field, 0, len(names))
	for i, name := range names {
		data = append(data, Field{Name: name, Value: values[i]})
	}
	if channel == Sysmon {
		if at := (&Event{Data: data}).Get("UtcTime"); at != "" {
			if _, ok := utcTime(at); !ok {
				return nil // the names went astray
			}
		}
	}
	return data
}

// version is the names of the version that has that many values; where templates
// grow at their end, a newer one than is known has those of the last.
func version(template string, values int, grows bool) (names []string, fits bool) {
	for part := range strings.SplitSeq(template, "+") {
		names = append(names, strings.Fields(part)...)
		if len(names) == values {
			return names, true
		}
	}
	return names, grows && values > len(names)
}
