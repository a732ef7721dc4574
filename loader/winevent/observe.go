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
)

// observer turns one kind of event into an observation.
type observer func(e *Event) (graph.Observation, error)

// short is a channel as messages name it.
var short = map[string]string{Sysmon: "sysmon", Security: "security", TaskScheduler: "taskscheduler"}

// Observe says what a wanted event says. An error means that the record lacks
// what it is about, and tells in a few words what that is.
func Observe(e *Event) (graph.Observation, error) {
	channel := canonical(e.Channel)
	observe := observerOf(channel, e.ID)
	if observe == nil {
		return nil, fmt.Errorf("%s %d %w", e.Channel, e.ID, ErrNotWanted)
	}
	o, err := observe(e)
	if err != nil {
		return nil, fmt.Errorf("%s %d %w", short[channel], e.ID, err)
	}
	return o, nil
}

func observerOf(channel string, id uint32) observer {
	switch channel {
	case Sysmon:
		switch id {
		case 1:
			return sysmonStarted
		case 3:
			return sysmonContacted
		case 5:
			return sysmonEnded
		case 22:
			return sysmonAsked
		}
	case Security:
		switch id {
		case 4688:
			return securityStarted
		case 4689:
			return securityEnded
		case 5156:
			return securityContacted
		case 4698, 4699, 4700, 4701, 4702:
			return securityChanged
		}
	case TaskScheduler:
		if _, ok := schedulerChanges[id]; ok {
			return schedulerChanged
		}
		if _, ok := schedulerStages[id]; ok {
			return schedulerRan
		}
	}
	return nil
}

// canonical is a channel as Windows spells it.
func canonical(channel string) string {
	for _, c := range []string{Sysmon, Security, TaskScheduler} {
		if strings.EqualFold(c, channel) {
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
