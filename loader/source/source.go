// Package source reads telemetry of any carrier: it walks folders, opens
// containers, tells formats by their content and hands every record to a sink.
//
// The rule it keeps: each record of the input is told to the sink exactly once,
// as an observation, as skipped or as rejected, and damage never costs what was
// read before it. Formats are never told by a file's name, because names lie:
// there are gzip files called .json and folders called .Zip.
package source

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/loader/source/eventjson"
	"github.com/taskroot/taskroot/loader/source/eventxml"
	"github.com/taskroot/taskroot/loader/source/evtx"
	"github.com/taskroot/taskroot/loader/source/inventory"
	"github.com/taskroot/taskroot/loader/source/netlog"
	"github.com/taskroot/taskroot/loader/source/table"
)

// Options is what the input itself cannot say.
type Options struct {
	// Host is the machine of records that name none; "" rejects them.
	Host string
	// TempDir is where archives inside archives or streams are unpacked to; ""
	// is the system's.
	TempDir string
	// Mappings say what the columns of tables hold that have no known header;
	// those of a file that lies beside a table are found by its name.
	Mappings []*table.Mapping
}

// Stdin is the path that stands for standard input.
const Stdin = "-"

// Read reads all paths, files and folders, in the order given and folders in
// the order of their names, and tells the sink what they hold. A path that does
// not exist is an error before anything is read; one that cannot be opened is
// rejected and reading goes on. Reading stops at the sink's first error and
// when the context ends.
func Read(ctx context.Context, paths []string, stdin io.Reader, opt Options, sink Sink) error {
	for _, path := range paths {
		if path == Stdin {
			continue
		}
		if _, err := os.Stat(path); err != nil && !errors.Is(err, fs.ErrPermission) {
			return fault.Wrap(fault.Invalid, err, "there is no file or folder %s", path).
				WithHint("check the spelling; nothing was read")
		}
	}
	beside, err := findMappings(paths)
	if err != nil {
		return err
	}
	w := &walker{sink: sink, opt: opt, formats: formats(), skipped: map[channelID]int{}, mappings: beside}
	for _, path := range paths {
		var err error
		if path == Stdin {
			w.outer = ""
			err = w.outermost(ctx, item{name: "stdin", r: stdin, size: -1, written: time.Now().UTC()})
		} else {
			err = w.path(ctx, path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// format is a way of writing telemetry, or of wrapping what holds it.
type format struct {
	name  string
	help  string
	sniff func(head []byte) bool // by the first bytes, up to headSize of them
	read  func(ctx context.Context, w *walker, it item) error
	grows func(head []byte) Growth // nil: it is read whole, once
	// header is how many bytes at a file's start each part of it needs in front;
	// nil is none. Only for what grows by lines.
	header func(head []byte) int
}

// headSize is how much of a file formats are told by. A tar header is 512
// bytes; the rest is for text that says late what it is.
const headSize = 16 << 10

// formats is all that can be read; the first that knows the head has it.
func formats() []format {
	return []format{
		{name: "evtx", help: "Windows event log files and chunks of them", sniff: isEVTX, read: readEVTX, grows: growsAsLog},
		{name: "gzip", help: "one compressed file", sniff: hasPrefix("\x1f\x8b"), read: readGzip},
		{name: "zip", help: "an archive", sniff: isZip, read: readZip},
		{name: "zstd", help: "one compressed file", sniff: hasPrefix("\x28\xb5\x2f\xfd"), read: readZstd},
		{name: "bzip2", help: "one compressed file", sniff: isBzip2, read: readBzip2},
		{name: "tar", help: "an archive", sniff: isTar, read: readTar},
		{name: "utf-16", help: "text of two-byte characters, with or without its mark", sniff: isUTF16, read: readUTF16},
		{name: "inventory", help: "scheduled tasks: their files, schtasks, Get-ScheduledTask as JSON, TaskCache", sniff: inventory.Sniff, read: readInventory},
		{name: "network log", help: "Zeek's conn, dns, ssl and http logs; Squid's and W3C proxy logs", sniff: netlog.Sniff, read: readNetlog, grows: growsByLine, header: netlogHeader},
		{name: "event xml", help: "events as wevtutil, Event Viewer, PowerShell, Splunk and evtx_dump write them as XML", sniff: eventxml.Sniff, read: readXML},
		{name: "json", help: "events as lines, arrays or single objects; reject files", sniff: eventjson.Sniff, read: readJSON, grows: growthOfJSON},
		{name: "table", help: "CSV and the like, by header or mapping file", sniff: table.Sniff, read: readTable, grows: growsByLine, header: tableHeader},
	}
}

func hasPrefix(magic string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }
}

// evtxHeader is where a log's first chunk begins.
const evtxHeader = 4096

// isEVTX also knows a log whose header is damaged, by its first chunk.
func isEVTX(head []byte) bool {
	return evtx.Sniff(head) || len(head) > evtxHeader && evtx.Sniff(head[evtxHeader:])
}
