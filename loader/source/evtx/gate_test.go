package evtx_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/taskroot/taskroot/loader/source/evtx"
	"github.com/taskroot/taskroot/loader/winevent"
)

func TestDecodeGated(t *testing.T) {
	c := newChunkWriter(1)
	names := []string{"EventType", "TargetObject"}
	registry := func(object string) {
		c.record(event(winevent.Sysmon, 13, fields(0x22222222, names, textv("SetValue"), textv(object))))
	}
	registry(`HKLM\SYSTEM\x`)
	registry(`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\taskcache\TREE\x\SD`)
	c.record(event("Security", 4624, fields(0x33333333, []string{"LogonType"}, u32v(5))))
	c.record(event("Security", 4624, fields(0x33333333, []string{"LogonType"}, u32v(3))))
	c.record(event("Security", 4624, nil))                     // no field for the gate: read
	c.record(event(winevent.Sysmon, 11, func(c *chunkWriter) { // a field of no name
		c.instance(tmpl{0x44444444, &el{name: "EventData", kids: []any{&el{name: "Data", kids: []any{sub{0, false}}}}}}, textv(`C:\x`))
	}))
	c.record(event(winevent.Sysmon, 11, fields(0x55555555, []string{"TargetFilename"}, textv(`C:\x`))))
	k := &keeper{}
	err := evtx.DecodeGated(t.Context(), bytes.NewReader(file(c.close())), "x.evtx", winevent.Wanted, winevent.GateOf, k)
	if err != nil {
		t.Fatal(err)
	}
	var got []uint64
	for _, e := range k.events {
		got = append(got, e.Ordinal)
	}
	if want := []uint64{2, 4, 5, 6}; !reflect.DeepEqual(got, want) {
		t.Errorf("records %v, want %v", got, want)
	}
	if want := []winevent.Field{{Name: "EventType", Value: "SetValue"}, {Name: "TargetObject",
		Value: `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\taskcache\TREE\x\SD`}}; !reflect.DeepEqual(k.events[0].Data, want) {
		t.Errorf("data %v", k.events[0].Data)
	}
	if want := []string{winevent.Sysmon + "/13×1", "Security/4624×1", winevent.Sysmon + "/11×1"}; !reflect.DeepEqual(k.skipped, want) {
		t.Errorf("skipped %v, want %v", k.skipped, want)
	}
	if k.damage != nil {
		t.Errorf("damage %+v", k.damage)
	}
}
