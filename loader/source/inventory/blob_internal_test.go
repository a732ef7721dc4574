package inventory

import (
	"testing"
	"time"
)

// FuzzActions looks for values of the registry that panic or make more than they
// hold.
func FuzzActions(f *testing.F) {
	f.Add([]byte("\x03\x00\x02\x00\x00\x00A\x00\x66\x66\x00\x00\x00\x00\x02\x00\x00\x00c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x01\x00\x77\x77\x00\x00\x00\x000123456789abcdef\x00\x00\x00\x00"))
	f.Add([]byte("\x02\x00\x99\x99\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		context, list, err := parseActions(in)
		if err == nil && (len(list) > mostActions || len(context) > 2*len(in)) {
			t.Errorf("%d actions for %q", len(list), context)
		}
		registeredAt(in)
	})
}

func TestRegisteredAt(t *testing.T) {
	for in, want := range map[string]time.Time{
		"\x03\x00\x00\x00\x87\x58\x2a\x92\xd6\x7c\xd9\x01": time.Date(2023, 5, 2, 9, 15, 0, 123456700, time.UTC),
		"\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00": {},
		"\x03\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f": {},
		"\x03\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff": {},
		"\x03\x00\x00\x00": {},
	} {
		if got := registeredAt([]byte(in)); !got.Equal(want) {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}
