package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/render"
)

// Bounds of what is shown; --json has all.
const (
	shownHosts   = 40 // in the table
	shownNames   = 5  // of a gap's hosts
	shownDetails = 4
	// enoughHosts is from how many hosts on rarity means something.
	enoughHosts = 20
)

// tellDoctor writes the report for a person.
func tellDoctor(a *app.App, r doctorReport) error {
	var b bytes.Buffer
	tellSetup(&b, r.Setup)
	if t := r.Telemetry; t != nil {
		if err := tellTelemetry(&b, render.Detect(a.Out, os.Getenv), t); err != nil {
			return err
		}
		if len(t.Hosts) > 0 {
			tellGaps(&b, t)
			tellAliases(&b, t.Aliases)
			tellClocks(&b, t.Clocks)
		}
	}
	_, err := a.Out.Write(b.Bytes())
	return err
}

func item(w io.Writer, title, format string, args ...any) {
	fmt.Fprintf(w, "  %-14s %s\n", title, fmt.Sprintf(format, args...))
}

func tellSetup(w io.Writer, s setupReport) {
	d := s.Database
	fmt.Fprintln(w, "SET-UP")
	if d.Reachable {
		item(w, "database", "%s answers: %s (address from %s)", d.URI, render.Escape(d.Version), d.From)
		if len(d.Unmade) == 0 {
			item(w, "schema", "complete")
		} else {
			item(w, "schema", "constraints and indexes missing: %d; the next 'taskroot load' makes them", len(d.Unmade))
		}
	} else {
		item(w, "database", "%s CAN'T BE ASKED (address from %s)", d.URI, d.From)
		item(w, "", "%s", render.Escape(d.Problem))
		item(w, "what next", "%s", cmpOr(d.Hint, "mend that, then run 'taskroot doctor' again"))
	}
	item(w, "local database", "%s ('taskroot db status' tells more)", d.Local)
	item(w, "configuration", "%s", cmpOr(s.ConfigFile, "no file; defaults and environment ('taskroot config' shows them)"))
	if s.Rejects.Files == 0 {
		item(w, "rejected input", "none waits in %s", s.Rejects.Dir)
	} else {
		item(w, "rejected input", "%s (%.1f MB) in %s; 'taskroot load FILE' tries one again", render.Count(int64(s.Rejects.Files), "file"),
			float64(s.Rejects.Bytes)/1e6, s.Rejects.Dir)
	}
	keys := "no keys: open to whoever reaches it"
	if s.API.Keys > 0 {
		keys = render.Count(int64(s.API.Keys), "key")
	}
	item(w, "API", "'taskroot serve' would listen on %s, %s", s.API.Listen, keys)
}

func cmpOr(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// columns are the kinds of records that the table shows, in the order of a hunt.
var columns = []struct{ kind, title string }{
	{"start", "STARTS"}, {"contact", "CONNECTIONS"}, {"question", "DNS"}, {"run", "TASK RUNS"},
	{"registration", "TASK CHANGES"}, {"logon", "LOGONS"}, {"listing", "INVENTORY"},
}

func tellTelemetry(w io.Writer, s render.Style, t *telemetryReport) error {
	fmt.Fprintln(w, "\nTELEMETRY")
	if len(t.Hosts) == 0 {
		fmt.Fprintln(w, "  none: 'taskroot load PATH' loads it")
		return nil
	}
	days, first, last := 0, t.Hosts[0].FirstSeen, t.Hosts[0].LastSeen
	for _, h := range t.Hosts {
		days += h.Days
		if h.FirstSeen.Before(first) {
			first = h.FirstSeen
		}
		if h.LastSeen.After(last) {
			last = h.LastSeen
		}
	}
	fmt.Fprintf(w, "  %s, %s to %s; on %s in all, counted host by host\n", render.Count(int64(len(t.Hosts)), "host"),
		render.Time(first), render.Time(last), render.Count(int64(days), "day"))
	if n := t.Graph.HostsObserved; n < enoughHosts {
		fmt.Fprintf(w, "  network or DNS telemetry of %s in all; below %d, rarity means little\n", render.Count(n, "host"), enoughHosts)
	}
	if t.Uncovered > 0 {
		fmt.Fprintf(w, "  of %s in the graph nothing is noted: loaded by an older version (load again), or known by name only\n", render.Count(int64(t.Uncovered), "further host"))
	}
	fmt.Fprintln(w, "  On how many days each host gave what:")
	return hostTable(t.Hosts).Write(&indented{w: w}, s)
}

func hostTable(hosts []hostReport) render.Table {
	table := render.Table{Columns: []render.Column{{Title: "HOST", Shrink: true}, {Title: "FIRST"}, {Title: "LAST"}, {Title: "DAYS", Right: true}}}
	for _, c := range columns {
		table.Columns = append(table.Columns, render.Column{Title: c.title, Right: true})
	}
	for i, h := range hosts {
		if i == shownHosts {
			table.Rows = append(table.Rows, []string{fmt.Sprintf("and %d more (--json has all)", len(hosts)-i)})
			break
		}
		row := []string{h.Host, h.FirstSeen.Format("2006-01-02"), h.LastSeen.Format("2006-01-02"), strconv.Itoa(h.Days)}
		for _, c := range columns {
			cell := "-"
			if n := h.Kinds[c.kind]; n > 0 {
				cell = strconv.Itoa(n)
			}
			row = append(row, cell)
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// indented writes lines two columns in.
type indented struct{ w io.Writer }

func (i *indented) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		if _, err := fmt.Fprintf(i.w, "  %s", line); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func tellGaps(w io.Writer, t *telemetryReport) {
	fmt.Fprintln(w, "\nWHAT IS MISSING, the gravest first (docs/coverage.md)")
	n := 0
	for _, g := range t.Gaps {
		if g.Code == "clock-shifted" {
			continue // nothing is missing; it stands under clocks
		}
		n++
		fmt.Fprintf(w, "  %s: %d of %s, %s\n", g.Code, len(g.Hosts), render.Count(int64(len(t.Hosts)), "host"), render.Count(int64(g.Days), "day"))
		fmt.Fprintf(w, "      %s\n", g.Text)
		if len(g.Details) > 0 {
			fmt.Fprintf(w, "      which   %s\n", some(g.Details, shownDetails))
		}
		fmt.Fprintf(w, "      on      %s\n", some(g.Hosts, shownNames))
		fmt.Fprintf(w, "      blinds  %s\n", strings.Join(g.Blinds, ", "))
		for i, c := range g.Closes {
			title := "closes"
			if i > 0 {
				title = ""
			}
			fmt.Fprintf(w, "      %-7s %s\n", title, c)
		}
	}
	if n == 0 {
		fmt.Fprintln(w, "  nothing that could be told")
	}
}

// some are the first of a list, and how many more there are. Names come from
// telemetry.
func some(list []string, n int) string {
	text := render.Escape(strings.Join(list[:min(n, len(list))], ", "))
	if more := len(list) - n; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func tellAliases(w io.Writer, all []aliasReport) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(w, "\nHOSTS THAT MAY BE ONE MACHINE")
	fmt.Fprintln(w, "  If they are, put the line under hosts.aliases in the configuration and load again into an empty database.")
	for _, a := range all {
		if a.Line != "" {
			fmt.Fprintf(w, "  %s\n", render.Escape(a.Line))
		} else {
			fmt.Fprintf(w, "  %s: several full names fit, so look closely: %s\n", render.Escape(a.Name), some(a.Full, shownNames))
		}
	}
}

func tellClocks(w io.Writer, all []clockReport) {
	fmt.Fprintln(w, "\nCLOCKS")
	if len(all) == 0 {
		fmt.Fprintln(w, "  all records said their time in UTC")
		return
	}
	for i, c := range all {
		if i == shownHosts {
			fmt.Fprintf(w, "  and %d more hosts (--json has all)\n", len(all)-i)
			return
		}
		var parts []string
		if len(c.Offsets) > 0 {
			parts = append(parts, "corrected by "+some(c.Offsets, shownDetails))
		}
		if c.Unknown > 0 {
			parts = append(parts, "could not be corrected on "+render.Count(int64(c.Unknown), "day")+": load again with --clock-offset")
		}
		fmt.Fprintf(w, "  %s: %s\n", render.Escape(c.Host), strings.Join(parts, "; "))
	}
}
