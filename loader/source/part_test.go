package source_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/source"
)

func TestGrows(t *testing.T) {
	line := `{"EventID":5,"UtcTime":"2024-03-01 06:21:00","ProcessId":"1"}`
	for _, c := range []struct {
		name, head string
		want       source.Growth
	}{
		{"OK lines", line + "\n" + line, source.Lines},
		{"OK one line", line, source.Lines},
		{"OK lines with a mark", "\xEF\xBB\xBF" + line + "\n", source.Lines},
		{"OK lines, the first damaged", `{"EventID":` + "\n" + line + "\n", source.Lines},
		{"OK a line longer than the head", `{"a":"` + strings.Repeat("x", source.HeadSize), source.Lines},
		{"OK start of a line", line[:20], source.Undecided},
		{"OK nothing", "", source.Undecided},
		{"OK blank", " \r\n", source.Undecided},
		{"OK array", "[" + line, source.Whole},
		{"OK object over lines", "{\n \"EventID\": 5,\n", source.Whole},
		{"OK compressed", "\x1f\x8b\x08", source.Whole},
		{"OK two-byte text", "\xff\xfe{\x00\"\x00", source.Whole},
		{"OK log", "ElfFile\x00", source.Log},
		{"OK other", "words\nand words\n", source.Foreign},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := source.Grows([]byte(c.head)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// places notes where records were met.
type places struct{ text []string }

func (p *places) FileStart(name string, _ int64) error { p.add("start %s", name); return nil }
func (p *places) FileEnd(name string) error            { p.add("end %s", name); return nil }
func (p *places) Progress(int64)                       {}
func (p *places) add(format string, a ...any)          { p.text = append(p.text, fmt.Sprintf(format, a...)) }
func (p *places) Skipped(reason string, n int) error   { p.add("skipped %s %d", reason, n); return nil }
func (p *places) Rejected(r source.Reject) error {
	p.add("rejected %s: %s", r.Record, r.Reason)
	return nil
}

func (p *places) Observation(o graph.Observation, _ ...graph.Observation) error {
	p.add("record %d", o.Head().Evidence.Record)
	return nil
}

// TestReadPart reads a file in two parts: places are those in the file.
func TestReadPart(t *testing.T) {
	line := `{"EventID":5,"UtcTime":"2024-03-01 06:21:00","ProcessId":"1","Hostname":"ws01"}` + "\n"
	bad := `{"EventID":` + "\n"
	text := line + bad + line + bad
	cut := len(line + bad)
	var p places
	for i, part := range []source.Part{
		{Body: strings.NewReader(text[:cut])},
		{Body: strings.NewReader(text[cut:]), Offset: int64(cut), Ordinal: 2},
	} {
		part.Name, part.Head = "log", []byte(text)
		if last, err := source.ReadPart(t.Context(), part, source.Options{}, &p); err != nil || last != 0 {
			t.Fatalf("part %d: %d, %v", i, last, err)
		}
	}
	want := fmt.Sprintf("start log|record 1|rejected record 2 at byte %d: bad json|end log|start log|record 3|rejected record 4 at byte %d: bad json|end log",
		len(line), len(line+bad+line))
	if got := strings.Join(p.text, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestComplete(t *testing.T) {
	for _, c := range []struct {
		name, head, line string
		want             bool
	}{
		{"OK object", `{"a":1}`, `{"a":1}`, true},
		{"ErrPart", `{"a":1}`, `{"a":1`, false},
		{"ErrOtherText", "a,b,c\n", "1,2,3", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := source.Complete([]byte(c.head), []byte(c.line)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
