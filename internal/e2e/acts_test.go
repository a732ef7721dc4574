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
		via := texts(r.Get("via"))
		if len(via) == 0 {
			via = []string{fmt.Sprint(r.Get("via"))}
		}
		if p := r.Get("port"); p != nil {
			via = append(via, fmt.Sprint(p))
		}
		got[fmt.Sprintf("%v %v %v by %s", r.Get("change"), r.Get("host"), r.Get("path"), by)] = strings.Join(via, " ")
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
		key := fmt.Sprintf("%s %s %s by %s", a.Change, strings.ToLower(a.Host), a.Task, by)
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
