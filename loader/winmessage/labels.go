package winmessage

// sysmonLabels are the fields of the Sysmon events that may be wanted.
var sysmonLabels = set("RuleName", "UtcTime", "ProcessGuid", "ProcessId", "Image", "FileVersion", "Description", "Product",
	"Company", "OriginalFileName", "CommandLine", "CurrentDirectory", "User", "LogonGuid", "LogonId", "TerminalSessionId",
	"IntegrityLevel", "Hashes", "ParentProcessGuid", "ParentProcessId", "ParentImage", "ParentCommandLine", "ParentUser",
	"Protocol", "Initiated", "SourceIsIpv6", "SourceIp", "SourceHostname", "SourcePort", "SourcePortName",
	"DestinationIsIpv6", "DestinationIp", "DestinationHostname", "DestinationPort", "DestinationPortName",
	"QueryName", "QueryStatus", "QueryResults", "ImageLoaded", "Signed", "Signature", "SignatureStatus",
	"TargetFilename", "CreationUtcTime", "EventType", "TargetObject", "Details", "NewName", "PipeName", "IsExecutable", "Archived",
	"SourceProcessGuid", "SourceProcessGUID", "SourceProcessId", "SourceThreadId", "SourceImage", "SourceUser",
	"TargetProcessGuid", "TargetProcessGUID", "TargetProcessId", "TargetImage", "TargetUser", "GrantedAccess", "CallTrace",
	"NewThreadId", "StartAddress", "StartModule", "StartFunction")

// IsSysmonField says whether a name is that of a field of the Sysmon events that
// may be wanted.
func IsSysmonField(name string) bool { return sysmonLabels[name] }

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[name] = true
	}
	return m
}

// sections are the headings in the messages of audit events. Windows' Japanese
// wording changed over the years; all that were met are here.
var sections = map[string]string{
	"Subject": "Subject", "Creator Subject": "Subject",
	"サブジェクト": "Subject", "作成元サブジェクト": "Subject", "作成元のサブジェクト": "Subject",
	"クリエーター サブジェクト": "Subject", "クリエータ サブジェクト": "Subject",
	"Target Subject": "Target", "ターゲット サブジェクト": "Target", "対象のサブジェクト": "Target", "対象サブジェクト": "Target",
	"Process Information": "process", "プロセス情報": "process",
	"Application Information": "process", "アプリケーション情報": "process",
	"Network Information": "network", "ネットワーク情報": "network",
	"Task Information": "task", "タスク情報": "task",
	"Other Information": "other", "その他の情報": "other",
}

// accountLabels are the values of an account, without whose it is.
var accountLabels = map[string]string{
	"Security ID": "UserSid", "セキュリティ ID": "UserSid",
	"Account Name": "UserName", "アカウント名": "UserName",
	"Account Domain": "DomainName", "アカウント ドメイン": "DomainName",
	"Logon ID": "LogonId", "ログオン ID": "LogonId",
}

// securityLabels are the other values, by section.
var securityLabels = map[string]map[string]string{
	"process": {
		"New Process ID": "NewProcessId", "新しいプロセス ID": "NewProcessId",
		"New Process Name": "NewProcessName", "新しいプロセス名": "NewProcessName",
		"Creator Process ID": "CreatorProcessId", "作成元プロセス ID": "CreatorProcessId",
		"クリエーター プロセス ID": "CreatorProcessId", "クリエータ プロセス ID": "CreatorProcessId",
		"Creator Process Name": "ParentProcessName", "作成元プロセス名": "ParentProcessName",
		"クリエーター プロセス名": "ParentProcessName", "クリエータ プロセス名": "ParentProcessName",
		"Process Command Line": "CommandLine", "プロセスのコマンド ライン": "CommandLine", "プロセス コマンド ライン": "CommandLine",
		"Mandatory Label": "MandatoryLabel", "必須ラベル": "MandatoryLabel",
		"Process ID": "ProcessId", "プロセス ID": "ProcessId",
		"Process Name": "ProcessName", "プロセス名": "ProcessName",
		"Application Name": "Application", "アプリケーション名": "Application",
		"Token Elevation Type": "", "トークン昇格の種類": "", "トークンの昇格の種類": "", "Exit Status": "", "終了状態": "", "終了ステータス": "",
	},
	"network": {
		"Direction": "Direction", "方向": "Direction",
		"Source Address": "SourceAddress", "送信元アドレス": "SourceAddress", "ソース アドレス": "SourceAddress",
		"Source Port": "SourcePort", "ソース ポート": "SourcePort", "送信元ポート": "SourcePort",
		"Destination Address": "DestAddress", "宛先アドレス": "DestAddress",
		"Destination Port": "DestPort", "宛先ポート": "DestPort",
		"Protocol": "Protocol", "プロトコル": "Protocol",
		"Interface Index": "",
	},
	"task": {
		"Task Name": "TaskName", "タスク名": "TaskName",
		"Task Content": "TaskContent", "Task New Content": "TaskContent",
		"タスク コンテンツ": "TaskContent", "タスクの内容": "TaskContent", "タスク内容": "TaskContent",
		"タスクの新しいコンテンツ": "TaskContent", "新しいタスク コンテンツ": "TaskContent", "タスクの新しい内容": "TaskContent",
	},
	"other": {
		"ProcessCreationTime": "ClientProcessStartKey", "ClientProcessStartKey": "ClientProcessStartKey",
		"ClientProcessId": "ClientProcessId", "ParentProcessId": "", "FQDN": "",
	},
}

// securityField is the event's name for a label, "" where it is none.
func securityField(id uint32, section, label string) string {
	if section == "Subject" || section == "Target" {
		if name := accountLabels[label]; name != "" {
			return section + name
		}
		return ""
	}
	name := securityLabels[section][label]
	if name == "TaskContent" && id == 4702 {
		return "TaskContentNew"
	}
	return name
}

// isLabel says whether a label is known in that section, of use or not.
func isLabel(section, label string) bool {
	_, ok := securityLabels[section][label]
	return ok || accountLabels[label] != ""
}
