package evtx_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader/source/evtx"
	"github.com/taskroot/taskroot/loader/winevent"
)

type refRecord struct {
	id   string
	json string
}

// reference reads all the logs with the PyPI package evtx.
func reference(t *testing.T, files []string) map[string][]refRecord {
	t.Helper()
	python := os.Getenv("TASKROOT_PYTHON")
	if python == "" {
		python = "python3"
	}
	if out, err := exec.Command(python, "-c", "import evtx").CombinedOutput(); err != nil {
		msg := fmt.Sprintf("%s has no module evtx: pip install evtx into a venv and set TASKROOT_PYTHON to its python (%v: %s)",
			python, err, bytes.TrimSpace(out))
		if os.Getenv("REQUIRE_REFERENCE") == "1" {
			t.Fatal(msg)
		}
		t.Skip(msg)
	}
	cmd := exec.Command(python, filepath.Join("testdata", "reference.py"))
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n") + "\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("reference.py: %v", err)
	}
	all := map[string][]refRecord{}
	sc := bufio.NewScanner(bytes.NewReader(out))
	sc.Buffer(nil, 64<<20)
	for sc.Scan() {
		path := sc.Text()
		all[path] = nil
		for sc.Scan() && sc.Text() != "" {
			id, rest, _ := strings.Cut(sc.Text(), " ")
			all[path] = append(all[path], refRecord{id, rest})
		}
	}
	return all
}

// logs is every event log among the real telemetry.
func logs(t testing.TB) (root string, files []string) {
	t.Helper()
	root = testdata.Shared(t)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.EqualFold(filepath.Ext(path), ".evtx") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(files)
	if len(files) == 0 {
		t.Fatal("no event log among the real telemetry")
	}
	return root, files
}

var sixDigits = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$`)

// normal brings our value to the reference's form. The only difference allowed
// is that it cuts times to six digits where we keep all seven.
func normal(v any) any {
	switch v := v.(type) {
	case string:
		if sixDigits.MatchString(v) {
			return v[:len(v)-2] + "Z"
		}
	case map[string]any:
		for k := range v {
			v[k] = normal(v[k])
		}
	case []any:
		for i := range v {
			v[i] = normal(v[i])
		}
	}
	return v
}

func parse(t *testing.T, line string) any {
	t.Helper()
	var v any
	dec := json.NewDecoder(strings.NewReader(line))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v: %.300s", err, line)
	}
	return v
}

// known are the differences from the reference, all in damaged logs: the
// records that only one of us reads, and what we report as damage. Any other
// difference fails the test, and so does one that is gone.
var known = map[string]struct {
	ours, theirs string // record numbers, as ranges
	damage       map[string]int
	why          string
}{
	"sample-with-zero-data-size-event.evtx": {
		ours:   "4-117",
		damage: map[string]int{evtx.ReasonRecord: 1},
		why:    "record 3 gives its size as 0; the reference leaves the chunk, we go on with the next record",
	},
	"sample_with_a_bad_chunk_magic.evtx": {
		ours:   "47675-47705",
		theirs: "45933 46741 47640",
		damage: map[string]int{evtx.ReasonRecord: 253, evtx.ReasonMagic: 2},
		why: "pages of the log are zeros. Where a chunk's middle is missing we go on behind it. Three records run into " +
			"such a page: the reference gives what is left of them, a text cut short or a record of nulls; to us " +
			"they are not whole, and are counted as damage like those of two chunks whose templates are gone",
	},
	"2-vss_0-Microsoft-Windows-RemoteDesktopServices-RdpCoreTS%4Operational.evtx": {
		damage: map[string]int{evtx.ReasonRecord: 68},
		why:    "two chunks end in pages of other chunks, where both of us stop; the records lost are counted",
	},
	"security_bad_string_cache.evtx": {
		damage: map[string]int{evtx.ReasonChecksum: 1},
		why:    "the table of names was changed; the records are whole, as the reference says too",
	},
}

// spans writes numbers as ranges.
func spans(ids []uint64) string {
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	var b strings.Builder
	for i := 0; i < len(ids); i++ {
		first := ids[i]
		for i+1 < len(ids) && ids[i+1] == ids[i]+1 {
			i++
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprint(&b, first)
		if ids[i] != first {
			fmt.Fprintf(&b, "-%d", ids[i])
		}
	}
	return b.String()
}

// comparison is what comparing one log found.
type comparison struct {
	ours, theirs []uint64
	damage       map[string]int
	read         int
}

// compare decodes a log and compares each record with the reference's.
func compare(t *testing.T, path string, want []refRecord) comparison {
	t.Helper()
	ref := map[uint64][]string{}
	for _, r := range want {
		if r.id == "!" {
			t.Logf("%s: the reference says: %s", filepath.Base(path), r.json)
			continue
		}
		id, err := strconv.ParseUint(r.id, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ref[id] = append(ref[id], r.json)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var c comparison
	damage, err := evtx.DumpEach(context.Background(), f, func(id uint64, line []byte) {
		c.read++
		if len(ref[id]) == 0 {
			c.ours = append(c.ours, id)
			return
		}
		theirs := ref[id][0]
		if ref[id] = ref[id][1:]; len(ref[id]) == 0 {
			delete(ref, id)
		}
		if !reflect.DeepEqual(normal(parse(t, string(line))), parse(t, theirs)) {
			t.Errorf("%s: record %d\n ours   %s\n theirs %s", filepath.Base(path), id, line, theirs)
		}
	})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	c.damage = tally(damage)
	for id, left := range ref {
		for range left {
			c.theirs = append(c.theirs, id)
		}
	}
	return c
}

// tally is how many records the damage of each reason stands for.
func tally(damage []evtx.Damage) map[string]int {
	if len(damage) == 0 {
		return nil
	}
	n := map[string]int{}
	for _, d := range damage {
		n[d.Reason] += d.Count
	}
	return n
}

// TestAgainstReference reads every real log with us and with the PyPI package
// evtx: the same records with the same fields, but for what is known.
func TestAgainstReference(t *testing.T) {
	_, files := logs(t)
	want := reference(t, files)
	read := 0
	for _, path := range files {
		c := compare(t, path, want[path])
		k := known[filepath.Base(path)]
		if ours, theirs := spans(c.ours), spans(c.theirs); ours != k.ours || theirs != k.theirs {
			t.Errorf("%s: only ours %q, known %q; only theirs %q, known %q", path, ours, k.ours, theirs, k.theirs)
		}
		if !reflect.DeepEqual(c.damage, k.damage) {
			t.Errorf("%s: damage %v, known %v", path, c.damage, k.damage)
		}
		read += c.read
	}
	t.Logf("%d logs, %d records", len(files), read)
}

// TestEventsAgainstJSON holds the two ways of decoding against each other: an
// event has the System values and the named Data that its JSON has.
func TestEventsAgainstJSON(t *testing.T) {
	_, files := logs(t)
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		if _, err := evtx.DumpEach(context.Background(), bytes.NewReader(data), func(_ uint64, line []byte) {
			lines = append(lines, string(line))
		}); err != nil {
			t.Fatal(err)
		}
		k := decode(t, data)
		if len(k.events) != len(lines) {
			t.Errorf("%s: %d events, %d lines", path, len(k.events), len(lines))
			continue
		}
		for i := range k.events {
			sameEvent(t, path, &k.events[i], parse(t, lines[i]))
		}
	}
}

// dig follows names into a JSON value and answers the text there.
func dig(v any, names ...string) string {
	for _, n := range names {
		m, _ := v.(map[string]any)
		v = m[n]
	}
	if m, ok := v.(map[string]any); ok {
		v = m["#text"]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// or0 is a number that may be missing.
func or0(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

func sameEvent(t *testing.T, path string, e *winevent.Event, line any) {
	t.Helper()
	system, _ := line.(map[string]any)["Event"].(map[string]any)["System"].(map[string]any)
	for what, pair := range map[string][2]string{
		"provider": {e.Provider, dig(system, "Provider", "#attributes", "Name")},
		"id":       {fmt.Sprint(e.ID), or0(dig(system, "EventID"))},
		"version":  {fmt.Sprint(e.Version), or0(dig(system, "Version"))},
		"channel":  {e.Channel, dig(system, "Channel")},
		"computer": {e.Computer, dig(system, "Computer")},
		"record":   {fmt.Sprint(e.RecordID), dig(system, "EventRecordID")},
		"pid":      {fmt.Sprint(e.ExecPID), or0(dig(system, "Execution", "#attributes", "ProcessID"))},
		"activity": {e.Activity, dig(system, "Correlation", "#attributes", "ActivityID")},
		"time":     {e.Time.Format("2006-01-02T15:04:05.0000000Z"), dig(system, "TimeCreated", "#attributes", "SystemTime")},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: record %d: %s %q, JSON %q", path, e.RecordID, what, pair[0], pair[1])
		}
	}
	data, _ := line.(map[string]any)["Event"].(map[string]any)["EventData"].(map[string]any)
	seen := map[string]bool{}
	for _, f := range e.Data {
		if _, list := data[f.Name].([]any); data == nil || f.Name == "Data" || seen[f.Name] || list {
			continue
		}
		seen[f.Name] = true
		if _, ok := data[f.Name]; !ok || dig(data, f.Name) != f.Value {
			t.Errorf("%s: record %d: field %s is %q, JSON %q", path, e.RecordID, f.Name, f.Value, dig(data, f.Name))
		}
	}
	for name := range data {
		if name != "#attributes" && name != "Data" && !strings.Contains(name, "_") && e.Get(name) == "" && dig(data, name) != "" {
			t.Errorf("%s: record %d: no field %s", path, e.RecordID, name)
		}
	}
}
