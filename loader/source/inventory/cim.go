package inventory

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// longestObject bounds one task as ConvertTo-Json writes it: each of its parts
// carries the description of its class.
const longestObject = 16 << 20

// sniffCIM knows ScheduledTask objects by the names of the first one's members.
func sniffCIM(head []byte) bool {
	if len(head) == 0 || head[0] != '[' && head[0] != '{' {
		return false
	}
	seen := members(head)
	return !seen["eventid"] && (seen["taskpath"] && seen["taskname"] || seen["actions"] && seen["state"] ||
		seen["cimclass"] && bytes.Contains(head, []byte("MSFT_ScheduledTask")))
}

// members are the names, in lower case, of the members of the first object in
// text, as far as the text goes.
func members(text []byte) map[string]bool {
	seen := map[string]bool{}
	dec := json.NewDecoder(bytes.NewReader(text))
	depth, name := 0, true
	for {
		token, err := dec.Token()
		if err != nil {
			return seen
		}
		switch t := token.(type) {
		case json.Delim:
			switch {
			case t == '{' || t == '[' && depth > 0:
				depth++
			case t == '}' || t == ']':
				if depth--; depth <= 0 {
					return seen
				}
			}
			name = depth == 1
		case string:
			if depth == 1 && name {
				seen[strings.ToLower(t)] = true
				name = false
				continue
			}
			name = depth == 1
		default:
			name = depth == 1
		}
	}
}

// bounded fails where one value is longer than it may be.
type bounded struct {
	r    io.Reader
	left int
}

var errTooLong = errors.New("too long")

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err //nolint:wrapcheck // io.EOF, or an error that the source keeps
}

// readCIM reads what Get-ScheduledTask gives ConvertTo-Json: an array, or
// objects one after another.
func readCIM(_ context.Context, d *decoder, r io.Reader) error {
	text := bufio.NewReader(r)
	if mark, _ := text.Peek(3); bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
		_, _ = text.Discard(3) // it was peeked at
	}
	in := &bounded{r: text, left: longestObject}
	dec := json.NewDecoder(in)
	head, _ := text.Peek(sniffed)
	inside := bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("["))
	if inside {
		_, _ = dec.Token() // the bracket that was seen
	}
	for {
		in.left = longestObject
		if inside && !dec.More() {
			inside = false
			_, _ = dec.Token() // the other bracket; if it is not there, what follows tells
		}
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return d.broken(err)
		}
		all := []json.RawMessage{raw}
		if raw[0] == '[' {
			_ = json.Unmarshal(raw, &all) // it was decoded as an array
		}
		for _, one := range all {
			if err := d.object(one); err != nil {
				return err
			}
		}
	}
}

// broken rejects the rest of the input.
func (d *decoder) broken(err error) error {
	if err := d.next(); err != nil {
		return err
	}
	reason, detail := BadRecord, fmt.Sprintf("damaged JSON: %v", err)
	if errors.Is(err, errTooLong) {
		reason, detail = TooLong, fmt.Sprintf("a task of more than %d MiB", longestObject>>20)
	}
	return d.reject(Record{Place: d.place()}, reason, detail+"; what follows it was not read")
}

// object hands one ScheduledTask object on.
func (d *decoder) object(raw json.RawMessage) error {
	if err := d.next(); err != nil {
		return err
	}
	r := Record{Place: d.place(), Raw: raw}
	t, ok := parseObject(raw)
	if !ok {
		return d.reject(r, BadRecord, "is no object")
	}
	o := &graph.TaskListed{Origin: graph.OriginCIM, Path: t.text("TaskPath") + t.text("TaskName")}
	if t.text("TaskName") == "" {
		o.Path = t.text("URI")
	}
	o.HostName = t.text("PSComputerName")
	if system, ok := t.object("CimSystemProperties"); ok && o.HostName == "" {
		o.HostName = system.text("ServerName")
	}
	o.Enabled = enabled(t.text("State"))
	if actions := t.list("Actions"); len(actions) > 0 {
		definition, ok := t.definition(actions, o.Path)
		if !ok {
			return d.reject(r, BadRecord, "its actions were cut off; ask for them with ConvertTo-Json -Depth 5")
		}
		o.XML = definition
	}
	return d.task(o, r)
}

// enabled is what the state of a task tells, nil where it is unknown.
func enabled(state string) *bool {
	var on bool
	switch strings.ToLower(state) {
	case "disabled", "1":
	case "queued", "ready", "running", "2", "3", "4":
		on = true
	default:
		return nil
	}
	return &on
}

// object is a CIM object as JSON, by its members' names in lower case.
type object map[string]json.RawMessage

// parseObject reads an object. Where the JSON is of the CIM instance itself its
// properties are in a list, each with Name and Value.
func parseObject(raw json.RawMessage) (object, bool) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil || all == nil {
		return nil, false
	}
	o := object{}
	for name, v := range all {
		o[strings.ToLower(name)] = v
	}
	for _, p := range o.list("CimInstanceProperties") {
		var property struct {
			Name  string
			Value json.RawMessage
		}
		if err := json.Unmarshal(p, &property); err != nil {
			continue // a text, where the depth did not suffice
		}
		name := strings.ToLower(property.Name)
		if _, ok := o[name]; !ok && name != "" && property.Value != nil {
			o[name] = property.Value
		}
	}
	return o, true
}

// text is a member that is a text, a number or a boolean; "" for all else.
func (o object) text(name string) string {
	raw := o[strings.ToLower(name)]
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return strings.TrimSpace(s)
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String()
	}
	var flag bool
	if json.Unmarshal(raw, &flag) == nil {
		return strconv.FormatBool(flag)
	}
	return ""
}

// number is a member that is a number, 0 for all else.
func (o object) number(name string) int {
	n, err := strconv.Atoi(o.text(name))
	if err != nil {
		return 0
	}
	return n
}

func (o object) object(name string) (object, bool) {
	raw := o[strings.ToLower(name)]
	if len(raw) == 0 || raw[0] != '{' {
		return nil, false
	}
	return parseObject(raw)
}

// list is a member's elements; PowerShell writes an array of one as the element
// itself, and some as an object with value and Count.
func (o object) list(name string) []json.RawMessage {
	raw := o[strings.ToLower(name)]
	var wrapped struct {
		Value []json.RawMessage `json:"value"`
		Count *int
	}
	var all []json.RawMessage
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil
	case json.Unmarshal(raw, &all) == nil:
		return all
	case json.Unmarshal(raw, &wrapped) == nil && wrapped.Count != nil:
		return wrapped.Value
	}
	return []json.RawMessage{raw}
}

// class is the name of the object's class, "" where it isn't told.
func (o object) class() string {
	name := o.text("CimClass")
	if c, ok := o.object("CimClass"); ok {
		name = c.text("CimClassName")
	}
	if system, ok := o.object("CimSystemProperties"); ok && name == "" {
		name = system.text("ClassName")
	}
	return name[strings.LastIndexAny(name, ":/")+1:]
}
