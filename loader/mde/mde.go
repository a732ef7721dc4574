// Package mde is what the rows of Microsoft Defender's advanced hunting say,
// whichever carrier brought them: the portal's CSV, the streaming API's lines, a
// Log Analytics export.
//
// It knows tables, columns and action types and nothing of files or databases.
// The columns are those of the public schema reference of Defender XDR (tables
// DeviceProcessEvents, DeviceNetworkEvents and so on). What a row says about the
// process that did something is as good as its own statement: each row describes
// that process and names its parent, so that one row of DeviceProcessEvents
// holds three generations.
package mde

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// The tables that are read.
const (
	ProcessEvents   = "DeviceProcessEvents"
	NetworkEvents   = "DeviceNetworkEvents"
	DeviceEvents    = "DeviceEvents"
	ImageLoadEvents = "DeviceImageLoadEvents"
	RegistryEvents  = "DeviceRegistryEvents"
	FileEvents      = "DeviceFileEvents"
	LogonEvents     = "DeviceLogonEvents"
)

// Row is one row of a table. Get gives the text of the column of that exact
// name: numbers in decimal, null and missing columns as "", a column that holds
// an object (AdditionalFields in some exports) as its JSON.
type Row interface{ Get(column string) string }

// Place is where a row was read.
type Place struct {
	Source  string // file, archive member or stream
	Ordinal uint64 // position in it, from 1; used where the row has no ReportId
	Host    string // the machine of rows that name none; "" where unknown
}

// Why a row that is wanted cannot be used; [Observe] wraps them with the table
// and the action.
var (
	ErrNoHost    = errors.New("names no device; load it with --host NAME")
	ErrNoTime    = errors.New("has no time that can be read")
	ErrNoProcess = errors.New("names no process")
	ErrNoTask    = errors.New("names no task")
	ErrNoQuery   = errors.New("names no DNS name")
	ErrBadExtra  = errors.New("holds AdditionalFields that are no JSON")
)

// Known says whether a row with these columns is one of advanced hunting: it has
// the three that its device tables share. Names are compared as they are, but
// for a byte order mark and what portals put behind them in brackets.
func Known(columns []string) bool {
	has := func(names ...string) bool {
		return slices.ContainsFunc(columns, func(c string) bool { return slices.Contains(names, plainColumn(c)) })
	}
	return has("ActionType") && has("Timestamp", "TimeGenerated") && has("DeviceName", "DeviceId")
}

// plainColumn is a column's name in the schema: Sentinel's portal writes
// "Timestamp [UTC]" and "Timestamp [Local Time]".
func plainColumn(name string) string {
	name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
	if i := strings.Index(name, " ["); i > 0 && strings.HasSuffix(name, "]") {
		return name[:i]
	}
	return name
}

// TableOf is the table that a category of the streaming API ("AdvancedHunting-…"),
// a Log Analytics type or a plain name stands for; "" where it is none. Tables
// that are not about devices are known by a category only.
func TableOf(name string) string {
	name, category := strings.CutPrefix(strings.TrimSpace(name), "AdvancedHunting-")
	if isWord(name) && (category || strings.HasPrefix(name, "Device")) {
		return strings.TrimSuffix(name, "_CL")
	}
	return ""
}

// observer says what a row of one table says. No observation and no error mean
// that its action is not wanted.
type observer func(r row) ([]graph.Observation, error)

var observers = map[string]observer{
	ProcessEvents:   processRow,
	NetworkEvents:   networkRow,
	DeviceEvents:    deviceRow,
	ImageLoadEvents: imageRow,
	RegistryEvents:  registryRow,
	FileEvents:      fileRow,
	LogonEvents:     logonRow,
}

// Observe says what a row of the table says: first its own statement, then what
// it tells in passing of the process that did it. The table may be "" where the
// carrier does not name it; then the row's own columns tell. A row that is not
// wanted gives no observation but the reason to count it under, such as
// "DeviceEvents/PowerShellCommand". An error says what the row lacks.
func Observe(table string, r Row, at Place) (said []graph.Observation, skipped string, err error) {
	action := strings.TrimSpace(r.Get("ActionType"))
	if table == "" {
		table = tableOfRow(r, action)
	}
	reason := skipReason(table, action)
	observe := observers[table]
	if observe == nil {
		return nil, reason, nil
	}
	said, err = observe(row{r: r, table: table, action: action, at: at})
	var skip skipError
	switch {
	case errors.As(err, &skip):
		return nil, reason + " " + string(skip), nil
	case err != nil:
		return nil, "", fmt.Errorf("%s %s %w", table, action, err)
	case len(said) == 0:
		return nil, reason, nil
	}
	return said, "", nil
}

// skipError is why a row of a wanted action is passed over: it is as it should
// be, and says nothing that can be used.
type skipError string

func (e skipError) Error() string { return string(e) }

const (
	withoutProcess = skipError("without process")
	withoutRemote  = skipError("without remote address")
	fromOutside    = skipError("from another machine")
	withoutSession = skipError("without logon session")
)

// skipReason is "table/action", in words that are Defender's own.
func skipReason(table, action string) string {
	if table == "" {
		table = "Defender"
	}
	switch {
	case action == "":
		return table
	case !isWord(action):
		return table + "/other"
	}
	return table + "/" + action
}

// isWord says whether s is one word of letters, digits and underscores, and not
// too long to count under.
func isWord(s string) bool {
	for _, c := range []byte(s) {
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != "" && len(s) <= 80
}

// tableOfRow tells the table of a row whose carrier does not: Log Analytics and
// queries over several tables write it into a column; else the action tells,
// since an action belongs to one table.
func tableOfRow(r Row, action string) string {
	for _, column := range []string{"Type", "TableName", "$table", "SourceTable"} {
		if table := TableOf(r.Get(column)); table != "" {
			return table
		}
	}
	action = strings.TrimSuffix(action, aggregated)
	switch {
	case action == "ProcessCreated":
		return ProcessEvents
	case strings.HasSuffix(action, "ConnectionInspected"), strings.HasPrefix(action, "Connection"),
		strings.HasPrefix(action, "InboundConnection"), strings.HasPrefix(action, "ListeningConnection"),
		action == "NetworkSignatureInspected", action == "InboundInternetScanInspected":
		return NetworkEvents
	case action == "ImageLoaded":
		return ImageLoadEvents
	case strings.HasPrefix(action, "RegistryKey"), strings.HasPrefix(action, "RegistryValue"):
		return RegistryEvents
	case action == "FileCreated", action == "FileModified", action == "FileDeleted", action == "FileRenamed":
		return FileEvents
	case strings.HasPrefix(action, "Logon"):
		return LogonEvents
	case changes[action] != "", action == "DnsQueryResponse", action == "NamedPipeEvent",
		action != "" && r.Get("InitiatingProcessId") != "":
		return DeviceEvents
	}
	return ""
}

// aggregated ends the action of a row that stands for many events of an hour:
// Defender's aggregated reporting.
const aggregated = "AggregatedReport"
