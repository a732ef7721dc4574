package company_test

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/company"
	"github.com/taskroot/taskroot/loader/mde"
	"github.com/taskroot/taskroot/loader/source"
)

// gathered is what a carrier's records say, by host, channel and record.
type gathered struct {
	said    map[string]string
	skipped map[string]int64
	some    map[string]bool // of these other records were of use
	rejects []source.Reject
}

func (g *gathered) FileStart(string, int64) error { return nil }
func (g *gathered) FileEnd(string) error          { return nil }
func (g *gathered) Progress(int64)                {}

func (g *gathered) Observation(o graph.Observation, _ ...graph.Observation) error {
	h := o.Head()
	e := &h.Evidence
	key := fmt.Sprintf("%s|%s|%d", h.Host, e.Channel, e.Record)
	if g.said[key] != "" {
		return fmt.Errorf("%s comes twice", key)
	}
	e.Source = ""
	g.said[key] = fmt.Sprintf("%T %+v", o, o)
	return nil
}

func (g *gathered) Skipped(reason string, n int) error {
	reason, some := strings.CutSuffix(reason, ": not about tasks")
	g.skipped[reason] += int64(n)
	g.some[reason] = some
	return nil
}

func (g *gathered) Rejected(r source.Reject) error {
	g.rejects = append(g.rejects, r)
	return nil
}

func gather(t *testing.T, folder string) *gathered {
	t.Helper()
	g := &gathered{said: map[string]string{}, skipped: map[string]int64{}, some: map[string]bool{}}
	if err := source.Read(t.Context(), []string{folder}, nil, source.Options{}, g); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestCarriers: the loader understands every record that it wants, and the same
// record says the same in both carriers of logs.
func TestCarriers(t *testing.T) {
	_, dir := generate(t, company.Options{Hosts: 17, Days: 1, Seed: 5, Rate: 0.3})
	truth := readTruth(t, dir)
	evtx, beat := gather(t, filepath.Join(dir, "evtx-json")), gather(t, filepath.Join(dir, "winlogbeat"))
	for name, g := range map[string]*gathered{"evtx-json": evtx, "winlogbeat": beat} {
		if len(g.rejects) > 0 {
			t.Fatalf("%s: %d rejected, first %+v", name, len(g.rejects), g.rejects[0])
		}
		left := int64(len(g.said))
		for what, n := range truth.Events[company.Format(name)] {
			reason := strings.ReplaceAll(what, "|", "/")
			if skipped := g.skipped[reason]; skipped != 0 && skipped != n && !g.some[reason] {
				t.Errorf("%s: %d of %s skipped, the truth says %d", name, skipped, reason, n)
			}
			left += g.skipped[reason] - n
		}
		if left != 0 || len(g.skipped) != 4 {
			t.Errorf("%s: %d records more than the truth says, skipped %v", name, left, g.skipped)
		}
	}
	if len(evtx.said) != len(beat.said) {
		t.Errorf("%d records in one, %d in the other", len(evtx.said), len(beat.said))
	}
	for key, said := range evtx.said {
		if beat.said[key] != said {
			t.Fatalf("%s\nevtx-json  %s\nwinlogbeat %s", key, said, beat.said[key])
		}
	}
}

// cells is a row of a table.
type cells struct {
	names  map[string]int
	values []string
}

func (c cells) Get(column string) string {
	if i, ok := c.names[column]; ok {
		return c.values[i]
	}
	return ""
}

// TestDefenderRows: every row of Defender's tables says something, and as many
// of each kind as the truth counts.
func TestDefenderRows(t *testing.T) {
	_, dir := generate(t, company.Options{Hosts: 17, Days: 1, Seed: 5, Rate: 0.3})
	counts := map[string]int64{}
	for _, table := range []string{mde.ProcessEvents, mde.NetworkEvents, mde.DeviceEvents} {
		body, err := os.ReadFile(filepath.Join(dir, string(company.Defender), table+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(body), "\ufeff"))).ReadAll()
		if err != nil || !mde.Known(all[0]) {
			t.Fatalf("%s: %v, columns %q", table, err, all[0])
		}
		names := map[string]int{}
		for i, name := range all[0] {
			names[name] = i
		}
		for i, values := range all[1:] {
			row := cells{names, values}
			said, skipped, err := mde.Observe("", row, mde.Place{Source: table, Ordinal: uint64(i + 1)})
			if err != nil || skipped != "" || len(said) == 0 {
				t.Fatalf("%s row %d: skipped %q, %v", table, i+1, skipped, err)
			}
			if got := said[0].Head().Evidence.Channel; got != "Defender/"+table {
				t.Fatalf("%s row %d is of %s", table, i+1, got)
			}
			counts[table+"|"+row.Get("ActionType")]++
		}
	}
	if want := readTruth(t, dir).Events[company.Defender]; !maps.Equal(counts, want) {
		t.Errorf("got %v\nwant %v", counts, want)
	}
}
