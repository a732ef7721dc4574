package source_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source"
)

// recorder is a sink that keeps what it is told, and fails the test where the
// order of the calls is wrong.
type recorder struct {
	t        *testing.T
	open     string
	files    []string
	lines    []string // one for each call, in order
	events   map[string]int
	skipped  map[string]int
	rejected []source.Reject
	seen     []graph.Observation
	progress int64
	quiet    bool
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	return &recorder{t: t, events: map[string]int{}, skipped: map[string]int{}}
}

func (r *recorder) FileStart(name string, _ int64) error {
	if r.open != "" {
		r.t.Errorf("%s opened while %s is", name, r.open)
	}
	r.open = name
	r.files = append(r.files, name)
	r.line("file %s", name)
	return nil
}

func (r *recorder) FileEnd(name string) error {
	if r.open != name {
		r.t.Errorf("%s closed while %q is open", name, r.open)
	}
	r.open = ""
	return nil
}

func (r *recorder) Observation(o graph.Observation, _ ...graph.Observation) error {
	h := o.Head()
	if h.Evidence.Source != r.open {
		r.t.Errorf("record of %s while %s is open", h.Evidence.Source, r.open)
	}
	r.events[fmt.Sprintf("%s|%d", h.Evidence.Channel, h.Evidence.EventID)]++
	if !r.quiet {
		r.seen = append(r.seen, o)
	}
	r.line("saw %s %s/%d record %d", h.Host, h.Evidence.Channel, h.Evidence.EventID, h.Evidence.Record)
	return nil
}

func (r *recorder) Skipped(reason string, n int) error {
	r.skipped[reason] += n
	r.line("skipped %d %s", n, reason)
	return nil
}

func (r *recorder) Rejected(x source.Reject) error {
	r.rejected = append(r.rejected, x)
	r.line("rejected %s: %s: %s", x.Record, x.Reason, x.Detail)
	return nil
}

func (r *recorder) Progress(n int64) { r.progress += n }

func (r *recorder) line(format string, args ...any) {
	if !r.quiet {
		r.lines = append(r.lines, fmt.Sprintf(format, args...))
	}
}

// counts is everything by "channel|id" in lower case, other reasons as they are.
func (r *recorder) counts() map[string]int {
	all := map[string]int{}
	for k, n := range r.events {
		all[strings.ToLower(k)] += n
	}
	for k, n := range r.skipped {
		if i := strings.LastIndexByte(k, '/'); i >= 0 {
			k = strings.ToLower(k[:i] + "|" + strings.TrimSuffix(k[i+1:], ": not about tasks"))
		}
		all[k] += n
	}
	return all
}
