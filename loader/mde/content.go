package mde

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"strings"

	"github.com/taskroot/taskroot/loader/taskxml"
)

// definition is a task's definition as XML. The sensor writes TaskContent as the
// XML itself or, on most versions, turned into JSON: elements as members, each
// of the parts (Actions, Triggers, Principals …) as JSON of its own or as text
// that holds JSON. Anything else is given as it is.
func definition(content string) string {
	trimmed := strings.TrimSpace(content)
	if !strings.HasPrefix(trimmed, "{") {
		return taskxml.Unescape(content)
	}
	w := &elements{}
	x, ok := object([]byte(trimmed))
	if !ok {
		return content
	}
	if whole := unfolded(bytes.TrimSpace(x["Task"])); len(whole) > 0 && whole[0] == '{' {
		trimmed = string(whole)
	}
	w.b.WriteString("<Task>")
	if err := w.members([]byte(trimmed), 1); err != nil {
		return content
	}
	w.b.WriteString("</Task>")
	return w.b.String()
}

// elements writes JSON as XML: members as elements, arrays as elements of the
// same name, "@name" members as attributes and "#text" as text, which is how
// .NET turns XML into JSON.
type elements struct{ b strings.Builder }

// deepest bounds a definition's levels; real ones have under ten.
const deepest = 32

var (
	errDeep    = errors.New("more levels than a task's definition has")
	errElement = errors.New("a member's name is no element's")
)

// members writes the members of an object in their order.
func (w *elements) members(object []byte, depth int) error {
	return eachMember(object, func(name string, value json.RawMessage) error {
		switch {
		case name == "#text":
			return w.text(value)
		case strings.HasPrefix(name, "@"), strings.HasPrefix(name, "?"), strings.HasPrefix(name, "#"):
			return nil
		}
		return w.element(name, value, depth)
	})
}

func (w *elements) element(name string, value json.RawMessage, depth int) error {
	if depth > deepest {
		return errDeep
	}
	if !isWord(name) || name[0] >= '0' && name[0] <= '9' {
		return errElement
	}
	value = bytes.TrimSpace(value)
	if !leaves[name] {
		value = unfolded(value)
	}
	switch {
	case len(value) == 0:
		return nil
	case value[0] == '[':
		var items []json.RawMessage
		if err := json.Unmarshal(value, &items); err != nil {
			return err
		}
		for _, item := range items {
			if err := w.element(name, item, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if err := w.open(name, value); err != nil {
		return err
	}
	var err error
	if value[0] == '{' {
		err = w.members(value, depth+1)
	} else {
		err = w.text(value)
	}
	w.b.WriteString("</" + name + ">")
	return err
}

// open writes a start tag with the attributes that value has.
func (w *elements) open(name string, value []byte) error {
	w.b.WriteString("<" + name)
	if value[0] == '{' {
		err := eachMember(value, func(name string, value json.RawMessage) error {
			name, isAttribute := strings.CutPrefix(name, "@")
			if !isAttribute || !isWord(name) {
				return nil
			}
			w.b.WriteString(" " + name + `="`)
			err := w.text(value)
			w.b.WriteString(`"`)
			return err
		})
		if err != nil {
			return err
		}
	}
	w.b.WriteString(">")
	return nil
}

func (w *elements) text(value json.RawMessage) error {
	s := string(value)
	if len(value) > 0 && value[0] == '"' {
		if err := json.Unmarshal(value, &s); err != nil {
			return err
		}
	}
	if s == "null" {
		return nil
	}
	return xml.EscapeText(&w.b, []byte(s))
}

// leaves are the elements whose text is the sender's own and may be JSON by
// itself: it is not looked into.
var leaves = map[string]bool{
	"Arguments": true, "Command": true, "WorkingDirectory": true, "Data": true, "Description": true, "Documentation": true,
	"Author": true, "Source": true, "URI": true, "Subscription": true, "Subject": true, "Body": true, "Title": true,
}

// unfolded is the JSON in a text that holds an object or an array, as the parts
// of a definition do; other text stays as it is.
func unfolded(value []byte) []byte {
	var s string
	if len(value) < 4 || value[0] != '"' || json.Unmarshal(value, &s) != nil {
		return value
	}
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, `{"`) && json.Valid([]byte(s)) || strings.HasPrefix(s, `[{`) && json.Valid([]byte(s)) {
		return []byte(s)
	}
	return value
}

// eachMember gives an object's members in their order, which the order of a
// task's actions is.
func eachMember(object []byte, f func(name string, value json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := f(name, value); err != nil {
			return err
		}
	}
	return nil
}
