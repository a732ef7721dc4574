package table

import (
	"bytes"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/taskroot/taskroot/loader/mde"
)

// column is one column of a file.
type column struct {
	name string         // without the portal's zone suffix
	zone *time.Location // of the times in it where the header says it; nil where not
	// local says that the header calls its times local, without saying where.
	local bool
}

// header is what a file's first row says.
type header struct {
	columns []column
	at      map[string]int // by name; the first of that name
	raw     []byte         // as written, to keep with rejected rows
	comma   byte
}

func (h *header) has(name string) bool { _, ok := h.at[name]; return ok }

func (h *header) names() []string {
	names := make([]string, len(h.columns))
	for i, c := range h.columns {
		names[i] = c.name
	}
	return names
}

// value is a row's value in the column of that name, "" where there is none.
func (h *header) value(fields []string, name string) string {
	if i, ok := h.at[name]; ok && i < len(fields) {
		return fields[i]
	}
	return ""
}

// synonyms are names that tools give to columns which have another name
// elsewhere: Excel's and Event Viewer's with spaces, Splunk's.
var synonyms = map[string]string{
	"Event ID": "EventID", "EventCode": "EventID", "Event Id": "EventID", "_time": "@timestamp",
	"Computer Name": "ComputerName", "Date and Time": "EventTime", "Log Name": "LogName",
}

// newHeader reads a first row. The portal of Sentinel writes times in the zone
// that its user chose and puts that behind the name: TimeGenerated [UTC].
func newHeader(fields []string, raw []byte, comma byte) *header {
	h := &header{at: make(map[string]int, len(fields)), raw: bytes.Clone(raw), comma: comma}
	for i, name := range fields {
		c := column{name: strings.TrimSpace(name)}
		if base, suffix, ok := strings.Cut(c.name, " ["); ok && strings.HasSuffix(suffix, "]") {
			suffix = strings.TrimSuffix(suffix, "]")
			zone, err := zoneOf(suffix)
			switch {
			case err == nil:
				c.name, c.zone = base, zone
			case strings.Contains(strings.ToLower(suffix), "local"):
				c.name, c.local = base, true
			}
		}
		if full, ok := synonyms[c.name]; ok && !slices.Contains(fields, full) {
			c.name = full
		}
		h.columns = append(h.columns, c)
		if _, ok := h.at[c.name]; !ok && c.name != "" {
			h.at[c.name] = i
		}
	}
	return h
}

const bom = "\xEF\xBB\xBF"

// preamble says whether a line stands before the header: Excel's own separator
// line, or PowerShell's type line. Comma is the separator that it names, or 0.
func preamble(line []byte) (comma byte, ok bool) {
	line = bytes.TrimRight(bytes.TrimPrefix(line, []byte(bom)), "\r")
	if rest, ok := bytes.CutPrefix(line, []byte("sep=")); ok && len(rest) == 1 {
		return rest[0], true
	}
	return 0, bytes.HasPrefix(line, []byte("#TYPE ")) || len(bytes.TrimSpace(line)) == 0
}

// separator is the one that cuts a header into the most columns.
func separator(line []byte) byte {
	best, most := byte(','), 0
	for _, comma := range []byte{',', '\t', ';', '|'} {
		var s splitter
		s.begin(comma)
		if s.line(line) == whole && len(s.ends) > most {
			best, most = comma, len(s.ends)
		}
	}
	return best
}

// headerOf reads the header that a file begins with. Rest is what follows it.
func headerOf(head []byte) (h *header, rest []byte) {
	head = bytes.TrimPrefix(head, []byte(bom))
	var comma byte
	for {
		line, after, found := bytes.Cut(head, []byte("\n"))
		named, before := preamble(line)
		if before && found {
			head = after
			if named != 0 {
				comma = named
			}
			continue
		}
		if comma == 0 {
			comma = separator(line)
		}
		var s splitter
		s.begin(comma)
		if s.line(line) != whole {
			return nil, nil
		}
		return newHeader(s.fields(), bytes.TrimRight(line, "\r"), comma), after
	}
}

// Sniff says whether head, the start of a file, is the start of a table with a
// header: its first line is one that is known, or is three names or more, or
// two where the next line has two values as well.
func Sniff(head []byte) bool {
	h, rest := headerOf(head)
	if h == nil || len(h.columns) < 2 {
		return false
	}
	if kindOf(h) != unknownKind {
		return true
	}
	for i, c := range h.columns {
		if !isName(c.name) && (c.name != "" || i > 0 && i < len(h.columns)-1) {
			return false
		}
	}
	if len(h.columns) > 2 {
		return true
	}
	line, _, found := bytes.Cut(rest, []byte("\n"))
	var s splitter
	s.begin(h.comma)
	return found && s.line(line) == whole && len(s.ends) == 2
}

// isName says whether a header's field looks like the name of a column rather
// than like a value or a piece of prose.
func isName(s string) bool {
	if s == "" || len(s) > 128 || strings.Count(s, " ") > 4 {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s)
	if !unicode.IsLetter(first) && first != '_' && first != '@' && first != '#' {
		return false
	}
	return !strings.ContainsFunc(s, unicode.IsControl)
}

// kind is how a file's rows are read.
type kind uint8

const (
	unknownKind  kind = iota
	eventRows         // an event's fields by name
	messageRows       // PowerShell's Get-WinEvent: all values are in the message
	viewerRows        // Event Viewer's own export: as above, and no host
	defenderRows      // Defender's advanced hunting
)

// kindOf tells a file by its header.
func kindOf(h *header) kind {
	any := func(names ...string) bool { return slices.ContainsFunc(names, h.has) }
	switch {
	case mde.Known(h.names()):
		return defenderRows
	case isViewer(h):
		return viewerRows
	case h.has("Message") && any(messageIDs...) && any(messageTimes...) &&
		(any(messageLogs...) || any(messageProviders...)) && !holdsValues(h):
		return messageRows
	case any("EventID", "EventId", "event_id", "winlog.event_id", "event.code") &&
		any("TimeGenerated", "TimeCreated", "EventTime", "SystemTime", "UtcTime", "@timestamp", "Timestamp", "timestamp"):
		return eventRows
	}
	return unknownKind
}
