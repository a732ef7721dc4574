package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Chain is one finding: a task, the destination its processes reached, and the
// steps that lead there.
type Chain struct {
	Score         float64
	Task          string // path, or what stands for it where it has none
	Host          string
	Destination   string
	Via           string // how it was reached: connected or resolved
	Hosts         int64  // prevalence
	HostsObserved int64
	Runs          int64
	Contacts      int64
	First, Last   time.Time
	Steps         []Step // from the task to the endpoint, both included
	Reasons       []string
	Notes         []string // what the reader must know about how far to trust it
}

// Step is one node of a chain with the link that leads to it.
type Step struct {
	Label       string // Task, Process, Endpoint
	Name        string
	PID         int64 // 0 where unknown
	CommandLine string
	At          time.Time // of the link; zero where unknown
	Via         string    // how the link to it is known
	Confidence  float64   // of that link; 0 where there is none
}

const (
	// maxIndent is how many steps are indented further than the one above: a
	// chain has no greatest depth, a terminal has a width.
	maxIndent = 12
	// maxSteps is how many steps of a chain are shown before its middle is
	// left out, which is then said.
	maxSteps = 40
	arrow    = "  →  "
)

// Chains writes findings in the order given, numbered from 1.
func Chains(w io.Writer, s Style, chains []Chain) error {
	var b buffer
	for i, c := range chains {
		if i > 0 {
			b.WriteByte('\n')
		}
		c.write(&b, s, i+1)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c Chain) write(b *buffer, s Style, rank int) {
	number := strconv.Itoa(rank)
	indent := strings.Repeat(" ", len(number)+2)
	head, host, task := number+"  score "+Number(c.Score)+"  ", " on "+Escape(c.Host), Escape(c.Task)
	destination := Escape(c.Destination)
	if s.Width > 0 { // a long task name must not push the destination out of sight
		task = cut(task, max(narrowest, s.Width-width(head+host+arrow+destination)))
	}
	s.line(b, span{head, bold}, span{task, cyan}, span{host, plain}, span{arrow, dim}, span{destination, red})
	s.line(b, span{indent + c.summary(), dim})
	c.steps(b, s, indent)
	for _, r := range c.Reasons {
		s.line(b, span{indent + "why: ", bold}, span{Escape(r), plain})
	}
	for _, n := range c.Notes {
		s.line(b, span{indent + "note: " + Escape(n), plain})
	}
}

func (c Chain) summary() string {
	parts := []string{
		fmt.Sprintf("%d of %s", c.Hosts, Count(c.HostsObserved, "host")),
		Count(c.Runs, "run"), Count(c.Contacts, "contact"),
	}
	if c.Via != "" {
		parts = append(parts, Escape(c.Via))
	}
	if !c.First.IsZero() {
		parts = append(parts, Time(c.First)+" … "+Time(c.Last))
	}
	return strings.Join(parts, ", ")
}

func (c Chain) steps(b *buffer, s Style, indent string) {
	left := len(c.Steps) - maxSteps
	for i, step := range c.Steps {
		if left > 0 && i >= maxSteps/2 && i < maxSteps/2+left {
			if i == maxSteps/2 {
				s.line(b, span{indent + branch(i) + "⋮ " + Count(int64(left), "step") + " left out here; --json shows all of them", dim})
			}
			continue
		}
		step.write(b, s, indent+branch(i))
	}
}

func branch(depth int) string {
	if depth == 0 {
		return ""
	}
	return strings.Repeat("   ", min(depth, maxIndent)-1) + "└─ "
}

// write puts a step on one line; where it doesn't fit, the command line gives
// way first, so that how the link is known stays in sight.
func (t Step) write(b *buffer, s Style, indent string) {
	name, colour := t.Name, plain
	switch t.Label {
	case "Task":
		colour = cyan
	case "Endpoint":
		indent, colour = strings.TrimSuffix(indent, "─ ")+"⇒ ", red
	}
	var facts, tail string
	if t.PID != 0 {
		facts += "  pid " + strconv.FormatInt(t.PID, 10)
	}
	if !t.At.IsZero() {
		facts += "  " + Time(t.At)
	}
	if link := t.link(); link != "" {
		tail = "  [" + link + "]"
	}
	command := ""
	if t.CommandLine != "" {
		command = "  " + Escape(t.CommandLine)
	}
	name = Escape(name)
	if s.Width > 0 && command != "" {
		command = cut(command, max(0, s.Width-width(indent)-width(name)-width(facts)-width(tail)))
	}
	s.line(b, span{indent, dim}, span{name, colour}, span{facts, plain}, span{command, plain}, span{tail, dim})
}

func (t Step) link() string {
	if t.Confidence == 0 {
		return Escape(t.Via)
	}
	confidence := "confidence " + Number(t.Confidence)
	if t.Via == "" {
		return confidence
	}
	return Escape(t.Via) + ", " + confidence
}

// Number writes x with at most three digits after the point.
func Number(x float64) string {
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(x, 'f', 3, 64), "0"), ".")
}

// Count writes n with its noun, in the plural where it is not 1.
func Count(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.FormatInt(n, 10) + " " + noun
}

// Time writes t in UTC to the second; "" where it is zero.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
