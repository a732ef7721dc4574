package graph_test

import (
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
)

func TestGUIDTime(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, guid string
		want       time.Time
		ok         bool
	}{
		{"OK", "{67e11d8c-f712-5fdd-2d02-000000000900}", time.Date(2020, 12, 19, 12, 50, 26, 0, time.UTC), true},
		{"OK upper case without braces", "B34BC01C-ABD1-5F69-8E02-000000000900", time.Date(2020, 9, 22, 7, 46, 25, 0, time.UTC), true},
		{"ErrZero", "{00000000-0000-0000-0000-000000000000}", time.Time{}, false},
		{"ErrTooEarly", "{67e11d8c-f712-2fdd-2d02-000000000900}", time.Time{}, false},
		{"ErrTooLate", "{67e11d8c-f712-ffdd-2d02-000000000900}", time.Time{}, false},
		{"ErrNoHex", "{67e11d8c-z712-5fdd-2d02-000000000900}", time.Time{}, false},
		{"ErrEmpty", "", time.Time{}, false},
		{"ErrShape", "67e11d8cff712x5fddx2d02x000000000900", time.Time{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, ok := graph.GUIDTime(tc.guid)
			if !got.Equal(tc.want) || ok != tc.ok {
				t.Errorf("GUIDTime(%q) = %v, %v; want %v, %v", tc.guid, got, ok, tc.want, tc.ok)
			}
		})
	}
}
