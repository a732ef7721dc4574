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

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/loader/source/eventjson"
	"github.com/taskroot/taskroot/loader/source/eventxml"
	"github.com/taskroot/taskroot/loader/source/evtx"
)

// Options is what the input itself cannot say.
type Options struct {
	// Host is the machine of records that name none; "" rejects them.
	Host string
	// TempDir is where archives inside archives or streams are unpacked to; ""
	// is the system's.
	TempDir string
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
	w := &walker{sink: sink, opt: opt, formats: formats(), skipped: map[channelID]int{}}
	for _, path := range paths {
		var err error
		if path == Stdin {
			err = w.outermost(ctx, item{name: "stdin", r: stdin, size: -1})
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
}

// headSize is how much of a file formats are told by. A tar header is 512
// bytes; the rest is for text that says late what it is.
const headSize = 16 << 10

// formats is all that can be read; the first that knows the head has it.
func formats() []format {
	return []format{
		{"evtx", "Windows event log files and chunks of them", isEVTX, readEVTX},
		{"gzip", "one compressed file", hasPrefix("\x1f\x8b"), readGzip},
		{"zip", "an archive", isZip, readZip},
		{"zstd", "one compressed file", hasPrefix("\x28\xb5\x2f\xfd"), readZstd},
		{"bzip2", "one compressed file", isBzip2, readBzip2},
		{"tar", "an archive", isTar, readTar},
		{"utf-16", "text of two-byte characters, with or without its mark", isUTF16, readUTF16},
		{"event xml", "events as wevtutil, Event Viewer, PowerShell, Splunk and evtx_dump write them as XML", eventxml.Sniff, readXML},
		{"json", "events as lines, arrays or single objects; reject files", eventjson.Sniff, readJSON},
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
