package taskxml

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Hash is the identity of what a definition does: of its actions, triggers,
// principal and settings, not of its date, author, address and description. A
// default that is written out is the same as one that is left out.
func (d *Definition) Hash() string {
	sum := sha256.Sum256([]byte(compact(struct {
		Actions   []Action
		Triggers  []Trigger
		Principal Principal
		Settings  Settings
	}{d.Actions, d.Triggers, d.Principal, d.Settings})))
	return hex.EncodeToString(sum[:])
}

// Commands is what the Exec actions run, each command with its arguments.
func (d *Definition) Commands() []string {
	var list []string
	for _, a := range d.Actions {
		if a.Kind == Exec {
			list = append(list, strings.TrimSpace(a.Command+" "+a.Arguments))
		}
	}
	return list
}

// ComHandlers is the class ids of the COM handlers.
func (d *Definition) ComHandlers() []string {
	var list []string
	for _, a := range d.Actions {
		if a.Kind == ComHandler {
			list = append(list, a.ClassID)
		}
	}
	return list
}

// ActionsJSON is the actions as one JSON array.
func (d *Definition) ActionsJSON() string { return compact(append([]Action{}, d.Actions...)) }

// TriggersJSON is the triggers as one JSON array.
func (d *Definition) TriggersJSON() string { return compact(append([]Trigger{}, d.Triggers...)) }

// Does is a short hash of what the definition does, in lower-case hex: of its
// actions, commands put together with their arguments. Definitions that say so
// in different places, or hold nothing else, can be compared by it.
func (d *Definition) Does() string {
	type action struct{ Kind, Text string }
	var list []action
	for _, a := range d.Actions {
		text := a.ClassID + " " + a.Data
		if a.Kind == Exec {
			text = a.Command + " " + a.Arguments
		}
		list = append(list, action{string(a.Kind), strings.Join(strings.Fields(text), " ")})
	}
	sum := sha256.Sum256([]byte(compact(list)))
	return hex.EncodeToString(sum[:8])
}

// Program is the definition of a task of which nothing is known but what it
// runs: all else has the schema's defaults.
func Program(command, arguments string) *Definition {
	return &Definition{
		Actions:   []Action{{Kind: Exec, Command: command, Arguments: arguments}},
		Principal: readPrincipal(nil, ""), Settings: readSettings(nil),
	}
}
