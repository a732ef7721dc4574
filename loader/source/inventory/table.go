package inventory

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// The columns of schtasks /query /v that are of use; headers are in the language
// of Windows, and only English is known.
const (
	columnHost    = "HostName"
	columnTask    = "TaskName"
	columnRun     = "Task To Run"
	columnAuthor  = "Author"
	columnState   = "Scheduled Task State"
	columnStartIn = "Start In"
)

// longestRow bounds a row.
const longestRow = 1 << 20

func isCSVTable(head []byte) bool { return bytes.HasPrefix(head, []byte(`"HostName","TaskName",`)) }

// sniffTable knows the two verbose tables of schtasks.
func sniffTable(head []byte) bool {
	if isCSVTable(head) {
		return bytes.Contains(head, []byte(`"Task To Run"`))
	}
	isList := bytes.HasPrefix(head, []byte("HostName:")) || bytes.HasPrefix(head, []byte("Folder: "))
	return isList && bytes.Contains(head, []byte("\nTaskName:")) && bytes.Contains(head, []byte("\nTask To Run:"))
}

func readTable(_ context.Context, d *decoder, r io.Reader) error {
	in := bufio.NewReaderSize(r, sniffed)
	head, _ := in.Peek(sniffed)
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n")
	t := &table{d: d}
	var err error
	if isCSVTable(head) {
		err = t.csv(in)
	} else {
		err = t.list(in)
	}
	return errors.Join(err, t.flush())
}

// table gathers the rows of one task, which follow each other: one for each
// trigger, and for each action.
type table struct {
	d    *decoder
	rows []map[string]string
	raw  bytes.Buffer // the rows as a list, which can be read again
}

// mostRows bounds the rows of one task; the rest of them are left out.
const mostRows = 256

func (t *table) row(row map[string]string) error {
	if len(t.rows) > 0 && (t.rows[0][columnTask] != row[columnTask] || t.rows[0][columnHost] != row[columnHost]) {
		if err := t.flush(); err != nil {
			return err
		}
	}
	if len(t.rows) < mostRows {
		t.rows = append(t.rows, row)
		for _, name := range []string{columnHost, columnTask, columnAuthor, columnRun, columnStartIn, columnState} {
			fmt.Fprintf(&t.raw, "%-37s%s\n", name+":", row[name])
		}
		t.raw.WriteByte('\n')
	}
	return nil
}

// flush hands on the task whose rows were gathered.
func (t *table) flush() error {
	if len(t.rows) == 0 {
		return nil
	}
	rows := t.rows
	r := Record{Raw: bytes.Clone(t.raw.Bytes())}
	t.rows = nil
	t.raw.Reset()
	if err := t.d.next(); err != nil {
		return err
	}
	r.Place = t.d.place()
	first := rows[0]
	o := &graph.TaskListed{Path: first[columnTask], Origin: graph.OriginTable}
	o.HostName = first[columnHost]
	switch first[columnState] {
	case "Enabled", "Disabled":
		on := first[columnState] == "Enabled"
		o.Enabled = &on
	}
	if commands := commandsOf(rows); len(commands) > 0 {
		o.XML = task(func(x *builder) {
			x.info("", known(first[columnAuthor]), o.Path)
			x.actions("", func() {
				for _, c := range commands {
					command, arguments := splitRun(c)
					x.exec(command, arguments, known(first[columnStartIn]))
				}
			})
		})
	}
	return t.d.task(o, r)
}

// known is "" for what schtasks writes where there is nothing.
func known(s string) string {
	if s == "N/A" {
		return ""
	}
	return s
}

// commandsOf are the distinct commands of a task's rows, each with its
// arguments, or none where some action is not a command.
func commandsOf(rows []map[string]string) []string {
	var all []string
	seen := map[string]bool{}
	for _, row := range rows {
		switch c := row[columnRun]; {
		case c == "" || c == "N/A" || strings.EqualFold(c, "COM handler") || strings.EqualFold(c, "Multiple actions"):
			return nil
		case !seen[c]:
			seen[c] = true
			all = append(all, c)
		}
	}
	return all
}

var program = regexp.MustCompile(`(?i)\A("[^"]*"|.*?\.(?:exe|com|bat|cmd|vbs|vbe|js|jse|wsf|ps1|msc|scr))(?:\s+(.*))?\z`)

// splitRun parts what schtasks puts together: behind a quote, else behind the
// first thing that looks like a program's ending, else at the first space.
func splitRun(run string) (command, arguments string) {
	if m := program.FindStringSubmatch(run); m != nil {
		return m[1], m[2]
	}
	command, arguments, _ = strings.Cut(run, " ")
	return command, arguments
}

// csv reads the table with commas. Its header comes again before each folder.
func (t *table) csv(in *bufio.Reader) error {
	limited := &bounded{r: in, left: longestRow}
	r := csv.NewReader(limited)
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	var header []string
	for {
		limited.left = longestRow
		fields, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errTooLong):
			return t.bad(TooLong, fmt.Sprintf("a row of more than %d kB; what follows it was not read", longestRow>>10))
		case err != nil:
			return t.bad(BadRecord, err.Error()+"; what follows it was not read")
		}
		if strings.TrimPrefix(fields[0], "\uFEFF") == columnHost {
			header = fields
			header[0] = columnHost
			continue
		}
		row := map[string]string{}
		for i, f := range fields {
			if i < len(header) {
				row[header[i]] = strings.TrimSpace(readable([]byte(f)))
			}
		}
		if row[columnTask] == "" {
			if err := t.bad(BadRecord, "a row without a task's name"); err != nil {
				return err
			}
			continue
		}
		if err := t.row(row); err != nil {
			return err
		}
	}
}

func (t *table) bad(reason, detail string) error {
	if err := t.flush(); err != nil {
		return err
	}
	if err := t.d.next(); err != nil {
		return err
	}
	return t.d.reject(Record{Place: t.d.place()}, reason, detail)
}

// list reads the table with one value a line and an empty line behind each row.
func (t *table) list(in *bufio.Reader) error {
	s := bufio.NewScanner(in)
	s.Buffer(make([]byte, 0, 64<<10), longestRow)
	row := map[string]string{}
	done := func() error {
		one := row
		row = map[string]string{}
		if one[columnTask] == "" {
			return nil
		}
		return t.row(one)
	}
	for s.Scan() {
		name, value, ok := strings.Cut(strings.TrimPrefix(readable(s.Bytes()), "\uFEFF"), ":")
		switch {
		case !ok && strings.TrimSpace(name) != "":
			continue
		case !ok || name == columnHost:
			if err := done(); err != nil {
				return err
			}
		}
		if ok && row[name] == "" && len(row) < 64 {
			row[name] = strings.TrimSpace(value)
		}
	}
	if s.Err() != nil {
		return t.bad(TooLong, fmt.Sprintf("a line of more than %d kB; what follows it was not read", longestRow>>10))
	}
	return done()
}
