package winevent

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// Why a wanted event cannot be used; [Observe] wraps them with the event's name.
var (
	ErrNotWanted   = errors.New("is not an event that is read")
	ErrNoProcess   = errors.New("names no process")
	ErrNoTask      = errors.New("names no task")
	ErrNoRemote    = errors.New("names no remote address")
	ErrNoDirection = errors.New("does not say who opened the connection")
	ErrNoQuery     = errors.New("names no DNS name")
	ErrNoObject    = errors.New("names no registry key")
	ErrNoFile      = errors.New("names no file")
	ErrNoModule    = errors.New("names no module")
	ErrNoPipe      = errors.New("names no pipe")
	ErrNoShare     = errors.New("names no share")
	ErrNoLogon     = errors.New("names no logon session")
	ErrNoAccount   = errors.New("names no account")
	ErrNoAttribute = errors.New("names no attribute")
	ErrNoOperation = errors.New("does not say what was done")
)

// ErrOfNoUse is what [Observe] says of a record that was read, that is sound, and
// that has nothing to do with tasks: most of the registry, of the file system
// and of the modules. It is counted as skipped.
var ErrOfNoUse = errors.New("is not about tasks")

// observer turns one kind of event into an observation.
type observer func(e *Event) (graph.Observation, error)

// short is a channel as messages name it.
var short = map[string]string{Sysmon: "sysmon", Security: "security", TaskScheduler: "taskscheduler", System: "system"}

// Observe says what a wanted event says. [ErrOfNoUse], as it is, means nothing
// that concerns tasks; any other error means that the record lacks what it is
// about, and tells in a few words what that is.
func Observe(e *Event) (graph.Observation, error) {
	observe := observerOf(e.Channel, e.ID)
	if observe == nil {
		return nil, fmt.Errorf("%s %d %w", e.Channel, e.ID, ErrNotWanted)
	}
	o, err := observe(e)
	switch {
	case err == nil:
		return o, nil
	case errors.Is(err, ErrOfNoUse):
		return nil, ErrOfNoUse
	}
	return nil, fmt.Errorf("%s %d %w", short[canonical(e.Channel)], e.ID, err)
}

// Missing is what an event says of records that the log passed over before it.
func Missing(e *Event) []graph.Observation {
	if len(e.Missing) == 0 && !e.MissingMore {
		return nil
	}
	h := header(e)
	var out []graph.Observation
	for _, r := range e.Missing {
		out = append(out, &graph.RecordsMissing{Header: h, Log: canonical(e.Channel), From: r.From, To: r.To})
	}
	if e.MissingMore {
		out = append(out, &graph.RecordsMissing{Header: h, Log: canonical(e.Channel), More: true})
	}
	return out
}

var sysmonObservers = map[uint32]observer{
	1: sysmonStarted, 3: sysmonContacted, 5: sysmonEnded, 7: sysmonLoaded, 8: sysmonInjected, 10: sysmonInjected,
	11: sysmonFile, 12: sysmonRegistry, 13: sysmonRegistry, 14: sysmonRegistry, 17: sysmonPipe, 18: sysmonPipe,
	22: sysmonAsked, 23: sysmonFile, 26: sysmonFile,
}

var securityObservers = map[uint32]observer{
	1102: logCleared, 4624: loggedOn, 4648: usedCredentials, 4657: securityRegistry,
	4688: securityStarted, 4689: securityEnded, 5136: policyChanged, 5140: shareOpened, 5145: shareOpened, 5156: securityContacted,
	4698: securityChanged, 4699: securityChanged, 4700: securityChanged, 4701: securityChanged, 4702: securityChanged,
}

// observerOf is what reads an event; nil where nothing does.
func observerOf(channel string, id uint32) observer {
	switch canonical(channel) {
	case Sysmon:
		return sysmonObservers[id]
	case Security:
		return securityObservers[id]
	case System:
		if id == 104 {
			return logCleared
		}
	case TaskScheduler:
		if _, ok := schedulerChanges[id]; ok {
			return schedulerChanged
		}
		if _, ok := schedulerStages[id]; ok {
			return schedulerRan
		}
		if id == 719 {
			return logDisabled
		}
	}
	return nil
}

// canonical is a channel as Windows spells it.
func canonical(channel string) string {
	for _, c := range [...]string{Sysmon, Security, TaskScheduler, System} {
		if c == channel || len(c) == len(channel) && strings.EqualFold(c, channel) {
			return c
		}
	}
	return channel
}

// header is what all observations of an event share.
func header(e *Event) graph.Header {
	channel := canonical(e.Channel)
	h := graph.Header{
		Host:     graph.HostKey(e.Computer),
		HostName: e.Computer,
		Clock:    graph.Clock{Claimed: e.Time, Trust: e.Trust, Received: e.Received},
		Evidence: graph.Evidence{
			Source: e.Source, Channel: channel, Record: e.RecordID, EventID: e.ID, Time: e.Time,
		},
	}
	if e.RecordID == 0 {
		h.Evidence.Record = e.Ordinal
	}
	switch channel {
	case Sysmon:
		h.Clock.UTC = sysmonUTC(e)
	case TaskScheduler:
		h.SchedulerPID = e.ExecPID
	}
	return h
}

// maxClockLie is how far a written time can be from the true one by zones (14
// hours at most) and a lost AM or PM (12 more).
const maxClockLie = 27 * time.Hour

// sysmonUTC is the true UTC that a Sysmon record holds. Connections and DNS
// questions are stamped by another clock, which can be days off after a virtual
// machine slept: far from the claimed time it says nothing.
func sysmonUTC(e *Event) time.Time {
	at, ok := utcTime(e.Get("UtcTime"))
	if !ok && e.ID == 1 {
		at, _ = graph.GUIDTime(first(e, "ProcessGuid", "ProcessGUID"))
	}
	if e.ID == 1 || e.ID == 5 || e.Time.IsZero() {
		return at
	}
	if d := at.Sub(e.Time); d > maxClockLie || d < -maxClockLie {
		return time.Time{}
	}
	return at
}

func utcTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{"2006-01-02 15:04:05.999999999", time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
