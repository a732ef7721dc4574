package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/render"
)

// show writes the rows of a find for a person: findings as trees, all else as a
// table.
func show(a *app.App, name string, rows []json.RawMessage) error {
	style := render.Detect(a.Out, os.Getenv)
	if len(rows) == 0 {
		_, err := fmt.Fprintln(a.Out, "nothing found")
		return err
	}
	if name != "tasks-reaching-rare-domains" {
		t, err := tableOf(rows)
		if err != nil {
			return err
		}
		return t.Write(a.Out, style)
	}
	chains := make([]render.Chain, 0, len(rows))
	for _, row := range rows {
		c, err := chainOf(row)
		if err != nil {
			return err
		}
		chains = append(chains, c)
	}
	return render.Chains(a.Out, style, chains)
}

// rareRow is what is shown of a row of tasks-reaching-rare-domains.
type rareRow struct {
	Task struct {
		Key, Host, Path string
	}
	Destination, Via                  string
	Hosts, HostsObserved, Runs, Count int64
	FirstSeen, LastSeen               time.Time
	Score                             float64
	Reasons                           []struct{ Text string }
	Chain                             []rareStep
}

type rareStep struct {
	Label, Key, Name, CommandLine, Via string
	PID                                int64
	At                                 time.Time
	Confidence                         float64
}

func chainOf(row json.RawMessage) (render.Chain, error) {
	var r rareRow
	if err := json.Unmarshal(row, &r); err != nil {
		return render.Chain{}, fmt.Errorf("read a row of the answer: %w", err)
	}
	c := render.Chain{
		Score: r.Score, Task: r.Task.Path, Host: r.Task.Host, Destination: r.Destination, Via: r.Via,
		Hosts: r.Hosts, HostsObserved: r.HostsObserved, Runs: r.Runs, Contacts: r.Count, First: r.FirstSeen, Last: r.LastSeen,
	}
	if c.Task == "" {
		c.Task = "(task without a name)"
	}
	for _, reason := range r.Reasons {
		c.Reasons = append(c.Reasons, reason.Text)
	}
	for _, s := range r.Chain {
		step := render.Step{Label: s.Label, Name: s.Name, PID: s.PID, CommandLine: s.CommandLine, At: s.At, Via: s.Via, Confidence: s.Confidence}
		if step.Name == "" {
			step.Name = s.Key
		}
		c.Steps = append(c.Steps, step)
	}
	return c, nil
}

// tableOf makes a table with a column for each name in any row, in the order
// of their first appearance.
func tableOf(rows []json.RawMessage) (render.Table, error) {
	var t render.Table
	var names []string
	cells := make([]map[string]string, len(rows))
	for i, row := range rows {
		order, values, err := fields(row)
		if err != nil {
			return t, fmt.Errorf("read a row of the answer: %w", err)
		}
		cells[i] = map[string]string{}
		for _, name := range order {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
			cells[i][name] = cell(values[name])
		}
	}
	for _, name := range names {
		t.Columns = append(t.Columns, render.Column{Title: name, Right: allNumbers(rows, name), Shrink: true})
	}
	for _, c := range cells {
		line := make([]string, len(names))
		for i, name := range names {
			line[i] = c[name]
		}
		t.Rows = append(t.Rows, line)
	}
	return t, nil
}

// fields are the members of a JSON object in their order.
func fields(row json.RawMessage) (order []string, values map[string]json.RawMessage, err error) {
	if err := json.Unmarshal(row, &values); err != nil {
		return nil, nil, err
	}
	d := json.NewDecoder(bytes.NewReader(row))
	if _, err := d.Token(); err != nil { // the opening brace
		return nil, nil, err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return nil, nil, err
		}
		order = append(order, fmt.Sprint(name))
	}
	return order, values, nil
}

// cell is a value as a person reads it: text bare, a list with commas, a node by
// its path, name or key, all else as JSON.
func cell(v json.RawMessage) string {
	var text string
	var list []json.RawMessage
	var object map[string]json.RawMessage
	switch {
	case len(v) == 0 || string(v) == "null":
		return ""
	case json.Unmarshal(v, &text) == nil:
		return text
	case json.Unmarshal(v, &list) == nil:
		parts := make([]string, len(list))
		for i, item := range list {
			parts[i] = cell(item)
		}
		return strings.Join(parts, ", ")
	case json.Unmarshal(v, &object) == nil:
		for _, name := range []string{"path", "name", "key"} {
			if s := cell(object[name]); s != "" {
				return s
			}
		}
	}
	return string(v)
}

func allNumbers(rows []json.RawMessage, name string) bool {
	for _, row := range rows {
		var values map[string]json.RawMessage
		var n json.Number
		if json.Unmarshal(row, &values) != nil || values[name] == nil {
			return false
		}
		if values[name][0] == '"' || json.Unmarshal(values[name], &n) != nil {
			return false
		}
	}
	return true
}
