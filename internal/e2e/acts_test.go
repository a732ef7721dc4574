package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/company"
	"github.com/taskroot/taskroot/internal/graphdb"
)

// heldActs holds who had which task made, changed and deleted, and from where, to
// what the generator knows: the same edges with the same ways.
func (k *known) heldActs(t *testing.T, db *graphdb.DB, carriers ...company.Format) {
	t.Helper()
	nodes, got := readNodes(t, db, k), map[string]string{}
	query(t, db, "acts", func(r graphdb.Row) {
		by := fmt.Sprint(r.Get("by"))
		switch n := nodes[by]; {
		case r.Get("process") != true:
		case n.born == nil:
			t.Errorf("%s, who did something to %v, is none of the company's", by, r.Get("path"))
			return
		default:
			by = n.born.GUID
		}
		what := fmt.Sprint(r.Get("path"))
		if n := nodes[what]; n != nil && n.born != nil {
			what = n.born.GUID
		}
		via := texts(r.Get("via"))
		if len(via) == 0 {
			via = []string{fmt.Sprint(r.Get("via"))}
		}
		if p := r.Get("port"); p != nil {
			via = append(via, fmt.Sprint(p))
		}
		got[fmt.Sprintf("%v %v %v by %s", r.Get("change"), r.Get("host"), what, by)] = strings.Join(via, " ")
	})
	want := k.wantActs(carriers)
	kinds := map[string]int{}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		change, _, _ := strings.Cut(key, " ")
		kinds[change]++
		if got[key] != want[key] {
			t.Errorf("%s: got via %q, want %q", key, got[key], want[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if want[key] == "" {
			t.Errorf("%s via %s is not the company's", key, got[key])
		}
	}
	t.Logf("%v: %v", carriers, kinds)
}

// wantActs are the edges that the carriers show: of what a process did all ways,
// of what came from another machine the surest.
func (k *known) wantActs(carriers []company.Format) map[string]string {
	all := map[string][]string{}
	for _, a := range k.acts {
		by := a.IP
		if a.By != nil {
			by = strings.ToLower(a.By.Host)
			if a.By.PID != 0 {
				by = a.By.GUID
			}
		}
		what := a.Task
		if a.To != nil {
			what = a.To.GUID
		}
		key := fmt.Sprintf("%s %s %s by %s", a.Change, strings.ToLower(a.Host), what, by)
		for _, f := range carriers {
			if strings.HasPrefix(a.Change, "REGISTERED") && len(all[key]) > 0 {
				continue
			}
			all[key] = append(all[key], a.Via[f]...)
			if a.Port != 0 && len(a.Via[f]) > 0 {
				all[key] = append(all[key], fmt.Sprint(a.Port))
			}
		}
	}
	want := map[string]string{}
	for key, via := range all {
		if !strings.HasPrefix(key, company.RegisteredFrom) {
			slices.Sort(via)
			via = slices.Compact(via)
		}
		if len(via) > 0 {
			want[key] = strings.Join(via, " ")
		}
	}
	return want
}

// heldMarks holds what the graph says of tasks that were made from elsewhere or
// hidden from the lists of tasks.
func (k *known) heldMarks(t *testing.T, db *graphdb.DB, carriers ...company.Format) {
	t.Helper()
	want, got := map[string]string{}, map[string]string{}
	logs := slices.ContainsFunc(carriers, func(f company.Format) bool { return f != company.Defender })
	for _, a := range k.acts {
		key := strings.ToLower(a.Host) + a.Task
		switch {
		case !logs:
		case a.By == nil && a.Change == "CREATED":
			want[key] = "remote "
		case a.Scene == "sd-removed" && a.Change == "UPDATED":
			want[key] = "no-sd "
		case a.Scene == "index-zero" && a.Change == "UPDATED":
			want[key] = "index-0 "
		}
	}
	query(t, db, "marks", func(r graphdb.Row) {
		got[fmt.Sprint(r.Get("host"), r.Get("path"))] = fmt.Sprint(r.Get("marks"))
	})
	if !maps.Equal(got, want) {
		t.Errorf("%v: got %q, want %q", carriers, got, want)
	}
}
