package graph

import (
	"strconv"
	"time"
)

// Bounds of a believable process start: before the first Sysmon-capable
// Windows, or in the next century, the number is no clock.
var (
	firstGUIDTime = time.Date(2007, 1, 1, 0, 0, 0, 0, time.UTC)
	lastGUIDTime  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// GUIDTime is the second, in true UTC, at which the process of that Sysmon GUID
// started: the third and second group of the GUID, read as hexadecimal, are
// Unix time. ok is false for no GUID and for a time outside 2007 to 2099.
func GUIDTime(guid string) (at time.Time, ok bool) {
	guid = NormalGUID(guid)
	if guid == "" || guid[8] != '-' || guid[13] != '-' || guid[18] != '-' {
		return time.Time{}, false
	}
	sec, err := strconv.ParseUint(guid[14:18]+guid[9:13], 16, 32)
	if err != nil {
		return time.Time{}, false
	}
	at = time.Unix(int64(sec), 0).UTC()
	if at.Before(firstGUIDTime) || !at.Before(lastGUIDTime) {
		return time.Time{}, false
	}
	return at, true
}
