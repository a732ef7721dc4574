package e2e_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/company"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/queries"
)

// known is what a made-up company knows of its own processes.
type known struct {
	births []*company.Birth
	byGUID map[string]*company.Birth
	byPID  map[string][]*company.Birth // host and PID, by start
	acts   []company.Act
	truth  *company.Truth
	// mentioned are the processes, by host, PID and creation time, that some row
	// of Defender's names as the one that did something.
	mentioned map[string]bool
}

func pidOf(host string, pid int64) string {
	return strings.ToLower(host) + "|" + strconv.FormatInt(pid, 10)
}

func (k *known) born(b company.Birth) {
	k.births = append(k.births, &b)
	k.byGUID[b.GUID] = &b
	u := pidOf(b.Host, int64(b.PID))
	k.byPID[u] = append(k.byPID[u], &b)
}

// parent is the process that started b, as the company knows it.
func (k *known) parent(b *company.Birth) *company.Birth {
	if b.Parent == nil {
		return nil
	}
	return k.byGUID[b.Parent.GUID]
}

// generate makes a company and keeps what it knows.
func generate(t *testing.T, o company.Options) *known {
	t.Helper()
	k := &known{byGUID: map[string]*company.Birth{}, byPID: map[string][]*company.Birth{}, mentioned: map[string]bool{}}
	o.Witness = &company.Witness{Born: k.born, Did: func(a company.Act) { k.acts = append(k.acts, a) }}
	if _, err := company.Generate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	k.truth = readTruth(t, o.Out)
	k.readMentions(t, filepath.Join(o.Out, string(company.Defender)))
	return k
}

func (k *known) readMentions(t *testing.T, dir string) {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range tables {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		host, pid, at := slices.Index(rows[0], "DeviceName"), slices.Index(rows[0], "InitiatingProcessId"), slices.Index(rows[0], "InitiatingProcessCreationTime")
		for _, row := range rows[1:] {
			created, err := time.Parse(time.RFC3339, row[at])
			if err != nil {
				t.Fatal(err)
			}
			k.mentioned[fmt.Sprintf("%s|%s|%d", row[host], row[pid], created.UnixMilli())] = true
		}
	}
}

// node is a process of the graph.
type node struct {
	key, host, guid, image string
	pid, start             int64
	observed               bool
	born                   *company.Birth // which of the company's it is, nil where none fits
}

// match finds which of the company's processes a node is: by GUID, else the one
// of its PID that started at its time, a stub's within a second; else, if at is
// not 0, the last one of its PID before then.
func (k *known) match(n *node, at int64) *company.Birth {
	if n.guid != "" {
		return k.byGUID[n.guid]
	}
	var found *company.Birth
	for _, b := range k.byPID[pidOf(n.host, n.pid)] {
		off := n.start - b.Start
		switch {
		case n.start == 0 && at != 0 && b.Start <= at && (found == nil || b.Start > found.Start):
			found = b
		case n.start != 0 && (off == 0 || !n.observed && -1000 <= off && off <= 1000):
			found = b
		}
	}
	return found
}

func readNodes(t *testing.T, db *graphdb.DB, k *known) map[string]*node {
	all := map[string]*node{}
	query(t, db, "lineage-processes", func(r graphdb.Row) {
		n := &node{observed: r.Get("observed") == true}
		n.key, _ = r.Get("key").(string)
		n.host, _ = r.Get("host").(string)
		n.guid, _ = r.Get("guid").(string)
		n.image, _ = r.Get("image").(string)
		n.pid, _ = r.Get("pid").(int64)
		if at, ok := r.Get("startedAt").(time.Time); ok {
			n.start = at.UnixMilli()
		}
		n.born = k.match(n, 0)
		all[n.key] = n
	})
	return all
}

// lineage holds the graph's processes and SPAWNED edges to the company's own:
// none too many, and all that the carriers show.
func (k *known) lineage(t *testing.T, db *graphdb.DB, carriers ...company.Format) {
	t.Helper()
	nodes := readNodes(t, db, k)
	k.sameProcesses(t, nodes, carriers)
	parents, launches := map[*company.Birth]bool{}, map[*company.Birth]string{}
	query(t, db, "lineage-edges", func(r graphdb.Row) {
		to, _ := r.Get("to").(string)
		from, _ := r.Get("from").(string)
		via, _ := r.Get("via").(string)
		at, _ := r.Get("at").(time.Time)
		child := nodes[to]
		if child.born == nil {
			t.Errorf("%s is none of the company's", to)
			return
		}
		if r.Get("task") == true {
			path, _ := r.Get("path").(string)
			if child.born.Task == "" || path != "" && path != child.born.Task {
				t.Errorf("%q did not start %+v (%s)", path, *child.born, via)
			}
			if path == "" {
				path = "?"
			}
			if launches[child.born] != "" {
				t.Errorf("%+v has two tasks", *child.born)
			}
			launches[child.born] = path + " " + via
			return
		}
		parent := nodes[from]
		born := parent.born
		if born == nil {
			born = k.match(parent, at.UnixMilli())
		}
		if want := k.parent(child.born); born == nil || born != want {
			t.Errorf("%s is not the parent of %+v (%s)", from, *child.born, via)
		}
		if parents[child.born] {
			t.Errorf("%+v has two parents", *child.born)
		}
		parents[child.born] = true
	})
	k.missing(t, parents, launches, carriers)
}

func (k *known) sameProcesses(t *testing.T, nodes map[string]*node, carriers []company.Format) {
	t.Helper()
	have := map[*company.Birth]*node{}
	for _, n := range nodes {
		if n.born == nil {
			if n.observed {
				t.Errorf("%+v is none of the company's", n)
			}
			continue
		}
		if have[n.born] != nil {
			t.Errorf("%+v is there as %s and %s", *n.born, n.key, have[n.born].key)
		}
		if n.observed && !n.born.Logged {
			t.Errorf("nothing logged the start of %+v", *n.born)
		}
		have[n.born] = n
	}
	for _, b := range k.births {
		if b.Logged && k.sees(b.Host, carriers) && (have[b] == nil || !have[b].observed) {
			t.Errorf("%+v is not there, or a stub", *b)
		}
	}
}

// sees says whether some carrier has anything of a host.
func (k *known) sees(host string, carriers []company.Format) bool {
	return slices.ContainsFunc(carriers, func(f company.Format) bool { return f != company.Defender || k.defended(host) })
}

func (k *known) defended(host string) bool {
	return !strings.HasPrefix(k.truth.Telemetry[host], "older")
}

// missing says which parents and launches the carriers show and the graph lacks.
func (k *known) missing(t *testing.T, parents map[*company.Birth]bool, launches map[*company.Birth]string, carriers []company.Format) {
	t.Helper()
	counts := map[string]int{}
	for _, b := range k.births {
		if b.Parent != nil && k.showsParent(b, carriers) && !parents[b] {
			t.Errorf("%+v has no parent, which is %+v", *b, *b.Parent)
		}
		want := ""
		if b.Task != "" {
			want = k.launch(b, carriers)
			counts[want[strings.LastIndexByte(want, ' ')+1:]]++
		}
		if got := launches[b]; got != want {
			t.Errorf("%+v: launched by %q, the carriers show %q", *b, got, want)
		}
	}
	t.Logf("%v: %d processes, %d parents, launches %v", carriers, len(k.births), len(parents), counts)
}

func (k *known) showsParent(b *company.Birth, carriers []company.Format) bool {
	return b.Logged && k.sees(b.Host, carriers) || k.mentionedIn(b, carriers)
}

// mentionedIn says that Defender is among the carriers, and some row of it names
// the process, which tells whose child it is.
func (k *known) mentionedIn(b *company.Birth, carriers []company.Format) bool {
	return slices.Contains(carriers, company.Defender) && k.defended(b.Host) &&
		(b.Logged || k.mentioned[fmt.Sprintf("%s|%d|%d", strings.ToLower(b.Host), b.PID, b.Start)])
}

// launch is the task that the carriers show to have started a process, and by
// which rung; "?" for a task that nothing names, "" where they show none.
func (k *known) launch(b *company.Birth, carriers []company.Format) string {
	logs := slices.ContainsFunc(carriers, func(f company.Format) bool { return f != company.Defender })
	kind := k.truth.Telemetry[b.Host]
	seen := logs && b.Logged || k.mentionedIn(b, carriers)
	switch {
	case logs && slices.Contains([]string{"", "security+scheduler", "older", "no-command-lines"}, kind):
		return b.Task + " 129+200"
	case !seen || kind == "older-sysmon" || kind == "older":
		return ""
	case logs && kind == "lost-pids":
		return b.Task + " 129-image"
	case (kind != "sysmon" || slices.Contains(carriers, company.Defender)) && k.defined(b):
		return b.Task + " command-line"
	}
	return "? scheduler"
}

// defined says whether a definition that gives a process's command was
// registered before it started.
func (k *known) defined(b *company.Birth) bool {
	if strings.HasSuffix(b.Image, `\taskhostw.exe`) {
		return false // a COM handler's definition has no command
	}
	return slices.ContainsFunc(k.acts, func(a company.Act) bool {
		written := a.By != nil && len(a.Via[company.Defender]) == 0 && k.defended(a.Host) // to the registry
		return !written && a.Host == b.Host && a.Task == b.Task && (a.Change == "CREATED" || a.Change == "UPDATED") && a.At <= b.Start
	})
}

// TestLineage holds every parent and every launch in the graph to what the
// generator knows of all its processes, in each carrier, in all together, and
// in the other order.
func TestLineage(t *testing.T) {
	db := graphtest.Open(t)
	graphtest.Exclusive(t, db)
	lib, err := queries.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := lib.Migrate(t.Context(), db.Writer()); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "company")
	k := generate(t, company.Options{Hosts: 17, Days: 1, Seed: 7, Rate: 0.1, Out: dir})
	one := func(f company.Format) []company.Format { return []company.Format{f} }
	for _, tc := range []struct {
		name      string
		carriers  []company.Format
		round     int
		backwards bool
	}{
		{"EvtxJSON", one(company.EvtxJSON), 20000, false},
		{"Winlogbeat", one(company.Winlogbeat), 60000, false},
		{"Defender", one(company.Defender), 20000, false},
		{"AllBackwards", company.Formats(), 3000, true},
	} {
		t.Run("OK"+tc.name, func(t *testing.T) {
			graphtest.Wipe(t, db)
			var paths []string
			for _, f := range k.truth.Files {
				if slices.ContainsFunc(tc.carriers, func(c company.Format) bool { return strings.HasPrefix(f.Path, string(c)+"/") }) {
					paths = append(paths, filepath.Join(dir, filepath.FromSlash(f.Path)))
				}
			}
			if tc.backwards {
				slices.Reverse(paths)
			}
			load(t, db, lib, tc.round, paths...)
			k.lineage(t, db, tc.carriers...)
			k.heldActs(t, db, tc.carriers...)
			k.heldMarks(t, db, tc.carriers...)
			if len(tc.carriers) == 1 {
				same(t, rare(t, db, lib), planted(t, dir, tc.carriers[0]))
			}
		})
	}
}
