// Package winmessage reads the values of a Windows event out of the text that
// Windows renders for people, where an export kept nothing else: Event Viewer's
// CSV, message-only JSON. English and Japanese are known.
package winmessage

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

// Parse takes the values out of an event's message as Windows renders it
// for people, in English or Japanese. A message that is not known gives none.
//
// Values in a message are not marked off from its labels: a command line may
// hold a line end and what looks like the next label. So a label that occurs
// twice is an error, and no value is ever taken from one of two places.
func Parse(channel string, id uint32, text string) ([]winevent.Field, error) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	switch {
	case strings.EqualFold(channel, winevent.Sysmon):
		return sysmonMessage(text)
	case strings.EqualFold(channel, winevent.TaskScheduler):
		return schedulerMessage(id, text)
	case strings.EqualFold(channel, winevent.Security):
		return securityMessage(id, text)
	}
	return nil, nil
}

// labelled gathers values by name and refuses a second one of a name.
type labelled struct {
	fields []winevent.Field
	label  string // that the last field was found under
	err    error
}

func (l *labelled) start(name, label, value string) {
	for _, f := range l.fields {
		if f.Name == name && l.err == nil {
			l.err = fmt.Errorf("has %q twice in its message, so one of them was written by a program; take this log from the machine as EVTX", label)
		}
	}
	l.fields = append(l.fields, winevent.Field{Name: name, Value: value})
	l.label = label
}

// goOn adds a line to the last value.
func (l *labelled) goOn(line string) { l.fields[len(l.fields)-1].Value += "\n" + line }

// inDefinition says whether the last value is a task's definition whose end has
// not come: no line of it is a label, whatever the task's author wrote there.
func (l *labelled) inDefinition() bool {
	last := l.fields[len(l.fields)-1]
	return strings.HasPrefix(last.Name, "TaskContent") && strings.HasPrefix(last.Value, "<") &&
		!strings.Contains(last.Value, "</Task>")
}

// sysmonMessage reads Sysmon's messages, which are in English everywhere and
// have the field's own name before each value.
func sysmonMessage(text string) ([]winevent.Field, error) {
	var l labelled
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		label, value, ok := strings.Cut(line, ":")
		switch {
		case ok && sysmonLabels[label]:
			l.start(label, label, strings.TrimSpace(value))
		case len(l.fields) > 0 && strings.TrimSpace(line) != "":
			l.goOn(line)
		}
	}
	return l.fields, l.err
}

// securityMessage reads the messages of audit events: sections, and in them
// values behind their labels.
func securityMessage(id uint32, text string) ([]winevent.Field, error) {
	var l labelled
	section := ""
	current := false // a value is open
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n ")
		indented := strings.TrimLeft(line, "\t ")
		label, value, ok := cutLabel(indented)
		name := ""
		if ok {
			name = securityField(id, section, label)
		}
		switch {
		case current && l.inDefinition():
			l.goOn(strings.TrimRight(line, "\n"))
		case ok && value == "" && sections[label] != "" && indented == line:
			section, current = sections[label], false
		case name != "":
			l.start(name, label, strings.TrimSpace(value))
			current = true
		case ok && indented != line && isLabel(section, label):
			current = false // one that nobody asks for
		case indented == "":
			current = false
		case current:
			l.goOn(indented)
		}
	}
	for i := range l.fields {
		tidy(&l.fields[i])
	}
	return l.fields, l.err
}

// cutLabel cuts at the colon, of half or full width.
func cutLabel(line string) (label, value string, ok bool) {
	i := strings.IndexAny(line, ":：")
	if i < 0 {
		return "", "", false
	}
	label, value = line[:i], line[i:]
	if rest, wide := strings.CutPrefix(value, "："); wide {
		return strings.TrimSpace(label), rest, true
	}
	return strings.TrimSpace(label), value[1:], true
}

// wellKnown are the SIDs of accounts that a message names instead.
var wellKnown = map[string]string{
	"SYSTEM": "S-1-5-18", "LOCAL SERVICE": "S-1-5-19", "NETWORK SERVICE": "S-1-5-20",
	"システム": "S-1-5-18",
}

// levels are the SIDs of integrity levels.
var levels = map[string]string{
	"untrusted": "S-1-16-0", "low": "S-1-16-4096", "medium": "S-1-16-8192", "high": "S-1-16-12288", "system": "S-1-16-16384",
}

// tidy turns what a message shows in place of a SID back into one.
func tidy(f *winevent.Field) {
	switch f.Name {
	case "SubjectUserSid", "TargetUserSid":
		name := f.Value[strings.LastIndexByte(f.Value, '\\')+1:]
		switch sid := wellKnown[name]; {
		case sid != "":
			f.Value = sid
		case !strings.HasPrefix(f.Value, "S-1-"):
			f.Value = "" // a name, which the other fields hold as well
		}
	case "MandatoryLabel":
		name := strings.ToLower(f.Value[strings.LastIndexByte(f.Value, '\\')+1:])
		first, _, _ := strings.Cut(name, " ")
		if sid := levels[first]; sid != "" {
			f.Value = sid
		}
	}
}

var (
	quotedValue = regexp.MustCompile(`"([^"]*)"`)
	number      = regexp.MustCompile(`\d+`)
)

// part is what a quoted value of a TaskScheduler message is.
type part uint8

const (
	thePath part = iota // of the task
	theUser
	theRun // the instance's id
	theAction
)

// schedulerParts is what the quoted values of a message are, in English and in
// Japanese, in the order of the text.
var schedulerParts = map[uint32][2][]part{
	100: {{theRun, thePath, theUser}, {theUser, thePath, theRun}},
	102: {{theRun, thePath, theUser}, {theUser, thePath, theRun}},
	106: {{theUser, thePath}, {theUser, thePath}},
	107: {{theRun, thePath}, {thePath, theRun}},
	108: {{theRun, thePath}, {thePath, theRun}},
	110: {{theRun, thePath, theUser}, {theUser, thePath, theRun}},
	111: {{theRun, thePath}, {thePath, theRun}},
	118: {{theRun, thePath}, {thePath, theRun}},
	119: {{theRun, thePath, theUser}, {theUser, thePath, theRun}},
	129: {{thePath, theAction}, {thePath, theAction}},
	140: {{theUser, thePath}, {theUser, thePath}},
	141: {{theUser, thePath}, {theUser, thePath}},
	142: {{theUser, thePath}, {theUser, thePath}},
	200: {{theAction, theRun, thePath}, {thePath, theRun, theAction}},
	201: {{thePath, theRun, theAction}, {thePath, theRun, theAction}},
	202: {{thePath, theRun, theAction}, {thePath, theRun, theAction}},
	203: {{theAction, theRun, thePath}, {thePath, theRun, theAction}},
}

// schedulerMessage reads TaskScheduler's sentences by the values that they
// quote. A GUID is the run's and what begins with a backslash is the task's
// path, wherever the language puts them; the order decides on the others.
func schedulerMessage(id uint32, text string) ([]winevent.Field, error) {
	orders, ok := schedulerParts[id]
	if !ok {
		return nil, nil
	}
	order := orders[0]
	if strings.ContainsFunc(text, isKana) {
		order = orders[1]
	}
	found := quotedValue.FindAllStringSubmatch(text, -1)
	if marks := strings.Count(text, `"`); marks != 2*len(order) {
		return nil, fmt.Errorf("has %d quotation marks in its message and should have %d", marks, 2*len(order))
	}
	values := make(map[part]string, len(order))
	left := make([]string, 0, len(order))
	for _, m := range found {
		value := m[1]
		_, path := values[thePath]
		_, run := values[theRun]
		switch {
		case !run && strings.HasPrefix(value, "{") && graph.NormalGUID(value) != "":
			values[theRun] = value
		case !path && strings.HasPrefix(value, `\`) && !strings.HasPrefix(value, `\\`):
			values[thePath] = value
		default:
			left = append(left, value)
		}
	}
	for _, p := range order {
		if _, ok := values[p]; !ok && len(left) > 0 {
			values[p], left = left[0], left[1:]
		}
	}
	last := strings.LastIndexByte(text, '"')
	return schedulerFields(id, values, number.FindString(text[last:])), nil
}

func isKana(r rune) bool { return r >= 0x3040 && r <= 0x30FF }

func schedulerFields(id uint32, values map[part]string, trailing string) []winevent.Field {
	var fields []winevent.Field
	put := func(name, value string) {
		if value != "" {
			fields = append(fields, winevent.Field{Name: name, Value: value})
		}
	}
	put("TaskName", values[thePath])
	put("UserContext", values[theUser])
	put("TaskInstanceId", values[theRun])
	switch id {
	case 129:
		put("Path", values[theAction])
		put("ProcessID", trailing)
	case 200:
		put("ActionName", values[theAction])
	case 201, 202, 203:
		put("ActionName", values[theAction])
		put("ResultCode", trailing)
	}
	return fields
}
