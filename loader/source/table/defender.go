package table

import (
	"errors"
	"time"

	"github.com/taskroot/taskroot/loader/mde"
)

// defenderRow reads a row of Defender's advanced hunting, as its own portal and
// Sentinel's export it.
func defenderRow(r *reader) error {
	at := mde.Place{Source: r.name, Ordinal: r.number, Host: r.opt.Host}
	said, skipped, err := mde.Observe("", deviceRow{r}, at)
	switch {
	case errors.Is(err, mde.ErrNoHost):
		return r.reject(NoHost, err.Error())
	case err != nil:
		return r.reject(BadRecord, err.Error())
	case len(said) == 0:
		return r.h.Passed(skipped)
	}
	return r.h.Observation(said[0], said[1:]...)
}

// deviceRow gives a row's values by the names of the schema.
type deviceRow struct{ r *reader }

// Get implements [mde.Row]. A time in a zone that the header states is given in
// UTC, in any other as it is.
func (d deviceRow) Get(name string) string {
	i, ok := d.r.head.at[name]
	if !ok || i >= len(d.r.row.fields) {
		return ""
	}
	value, zone := d.r.row.fields[i], d.r.head.columns[i].zone
	if zone == nil {
		return value
	}
	at, zoned, err := parseTime(value)
	if err != nil {
		return value
	}
	if !zoned {
		at = inZone(at, zone)
	}
	return at.UTC().Format(time.RFC3339Nano)
}
