// Package decode undoes what command lines are hidden behind: encoded PowerShell,
// base64, compression, numbers for characters, strings cut in pieces, cmd's carets
// and variables, script URLs. It also finds the destinations that a text names.
//
// It only rewrites text; nothing is ever executed. What can't be undone stays as it
// is. The text is chosen by an attacker, so size, depth and work are bounded.
package decode

import "strings"

// The bounds of one command line.
const (
	deepest   = 8         // layers
	longest   = 256 << 10 // bytes of text
	grain     = 4 << 10   // a short line may become this long
	growth    = 8         // a long one this many times longer
	mostWork  = 12 << 20  // bytes looked at by all passes together
	mostSteps = 64
	excerpt   = 200 // bytes of a step's before and after
)

// Step is one thing that was undone, in order.
type Step struct {
	Name string `json:"name"` // encoded-command, base64, gzip, deflate, hex, char-codes, caret, …
	// Before and After are what stood there and what it became, of several places
	// the first, cut to 200 bytes.
	Before string `json:"before"`
	After  string `json:"after"`
}

// Result is what a command line says.
type Result struct {
	Text      string   // as far decoded as could be; the command line itself where Steps is empty
	Steps     []Step   // in order
	Truncated bool     // a bound was reached: there may be more to it
	Targets   []Target // what the command line and Text name, in order of appearance
}

// CommandLine decodes a command line and finds the destinations that it names.
func CommandLine(s string) Result {
	r := Result{Text: s}
	if Hidden(s) {
		d := newDecoder(s)
		d.run()
		if len(d.steps) > 0 {
			r.Text, r.Steps, r.Truncated = d.text, d.steps, d.truncated
		}
	}
	f := newFinder()
	f.find(s)
	if len(r.Steps) > 0 {
		f.find(r.Text)
	}
	r.Targets = f.out
	return r
}

// Text is what a command line says once decoded; ok is false where there is
// nothing to decode. For most command lines it takes one look and no memory.
func Text(s string) (text string, ok bool) {
	if !Hidden(s) {
		return "", false
	}
	d := newDecoder(s)
	d.run()
	if len(d.steps) == 0 {
		return "", false
	}
	return d.text, true
}

// Task decodes the commands of a task's definition, each with its arguments: one
// result a command, in their order.
func Task(commands []string) []Result {
	out := make([]Result, len(commands))
	for i, c := range commands {
		out[i] = CommandLine(c)
	}
	return out
}

// decoder is one command line at work.
type decoder struct {
	text      string
	lower     string // text in lower case
	steps     []Step
	most      int // bytes that text may have
	work      int
	truncated bool
}

func newDecoder(s string) *decoder {
	d := &decoder{most: min(longest, grain+growth*len(s))}
	d.set(strings.ToValidUTF8(s, "\uFFFD"))
	return d
}

func (d *decoder) set(s string) { d.text, d.lower = s, lower(s) }

// pass undoes one kind of hiding everywhere in the text.
type pass func(d *decoder)

// passes is the order within a layer: first what hides the names that others look for.
func passes() []pass {
	return []pass{
		caret, variables, tick, encodedCommand, encodedArguments, scriptURL, escapes, index, charCodes, numbers, hexCalls,
		format, concat, sums, replaced, reversed, base64Calls, base64Pipes,
	}
}

// run goes through the passes until a layer changes nothing.
func (d *decoder) run() {
	all := passes()
	for depth := 0; ; depth++ {
		before := len(d.steps)
		if depth == deepest {
			d.truncated = true
			return
		}
		for _, p := range all {
			if d.work += len(d.text); d.work > mostWork || len(d.steps) >= mostSteps {
				d.truncated = true
				return
			}
			p(d)
		}
		if len(d.steps) == before {
			return
		}
	}
}

// piece is a stretch of the text and what it becomes.
type piece struct {
	from, to int
	text     string
	name     string // of the step; of several the names with spaces between
}

// apply puts the pieces, which are in order, into the text. Those that would make
// it too long are cut. Pieces of one name are one step.
func (d *decoder) apply(pieces []piece) {
	if len(pieces) == 0 {
		return
	}
	var b strings.Builder
	at, room := 0, d.most-len(d.text)
	told := map[string]bool{}
	for _, p := range pieces {
		if p.from < at {
			continue
		}
		if extra := len(p.text) - (p.to - p.from); extra > room {
			d.truncated = true
			p.text = cut(p.text, max(0, room+p.to-p.from))
		}
		room -= len(p.text) - (p.to - p.from)
		b.WriteString(d.text[at:p.from])
		b.WriteString(p.text)
		if !told[p.name] {
			for name := range strings.FieldsSeq(p.name) {
				d.step(name, d.text[p.from:p.to], p.text)
			}
		}
		told[p.name] = true
		at = p.to
	}
	b.WriteString(d.text[at:])
	d.set(b.String())
}

// step records what was done.
func (d *decoder) step(name, before, after string) {
	d.steps = append(d.steps, Step{Name: name, Before: clip(before), After: clip(after)})
}

// scripted says that the text, or what it was decoded from, is a script.
func (d *decoder) scripted() bool { return len(d.steps) > 0 || d.powershell() || d.web() }

func (d *decoder) powershell() bool {
	return d.has("powershell", "pwsh", "iex", "invoke-", "new-object", "::", "$env:")
}

func (d *decoder) web() bool { return d.has("javascript:", "vbscript:", "jscript", "mshta", "script") }

func (d *decoder) has(words ...string) bool {
	for _, w := range words {
		if strings.Contains(d.lower, w) {
			return true
		}
	}
	return false
}
