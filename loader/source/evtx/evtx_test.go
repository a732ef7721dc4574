package evtx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/loader/source/evtx"
	"github.com/taskroot/taskroot/loader/winevent"
)

var update = flag.Bool("update", false, "write the golden files anew")

// keeper keeps what it is given.
type keeper struct {
	events  []winevent.Event
	skipped []string
	damage  []evtx.Damage
	fail    error
}

func (k *keeper) Event(e *winevent.Event) error {
	c := *e
	c.Data = append([]winevent.Field(nil), e.Data...)
	k.events = append(k.events, c)
	return k.fail
}

func (k *keeper) Skipped(channel string, id uint32, n int) error {
	k.skipped = append(k.skipped, fmt.Sprintf("%s/%d×%d", channel, id, n))
	return k.fail
}

func (k *keeper) Damaged(d evtx.Damage) error {
	k.damage = append(k.damage, d)
	return k.fail
}

func all(string, uint32) bool { return true }

func decode(t *testing.T, log []byte) *keeper {
	t.Helper()
	k := &keeper{}
	if err := evtx.Decode(context.Background(), bytes.NewReader(log), "x.evtx", all, k); err != nil {
		t.Fatal(err)
	}
	return k
}

// small is a log of one chunk with n events of one field.
func small(first uint64, n int) *chunkWriter {
	c := newChunkWriter(first)
	for i := range n {
		c.record(event("Security", 4688, fields(0x22222222, []string{"A"}, textv(fmt.Sprint("value ", i)))))
	}
	return c
}

func TestDecode(t *testing.T) {
	c := newChunkWriter(7)
	c.record(event("Security", 4688, fields(0x22222222, []string{"PID", "Name"}, val{typ: 0x14, data: []byte{0xe7, 3, 0, 0}}, textv(`C:\a.exe`))))
	c.record(event("System", 1, nil))
	c.record(event("Security", 4689, func(c *chunkWriter) {
		c.instance(tmpl{0x33333333, &el{name: "UserData", kids: []any{&el{name: "LogFile", attrs: []at{{"xmlns", "x"}}, kids: []any{
			&el{name: "User", kids: []any{sub{0, false}}}, &el{name: "Sub", kids: []any{&el{name: "Deep", kids: []any{"a", sub{1, false}}}}}}}}}},
			systemSID(), u32v(5))
	}))
	log := file(c.close())
	k := &keeper{}
	want := func(_ string, id uint32) bool { return id != 1 }
	if err := evtx.Decode(context.Background(), iotest.OneByteReader(bytes.NewReader(log)), "x.evtx", want, k); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2024, 2, 29, 12, 34, 56, 789012400, time.UTC)
	e := winevent.Event{Channel: "Security", ID: 4688, Provider: "Provider-A", Version: 3, Computer: "HOST-1.example", RecordID: 1007,
		ExecPID: 1268, Activity: "01020304-0506-0708-090A-0B0C0D0E0F10", Time: at, Trust: graph.Honest,
		Data: []winevent.Field{{Name: "PID", Value: "0x3e7"}, {Name: "Name", Value: `C:\a.exe`}}, Source: "x.evtx", Ordinal: 1}
	second := e
	second.ID, second.RecordID, second.Ordinal = 4689, 1009, 3
	second.Data = []winevent.Field{{Name: "User", Value: "S-1-5-18"}, {Name: "Deep", Value: "a5"}}
	if want := []winevent.Event{e, second}; !reflect.DeepEqual(k.events, want) {
		t.Errorf("events\n got  %+v\n want %+v", k.events, want)
	}
	if want := []string{"System/1×1"}; !reflect.DeepEqual(k.skipped, want) {
		t.Errorf("skipped %v, want %v", k.skipped, want)
	}
	if k.damage != nil {
		t.Errorf("damage %+v", k.damage)
	}
}

// kinds writes a record for each thing that BinXML can say.
func kinds() []byte {
	c := newChunkWriter(1)
	names, values := allTypes()
	c.record(event("T", 1, fields(0x40000001, names, values...)))
	c.record(event("T", 2, func(c *chunkWriter) { // nameless, as old providers write
		c.instance(tmpl{0x40000002, &el{name: "EventData", kids: []any{
			&el{name: "Data", kids: []any{sub{0, false}}}, &el{name: "Binary", kids: []any{sub{1, true}}}}}},
			val{typ: 0x81, data: utf16le("one\x00\x00three\x00")}, val{typ: 0x0e, data: []byte{0xde, 0xad}})
	}))
	c.record(event("T", 3, fields(0x40000003, []string{"Same", "Other", "Same", "Same"}, textv("1"), textv("2"), textv("3"), textv("4"))))
	c.record(event("T", 4, func(c *chunkWriter) { // markup
		var entity, pi chunkWriter
		entity.names, pi.names = c.names, c.names
		c.instance(tmpl{0x40000004, &el{name: "EventData", attrs: []at{{"Name", "Kind"}}, kids: []any{
			&el{name: "Data", attrs: []at{{"Name", "Text"}}, kids: []any{
				"a", []byte{0x08, 0x42, 0x26}, []byte{0x47, 2, 0, '<', 0, '>', 0},
				func(c *chunkWriter) { c.u8(0x09); c.name("amp") }, func(c *chunkWriter) { c.u8(0x49); c.name("own") },
				func(c *chunkWriter) { c.u8(0x0a); c.name("target"); c.u8(0x0b); c.bytes([]byte{1, 0, 'p', 0}) },
				[]byte{0x05, 0x08, 42, 0, 0, 0}, sub{0, false}}},
			&el{name: "Data", attrs: []at{{"Name", sub{1, false}}}, kids: []any{"dynamic"}},
			&el{name: "Data", attrs: []at{{"Name", "Missing"}}, kids: []any{sub{99, true}}},
			&el{name: "Data", attrs: []at{{"Name", "Empty"}}}}}},
			textv("z"), textv("Dyn\"amic"))
	}))
	c.record(event("T", 5, func(c *chunkWriter) { // bare elements in a value, no template
		c.bytes([]byte{0x0f, 1, 1, 0})
		c.element(&el{name: "UserData", kids: []any{&el{name: "X", attrs: []at{{"k", "v"}}, kids: []any{"text"}}, &el{name: "X"}, &el{name: "X", kids: []any{"2"}}}}, false)
		c.u8(0)
	}))
	c.record(func(c *chunkWriter) { // a record without template
		c.bytes([]byte{0x0f, 1, 1, 0})
		c.element(&el{name: "Event", kids: []any{&el{name: "System", kids: []any{
			&el{name: "EventID", attrs: []at{{"Qualifiers", "1"}}, kids: []any{"6"}}, &el{name: "Channel", kids: []any{"T"}}}}}}, false)
		c.u8(0)
	})
	return file(c.close())
}

// allTypes is a value of each type, and arrays.
func allTypes() (names []string, values []val) {
	add := func(name string, typ byte, data ...byte) {
		names, values = append(names, name), append(values, val{typ: typ, data: data})
	}
	add("Null", 0x00)
	add("String", 0x01, utf16le("é\"\\\n\x01€😀 and more plain text")...)
	add("StringNul", 0x01, utf16le("before\x00after")...)
	add("Surrogate", 0x01, 0x00, 0xd8, 'x', 0)
	add("ANSI", 0x02, 'a', 0x80, '"', 0, 'b')
	add("Int8", 0x03, 0xff)
	add("UInt8", 0x04, 0xff)
	add("Int16", 0x05, 0xfe, 0xff)
	add("UInt16", 0x06, 0xfe, 0xff)
	add("Int32", 0x07, 0xfe, 0xff, 0xff, 0xff)
	add("UInt32", 0x08, 0xfe, 0xff, 0xff, 0xff)
	add("Int64", 0x09, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	add("UInt64", 0x0a, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	add("Real32", 0x0b, 0, 0, 0xc0, 0x3f)
	add("Real64", 0x0c, 0, 0, 0, 0, 0, 0, 0x08, 0x40)
	add("True", 0x0d, 1, 0, 0, 0)
	add("False", 0x0d, 0, 0, 0, 0)
	add("OddBool", 0x0d, 0, 0x80, 0, 0)
	add("Binary", 0x0e, 0, 0xab, 0xff)
	add("GUID", 0x0f, guidv().data...)
	add("Size32", 0x10, 1, 2, 0, 0)
	add("Size64", 0x10, 1, 2, 0, 0, 0, 0, 0, 1)
	add("FileTime", 0x11, filetime(written).data...)
	add("FileTime0", 0x11, make([]byte, 8)...)
	add("FileTimeMax", 0x11, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	add("SysTime", 0x12, 0xe8, 7, 2, 0, 4, 0, 29, 0, 12, 0, 34, 0, 56, 0, 0x15, 3)
	add("SID", 0x13, 1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0)
	add("SIDShort", 0x13, 1, 2)
	add("Hex32", 0x14, 0, 0, 0, 0x80)
	add("Hex64", 0x15, 0, 0, 0, 0, 0, 0, 0, 0x80)
	add("Strings", 0x81, utf16le("a\x00b,c\x00")...)
	add("Numbers", 0x86, 1, 0, 2, 0, 3, 0)
	add("SIDs", 0x93, append(systemSID().data, systemSID().data...)...)
	add("ANSIs", 0x82, 'x', 0, 'y', 0)
	add("Single", 0x81, utf16le("only\x00")...)
	return names, values
}

func TestGolden(t *testing.T) {
	for name, log := range map[string][]byte{"kinds": kinds(), "small": file(small(1, 3).close())} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := evtx.DumpJSON(context.Background(), bytes.NewReader(log), &got); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(got.String()) {
				if !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
			path := filepath.Join("testdata", name+".jsonl")
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s differs; run with -update and read the diff\n%s", path, got.Bytes())
			}
		})
	}
}

func TestSniff(t *testing.T) {
	for head, want := range map[string]bool{"ElfFile\x00rest": true, "ElfChnk\x00": true, "ElfFile": false, "": false, "{\"Event\":": false} {
		if got := evtx.Sniff([]byte(head)); got != want {
			t.Errorf("Sniff(%q) = %v", head, got)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	log := file(small(1, 2).close())
	t.Run("ErrNotALog", func(t *testing.T) {
		err := evtx.Decode(context.Background(), strings.NewReader("hello"), "x", all, &keeper{})
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("error %v", err)
		}
	})
	t.Run("ErrHandler", func(t *testing.T) {
		k := &keeper{fail: errors.New("full")}
		if err := evtx.Decode(context.Background(), bytes.NewReader(log), "x", all, k); !errors.Is(err, k.fail) || len(k.events) != 1 {
			t.Errorf("error %v after %d events", err, len(k.events))
		}
	})
	t.Run("ErrCancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := evtx.Decode(ctx, bytes.NewReader(log), "x", all, &keeper{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("ErrReader", func(t *testing.T) {
		bad := errors.New("disk")
		r := io.MultiReader(bytes.NewReader(log[:10000]), iotest.ErrReader(bad))
		if err := evtx.Decode(context.Background(), r, "x", all, &keeper{}); !errors.Is(err, bad) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("ErrDumpDamaged", func(t *testing.T) {
		err := evtx.DumpJSON(context.Background(), bytes.NewReader(log[:5000]), io.Discard)
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("error %v", err)
		}
	})
}

// TestTemplateKeptOverChunks writes the same template so that its bytes differ,
// and another template under its GUID: the first is recognised, the second not
// mistaken for it.
func TestTemplateKeptOverChunks(t *testing.T) {
	names := [][]string{{"A", "Long"}, {"A", "Long"}, {"B", "Long"}, {"A", "Lone"}, {"A", "Long"}}
	var chunks [][]byte
	for i, n := range names {
		c := newChunkWriter(uint64(2*i + 1))
		if i == 1 { // another template writes the names out, at other places
			c.record(event("T", 1, fields(0x33333333, []string{"Long", "Other", "A"}, textv("x"), textv("y"), textv("z"))))
		}
		f := fields(0x22222222, n, textv(fmt.Sprint(i)), u32v(uint32(i)))
		c.record(event("T", 1, func(c *chunkWriter) {
			if i == 4 {
				c.instance(tmpl{5, &el{name: "UserData", kids: []any{&el{name: "Long", kids: []any{sub{0, true}}}, sub{1, false}}}},
					val{}, val{typ: 0x21, frag: f})
				return
			}
			f(c)
		}))
		chunks = append(chunks, c.close())
	}
	k := decode(t, file(chunks...))
	k.events = append(k.events[:1], k.events[2:]...) // the helper of chunk 1
	for i, e := range k.events {
		want := []winevent.Field{{Name: names[i][0], Value: fmt.Sprint(i)}, {Name: names[i][1], Value: fmt.Sprint(i)}}
		if i == 4 {
			want = append([]winevent.Field{{Name: "Long"}}, want...)
		}
		if !reflect.DeepEqual(e.Data, want) {
			t.Errorf("chunk %d: %v, want %v", i, e.Data, want)
		}
	}
	if len(k.events) != len(names) || k.damage != nil {
		t.Errorf("%d events, damage %v", len(k.events), k.damage)
	}
}

// TestManyNames numbers members of one name, few and many.
func TestManyNames(t *testing.T) {
	for _, n := range []int{2, 47, 48, 49, 200} {
		user := &el{name: "UserData"}
		for range n {
			user.kids = append(user.kids, &el{name: "X", kids: []any{sub{0, false}}})
		}
		c := newChunkWriter(1)
		c.record(event("T", 1, func(c *chunkWriter) { c.instance(tmpl{9, user}, u16v(7)) }))
		var got bytes.Buffer
		if err := evtx.DumpJSON(context.Background(), bytes.NewReader(file(c.close())), &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"X": json.Number("7")}
		for i := 1; i < n; i++ {
			want[fmt.Sprint("X_", i)] = json.Number("7")
		}
		data := parse(t, got.String()).(map[string]any)["Event"].(map[string]any)["UserData"]
		if !reflect.DeepEqual(data, want) {
			t.Errorf("%d members: %v", n, data)
		}
	}
}
