// Package render writes what people read in a terminal: aligned tables, and
// findings as trees that run from a task to its destination.
//
// The rule it keeps: every value comes from telemetry, so an attacker may have
// chosen it. Nothing reaches the terminal but through [Escape]: no control
// sequence, no line break, no change of the writing direction. It knows no
// database and does no I/O but writing to what it is given.
package render

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Style says how output looks. The zero value is for a pipe or a file: no
// colour, and nothing is cut to fit.
type Style struct {
	// Width is the number of columns to fit into; 0 means no limit.
	Width int
	// Colour allows ANSI colours.
	Colour bool
}

// Detect is the style that suits w: the terminal's width and colours where w
// is a terminal, the zero style elsewhere. Colours are off where the
// environment sets NO_COLOR to anything, or TERM to dumb. getenv is os.Getenv
// in production.
func Detect(w io.Writer, getenv func(string) string) Style {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return Style{}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < minWidth {
		width = 0
	}
	return Style{Width: width, Colour: colourAllowed(getenv)}
}

// minWidth is the narrowest terminal that output is cut to; one that claims
// less is not believed.
const minWidth = 20

func colourAllowed(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// paint is an ANSI attribute.
type paint string

const (
	plain paint = ""
	bold  paint = "1"
	dim   paint = "2"
	red   paint = "31"
	cyan  paint = "36"
)

// span is a piece of a line in one paint; its text is already safe.
type span struct {
	text string
	paint
}

// line writes spans as one line that fits the style.
func (s Style) line(b *buffer, spans ...span) {
	left := s.Width
	for _, sp := range spans {
		text := sp.text
		if s.Width > 0 {
			w := width(text)
			if w > left {
				text = cut(text, left)
				w = left
			}
			left -= w
		}
		if text == "" {
			continue
		}
		if s.Colour && sp.paint != plain {
			text = "\x1b[" + string(sp.paint) + "m" + text + "\x1b[0m"
		}
		b.WriteString(text)
	}
	b.WriteByte('\n')
}
