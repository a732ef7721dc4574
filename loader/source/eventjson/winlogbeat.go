package eventjson

import (
	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

// Winlogbeat before 7 wrote the event's own members at the top; since 7 they
// are under winlog, nested or with dots in their names. Its @timestamp is the
// event's own time in UTC; host, agent and beat are the collector.

func findBeat7(d *doc, k *keys) (found, bool) {
	if k.winlog == 0 && !k.dotted {
		return found{}, false
	}
	id, ok := eventID(d, d.firstOf(k.root, "winlog.event_id", "event.code"))
	if !ok {
		return found{}, false
	}
	f := found{id: id, channel: d.firstOf(k.root, "winlog.channel")}
	if f.channel == 0 {
		f.deduced = winevent.ChannelOf(d.str(d.firstOf(k.root, "winlog.provider_name", "event.provider")))
	}
	return f, true
}

func fillBeat7(d *doc, f found, e *winevent.Event) error {
	r := f.root
	e.Provider = d.str(d.firstOf(r, "winlog.provider_name"))
	version, _ := d.number(d.firstOf(r, "winlog.version"))
	e.Version = uint8(version)
	e.Computer = host(d, r, "winlog.computer_name")
	e.RecordID, _ = d.number(d.firstOf(r, "winlog.record_id"))
	e.ExecPID = pid(d, d.firstOf(r, "winlog.process.pid"))
	e.Activity = d.str(d.firstOf(r, "winlog.activity_id"))
	clock(d, e, d.firstOf(r, "@timestamp"), graph.Honest)
	for _, name := range []string{"winlog.event_data", "winlog.user_data"} {
		if v := d.find(r, name); v != 0 {
			if err := add(d, v, e, "", nil); err != nil {
				return err
			}
		}
	}
	if err := add(d, r, e, "winlog.event_data.", nil); err != nil {
		return err
	}
	if v := d.get(r, "winlog"); v != 0 {
		if err := add(d, v, e, "event_data.", nil); err != nil {
			return err
		}
	}
	return renamed(d, r, e)
}

func findBeat6(d *doc, k *keys) (found, bool) {
	if k.beat6ID == 0 || k.logName == 0 && k.eventData == 0 && !k.beat6Host {
		return found{}, false
	}
	id, ok := eventID(d, k.beat6ID)
	if !ok {
		return found{}, false
	}
	f := found{id: id, channel: notNull(d, k.logName)}
	if f.channel == 0 {
		f.deduced = winevent.ChannelOf(d.str(d.firstOf(k.root, "source_name")))
	}
	return f, true
}

func fillBeat6(d *doc, f found, e *winevent.Event) error {
	r := f.root
	e.Provider = d.str(d.firstOf(r, "source_name"))
	version, _ := d.number(d.firstOf(r, "version"))
	e.Version = uint8(version)
	e.Computer = host(d, r, "computer_name")
	e.RecordID, _ = d.number(d.firstOf(r, "record_number"))
	e.ExecPID = pid(d, d.firstOf(r, "process_id"))
	e.Activity = d.str(d.firstOf(r, "activity_id"))
	clock(d, e, d.firstOf(r, "@timestamp"), graph.Honest)
	for _, name := range []string{"event_data", "user_data"} {
		if v := d.get(r, name); v != 0 {
			if err := add(d, v, e, "", nil); err != nil {
				return err
			}
		}
	}
	return add(d, r, e, "event_data.", nil)
}
