package table

import (
	"regexp"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source/eventjson"
	"github.com/taskroot/taskroot/loader/winevent"
)

// events reads rows whose columns are an event's fields: Log Analytics and
// Sentinel (SecurityEvent, Event), Kibana and Security Onion with the dotted
// names of ECS, Splunk, and home-made exports. The names are those of the same
// tool's JSON, so the rows go the same way.
type events struct {
	r       *reader
	rows    *eventjson.Rows
	members []eventjson.Member
	naive   time.Time // the row's @timestamp where it says no zone
	beat    bool      // columns have the dotted names of ECS
	channel bool      // a column names the channel or the provider
}

func newEvents(r *reader) *events {
	e := &events{r: r}
	opt := eventjson.Options{Host: r.opt.Host, Want: r.opt.Want}
	e.rows = eventjson.NewRows(r.name, opt, e)
	for _, c := range r.head.columns {
		e.beat = e.beat || strings.HasPrefix(c.name, "winlog.") || c.name == "event.code"
		switch c.name {
		case "Channel", "channel", "EventLog", "LogName", "log_name", "Provider", "ProviderName", "SourceName",
			"EventSourceName", "Source", "source_name", "winlog.channel", "winlog.provider_name", "event.provider":
			e.channel = true
		}
	}
	return e
}

// timeColumns are those that eventjson takes an event's time from.
var timeColumns = map[string]bool{
	"TimeGenerated": true, "TimeCreated": true, "EventTime": true, "SystemTime": true,
	"@timestamp": true, "Timestamp": true, "timestamp": true,
}

// grouped is a number as Kibana writes it for people.
var grouped = regexp.MustCompile(`^\d{1,3}(,\d{3})+$`)

func (e *events) row(r *reader) error {
	e.members, e.naive = e.members[:0], time.Time{}
	for i, c := range r.head.columns {
		value := r.row.fields[i]
		if trimmed := strings.TrimSpace(value); c.name == "" || trimmed == "" || trimmed == "-" {
			continue
		}
		if timeColumns[c.name] {
			name, text, err := e.time(c, value)
			if err != nil {
				return r.reject(BadRecord, c.name+" "+err.Error())
			}
			e.members = append(e.members, eventjson.Member{Name: name, Value: text})
			continue
		}
		if e.beat && grouped.MatchString(value) {
			value = strings.ReplaceAll(value, ",", "")
		}
		e.members = append(e.members, eventjson.Member{Name: c.name, Value: value})
	}
	e.complete(r)
	return e.rows.Read(r.number, e.members)
}

// time brings a time into one form. The portal's local times get the name of
// a log's own local time, as those of TimeGenerated are taken to be UTC.
func (e *events) time(c column, value string) (name, text string, err error) {
	at, zoned, err := parseTime(value)
	switch {
	case err != nil:
		return "", "", err
	case c.zone != nil && !zoned:
		at, zoned = inZone(at, c.zone), true
	}
	if zoned && c.local && !e.r.head.has("EventTime") {
		return "EventTime", at.Format(time.RFC3339Nano), nil
	}
	if zoned {
		return c.name, at.Format(time.RFC3339Nano), nil
	}
	name = c.name
	if c.local && !e.r.head.has("EventTime") {
		name = "EventTime"
	}
	if c.local || name == "@timestamp" {
		e.naive = at
	}
	return name, at.Format("2006-01-02 15:04:05.999999999"), nil
}

// complete adds what the columns say in another way than JSON would.
func (e *events) complete(r *reader) {
	add := func(name, value string) {
		if value != "" && value != "-" {
			e.members = append(e.members, eventjson.Member{Name: name, Value: value})
		}
	}
	if !e.channel {
		name := "Channel"
		if e.beat {
			name = "winlog.channel"
		}
		add(name, deduced(r))
	}
	if !e.beat {
		return
	}
	if !r.head.has("winlog.computer_name") {
		for _, name := range []string{"host.name", "host.hostname", "agent.name", "agent.hostname"} {
			if host := r.head.value(r.row.fields, name); host != "" && host != "-" {
				add("winlog.computer_name", host)
				break
			}
		}
	}
	if !r.head.has("winlog.event_data.QueryResults") { // Kibana writes a list as a, b
		add("winlog.event_data.QueryResults",
			strings.ReplaceAll(strings.ReplaceAll(r.head.value(r.row.fields, "dns.resolved_ip"), " ", ""), ",", ";"))
	}
}

// deduced is the channel of a row whose file names neither channel nor
// provider, by what only events of that channel have; "" leaves it to the
// fields that a JSON record is told by.
func deduced(r *reader) string {
	dataset := strings.ToLower(r.head.value(r.row.fields, "event.dataset") + " " + r.head.value(r.row.fields, "event.module"))
	switch {
	case strings.Contains(dataset, "sysmon"):
		return winevent.Sysmon
	case strings.Contains(dataset, "security"):
		return winevent.Security
	case r.head.has("NewProcessName") || r.head.has("SubjectUserSid") || r.head.has("SubjectUserName"):
		return winevent.Security
	}
	return ""
}

// Event implements [eventjson.Handler].
func (e *events) Event(ev *winevent.Event, _ eventjson.Record) error {
	if ev.Trust != graph.Naive && ev.Time.Equal(e.naive) {
		ev.Trust = graph.Naive // Kibana and portals show the viewer's own zone
	}
	return e.r.h.Event(ev, e.r.record())
}

// Said implements [eventjson.Handler].
func (e *events) Said(first graph.Observation, further []graph.Observation, _ eventjson.Record) error {
	return e.r.h.Observation(first, further...)
}

// Skipped implements [eventjson.Handler].
func (e *events) Skipped(channel string, id uint32, n int) error {
	return e.r.h.Skipped(channel, id, n)
}

// Passed implements [eventjson.Handler].
func (e *events) Passed(reason string) error { return e.r.h.Passed(reason) }

// Rejected implements [eventjson.Handler].
func (e *events) Rejected(b eventjson.Bad) error { return e.r.reject(b.Reason, b.Detail) }

// Reject implements [eventjson.Handler]; a row is no line of a reject file.
func (e *events) Reject(eventjson.Inner) error {
	return e.r.reject(BadRecord, "holds a line of a reject file")
}
