package eventjson

import (
	"bytes"

	"github.com/taskroot/taskroot/loader/winevent"
	"github.com/taskroot/taskroot/loader/winxml"
)

// Some programs carry an event inside a record of their own, as text or as an
// object: Splunk's export of a search ({"preview": false, "result": {"_raw": "…"}}),
// what is sent to its collector ({"event": …, "time": …, "host": …}), and
// Elastic's copy of what it took in (event.original). What is inside has its own
// shape, which is told as if it came alone.

// maxCarried bounds records in records.
const maxCarried = 2

// carried is the value that holds an event, 0 where the record carries none.
func carried(d *doc) int {
	for _, holder := range [...]int{0, d.get(0, "result")} {
		if raw := d.get(holder, "_raw"); raw != 0 && holdsEvent(d, raw) {
			return raw
		}
	}
	if v := d.get(0, "result"); v != 0 && d.nodes[v].kind == kindObject && d.get(0, "preview") != 0 {
		return v // Splunk's fields, without what they were taken from
	}
	v := d.get(0, "event")
	if v == 0 {
		return 0
	}
	if d.nodes[v].kind == kindObject {
		if original := d.get(v, "original"); original != 0 && holdsEvent(d, original) {
			return original
		}
		for _, name := range [...]string{"time", "sourcetype", "source", "index", "host"} {
			if d.str(d.get(0, name)) != "" { // the schema of Elastic has objects under such names
				return v
			}
		}
		return 0
	}
	if holdsEvent(d, v) {
		return v
	}
	return 0
}

// holdsEvent says whether a value is text that begins as XML or JSON.
func holdsEvent(d *doc, v int) bool {
	if d.nodes[v].kind != kindString {
		return false
	}
	text := bytes.TrimLeft(d.span(v), " \t")
	return bytes.HasPrefix(text, []byte("<Event")) || bytes.HasPrefix(text, []byte(`\u003cEvent`)) ||
		bytes.HasPrefix(text, []byte(`\u003CEvent`)) || bytes.HasPrefix(text, []byte("<?xml")) || bytes.HasPrefix(text, []byte(`{\"`))
}

// carrier reads the event that the value holds. The record stays what it was:
// what is rejected is all of it.
func (d *decoder) carrier(p place, v int) error {
	if d.depth >= maxCarried {
		return d.unknown(p)
	}
	var text []byte
	if d.doc.nodes[v].kind == kindObject {
		text = bytes.Clone(d.doc.span(v))
	} else {
		s, _, err := d.doc.text(v)
		if err != nil {
			return d.reject(p, BadJSON, err.Error())
		}
		text = bytes.TrimSpace([]byte(s))
	}
	if len(text) > 0 && text[0] == '<' {
		return d.inXML(p, text)
	}
	var t tape
	if _, err := t.parse(text); err != nil {
		return d.reject(p, BadJSON, "holds an event as JSON that is damaged: "+err.Error())
	}
	outer := d.doc
	d.doc = doc{b: text, nodes: t.nodes}
	d.depth++
	err := d.record(p)
	d.depth--
	d.doc = outer
	return err
}

// inXML reads an event in the log's own XML.
func (d *decoder) inXML(p place, text []byte) error {
	var x winxml.Event
	if err := x.Open(text); err != nil {
		return d.reject(p, BadXML, err.Error())
	}
	if !x.Is() {
		return d.unknown(p)
	}
	channel, id := x.Channel(), x.ID()
	if !d.opt.Want(channel, id) {
		return d.h.Skipped(channel, id, 1)
	}
	if d.opt.Gate != nil {
		useless, err := x.Useless(d.opt.Gate(channel, id))
		switch {
		case err != nil:
			return d.reject(p, BadXML, err.Error())
		case useless:
			return d.h.Skipped(channel, id, 1)
		}
	}
	e := &winevent.Event{Source: d.name, Ordinal: p.ordinal}
	if err := x.Fill(e); err != nil {
		return d.reject(p, BadXML, err.Error())
	}
	return d.complete(p, e)
}
