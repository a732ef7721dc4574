package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/taskroot/taskroot/loader/winevent"
)

// Mapping says which columns of a table hold what: docs/mapping.md has the keys.
type Mapping struct {
	file   string
	kind   *eventKind
	time   ref
	zone   *time.Location // nil where unknown or not given
	naive  bool           // zone: unknown
	layout string         // timeFormat
	host   ref
	chanl  ref // of kind event
	id     ref
	change ref // of kind task
	fields []field
	match  []ref // columns only
	where  []condition
	line   int // of its first key
}

// ref is a column or, with literal, a fixed value; line is where the mapping
// names it. The zero ref is none.
type ref struct {
	text    string
	literal bool
	line    int
}

func (f ref) given() bool { return f.line > 0 }

type field struct {
	name string
	from ref
}

// condition picks rows that have one of the values, compared without case.
type condition struct {
	column ref
	values []string
}

// MappingSuffix ends the name of a mapping that lies beside its table.
const MappingSuffix = ".mapping.yaml"

// maxMapping bounds a mapping file; real ones have some ten lines.
const maxMapping = 1 << 20

// ParseMapping reads a mapping file, which may hold several mappings as YAML
// documents. The error names the file and the lines of all that is wrong.
func ParseMapping(file string, in io.Reader) ([]*Mapping, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxMapping+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading mapping %s: %w", file, err)
	case len(text) > maxMapping:
		return nil, fmt.Errorf("mapping %s is longer than %d bytes: is it a mapping?", file, maxMapping)
	}
	var all []*Mapping
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("mapping %s: %w", file, err)
		}
		p := &mappingParser{m: &Mapping{file: file}}
		p.document(&doc)
		if err := errors.Join(p.problems...); err != nil {
			return nil, err
		}
		all = append(all, p.m)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("mapping %s is empty: see docs/mapping.md for an example", file)
	}
	return all, nil
}

type mappingParser struct {
	m        *Mapping
	problems []error
}

func (p *mappingParser) say(line int, format string, args ...any) {
	p.problems = append(p.problems, fmt.Errorf("%s line %d: %s", p.m.file, line, fmt.Sprintf(format, args...)))
}

// mappingKeys are the keys of a mapping, in the order of the documentation.
var mappingKeys = []string{"kind", "time", "zone", "timeFormat", "host", "fields", "match", "where", "channel", "id", "change"}

func (p *mappingParser) document(doc *yaml.Node) {
	root := doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		root = doc.Content[0]
	}
	p.m.line = max(root.Line, 1)
	if root.Kind != yaml.MappingNode {
		p.say(p.m.line, "is not a mapping of keys to values; docs/mapping.md has an example")
		return
	}
	seen := map[string]bool{}
	var fields *yaml.Node
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if seen[key.Value] {
			p.say(key.Line, "%s is given twice", key.Value)
		}
		seen[key.Value] = true
		if key.Value == "fields" {
			fields = value // checked by kind, which may come later
			continue
		}
		p.key(key, value)
	}
	for _, need := range []string{"kind", "time", "fields"} {
		if !seen[need] {
			p.say(p.m.line, "%s is missing", need)
		}
	}
	if p.m.kind != nil && fields != nil {
		p.fields(fields)
	}
	if p.m.kind != nil {
		p.together()
	}
}

func (p *mappingParser) key(key, value *yaml.Node) {
	switch key.Value {
	case "kind":
		p.kind(value)
	case "time":
		p.m.time = p.column(value, "time")
	case "zone":
		p.zone(value)
	case "timeFormat":
		p.format(value)
	case "host":
		p.m.host = p.ref(value, "host")
	case "channel":
		p.m.chanl = p.ref(value, "channel")
	case "id":
		p.m.id = p.ref(value, "id")
	case "change":
		p.m.change = p.ref(value, "change")
	case "match":
		p.match(value)
	case "where":
		p.where(value)
	default:
		p.say(key.Line, "there is no key %q%s; the keys are %s", key.Value, nearText(key.Value, mappingKeys), strings.Join(mappingKeys, ", "))
	}
}

func (p *mappingParser) kind(value *yaml.Node) {
	names := make([]string, 0, len(eventKinds))
	for i := range eventKinds {
		if eventKinds[i].name == value.Value {
			p.m.kind = &eventKinds[i]
			return
		}
		names = append(names, eventKinds[i].name)
	}
	p.say(value.Line, "there is no kind %q%s; the kinds are %s", value.Value, nearText(value.Value, names), strings.Join(names, ", "))
}

func (p *mappingParser) zone(value *yaml.Node) {
	if value.Value == "unknown" {
		p.m.naive = true
		return
	}
	zone, err := zoneOf(value.Value)
	if err != nil || value.Value == "" {
		p.say(value.Line, "zone %q is not known: write UTC, an offset such as +09:00, a place such as Asia/Tokyo, or unknown", value.Value)
		return
	}
	p.m.zone = zone
}

// epochFormat is the timeFormat of seconds since 1970.
const epochFormat = "epoch"

func (p *mappingParser) format(value *yaml.Node) {
	p.m.layout = value.Value
	if p.m.layout == epochFormat {
		return
	}
	probe := time.Date(2024, 11, 28, 21, 46, 53, 0, time.UTC)
	back, err := time.Parse(p.m.layout, probe.Format(p.m.layout))
	if err != nil || !back.Equal(probe) {
		p.say(value.Line, "timeFormat %q must be epoch, or the time 2006-01-02 15:04:05 written as the file writes its times", value.Value)
	}
}

// ref reads a column's name or, behind an equals sign, a fixed value.
func (p *mappingParser) ref(value *yaml.Node, what string) ref {
	if value.Kind != yaml.ScalarNode || strings.TrimSpace(value.Value) == "" {
		p.say(value.Line, "%s must be the name of a column, or = and a fixed value", what)
		return ref{}
	}
	if fixed, ok := strings.CutPrefix(value.Value, "="); ok {
		return ref{text: strings.TrimSpace(fixed), literal: true, line: value.Line}
	}
	return ref{text: value.Value, line: value.Line}
}

func (p *mappingParser) column(value *yaml.Node, what string) ref {
	f := p.ref(value, what)
	if f.literal {
		p.say(value.Line, "%s must be a column", what)
	}
	return f
}

func (p *mappingParser) match(value *yaml.Node) {
	if value.Kind != yaml.SequenceNode {
		p.say(value.Line, "match must be a list of columns")
		return
	}
	for _, item := range value.Content {
		p.m.match = append(p.m.match, p.column(item, "match"))
	}
}

func (p *mappingParser) where(value *yaml.Node) {
	if value.Kind != yaml.MappingNode {
		p.say(value.Line, "where must be columns, each with the value or the list of values that picks a row")
		return
	}
	for i := 0; i+1 < len(value.Content); i += 2 {
		c := condition{column: p.column(value.Content[i], "where")}
		switch v := value.Content[i+1]; v.Kind {
		case yaml.ScalarNode:
			c.values = []string{v.Value}
		case yaml.SequenceNode:
			for _, item := range v.Content {
				c.values = append(c.values, item.Value)
			}
		default:
			p.say(v.Line, "where %s must have a value or a list of values", c.column.text)
		}
		p.m.where = append(p.m.where, c)
	}
}

func (p *mappingParser) fields(value *yaml.Node) {
	if value.Kind != yaml.MappingNode {
		p.say(value.Line, "fields must be names of fields, each with its column")
		return
	}
	for i := 0; i+1 < len(value.Content); i += 2 {
		key := value.Content[i]
		known := p.m.kind.fields
		if len(known) > 0 && !slices.Contains(known, key.Value) {
			p.say(key.Line, "%s has no field %q%s; its fields are %s", p.m.kind.name, key.Value, nearText(key.Value, known), strings.Join(known, ", "))
			continue
		}
		if slices.ContainsFunc(p.m.fields, func(f field) bool { return f.name == key.Value }) {
			p.say(key.Line, "field %s is given twice", key.Value)
		}
		p.m.fields = append(p.m.fields, field{key.Value, p.ref(value.Content[i+1], key.Value)})
	}
}

// together checks what keys say of each other.
func (p *mappingParser) together() {
	m := p.m
	if m.kind.name == kindEvent {
		if !m.chanl.given() || !m.id.given() {
			p.say(m.line, "kind event needs channel and id: a column, or = and a fixed value such as = Security")
		}
	} else if m.chanl.given() || m.id.given() {
		p.say(max(m.chanl.line, m.id.line), "channel and id are for kind event; %s is what kind %s stands for", m.kind.stands(), m.kind.name)
	}
	if m.change.given() {
		if m.kind.name != kindTask {
			p.say(m.change.line, "change is for kind task")
		} else if m.change.literal && changes[m.change.text] == 0 {
			p.say(m.change.line, "change %q is none of created, updated, deleted, enabled, disabled", m.change.text)
		}
	}
	for _, oneOf := range m.kind.needs {
		if !slices.ContainsFunc(m.fields, func(f field) bool { return slices.Contains(oneOf, f.name) }) {
			p.say(m.line, "kind %s needs the field %s", m.kind.name, strings.Join(oneOf, " or "))
		}
	}
}

// eventKind is what the rows of a mapping are: an event that Windows has too.
type eventKind struct {
	name    string
	channel string
	id      uint32
	fields  []string   // that are read of it; none for any
	needs   [][]string // one of each
	fixed   []field    // values where the mapping has none
}

func (k *eventKind) stands() string { return fmt.Sprintf("%s %d", k.channel, k.id) }

const (
	kindEvent = "event"
	kindTask  = "task"
)

var aProcess = []string{"ProcessId", "ProcessGuid"}

// eventKinds are the kinds of rows.
var eventKinds = []eventKind{
	{
		name: "process-start", channel: winevent.Sysmon, id: 1, needs: [][]string{aProcess},
		fields: []string{
			"ProcessId", "ProcessGuid", "Image", "CommandLine", "User", "ParentProcessId", "ParentProcessGuid",
			"ParentImage", "ParentCommandLine", "ParentUser", "IntegrityLevel", "Hashes", "LogonId", "UtcTime",
		},
	},
	{
		name: "process-end", channel: winevent.Sysmon, id: 5, needs: [][]string{aProcess},
		fields: []string{"ProcessId", "ProcessGuid", "Image", "User", "UtcTime"},
	},
	{
		name: "connection", channel: winevent.Sysmon, id: 3,
		needs: [][]string{append([]string{"Image"}, aProcess...), {"DestinationIp"}},
		fields: []string{
			"ProcessId", "ProcessGuid", "Image", "User", "Protocol", "Initiated", "SourceIp", "SourcePort", "SourceHostname",
			"DestinationIp", "DestinationPort", "DestinationHostname", "UtcTime",
		},
		fixed: []field{{"Initiated", ref{text: "true", literal: true}}},
	},
	{
		name: "dns", channel: winevent.Sysmon, id: 22, needs: [][]string{aProcess, {"QueryName"}},
		fields: []string{"ProcessId", "ProcessGuid", "Image", "User", "QueryName", "QueryStatus", "QueryResults", "UtcTime"},
		fixed:  []field{{"QueryStatus", ref{text: "0", literal: true}}},
	},
	{
		name: kindTask, channel: winevent.Security, id: 4698, needs: [][]string{{"TaskName"}},
		fields: []string{
			"TaskName", "TaskContent", "SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId",
			"ClientProcessId", "ClientProcessStartKey",
		},
	},
	{
		name: "task-launch", channel: winevent.TaskScheduler, id: 129, needs: [][]string{{"TaskName"}},
		fields: []string{"TaskName", "Path", "ProcessID"},
	},
	{name: kindEvent},
}

// changes are the events that tell of a task's changes.
var changes = map[string]uint32{"created": 4698, "deleted": 4699, "enabled": 4700, "disabled": 4701, "updated": 4702}
