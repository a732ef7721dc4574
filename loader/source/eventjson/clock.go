package eventjson

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// zoned and naive are the ways that times are written; Go reads a fraction of
// any length behind the seconds by itself.
var (
	zoned = []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00",
		"2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 Z0700",
		"2006-01-02 15:04:05 MST", "2006-01-02T15:04:05 Z07:00",
		"2006/01/02 15:04:05Z07:00", "2006/01/02T15:04:05Z07:00",
	}
	naive = []string{
		"2006-01-02T15:04:05", "2006-01-02 15:04:05",
		"2006/01/02 15:04:05", "2006/01/02T15:04:05",
		"1/2/2006 3:04:05 PM", "1/2/2006, 3:04:05 PM",
	}
)

// parseTime reads a time in any of the ways that exports write it. Without a
// zone it is read as if it were UTC, and hasZone is false.
func parseTime(s string) (t time.Time, hasZone, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, false, false
	}
	if ms, cut := strings.CutPrefix(s, "/Date("); cut {
		s, _, _ = strings.Cut(ms, ")")
	}
	if t, ok := epoch(s); ok {
		return t, true, true
	}
	if zone := strings.LastIndexByte(s, ' '); zone > 0 && isZoneName(s[zone+1:]) {
		s = s[:zone]
	}
	for _, layout := range naive {
		if t, err := time.Parse(layout, s); err == nil {
			return t, false, true
		}
	}
	for _, layout := range zoned {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true, true
		}
	}
	return time.Time{}, false, false
}

// isZoneName says whether s is a zone's abbreviation, such as JST or EST. They
// are not unique, so a time with one is as good as a time without; but for UTC.
func isZoneName(s string) bool {
	for _, c := range s {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	switch s {
	case "", "AM", "PM", "UTC", "GMT", "Z":
		return false
	}
	return true
}

// epoch reads seconds since 1970, or thousandths, millionths or billionths of
// them, told apart by size: all times are taken to lie between 1990 and 2100.
func epoch(s string) (time.Time, bool) {
	const first, last = 631152000, 4102444800
	if s == "" || s[0] < '0' || s[0] > '9' {
		return time.Time{}, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		for _, unit := range []int64{1, 1e3, 1e6, 1e9} {
			if sec := n / unit; sec >= first && sec < last {
				return time.Unix(sec, n%unit*(1e9/unit)).UTC(), true
			}
		}
		return time.Time{}, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return time.Time{}, false
	}
	if f >= first*1e3 {
		f /= 1e3
	}
	if f < first || f >= last {
		return time.Time{}, false
	}
	sec, frac := math.Modf(f)
	// A float64 of that size holds microseconds, not more.
	return time.Unix(int64(sec), int64(math.Round(frac*1e6))*1e3).UTC(), true
}
