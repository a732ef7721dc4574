package hunt_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/taskroot/taskroot/hunt"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/queries"
)

// fake is a store of functions that tests fill in.
type fake struct {
	search func(ctx context.Context, params map[string]any) error
	last   []queries.HuntRecord
	failed []string
}

func (f *fake) Begin(context.Context, queries.HuntStart) (string, error) { return "run", nil }

func (f *fake) Search(ctx context.Context, _ string, p map[string]any) ([]queries.HuntRow, error) {
	return nil, f.search(ctx, p)
}

func (f *fake) Apply(context.Context, queries.HuntOutcome) (queries.HuntEffect, error) {
	return queries.HuntEffect{}, nil
}

func (f *fake) Fail(_ context.Context, _, _, _, why string, _ time.Time) error {
	f.failed = append(f.failed, why)
	return nil
}

func (f *fake) Retract(context.Context, string, time.Time, func(string) bool) (queries.HuntEffect, error) {
	return queries.HuntEffect{}, nil
}

func (f *fake) Runs(context.Context, string, int) ([]queries.HuntRecord, error) { return nil, nil }

func (f *fake) LastRuns(context.Context) ([]queries.HuntRecord, error) { return f.last, nil }

func scheduled(t *testing.T, f *fake, c hunt.Config) *hunt.Runner {
	t.Helper()
	d := definition()
	d.Every = time.Hour
	r, err := hunt.New(f, []hunt.Definition{d}, slog.New(slog.DiscardHandler), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// during runs the schedule for so long and gives it back ended.
func during(t *testing.T, r *hunt.Runner, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := r.Schedule(ctx); err != nil {
		t.Error(err)
	}
}

func TestSchedule(t *testing.T) {
	t.Run("OKSlots", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var at []time.Time
			r := scheduled(t, &fake{search: func(context.Context, map[string]any) error {
				at = append(at, time.Now())
				return errors.New("a failure doesn't end the schedule")
			}}, hunt.Config{})
			during(t, r, 90*time.Minute)
			during(t, r, 3*time.Hour) // a restart in between moves no slot
			for i := 1; i < len(at); i++ {
				if at[i].Sub(at[i-1]) != time.Hour {
					t.Errorf("slots %v", at)
				}
			}
			if len(at) < 4 || r.Missed(name) != 0 {
				t.Errorf("%d slots, %d missed", len(at), r.Missed(name))
			}
		})
	})
	t.Run("OKMissed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			runs := 0
			r := scheduled(t, &fake{search: func(context.Context, map[string]any) error {
				runs++
				<-time.After(150 * time.Minute) // over two more slots
				return nil
			}}, hunt.Config{Timeout: 5 * time.Hour})
			during(t, r, 6*time.Hour)
			if runs != 2 || r.Missed(name) != 4 {
				t.Errorf("%d runs, %d missed", runs, r.Missed(name))
			}
		})
	})
	t.Run("OKWindow", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var got []any
			r := scheduled(t, &fake{search: func(_ context.Context, p map[string]any) error {
				got = []any{p["until"].(time.Time).Sub(p["since"].(time.Time)), time.Since(p["until"].(time.Time)), p["maxHosts"]}
				return nil
			}}, hunt.Config{Window: map[string]time.Duration{name: 24 * time.Hour}})
			during(t, r, time.Hour)
			if want := []any{24 * time.Hour, time.Duration(0), int64(1)}; !reflect.DeepEqual(got, want) {
				t.Errorf("got %v", got)
			}
		})
	})
	t.Run("OKServedElsewhere", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{search: func(context.Context, map[string]any) error {
				t.Error("ran a slot that another process had run")
				return nil
			}}
			f.last = []queries.HuntRecord{{Hunt: name, StartedAt: time.Now().Add(2 * time.Hour)}}
			during(t, scheduled(t, f, hunt.Config{}), 2*time.Hour)
		})
	})
	t.Run("OKByHandOnly", func(t *testing.T) {
		r := scheduled(t, &fake{}, hunt.Config{Every: map[string]time.Duration{name: 0}})
		if err := r.Schedule(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("OKTimeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{search: func(ctx context.Context, _ map[string]any) error {
				<-ctx.Done()
				return ctx.Err()
			}}
			r := scheduled(t, f, hunt.Config{Timeout: time.Minute})
			_, err := r.Run(t.Context(), name, nil)
			if !errors.Is(err, context.DeadlineExceeded) || !reflect.DeepEqual(f.failed, []string{"context deadline exceeded"}) {
				t.Errorf("%v, recorded %q", err, f.failed)
			}
		})
	})
}

func TestBind(t *testing.T) {
	day := time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)
	standard := func(change string, v any) map[string]any {
		out := map[string]any{"since": nil, "until": nil, "maxHosts": int64(1), "via": "any", "includePrivate": false}
		if change != "" {
			out[change] = v
		}
		return out
	}
	for _, c := range []struct {
		name  string
		given map[string]string
		want  map[string]any
		err   string
	}{
		{name: "OKDefaults", want: standard("", nil)},
		{name: "OKFlagName", given: map[string]string{"max-hosts": "3"}, want: standard("maxHosts", int64(3))},
		{name: "OKQueryName", given: map[string]string{"maxHosts": "3"}, want: standard("maxHosts", int64(3))},
		{name: "OKDay", given: map[string]string{"since": "2026-05-02"}, want: standard("since", day)},
		{name: "OKZone", given: map[string]string{"since": "2026-05-02T05:00:00+05:00"}, want: standard("since", day)},
		{name: "OKAgo", given: map[string]string{"since": "2d"}, want: standard("since", day.AddDate(0, 0, -2))},
		{name: "ErrNegative", given: map[string]string{"max-hosts": "-1"}, err: `max-hosts is "-1" (it must be a whole number, 0 or more)`},
		{name: "OKBoolean", given: map[string]string{"include-private": "true"}, want: standard("includePrivate", true)},
		{name: "ErrNumber", given: map[string]string{"max-hosts": "1.5"}, err: `max-hosts is "1.5" (it must be a whole number, 0 or more)`},
		{name: "ErrInstant", given: map[string]string{"since": "yesterday"}, err: `since is "yesterday" (it must be an instant such as 2026-05-02T03:00:00Z, a day such as 2026-05-02, or 24h or 7d for that long ago)`},
		{name: "OKChoice", given: map[string]string{"via": "connected"}, want: standard("via", "connected")},
		{name: "ErrChoice", given: map[string]string{"via": "dns"}, err: `via is "dns" (it must be connected or any)`},
		{name: "ErrUnknown", given: map[string]string{"color": "1"}, err: `hunt task-to-rare-domain has no parameter "color" (it has since, until, max-hosts, via, include-private)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := definition().Bind(c.given, day)
			if c.err != "" {
				if err == nil || err.Error() != c.err || fault.KindOf(err) != fault.Invalid {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestNewErr(t *testing.T) {
	for _, c := range []struct {
		name string
		defs []hunt.Definition
	}{
		{"ErrLabel", []hunt.Definition{{Name: "a", Label: "Task"}}},
		{"ErrSameLabel", []hunt.Definition{{Name: "a", Label: "TrTaskToRareDomain"}, {Name: "b", Label: "TrTaskToRareDomain"}}},
		{"ErrScorer", []hunt.Definition{{Name: "a", Label: "TrTaskToRareDomain", Scorer: "beacon"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := hunt.New(&fake{}, c.defs, slog.New(slog.DiscardHandler), hunt.Config{}); err == nil {
				t.Error("no error")
			}
		})
	}
}
