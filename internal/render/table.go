package render

import (
	"io"
	"strings"
)

// Column is a column of a [Table].
type Column struct {
	Title string
	// Right aligns numbers.
	Right bool
	// Shrink lets the column be cut where the terminal is too narrow; columns
	// that don't shrink are kept whole as long as anything can.
	Shrink bool
}

// Table is rows under titles.
type Table struct {
	Columns []Column
	Rows    [][]string
}

// gap stands between two columns.
const gap = "  "

// narrowest is how far a column that shrinks may be cut.
const narrowest = 8

// Write writes the table: columns as wide as their widest value, and in a
// terminal shrunk to fit. Values are escaped here.
func (t Table) Write(w io.Writer, s Style) error {
	cells := make([][]string, len(t.Rows))
	widths := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		widths[i] = width(c.Title)
	}
	for r, row := range t.Rows {
		cells[r] = make([]string, len(t.Columns))
		for i := range min(len(row), len(t.Columns)) {
			cells[r][i] = Escape(row[i])
			widths[i] = max(widths[i], width(cells[r][i]))
		}
	}
	t.fit(widths, s.Width)
	var b buffer
	titles := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		titles[i] = c.Title
	}
	t.row(&b, s, titles, widths, bold)
	for _, row := range cells {
		t.row(&b, s, row, widths, plain)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fit takes columns from the widest that shrinks until the row fits.
func (t Table) fit(widths []int, limit int) {
	if limit == 0 {
		return
	}
	over := -limit + len(gap)*(len(widths)-1)
	for _, w := range widths {
		over += w
	}
	for ; over > 0; over-- {
		widest := -1
		for i, c := range t.Columns {
			if c.Shrink && widths[i] > narrowest && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

func (t Table) row(b *buffer, s Style, cells []string, widths []int, p paint) {
	var line strings.Builder
	for i, c := range t.Columns {
		if i > 0 {
			line.WriteString(gap)
		}
		text := cut(cells[i], widths[i])
		pad := strings.Repeat(" ", widths[i]-width(text))
		switch {
		case c.Right:
			line.WriteString(pad + text)
		case i == len(t.Columns)-1:
			line.WriteString(text) // no blanks at the end of a line
		default:
			line.WriteString(text + pad)
		}
	}
	s.line(b, span{strings.TrimRight(line.String(), " "), p})
}
