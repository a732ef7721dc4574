package table

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Why a time can't be read.
var (
	errNoTime    = errors.New("has no time that can be read")
	errAmbiguous = errors.New("has a date whose day and month can be either; export it with the year first, or write a mapping with timeFormat")
)

// zonedLayouts and naiveLayouts are the ways that exports write times. Go reads
// a fraction of any length behind the seconds by itself, after a dot or a comma.
var (
	zonedLayouts = []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00",
		"2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 Z0700", "2006/01/02 15:04:05 Z07:00",
		"02/Jan/2006:15:04:05 -0700", time.RFC1123Z,
	}
	naiveLayouts = []string{
		"2006-1-2T15:04:05", "2006-1-2 15:04:05", "2006/1/2 15:04:05", "2006/1/2T15:04:05", "2.1.2006 15:04:05",
		"1/2/2006 3:04:05 PM", "1/2/2006, 3:04:05 PM",
		"Jan 2, 2006 @ 15:04:05", // Kibana's
	}
	slashed = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4}),? +(\d{1,2}:\d{2}:\d{2}(?:\.\d{1,9})?)$`)
)

// parseTime reads a time as exports write it. Without a zone it is read as if
// it were UTC, and zoned is false.
func parseTime(s string) (at time.Time, zoned bool, err error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, false, errNoTime
	}
	if at, ok := epoch(s); ok {
		return at, true, nil
	}
	for _, zone := range []string{" UTC", " GMT", " Z"} {
		if rest, ok := strings.CutSuffix(s, zone); ok {
			at, _, err := parseTime(rest)
			return at, true, err
		}
	}
	s = strings.ReplaceAll(s, "\u202f", " ") // what .NET writes before AM and PM
	for _, layout := range naiveLayouts {
		if at, err := time.Parse(layout, s); err == nil {
			return at, false, nil
		}
	}
	for _, layout := range zonedLayouts {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC(), true, nil
		}
	}
	at, err = slashedTime(s)
	return at, false, err
}

// slashedTime reads 13/02/2024 10:00:00, which is day first in most of the
// world and month first in America; where both could be, it is not guessed.
func slashedTime(s string) (time.Time, error) {
	m := slashed.FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, errNoTime
	}
	a, errA := strconv.Atoi(m[1])
	b, errB := strconv.Atoi(m[2])
	if errA != nil || errB != nil {
		return time.Time{}, errNoTime
	}
	switch {
	case a > 12:
		a, b = b, a
	case b <= 12 && a != b:
		return time.Time{}, errAmbiguous
	}
	at, err := time.Parse("2006-1-2 15:04:05", m[3]+"-"+strconv.Itoa(a)+"-"+strconv.Itoa(b)+" "+m[4])
	if err != nil {
		return time.Time{}, errNoTime
	}
	return at, nil
}

// epoch reads seconds since 1970, or thousandths, millionths or billionths of
// them, told apart by size: all times are taken to lie between 1990 and 2100.
func epoch(s string) (time.Time, bool) {
	const first, last = 631152000, 4102444800
	digits, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(digits) < 9 || s[0] < '0' || s[0] > '9' {
		return time.Time{}, false
	}
	if n >= first && n < last {
		nanos, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
		return time.Unix(n, nanos).UTC(), err == nil
	}
	for _, unit := range []int64{1e3, 1e6, 1e9} {
		if sec := n / unit; sec >= first && sec < last {
			return time.Unix(sec, n%unit*(1e9/unit)).UTC(), true
		}
	}
	return time.Time{}, false
}

// zoneOf reads the name of a zone as headers and mappings write it: UTC,
// UTC+09:00, +0900, or a place. Unknown names are an error.
func zoneOf(name string) (*time.Location, error) {
	bare := strings.TrimPrefix(strings.TrimPrefix(strings.ToUpper(name), "UTC"), "GMT")
	switch bare {
	case "", "Z":
		return time.UTC, nil
	}
	for _, layout := range []string{"-07:00", "-0700", "-07", "-7"} {
		if at, err := time.Parse(layout, bare); err == nil {
			_, offset := at.Zone()
			return time.FixedZone(name, offset), nil
		}
	}
	if strings.EqualFold(name, "local") {
		return nil, errors.New("of which machine? name the zone")
	}
	return time.LoadLocation(name) //nolint:wrapcheck // the caller says where the name stands
}

// inZone is the moment at which clocks in the zone show what at shows as UTC.
func inZone(at time.Time, zone *time.Location) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), zone).UTC()
}
