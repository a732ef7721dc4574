// Package taskxml reads the definitions of scheduled tasks: the XML that the
// Task Scheduler stores and that Windows logs when a task is made or changed.
//
// Times and durations are kept as written; nothing outside the text is read.
package taskxml

import (
	"errors"
	"fmt"
	"strings"
)

// Definition is one version of what a task does. What the XML leaves out has
// the value that the schema gives it.
type Definition struct {
	URI                string
	Author             string
	Date               string
	Description        string
	Source             string
	SecurityDescriptor string
	Actions            []Action
	Triggers           []Trigger
	Principal          Principal
	Settings           Settings
}

// ActionKind is the kind of an action.
type ActionKind string

// The kinds of actions.
const (
	Exec        ActionKind = "exec"
	ComHandler  ActionKind = "comHandler"
	SendEmail   ActionKind = "sendEmail"
	ShowMessage ActionKind = "showMessage"
)

// Action is one thing that a task does when it runs.
type Action struct {
	Kind             ActionKind `json:"kind"`
	Command          string     `json:"command,omitempty"`
	Arguments        string     `json:"arguments,omitempty"`
	WorkingDirectory string     `json:"workingDirectory,omitempty"`
	// ClassID is the handler's class, upper case without braces.
	ClassID string `json:"classId,omitempty"`
	// Data is what a COM handler is given; of an e-mail or a message, its parts
	// as "name: value" lines.
	Data string `json:"data,omitempty"`
}

// TriggerKind is the kind of a trigger: one of those below or, for kinds that
// came after the documented ones, the element's name.
type TriggerKind string

// The kinds of triggers.
const (
	Time         TriggerKind = "time"
	Calendar     TriggerKind = "calendar"
	Boot         TriggerKind = "boot"
	Logon        TriggerKind = "logon"
	Idle         TriggerKind = "idle"
	Event        TriggerKind = "event"
	Registration TriggerKind = "registration"
	SessionState TriggerKind = "sessionState"
)

// Trigger is one thing that starts a task.
type Trigger struct {
	Kind          TriggerKind `json:"kind"`
	Enabled       bool        `json:"enabled"`
	StartBoundary string      `json:"startBoundary,omitempty"`
	EndBoundary   string      `json:"endBoundary,omitempty"`
	Interval      string      `json:"interval,omitempty"` // of the repetition
	Duration      string      `json:"duration,omitempty"` // of the repetition
	// Schedule says in words when a calendar trigger fires ("weekly every 2 on
	// Monday,Friday"), or what change of state another one waits for.
	Schedule     string `json:"schedule,omitempty"`
	Subscription string `json:"subscription,omitempty"` // an event trigger's query
	UserID       string `json:"userId,omitempty"`
	Delay        string `json:"delay,omitempty"`
	RandomDelay  string `json:"randomDelay,omitempty"`
}

// Principal is the account that a task runs as.
type Principal struct {
	ID        string `json:"id,omitempty"`
	UserID    string `json:"userId,omitempty"`
	GroupID   string `json:"groupId,omitempty"`
	LogonType string `json:"logonType,omitempty"`
	RunLevel  string `json:"runLevel"`
}

// Settings says how a task may run.
type Settings struct {
	Enabled                    bool   `json:"enabled"`
	Hidden                     bool   `json:"hidden"`
	AllowStartOnDemand         bool   `json:"allowStartOnDemand"`
	AllowHardTerminate         bool   `json:"allowHardTerminate"`
	StartWhenAvailable         bool   `json:"startWhenAvailable"`
	WakeToRun                  bool   `json:"wakeToRun"`
	RunOnlyIfIdle              bool   `json:"runOnlyIfIdle"`
	RunOnlyIfNetworkAvailable  bool   `json:"runOnlyIfNetworkAvailable"`
	DisallowStartIfOnBatteries bool   `json:"disallowStartIfOnBatteries"`
	StopIfGoingOnBatteries     bool   `json:"stopIfGoingOnBatteries"`
	DeleteExpiredTaskAfter     string `json:"deleteExpiredTaskAfter,omitempty"`
	ExecutionTimeLimit         string `json:"executionTimeLimit,omitempty"`
	MultipleInstancesPolicy    string `json:"multipleInstancesPolicy,omitempty"`
	Priority                   string `json:"priority,omitempty"`
	RestartInterval            string `json:"restartInterval,omitempty"`
	RestartCount               string `json:"restartCount,omitempty"`
}

// What a definition may be at most; real ones are a few kilobytes, and the
// Task Scheduler itself allows 32 actions and 48 triggers.
const (
	maxSize  = 4 << 20
	maxDepth = 64
	maxNodes = 100_000
)

// Errors that [Parse] wraps.
var (
	ErrEmpty   = errors.New("task definition is empty")
	ErrTooBig  = errors.New("task definition is too big or too deep")
	ErrNotTask = errors.New("not a task definition")
)

// Parse reads a definition. It takes the text as logs hold it: with a prologue
// that claims UTF-16, a byte order mark, HTML-escaped as a whole, with or
// without name space, with parts missing.
func Parse(xml string) (*Definition, error) {
	if len(xml) > maxSize {
		return nil, fmt.Errorf("%d bytes: %w", len(xml), ErrTooBig)
	}
	text := plain(xml)
	if text == "" {
		return nil, ErrEmpty
	}
	root, err := parseTree(text)
	if err != nil {
		return nil, err
	}
	if root.name != "Task" {
		return nil, fmt.Errorf("root element %q: %w", root.name, ErrNotTask)
	}
	info := root.child("RegistrationInfo")
	actions := root.child("Actions")
	return &Definition{
		URI:                info.text("URI"),
		Author:             info.text("Author"),
		Date:               info.text("Date"),
		Description:        info.text("Description"),
		Source:             info.text("Source"),
		SecurityDescriptor: info.text("SecurityDescriptor"),
		Actions:            readActions(actions),
		Triggers:           readTriggers(root.child("Triggers")),
		Principal:          readPrincipal(root.child("Principals"), actions.attr("Context")),
		Settings:           readSettings(root.child("Settings")),
	}, nil
}

// readPrincipal is the principal that the actions name, else the first.
func readPrincipal(principals *node, context string) Principal {
	var chosen *node
	for _, p := range principals.children("Principal") {
		if chosen == nil || (context != "" && p.attr("id") == context) {
			chosen = p
			if p.attr("id") == context {
				break
			}
		}
	}
	return Principal{
		ID:        chosen.attr("id"),
		UserID:    chosen.text("UserId"),
		GroupID:   chosen.text("GroupId"),
		LogonType: chosen.text("LogonType"),
		RunLevel:  or(chosen.text("RunLevel"), "LeastPrivilege"),
	}
}

func readSettings(n *node) Settings {
	restart := n.child("RestartOnFailure")
	return Settings{
		Enabled:                    n.flag("Enabled", true),
		Hidden:                     n.flag("Hidden", false),
		AllowStartOnDemand:         n.flag("AllowStartOnDemand", true),
		AllowHardTerminate:         n.flag("AllowHardTerminate", true),
		StartWhenAvailable:         n.flag("StartWhenAvailable", false),
		WakeToRun:                  n.flag("WakeToRun", false),
		RunOnlyIfIdle:              n.flag("RunOnlyIfIdle", false),
		RunOnlyIfNetworkAvailable:  n.flag("RunOnlyIfNetworkAvailable", false),
		DisallowStartIfOnBatteries: n.flag("DisallowStartIfOnBatteries", true),
		StopIfGoingOnBatteries:     n.flag("StopIfGoingOnBatteries", true),
		DeleteExpiredTaskAfter:     n.text("DeleteExpiredTaskAfter"),
		ExecutionTimeLimit:         or(n.text("ExecutionTimeLimit"), "PT72H"),
		MultipleInstancesPolicy:    or(n.text("MultipleInstancesPolicy"), "IgnoreNew"),
		Priority:                   or(n.text("Priority"), "7"),
		RestartInterval:            restart.text("Interval"),
		RestartCount:               restart.text("Count"),
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// join is the values that are there, with a comma between.
func join(values []string) string { return strings.Join(values, ",") }
