package company

import "strconv"

// appendEvtx appends a record as evtx_dump's JSON lines have it: attributes
// under #attributes, numbers as numbers, GUIDs in upper case without braces.
func appendEvtx(b []byte, computer string, r *record, fields []field) []byte {
	l := &logs[r.channel]
	b = append(b, `{"Event":{"#attributes":{"xmlns":"http://schemas.microsoft.com/win/2004/08/events/event"},"System":{"Provider":{"#attributes":{"Name":"`...)
	b = append(b, l.provider...)
	b = append(b, `","Guid":"`...)
	b = append(b, l.guid...)
	b = append(b, `"}},"EventID":`...)
	b = strconv.AppendInt(b, int64(r.id), 10)
	b = append(b, `,"Version":`...)
	b = strconv.AppendInt(b, int64(r.version), 10)
	b = append(b, `,"Level":`...)
	b = strconv.AppendInt(b, int64(l.level), 10)
	b = append(b, `,"Task":`...)
	b = strconv.AppendInt(b, int64(r.task()), 10)
	b = append(b, `,"Opcode":`...)
	b = strconv.AppendInt(b, int64(r.opcode()), 10)
	b = append(b, `,"Keywords":"`...)
	b = append(b, l.keywords...)
	b = append(b, `","TimeCreated":{"#attributes":{"SystemTime":"`...)
	b = appendUTC(b, r.at, 'T', 6)
	b = appendOrigin(append(b, `"}}`...), computer, r)
	b = append(b, `},"EventData":{`...)
	if r.channel == schedulerLog {
		b = append(b, `"#attributes":{"Name":"`...)
		b = append(b, dataName[r.id]...)
		b = append(b, `"},`...)
	}
	for i := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendEvtxField(b, &fields[i])
	}
	return append(b, "}}}\n"...)
}

// appendOrigin appends the rest of System: which record it is, and whose.
func appendOrigin(b []byte, computer string, r *record) []byte {
	b = append(b, `,"EventRecordID":`...)
	b = strconv.AppendUint(b, r.number, 10)
	b = append(b, `,"Correlation":`...)
	if r.activity == "" {
		b = append(b, "null"...)
	} else {
		b = append(b, `{"#attributes":{"ActivityID":"`...)
		b = append(b, r.activity...)
		b = append(b, `"}}`...)
	}
	b = append(b, `,"Execution":{"#attributes":{"ProcessID":`...)
	b = strconv.AppendUint(b, uint64(r.pid), 10)
	b = append(b, `,"ThreadID":`...)
	b = strconv.AppendUint(b, uint64(r.thread), 10)
	b = append(b, `}},"Channel":"`...)
	b = append(b, logs[r.channel].name...)
	b = append(b, `","Computer":`...)
	b = appendJSON(b, computer)
	return appendSecurity(b, r.channel)
}

func appendSecurity(b []byte, c channel) []byte {
	if c == securityLog {
		return append(b, `,"Security":null`...)
	}
	return append(b, `,"Security":{"#attributes":{"UserID":"S-1-5-18"}}`...)
}

func appendEvtxField(b []byte, f *field) []byte {
	b = append(b, '"')
	b = append(b, f.name...)
	b = append(b, '"', ':')
	switch f.kind {
	case number:
		return strconv.AppendInt(b, f.n, 10)
	case boolean:
		return strconv.AppendBool(b, f.n != 0)
	case hexadecimal:
		b = append(b, `"0x`...)
		b = strconv.AppendUint(b, uint64(f.n), 16)
		return append(b, '"')
	case guid:
		b = append(b, '"')
		b = append(b, f.s...)
		return append(b, '"')
	}
	return appendJSON(b, f.s)
}
