package eventjson

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

// The flat shape: the event's fields at the top, beside those of the log and
// of the collector. NXLog writes it, Mordor and Splunk's attack range got it
// from there, Log Analytics and home-made exports look alike.

func findFlat(d *doc, k *keys) (found, bool) {
	v := k.eventID
	switch {
	case v != 0:
	case k.beat6ID != 0:
		v = k.beat6ID
	case k.id != 0 && k.channel != 0: // PowerShell's Get-WinEvent
		v = k.id
	default:
		return found{}, false
	}
	id, ok := eventID(d, inner(d, v))
	if !ok {
		return found{}, false
	}
	f := found{id: id, channel: notNull(d, k.channel)}
	if f.channel != 0 && d.nodes[f.channel].kind != kindString {
		f.channel = 0
	}
	if f.channel == 0 {
		f.deduced = deduce(d, k.root, id)
	}
	return f, true
}

// deduce is the channel of a record that names none: its provider's, or the
// one whose fields it has. Only Sysmon writes UtcTime and ProcessGuid (EQL's
// exports keep nothing else), only Security audits name their subject.
func deduce(d *doc, root int, id uint32) string {
	provider := d.str(d.firstOf(root, "Provider", "ProviderName", "SourceName", "EventSourceName", "Source"))
	switch {
	case provider != "":
		return winevent.ChannelOf(provider)
	case (d.get(root, "UtcTime") != 0 || d.get(root, "ProcessGuid") != 0) && (id < 30 || id == 255):
		return winevent.Sysmon
	case id > 4600 && id < 6000 && (d.get(root, "SubjectUserSid") != 0 || d.get(root, "FilterRTID") != 0):
		return winevent.Security
	}
	return ""
}

func fillFlat(d *doc, f found, e *winevent.Event) error {
	r := f.root
	e.Provider = d.str(d.firstOf(r, "Provider", "ProviderName", "SourceName", "EventSourceName", "Source"))
	version, _ := d.number(d.firstOf(r, "Version"))
	e.Version = uint8(version)
	e.Computer = host(d, r, "Hostname", "Computer", "ComputerName", "computer_name", "DeviceName", "MachineName")
	e.RecordID, _ = d.number(d.firstOf(r, "EventRecordID", "RecordNumber", "EventRecordId", "RecordId", "record_number"))
	e.Activity = d.str(d.firstOf(r, "ActivityID", "ActivityId", "CorrelationActivityID"))
	flatClock(d, r, e)
	switch {
	case d.firstOf(r, "EventID", "EventId", "event_id") == 0:
		return fillGetWinEvent(d, r, e)
	case isVelociraptor(d, r):
		return velociraptorData(d, r, e)
	}

	service := "ExecutionProcessID"
	if d.get(r, service) == 0 && loggedByNXLog(d, r) {
		service = "ProcessID"
	}
	e.ExecPID = pid(d, d.get(r, service))
	err := add(d, r, e, "", func(name string) bool { return name == service || isEnvelope(name) })
	if err != nil {
		return err
	}
	if v := d.get(r, "EventType"); isOperation(d, v) {
		put(e, "EventType", d.str(v))
	}
	if err := add(d, r, e, "EventData.", nil); err != nil {
		return err
	}
	if v := d.get(r, "EventData"); v != 0 {
		return dumpData(d, v, e)
	}
	return nil
}

// isOperation says whether EventType is Sysmon's, which says what was done to a
// key, a value or a pipe, and not NXLog's, which is a severity.
func isOperation(d *doc, v int) bool {
	s := d.str(v)
	return strings.HasSuffix(s, "Key") || strings.HasSuffix(s, "Value") || strings.HasSuffix(s, "Pipe")
}

// loggedByNXLog says whether ProcessID is the logging service's: NXLog's
// im_msvistalog takes it from System/Execution, as a number, and what the event
// itself has under that name (5156, TaskScheduler 129) is lost. Other exports
// write the event's own there, as a string.
func loggedByNXLog(d *doc, r int) bool {
	v := d.get(r, "ProcessID")
	if v == 0 || d.nodes[v].kind != kindNumber {
		return false
	}
	return d.str(d.get(r, "SourceModuleType")) == "im_msvistalog" ||
		d.get(r, "RecordNumber") != 0 && d.get(r, "ThreadID") != 0
}

// flatClock reads the event's own time, and a second one that is true UTC where
// the first may be local time: NXLog's and Logstash's @timestamp is when the
// record came in, Log Analytics' TimeGenerated the same moment in true UTC.
func flatClock(d *doc, r int, e *winevent.Event) {
	created := d.firstOf(r, "TimeCreated")
	if created != 0 && d.nodes[created].kind == kindObject {
		created = d.firstOf(created, "SystemTime", "#attributes.SystemTime", "value")
	}
	own := false
	for _, v := range []int{d.firstOf(r, "EventTime"), created, d.firstOf(r, "SystemTime")} {
		trust := eventTimeTrust(d, r)
		if isDotNet(d.str(v)) {
			trust = graph.Honest
		}
		if own = clock(d, e, v, trust); own {
			break
		}
	}
	if own {
		t, hasZone, ok := parseTime(d.str(d.firstOf(r, "TimeGenerated", "@timestamp")))
		if ok && hasZone && !t.Equal(e.Time) {
			e.Received = t
		}
		return
	}
	// Azure's TimeGenerated and Sysmon's own UtcTime are UTC by definition.
	_ = clock(d, e, d.firstOf(r, "TimeGenerated"), graph.Honest) ||
		clock(d, e, d.firstOf(r, "UtcTime"), graph.Honest) ||
		clock(d, e, d.firstOf(r, "@timestamp", "Timestamp", "timestamp"), graph.Zoned)
}

// isEnvelope says whether a member of a flat record is the log's or the
// collector's and not the event's.
func isEnvelope(name string) bool {
	switch name {
	case "EventID", "EventId", "Channel", "EventLog", "LogName", "Hostname", "Computer", "ComputerName", "MachineName",
		"EventTime", "TimeCreated", "SystemTime", "TimeGenerated", "EventReceivedTime", "@timestamp", "@version",
		"EventRecordID", "EventRecordId", "RecordNumber", "RecordId", "ThreadID", "ExecutionThreadID", "ExecutionProcessID",
		"Keywords", "SeverityValue", "Severity", "EventType", "SourceName", "EventSourceName", "Provider", "ProviderName",
		"ProviderGuid", "ProviderId", "Version", "Task", "TaskDisplayName", "Opcode", "OpcodeValue", "OpcodeDisplayName",
		"Level", "LevelDisplayName", "EventLevel", "EventLevelName", "Category", "ActivityID", "RelatedActivityID",
		"Message", "message", "RenderedDescription", "SourceModuleName", "SourceModuleType", "port", "host", "tags", "type",
		"TenantId", "SourceSystem", "ManagementGroupName", "EventOriginId", "Type", "_ResourceId", "EventData", "Source",
		"UserID", "Domain", "AccountName", "AccountType":
		return true
	}
	return false
}

// textData reads EventData that was kept as text: the log's XML, or JSON.
func textData(d *doc, v int, e *winevent.Event) error {
	text := strings.TrimSpace(d.str(v))
	switch {
	case strings.HasPrefix(text, "<"):
		return xmlData(text, e)
	case strings.HasPrefix(text, "{"):
		var t tape
		b := []byte(text)
		if _, err := t.parse(b); err != nil {
			return errors.New("EventData holds JSON that is damaged")
		}
		inner := doc{b: b, nodes: t.nodes}
		return add(&inner, 0, e, "", nil)
	}
	return nil
}

// xmlData reads <EventData><Data Name="Image">…</Data>…</EventData>.
func xmlData(text string, e *winevent.Event) error {
	dec := xml.NewDecoder(strings.NewReader(text))
	dec.Strict = false
	// The text is UTF-8 by now, whatever its header says.
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	name := ""
	var value bytes.Buffer
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.New("EventData holds XML that is damaged")
		}
		switch t := token.(type) {
		case xml.StartElement:
			name = ""
			value.Reset()
			for _, a := range t.Attr {
				if t.Name.Local == "Data" && a.Name.Local == "Name" {
					name = a.Value
				}
			}
		case xml.CharData:
			if name != "" {
				value.Write(t)
			}
		case xml.EndElement:
			if name != "" {
				put(e, name, value.String())
			}
			name = ""
		}
	}
}
