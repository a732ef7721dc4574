package mde_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/mde"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// columns is a row made of a JSON object.
type columns map[string]json.RawMessage

func (c columns) Get(name string) string {
	v := c[name]
	var s string
	switch {
	case len(v) == 0 || string(v) == "null":
		return ""
	case v[0] == '"' && json.Unmarshal(v, &s) == nil:
		return s
	}
	return string(v)
}

// terse is what an observation holds but for what is empty.
func terse(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for k, v := range m {
		switch v := terse(v).(type) {
		case nil, map[string]any:
			if inner, ok := v.(map[string]any); !ok || len(inner) == 0 {
				delete(m, k)
			}
		case string:
			if v == "" || strings.HasPrefix(v, "0001-") {
				delete(m, k)
			}
		case json.Number:
			if v == "0" {
				delete(m, k)
			}
		case bool:
			if !v {
				delete(m, k)
			}
		}
	}
	return m
}

func show(t *testing.T, o graph.Observation) string {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(terse(v)); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(typeName(o), "*graph.") + " " + out.String()
}

func typeName(o graph.Observation) string { return fmt.Sprintf("%T", o) }

func rows(t testing.TB, file string) []columns {
	t.Helper()
	in, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []columns
	for s := bufio.NewScanner(bytes.NewReader(in)); s.Scan(); {
		var c columns
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// TestGolden reads made-up rows of each table and compares what they say with
// the golden file beside them. The table is told by the row itself as well,
// wherever the row is one that is read.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(files) != 7 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		table := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		t.Run("OK "+table, func(t *testing.T) {
			var got strings.Builder
			for i, c := range rows(t, file) {
				at := mde.Place{Source: "x", Ordinal: uint64(i + 1)}
				said, skipped, err := mde.Observe(table, c, at)
				fmt.Fprintf(&got, "row %d: %d said, skipped %q, error %v\n", i+1, len(said), skipped, err)
				for _, o := range said {
					got.WriteString("  " + show(t, o))
				}
				deduced, _, _ := mde.Observe("", c, at)
				if len(deduced) != len(said) || len(said) > 0 && show(t, deduced[0]) != show(t, said[0]) {
					t.Errorf("row %d: says something else where the table is not named", i+1)
				}
			}
			compare(t, strings.TrimSuffix(file, ".jsonl")+".golden", got.String())
		})
	}
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestKnown(t *testing.T) {
	for name, c := range map[string]struct {
		columns string
		want    bool
	}{
		"OK portal":            {"\ufeffTimestamp,DeviceId,DeviceName,ActionType,FileName", true},
		"OK Sentinel":          {"TimeGenerated [UTC],DeviceName,ActionType", true},
		"OK without a name":    {"Timestamp [Local Time],ActionType,DeviceId", true},
		"ErrOther cloud table": {"Timestamp,ActionType,Application", false},
		"ErrOther no action":   {"Timestamp,DeviceName,PublicIP", false},
		"ErrOther no time":     {"DeviceName,ActionType", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := mde.Known(strings.Split(c.columns, ",")); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestTableOf(t *testing.T) {
	for in, want := range map[string]string{
		"AdvancedHunting-DeviceEvents": "DeviceEvents", "DeviceFileEvents_CL": "DeviceFileEvents", "DeviceInfo": "DeviceInfo",
		"AdvancedHunting-EmailEvents": "EmailEvents", "SecurityEvent": "", "Device Events": "", "": "", "AdvancedHunting-": "",
	} {
		if got := mde.TableOf(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
