package mde

import (
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// row is a row with what is known of it.
type row struct {
	r      Row
	table  string
	action string
	at     Place
}

// absent is what exports write for nothing.
var absent = map[string]bool{"": true, "-": true, "null": true, "N/A": true, "S-1-0-0": true}

// text is a column's value as written; "" where it stands for nothing.
func (r row) text(column string) string {
	s := r.r.Get(column)
	if absent[strings.TrimSpace(s)] {
		return ""
	}
	return s
}

// number reads a whole number, decimal or 0x…; 0 for none. Exports by way of a
// table library write 3.0 for 3.
func number(s string, bits int) uint64 {
	s = strings.ToLower(strings.TrimSpace(s))
	base := 10
	if hex, ok := strings.CutPrefix(s, "0x"); ok {
		s, base = hex, 16
	} else {
		s = strings.TrimSuffix(s, ".0")
	}
	n, err := strconv.ParseUint(s, base, bits)
	if err != nil {
		return 0
	}
	return n
}

func (r row) pid(column string) uint32  { return uint32(number(r.r.Get(column), 32)) }
func (r row) port(column string) uint16 { return uint16(number(r.r.Get(column), 16)) }
func (r row) wide(column string) uint64 { return number(r.r.Get(column), 64) }
func (r row) account(pre string) string {
	return account(r.text(pre+"AccountDomain"), r.text(pre+"AccountName"))
}
func (r row) ip(column string) string { ip, _ := graph.NormalIP(r.text(column)); return ip }
func (r row) hashes(prefix string) string {
	var all []string
	for _, kind := range []string{"SHA1", "SHA256", "MD5"} {
		if h := strings.TrimSpace(r.text(prefix + kind)); h != "" {
			all = append(all, kind+"="+h)
		}
	}
	return strings.Join(all, ",")
}

// account is DOMAIN\name, the bare name where there is no domain.
func account(domain, name string) string {
	if domain == "" || name == "" {
		return name
	}
	return domain + `\` + name
}

// layouts are the ways in which portals and exports write times; Go reads a
// fraction of any length behind the seconds by itself.
var layouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05",
	"1/2/2006, 3:04:05 PM", "1/2/2006 3:04:05 PM", "Jan 2, 2006 3:04:05 PM", "Jan 2, 2006, 3:04:05 PM",
}

// firstYear bounds times from below: Kusto writes the year 1 for none, Windows
// 1601.
const firstYear = 1990

// time reads a time. One without a zone is read as if it were UTC and hasZone is
// false, unless the column's name says that it is UTC.
func (r row) time(column string) (t time.Time, hasZone, ok bool) {
	for _, c := range []struct {
		suffix string
		utc    bool
	}{{"", false}, {" [UTC]", true}, {" [Local Time]", false}} {
		s := strings.TrimSpace(r.r.Get(column + c.suffix))
		if s == "" {
			continue
		}
		// Locales put a narrow no-break space before AM and PM.
		s = strings.ReplaceAll(s, "\u202f", " ")
		for i, layout := range layouts {
			t, err := time.Parse(layout, s)
			if err == nil && t.Year() >= firstYear {
				return t.UTC(), c.utc || i == 0 || i == 2, true
			}
		}
	}
	return time.Time{}, false, false
}

// started is when a process was created; zero where the row does not say.
func (r row) started(column string) time.Time {
	t, _, _ := r.time(column)
	return t
}

// header is what all that a row says has in common.
func (r row) header() (graph.Header, error) {
	at, hasZone, ok := r.time("Timestamp")
	if !ok {
		at, hasZone, ok = r.time("TimeGenerated")
	}
	name := strings.TrimSpace(r.text("DeviceName"))
	if name == "" {
		name = r.at.Host
	}
	switch {
	case !ok:
		return graph.Header{}, ErrNoTime
	case name == "":
		return graph.Header{}, ErrNoHost
	}
	h := graph.Header{
		Host: graph.HostKey(name), HostName: name,
		Clock: graph.Clock{Claimed: at, Trust: graph.Honest},
		Evidence: graph.Evidence{
			Source: r.at.Source, Channel: "Defender/" + r.table, Record: r.at.Ordinal, Time: at,
		},
	}
	if !hasZone {
		h.Clock.Trust = graph.Naive
	}
	for _, column := range []string{"ReportId", "ReportId_long"} {
		if id := r.wide(column); id != 0 {
			h.Evidence.Record = id
			break
		}
	}
	return h, nil
}
