// Package inventory reads scheduled tasks as they stand on a machine: files of
// System32\Tasks, what schtasks and the ScheduledTasks module of PowerShell
// print, and the registry's TaskCache as text.
//
// An inventory names neither its host nor its time; the caller says both. What
// has no task XML gets one made from what it has, so that all else sees one
// kind of definition.
package inventory

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/taskxml"
)

// Channel is what evidence from an inventory has for a channel.
const Channel = "inventory"

// Options is what the input itself cannot say.
type Options struct {
	Host string    // the machine's name; "" rejects all that does not name it
	Time time.Time // when the inventory was taken, UTC
	// Path is the task's path by the name of its file, for a file with one task
	// that does not say its own; "" if there is none.
	Path string
}

// Record is a record as it was.
type Record struct {
	Place string // which one it is, for a person
	Raw   []byte // text that can be read again by itself
}

// Bad is a record that could not be read.
type Bad struct {
	Record
	Reason string
	Detail string
}

// The reasons of a [Bad].
const (
	BadRecord = "bad record"
	NoHost    = "no host"
	TooLong   = "too long"
)

// Handler takes what [Decode] finds, from one goroutine; an error stops the
// reading. Each record of the input is given to exactly one of its methods.
type Handler interface {
	// Listed is a task. The record is good during the call.
	Listed(o *graph.TaskListed, r Record) error
	// Passed is n records that are left alone, the reason in a few fixed words.
	Passed(reason string, n int) error
	// Rejected is a record that could not be read.
	Rejected(b Bad) error
}

// kind is one of the forms that an inventory has.
type kind struct {
	sniff func(head []byte) bool
	read  func(ctx context.Context, d *decoder, r io.Reader) error
}

func kinds() []kind {
	return []kind{{sniffXML, readXML}, {sniffRegistry, readRegistry}, {sniffCIM, readCIM}, {sniffTable, readTable}}
}

// sniffed is how much of the input decides its form.
const sniffed = 16 << 10

// Sniff says whether head, the start of a file as UTF-8, is that of an inventory.
func Sniff(head []byte) bool { return find(head) != nil }

func find(head []byte) *kind {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n")
	all := kinds()
	for i := range all {
		if all[i].sniff(head) {
			return &all[i]
		}
	}
	return nil
}

// Decode reads all tasks of r and gives each to h. The name is the source's.
func Decode(ctx context.Context, r io.Reader, name string, opt Options, h Handler) error {
	in := bufio.NewReaderSize(r, sniffed)
	head, _ := in.Peek(sniffed)
	k := find(head)
	if k == nil {
		return h.Rejected(Bad{Record{"all of it", nil}, BadRecord, "holds no inventory of scheduled tasks in a form that is known"})
	}
	d := &decoder{ctx: ctx, name: name, opt: opt, h: h}
	return k.read(ctx, d, in)
}

// decoder hands on what the forms find.
type decoder struct {
	ctx  context.Context //nolint:containedctx // lives as long as one Decode call
	name string
	opt  Options
	h    Handler
	n    uint64 // records so far
}

// next counts a record and says whether reading goes on.
func (d *decoder) next() error {
	d.n++
	if d.n%64 == 0 && d.ctx.Err() != nil {
		return fmt.Errorf("reading %s: %w", d.name, d.ctx.Err())
	}
	return nil
}

// place is the record that was counted last.
func (d *decoder) place() string { return "task " + strconv.FormatUint(d.n, 10) }

func (d *decoder) reject(r Record, reason, detail string) error {
	return d.h.Rejected(Bad{r, reason, detail})
}

// task hands a task on, if it says which and where it is and its definition can
// be read.
func (d *decoder) task(o *graph.TaskListed, r Record) error {
	host := o.HostName
	if d.opt.Host != "" {
		host = d.opt.Host
	}
	if o.XML != "" {
		if _, err := taskxml.Parse(o.XML); err != nil {
			return d.reject(r, BadRecord, err.Error())
		}
	}
	switch {
	case host == "":
		return d.reject(r, NoHost, "an inventory names no host; load it with --host NAME")
	case graph.TaskName(graph.TaskPath(o.Path)) == "":
		return d.reject(r, BadRecord, "names no task")
	}
	o.Host, o.HostName = graph.HostKey(host), host
	o.Clock = graph.Clock{Claimed: d.opt.Time, Trust: graph.Honest}
	o.Evidence = graph.Evidence{Source: d.name, Channel: Channel, Record: d.n, Time: d.opt.Time}
	return d.h.Listed(o, r)
}
