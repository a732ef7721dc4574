package loader

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
)

var noon = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// hours is a time so many hours after noon, as UTC or as a clock claims it.
func hours(h float64) time.Time { return noon.Add(time.Duration(h * float64(time.Hour))) }

// records makes the observations of one source.
type records struct{ all []graph.Observation }

func (r *records) head(host string, claimed time.Time, trust graph.Trust) graph.Header {
	return graph.Header{
		Host: host, Clock: graph.Clock{Claimed: claimed, Trust: trust}, Evidence: graph.Evidence{Record: uint64(len(r.all) + 1)},
	}
}

// start adds a Sysmon 1, which holds its true UTC.
func (r *records) start(host string, claimed, utc time.Time, trust graph.Trust) {
	o := &graph.ProcessStarted{Header: r.head(host, claimed, trust), Source: graph.StartSysmon}
	o.Clock.UTC = utc
	r.all = append(r.all, o)
}

// plain adds a Security 4688, which holds nothing but its own time.
func (r *records) plain(host string, claimed time.Time, trust graph.Trust) {
	r.all = append(r.all, &graph.ProcessStarted{Header: r.head(host, claimed, trust), Source: graph.StartSecurity})
}

// contact adds a Sysmon 3.
func (r *records) contact(host string, claimed, utc time.Time, trust graph.Trust) {
	o := &graph.Contacted{Header: r.head(host, claimed, trust)}
	o.Clock.UTC = utc
	r.all = append(r.all, o)
}

// received adds a Security 4689 that a collector stamped.
func (r *records) received(host string, claimed, received time.Time) {
	o := &graph.ProcessEnded{Header: r.head(host, claimed, graph.Naive), Source: "4689"}
	o.Clock.Received = received
	r.all = append(r.all, o)
}

// settled is what became of each record's clock, in the order they were made.
func (r *records) settled(t *testing.T, given *time.Duration, order []int) []string {
	t.Helper()
	c := newClocks(given)
	out := make([]string, len(r.all))
	give := func(o graph.Observation) error {
		h := o.Head()
		text := h.Clock.At.Format("02 15:04:05")
		if h.Clock.Unknown {
			text = "unknown"
		}
		if out[h.Evidence.Record-1] != "" {
			return errors.New("a record was given twice")
		}
		out[h.Evidence.Record-1] = text
		return nil
	}
	for _, i := range order {
		o := r.all[i]
		o.Head().Clock.At, o.Head().Clock.Unknown = time.Time{}, false
		ready, err := c.take(o)
		if err == nil && ready {
			err = give(o)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(c.release(give), c.close()); err != nil {
		t.Fatal(err)
	}
	return out
}

func forwards(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

func offset(d time.Duration) *time.Duration { return &d }

// TestClock is contract section 2, rule 5. Claimed times are hours after noon
// of the first; what is wanted is the day of the month and the time.
func TestClock(t *testing.T) {
	t.Parallel()
	const naive, zoned, honest = graph.Naive, graph.Zoned, graph.Honest
	for _, c := range []struct {
		name  string
		given *time.Duration
		make  func(*records)
		want  []string
	}{
		{
			"OK honest", nil, func(r *records) { r.plain("h", hours(0), honest); r.start("h", hours(1), hours(1), honest) },
			[]string{"01 12:00:00", "01 13:00:00"},
		},
		{
			"OK honest is believed against --clock-offset", offset(time.Hour), func(r *records) { r.plain("h", hours(0), honest) },
			[]string{"01 12:00:00"},
		},
		{
			"OK honest with a sharper time", nil, func(r *records) { r.start("h", hours(1), hours(1).Add(-3*time.Second), honest) },
			[]string{"01 12:59:57"},
		},
		{
			"OK honest with a UTC of another day", nil, func(r *records) { r.contact("h", hours(1), hours(-23), honest) },
			[]string{"01 13:00:00"},
		},
		{
			"OK local time marked Z", nil, func(r *records) {
				r.plain("h", hours(0), zoned)
				r.start("h", hours(0.1), hours(5.1), zoned)
				r.start("h", hours(0.2), hours(5.2).Add(-40*time.Second), zoned)
				r.plain("h", hours(0.3), zoned)
			},
			[]string{"01 17:00:00", "01 17:06:00", "01 17:11:20", "01 17:18:00"},
		},
		{
			"OK another host of a lying source", nil, func(r *records) { r.start("h", hours(0), hours(5), zoned); r.plain("other", hours(0), zoned) },
			[]string{"01 17:00:00", "unknown"},
		},
		{
			"OK another host of a truthful source", nil, func(r *records) { r.start("h", hours(0), hours(0), zoned); r.plain("other", hours(0), zoned) },
			[]string{"01 12:00:00", "01 12:00:00"},
		},
		{
			"OK another host of a lying source, told by the caller", offset(2 * time.Hour),
			func(r *records) { r.start("h", hours(0), hours(5), zoned); r.plain("other", hours(0), zoned) },
			[]string{"01 17:00:00", "01 14:00:00"},
		},
		{"OK zoned and nothing against it", nil, func(r *records) { r.plain("h", hours(0), zoned) }, []string{"01 12:00:00"}},
		{"OK naive and nothing for it", nil, func(r *records) { r.plain("h", hours(0), naive) }, []string{"unknown"}},
		{
			"OK zoned beside naive of one host", nil, func(r *records) { r.plain("h", hours(0), zoned); r.plain("h", hours(1), naive) },
			[]string{"unknown", "unknown"},
		},
		{"OK --clock-offset", offset(-90 * time.Minute), func(r *records) { r.plain("h", hours(0), naive) }, []string{"01 10:30:00"}},
		{"OK --clock-offset 0", offset(0), func(r *records) { r.plain("h", hours(0), naive) }, []string{"01 12:00:00"}},
		{
			"OK Sysmon before --clock-offset", offset(time.Hour),
			func(r *records) { r.plain("h", hours(0), naive); r.start("h", hours(1), hours(-2), naive) },
			[]string{"01 09:00:00", "01 10:00:00"},
		},
		{
			"OK receive time, the least late of the host", nil, func(r *records) {
				r.received("h", hours(0), hours(4).Add(17*time.Minute)) // late
				r.received("h", hours(1), hours(5).Add(2*time.Second))
				r.received("other", hours(1), hours(-6.5).Add(-20*time.Second)) // the collector's clock drifts
			},
			[]string{"01 16:00:00", "01 17:00:00", "01 05:30:00"},
		},
		{
			"OK Sysmon before receive time", nil,
			func(r *records) { r.received("h", hours(0), hours(4)); r.start("h", hours(0), hours(5), naive) },
			[]string{"01 17:00:00", "01 17:00:00"},
		},
		{
			"OK quarters of an hour", nil,
			func(r *records) {
				r.plain("h", hours(0), naive)
				r.start("h", hours(0), hours(-5.75).Add(-time.Minute), naive)
			},
			[]string{"01 06:15:00", "01 06:14:00"},
		},
		{
			"OK no zone is that far off", nil,
			func(r *records) { r.plain("h", hours(0), naive); r.start("h", hours(0), hours(26.5), naive) },
			[]string{"unknown", "unknown"},
		},
		{
			"OK connections a day off are not believed", nil, func(r *records) {
				r.start("h", hours(0), hours(5), zoned)
				r.contact("h", hours(1), hours(-18), zoned)                     // a day before
				r.contact("h", hours(2), hours(7).Add(-90*time.Second), zoned)  // logged after a look-up
				r.contact("h", hours(3), hours(8).Add(-400*time.Second), zoned) // too late to be the same
			},
			[]string{"01 17:00:00", "01 18:00:00", "01 18:58:30", "01 20:00:00"},
		},
		{
			"OK a connection alone shows its zone", nil, func(r *records) { r.contact("h", hours(0), hours(5).Add(-time.Minute), naive) },
			[]string{"01 16:59:00"},
		},
		{
			"OK a connection that shows no zone leaves the caller's", offset(5 * time.Hour),
			func(r *records) { r.contact("h", hours(0), hours(5).Add(-7*time.Minute), naive) },
			[]string{"01 17:00:00"},
		},
		{
			"OK a connection that shows no zone is believed as zoned", nil,
			func(r *records) { r.contact("h", hours(0), hours(0).Add(-7*time.Minute), zoned) },
			[]string{"01 12:00:00"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(6) {
				var r records
				c.make(&r)
				order := forwards(len(r.all))
				if seed > 0 {
					rand.New(rand.NewPCG(seed, 1)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
				}
				if got := r.settled(t, c.given, order); !slices.Equal(got, c.want) {
					t.Fatalf("in order %v:\ngot  %q\nwant %q", order, got, c.want)
				}
			}
		})
	}
}

// TestTwelveHourClock is of a clock at UTC-7 that lost AM and PM: 9 in the
// morning and 9 in the evening both read 09:00.
func TestTwelveHourClock(t *testing.T) {
	t.Parallel()
	reads := func(local float64) time.Time { // local is hours after noon of the machine's own clock
		at := hours(local)
		return time.Date(at.Year(), at.Month(), at.Day(), at.Hour()%12, at.Minute(), 0, 0, time.UTC)
	}
	both := func(r *records, from, to float64) { // Sysmon starts each half hour
		for h := from; h <= to; h += 0.5 {
			r.start("h", reads(h), hours(h+7), graph.Naive)
		}
	}
	for _, c := range []struct {
		name     string
		from, to float64 // the stretch that Sysmon shows
		local    float64 // of the Security record
		want     string
	}{
		{"OK morning", -3, 3, -2, "01 17:00:00"},
		{"OK afternoon", -3, 3, 1.5, "01 20:30:00"},
		{"OK a little before the stretch", -3, 3, -3.25, "01 15:45:00"},
		{"OK a little after the stretch", -3, 3, 3.25, "01 22:15:00"},
		{"OK outside the stretch", -3, 3, 5, "unknown"},
		{"OK both halves fit", -11, 11, 4, "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var r records
			r.plain("h", reads(c.local), graph.Naive)
			both(&r, c.from, c.to)
			got := r.settled(t, nil, forwards(len(r.all)))
			if got[0] != c.want {
				t.Errorf("got %s, want %s", got[0], c.want)
			}
			for i, h := 1, c.from; h <= c.to; i, h = i+1, h+0.5 {
				if want := hours(h + 7).Format("02 15:04:05"); got[i] != want {
					t.Errorf("start %d: got %s, want %s", i, got[i], want)
				}
			}
		})
	}
}

// TestSpill holds what waits on disk to what waits in memory: more records than
// are held, of two sources, all kinds, nothing lost or changed.
func TestSpill(t *testing.T) {
	t.Parallel()
	c := newClocks(nil)
	var got, want []string
	give := func(o graph.Observation) error {
		got = append(got, fmt.Sprintf("%T %+v", o, reflect.ValueOf(o).Elem()))
		return nil
	}
	for source, n := range []int{2*held + 7, 3, held} {
		var r records
		for i := range n {
			claimed := noon.Add(time.Duration(i) * time.Millisecond)
			o := everyKind(r.head("h", claimed, graph.Naive), i)
			r.all = append(r.all, o)
		}
		r.start("h", hours(1), hours(float64(3+source)), graph.Naive)
		for _, o := range r.all {
			ready, err := c.take(o)
			if err != nil {
				t.Fatal(err)
			}
			if ready != (o == r.all[n]) {
				t.Fatalf("ready %v: %+v", ready, o)
			}
		}
		for _, o := range r.all[:n] {
			at := o.Head().Clock.Claimed.Add(time.Duration(2+source) * time.Hour)
			o.Head().Clock.At = at
			want = append(want, fmt.Sprintf("%T %+v", o, reflect.ValueOf(o).Elem()))
			o.Head().Clock.At = time.Time{}
		}
		if err := c.release(give); err != nil {
			t.Fatal(err)
		}
		if len(c.waiting) != 0 || len(c.hosts) != 0 {
			t.Errorf("source %d left %d records, %d hosts", source, len(c.waiting), len(c.hosts))
		}
	}
	if c.spill == nil {
		t.Error("nothing went to disk")
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d of %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("record %d:\n%s\n%s", i, got[i], want[i])
		}
	}
}

// everyKind is one of the six kinds of observation, with something in it.
func everyKind(h graph.Header, i int) graph.Observation {
	p := graph.ProcessRef{PID: uint32(i), Image: "a"}
	switch i % 6 {
	case 0:
		return &graph.ProcessStarted{Header: h, Process: p, Source: graph.StartSecurity}
	case 1:
		return &graph.ProcessEnded{Header: h, Process: p}
	case 2:
		return &graph.Contacted{Header: h, RemoteIP: "1.1.1.1", RemotePort: uint16(i), Inbound: i%4 == 0}
	case 3:
		return &graph.Asked{Header: h, Name: "n", Answers: []string{"1.1.1.1", strings.Repeat("x", i%9)}}
	case 4:
		return &graph.TaskChanged{Header: h, Path: "p", Change: graph.Created, Remote: true}
	}
	return &graph.TaskRan{Header: h} // nothing in it but its time
}

// TestSpillStops holds that an error ends the giving, and is told.
func TestSpillStops(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	c := newClocks(offset(0))
	var r records
	for range held + 1 {
		r.plain("h", noon, graph.Naive)
	}
	for _, o := range r.all {
		if _, err := c.take(o); err != nil {
			t.Fatal(err)
		}
	}
	given := 0
	err := c.release(func(graph.Observation) error {
		if given++; given == 5 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || given != 5 {
		t.Errorf("got %v after %d", err, given)
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
}
