package evtx

import (
	"encoding/binary"
	"time"
)

const (
	ticksPerSecond = 10_000_000
	ticksPerDay    = 86_400 * ticksPerSecond
	epochSeconds   = 11_644_473_600 // from 1601-01-01 to 1970-01-01
)

// fileTime is a FILETIME, the 100 ns intervals since 1601, as a time.
func fileTime(t uint64) time.Time {
	return time.Unix(int64(t/ticksPerSecond)-epochSeconds, int64(t%ticksPerSecond)*100).UTC()
}

// appendFileTime writes a FILETIME with its full seven digits. Values that are
// no time, above the signed range, are written as zeros and years above 9999
// with their last four digits, as Windows does.
func appendFileTime(dst []byte, t uint64) []byte {
	if t > 1<<63-1 {
		return append(dst, "0000-00-00T00:00:00.0000000Z"...)
	}
	year, month, day := civil(t / ticksPerDay)
	ticks := t % ticksPerDay
	second := ticks / ticksPerSecond
	return appendTime(dst, [...]uint64{year % 10000, month, day, second / 3600, second / 60 % 60, second % 60,
		ticks % ticksPerSecond})
}

// civil is the Gregorian date that many days after 1601-01-01. Days are
// counted from the first of March 1600, which begins a cycle of 400 years and
// puts the leap day at the end of its year.
func civil(days uint64) (year, month, day uint64) {
	const cycle, century, olympiad = 146_097, 36_524, 1_461
	days += 306 // 1600-03-01 to 1601-01-01
	year = 1600 + days/cycle*400
	days %= cycle
	c := min(days/century, 3)
	days -= c * century
	o := days / olympiad
	days -= o * olympiad
	y := min(days/365, 3)
	days -= y * 365
	year += c*100 + o*4 + y
	month = (5*days + 2) / 153 // from March
	day = days - (153*month+2)/5 + 1
	if month >= 10 {
		return year + 1, month - 9, day
	}
	return year, month + 3, day
}

// appendSysTime writes a SYSTEMTIME: eight 16-bit fields, the third of which
// is the day of the week.
func appendSysTime(dst, b []byte) []byte {
	field := func(i int) uint64 { return uint64(binary.LittleEndian.Uint16(b[2*i:])) }
	return appendTime(dst, [...]uint64{field(0), field(1), field(3), field(4), field(5), field(6),
		field(7) * (ticksPerSecond / 1000)})
}

// appendTime writes year, month, day, hour, minute, second, ticks. A field too
// large for its place keeps its last digits.
func appendTime(dst []byte, f [7]uint64) []byte {
	const form = "0000-00-00T00:00:00.0000000Z"
	dst = append(dst, form...)
	b := dst[len(dst)-len(form):]
	for i, end := range [...]int{4, 7, 10, 13, 16, 19, 27} {
		for v := f[i]; v > 0 && end > 0 && b[end-1] >= '0' && b[end-1] <= '9'; v /= 10 {
			end--
			b[end] = byte('0' + v%10)
		}
	}
	return dst
}
