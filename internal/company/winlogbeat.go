package company

import "strconv"

// collector is the machine that Winlogbeat runs on; it receives every host's
// records, so its name is on all of them.
const collector = "WEC01"

// appendBeat appends a record as Winlogbeat 7 writes it: every value of the
// event's data as text, GUIDs in braces, the collector as host.
func appendBeat(b []byte, computer string, r *record, fields []field, received int64) []byte {
	l := &logs[r.channel]
	b = append(b, `{"@timestamp":"`...)
	b = appendUTC(b, r.at, 'T', 3)
	b = append(b, `","@metadata":{"beat":"winlogbeat","type":"_doc","version":"7.17.9"},"agent":{"hostname":"`+collector+
		`","type":"winlogbeat","version":"7.17.9"},"ecs":{"version":"1.12.0"},"event":{"code":"`...)
	b = strconv.AppendInt(b, int64(r.id), 10)
	b = append(b, `","created":"`...)
	b = appendUTC(b, received, 'T', 3)
	b = append(b, `","kind":"event","provider":"`...)
	b = append(b, l.provider...)
	b = append(b, `"},"host":{"name":"`+collector+`"},"log":{"level":"information"},"winlog":{"api":"wineventlog","channel":"`...)
	b = append(b, l.name...)
	b = append(b, `","computer_name":`...)
	b = appendJSON(b, computer)
	b = append(b, `,"event_data":{`...)
	for i := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendBeatField(b, &fields[i])
	}
	b = append(b, `},"event_id":`...)
	b = strconv.AppendInt(b, int64(r.id), 10)
	b = append(b, `,"process":{"pid":`...)
	b = strconv.AppendUint(b, uint64(r.pid), 10)
	b = append(b, `,"thread":{"id":`...)
	b = strconv.AppendUint(b, uint64(r.thread), 10)
	b = append(b, `}},"provider_guid":"{`...)
	b = append(b, l.guid...)
	b = append(b, `}","provider_name":"`...)
	b = append(b, l.provider...)
	b = append(b, `","record_id":`...)
	b = strconv.AppendUint(b, r.number, 10)
	if r.activity != "" {
		b = append(b, `,"activity_id":"{`...)
		b = append(b, r.activity...)
		b = append(b, `}"`...)
	}
	b = append(b, `,"version":`...)
	b = strconv.AppendInt(b, int64(r.version), 10)
	return append(b, "}}\n"...)
}

func appendBeatField(b []byte, f *field) []byte {
	b = append(b, '"')
	b = append(b, f.name...)
	b = append(b, '"', ':')
	switch f.kind {
	case number:
		b = append(b, '"')
		b = strconv.AppendInt(b, f.n, 10)
		return append(b, '"')
	case boolean:
		b = append(b, '"')
		b = strconv.AppendBool(b, f.n != 0)
		return append(b, '"')
	case hexadecimal:
		b = append(b, `"0x`...)
		b = strconv.AppendUint(b, uint64(f.n), 16)
		return append(b, '"')
	case guid:
		b = append(b, '"', '{')
		for i := range len(f.s) {
			c := f.s[i]
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			b = append(b, c)
		}
		return append(b, '}', '"')
	}
	return appendJSON(b, f.s)
}
