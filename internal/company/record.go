package company

import (
	"strconv"
	"time"
)

// channel is one of the event logs that are written.
type channel uint8

const (
	sysmonLog channel = iota
	securityLog
	schedulerLog
	channels
)

// log is what all records of a channel share.
type log struct {
	name, provider, guid, file, keywords string
	level                                int
}

var logs = [channels]log{
	sysmonLog: {
		"Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", "5770385F-C22A-43E0-BF4C-06F5698FFBD9",
		"Microsoft-Windows-Sysmon%4Operational.jsonl", "0x8000000000000000", 4,
	},
	securityLog: {
		"Security", "Microsoft-Windows-Security-Auditing", "54849625-5478-4994-A5BA-3E3B0328C30D",
		"Security.jsonl", "0x8020000000000000", 0,
	},
	schedulerLog: {
		"Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "DE7B24EA-73C8-4A09-985D-5BDADCFA9017",
		"Microsoft-Windows-TaskScheduler%4Operational.jsonl", "0x8000000000000000", 4,
	},
}

// kind is how Windows types a value, which carriers write in their own ways.
type kind uint8

const (
	text kind = iota
	number
	boolean
	guid // upper case without braces
	hexadecimal
)

// field is one named value of a record's data.
type field struct {
	name string
	kind kind
	s    string
	n    int64
}

func str(name, s string) field        { return field{name: name, s: s} }
func num(name string, n int64) field  { return field{name: name, kind: number, n: n} }
func hex(name string, n uint64) field { return field{name: name, kind: hexadecimal, n: int64(n)} }
func uid(name, s string) field        { return field{name: name, kind: guid, s: s} }
func flag(name string, is bool) field { return field{name: name, kind: boolean, n: b2i(is)} }
func utc(name string, ms int64) field {
	return field{name: name, s: string(appendUTC(nil, ms, ' ', 3))}
}
func port(name string, n uint16) field  { return field{name: name, s: strconv.Itoa(int(n))} }
func pidOf(name string, n uint32) field { return num(name, int64(n)) }

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// record is one event before it is written. Its fields lie in the slice's
// arena, or in own where it waits for a later slice.
type record struct {
	at       int64 // milliseconds since 1970, what every carrier can hold
	seq      uint32
	id       uint16
	channel  channel
	version  uint8
	pid      uint32 // of the process that logged
	thread   uint32
	activity string // GUID, "" for none
	number   uint64 // EventRecordID
	from, to int
	own      []field
}

func (r *record) fields(arena []field) []field {
	if r.own != nil {
		return r.own
	}
	return arena[r.from:r.to]
}

// keep makes the record outlive its slice's arena.
func (r *record) keep(arena []field) {
	if r.own == nil {
		r.own = append([]field(nil), arena[r.from:r.to]...)
	}
}

// appendUTC appends a time with that many digits of its second; T as separator
// also means a Z at the end.
func appendUTC(b []byte, ms int64, separator byte, digits int) []byte {
	t := time.UnixMilli(ms).UTC()
	b = t.AppendFormat(b, "2006-01-02")
	b = append(b, separator)
	b = t.AppendFormat(b, "15:04:05")
	frac := ms % 1000
	b = append(b, '.', byte('0'+frac/100), byte('0'+frac/10%10), byte('0'+frac%10))
	for range digits - 3 {
		b = append(b, '0')
	}
	if separator == 'T' {
		b = append(b, 'Z')
	}
	return b
}

const hexDigits = "0123456789abcdef"

// appendJSON appends a JSON string.
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\r':
			b = append(b, '\\', 'r')
		case '\n':
			b = append(b, '\\', 'n')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// dataName is EventData's own name, which only TaskScheduler's records have.
var dataName = map[uint16]string{
	100: "TaskStartEvent", 102: "TaskSuccessEvent", 106: "TaskRegisteredEvent", 107: "TimeTrigger",
	110: "TaskRunEvent", 118: "BootTrigger", 119: "LogonTrigger", 129: "CreatedTaskProcess",
	140: "TaskUpdated", 141: "TaskDeleted", 142: "TaskDisabled", 200: "ActionStart", 201: "ActionSuccess",
}

// securityTask is the category of an audit record.
var securityTask = map[uint16]int{
	4624: 12544, 4688: 13312, 4689: 13313, 4698: 12804, 4699: 12804, 4700: 12804, 4701: 12804, 4702: 12804, 5145: 12811, 5156: 12810,
}

func (r *record) task() int {
	if r.channel == securityLog {
		return securityTask[r.id]
	}
	return int(r.id)
}

func (r *record) opcode() int {
	if r.channel != schedulerLog {
		return 0
	}
	switch r.id {
	case 100, 200:
		return 1
	case 102, 201:
		return 2
	}
	return 0
}
