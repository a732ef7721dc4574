package winevent

import (
	"bytes"
	"strconv"
)

// Gate tells by one or two fields of a record, before anything else of it is
// copied, that [Observe] would answer [ErrOfNoUse]. The events that have one are
// those that fill logs: a decoder that asks it reads them almost as fast as if
// it did not want them.
type Gate struct {
	fields []string
	opens  func(value []byte) bool
}

// GateOf is the gate of an event, nil where all of its records are to be read.
func GateOf(channel string, id uint32) *Gate {
	switch canonical(channel) {
	case Sysmon:
		return sysmonGates[id]
	case Security:
		return securityGates[id]
	}
	return nil
}

// Reads says whether the gate looks at the field of that name.
func (g *Gate) Reads(field []byte) bool {
	for _, f := range g.fields {
		if string(field) == f {
			return true
		}
	}
	return false
}

// Opens says whether a value of such a field may make the record one of use.
// The value is text as carriers write it: with or without JSON's or XML's
// escapes. Where none of a record's fields opens the gate, and one of them is
// there, the record is of no use.
func (g *Gate) Opens(value []byte) bool {
	return bytes.Contains(value, []byte(`\u`)) || bytes.IndexByte(value, '&') >= 0 || g.opens(value)
}

var (
	fileGate     = &Gate{fields: []string{"TargetFilename"}, opens: holds("tasks")}
	registryGate = &Gate{fields: []string{"TargetObject"}, opens: holds("taskcache", "clsid")}
	pipeGate     = &Gate{fields: []string{"PipeName"}, opens: holds(taskPipe)}
)

var sysmonGates = map[uint32]*Gate{
	7: {
		fields: []string{"Image", "ImageLoaded"},
		opens:  names("taskhost", "taskeng", "dllhost", "svchost", "taskschd", "taskcomp", "mstask", "schedsvc"),
	},
	10: {fields: []string{"GrantedAccess"}, opens: func(value []byte) bool { return mask(value)&injects == injects }},
	11: fileGate, 23: fileGate, 26: fileGate,
	12: registryGate, 13: registryGate, 14: registryGate,
	17: pipeGate, 18: pipeGate,
}

var securityGates = map[uint32]*Gate{
	4624: {fields: []string{"LogonType"}, opens: func(value []byte) bool { n := mask(value); return n != 0 && n != 5 }},
	4657: {fields: []string{"ObjectName"}, opens: holds("taskcache", "clsid")},
	5136: {fields: []string{"AttributeLDAPDisplayName"}, opens: holds("extensionnames")},
	5140: {fields: []string{"ShareName"}, opens: holds("ipc$")},
	5145: {fields: []string{"RelativeTargetName"}, opens: holds(taskPipe, "tasks")},
}

// holds is a test for any of some words, in lower case, whatever the case of the
// value. They have no character that a carrier would escape.
func holds(words ...string) func([]byte) bool {
	return func(value []byte) bool {
		for i := range value {
			for _, w := range words {
				if value[i]|0x20 == w[0] && foldAt(value[i:], w) {
					return true
				}
			}
		}
		return false
	}
}

// names is a test for a path whose last element begins with one of some words.
func names(words ...string) func([]byte) bool {
	return func(value []byte) bool {
		base := bytes.TrimLeft(value[bytes.LastIndexAny(value, `\/`)+1:], `" `)
		for _, w := range words {
			if foldAt(base, w) {
				return true
			}
		}
		return false
	}
}

// mask is a number that can't be more than 32 bits long; what can't be read is
// all of them, so that it opens.
func mask(value []byte) uint64 {
	digits, base := bytes.TrimSpace(value), 10
	if len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x' {
		digits, base = digits[2:], 16
	}
	n, err := strconv.ParseUint(string(digits), base, 32)
	if err != nil {
		return 1<<32 - 1
	}
	return n
}
