package render_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/render"
)

func TestEscape(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"OKPlain", `C:\Windows\System32\cmd.exe /c "dir"`, `C:\Windows\System32\cmd.exe /c "dir"`},
		{"OKLetters", "Задача 任务 naïve", "Задача 任务 naïve"},
		{"OKDecomposed", "e\u0301", "e\u0301"},
		{"ANSI", "\x1b[31mred\x1b]0;title\a", "<U+001B>[31mred<U+001B>]0;title<U+0007>"},
		{"C1", "a\u009b31m", "a<U+009B>31m"},
		{"LineBreaks", "a\r\nb\u2028c\vd", "a<U+000D><U+000A>b<U+2028>c<U+000B>d"},
		{"Tab", "a\tb", "a<U+0009>b"},
		{"Delete", "a\x7fb", "a<U+007F>b"},
		{"Bidi", "exe.\u202egpj\u2066x\u200f", "exe.<U+202E>gpj<U+2066>x<U+200F>"},
		{"ZeroWidth", "cm\u200bd\u00ad\ufeff", "cm<U+200B>d<U+00AD><U+FEFF>"},
		{"InvisibleLetter", "a\u3164b\ufe0f", "a<U+3164>b<U+FE0F>"},
		{"Tag", "a\U000e0041", "a<U+E0041>"},
		{"Marks", "a\u0301\u0302\u0303\u0304", "a\u0301\u0302<U+0303><U+0304>"},
		{"LeadingMark", "\u0301a", "<U+0301>a"},
		{"NoBreakSpace", "a\u00a0b", "a<U+00A0>b"},
		{"NotUTF8", "a\xffb\xed\xa0\x80", "a<0xFF>b<0xED><0xA0><0x80>"},
		{"ReplacementRune", "a\ufffd", "a\ufffd"},
		{"Nul", "\x00", "<U+0000>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := render.Escape(c.in); got != c.want {
				t.Errorf("Escape(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("\x1b[2J\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range render.Escape(s) {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				t.Fatalf("Escape(%q) lets %U through", s, r)
			}
		}
	})
}

func table() render.Table {
	return render.Table{
		Columns: []render.Column{{Title: "TASK", Shrink: true}, {Title: "HOSTS", Right: true}, {Title: "DESTINATION", Shrink: true}},
		Rows: [][]string{
			{`\Microsoft\Windows\Updater`, "1", "rare.example"},
			{`\任务`, "12", "evil\x1b[2J.example"},
			{`\Short`, "3"},
		},
	}
}

func TestTable(t *testing.T) {
	for _, c := range []struct {
		name  string
		style render.Style
		want  string
	}{
		{"OKPipe", render.Style{}, `TASK                        HOSTS  DESTINATION
\Microsoft\Windows\Updater      1  rare.example
\任务                          12  evil<U+001B>[2J.example
\Short                          3
`},
		{"OKNarrow", render.Style{Width: 40}, `TASK             HOSTS  DESTINATION
\Microsoft\Win…      1  rare.example
\任务               12  evil<U+001B>[2J…
\Short               3
`},
		{"OKTooNarrow", render.Style{Width: 20}, "TASK      HOSTS  DE…\n"},
		{"OKColour", render.Style{Colour: true}, "\x1b[1mTASK                        HOSTS  DESTINATION\x1b[0m\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := table().Write(&b, c.style); err != nil {
				t.Fatal(err)
			}
			got := b.String()
			if strings.Count(c.want, "\n") == 1 {
				got = got[:strings.IndexByte(got, '\n')+1]
			}
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	t.Run("OKNoRows", func(t *testing.T) {
		var b bytes.Buffer
		if err := (render.Table{Columns: []render.Column{{Title: "A"}, {Title: "B"}}}).Write(&b, render.Style{}); err != nil {
			t.Fatal(err)
		}
		if b.String() != "A  B\n" {
			t.Errorf("got %q", b.String())
		}
	})
}

func at(s string) time.Time {
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return v
}

func chain() render.Chain {
	return render.Chain{
		Score: 5.94, Task: `\Updater`, Host: "ws07.corp.example", Destination: "rare.example", Via: "connected",
		Hosts: 1, HostsObserved: 48, Runs: 3, Contacts: 12, First: at("2026-05-02T03:12:04Z"), Last: at("2026-05-09T03:12:09+02:00"),
		Steps: []render.Step{
			{Label: "Task", Name: `\Updater`},
			{Label: "Process", Name: "powershell.exe", PID: 4120, At: at("2026-05-02T03:12:04Z"), CommandLine: "powershell -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQA", Via: "129+200", Confidence: 1},
			{Label: "Process", Name: "beacon\n.exe", Confidence: 0.9},
			{Label: "Endpoint", Name: "c2.rare.example", Via: "sysmon3", At: at("2026-05-02T03:12:09Z")},
		},
		Reasons: []string{"rarity 5.94: reached from 1 of 48 hosts"},
		Notes:   []string{"few hosts"},
	}
}

func TestChains(t *testing.T) {
	for _, c := range []struct {
		name  string
		style render.Style
		want  string
	}{
		{"OKPipe", render.Style{}, `1  score 5.94  \Updater on ws07.corp.example  →  rare.example
   1 of 48 hosts, 3 runs, 12 contacts, connected, 2026-05-02 03:12:04Z … 2026-05-09 01:12:09Z
   \Updater
   └─ powershell.exe  pid 4120  2026-05-02 03:12:04Z  powershell -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQA  [129+200, confidence 1]
      └─ beacon<U+000A>.exe  [confidence 0.9]
         └⇒ c2.rare.example  2026-05-02 03:12:09Z  [sysmon3]
   why: rarity 5.94: reached from 1 of 48 hosts
   note: few hosts
`},
		{"OKNarrow", render.Style{Width: 90}, `1  score 5.94  \Updater on ws07.corp.example  →  rare.example
   1 of 48 hosts, 3 runs, 12 contacts, connected, 2026-05-02 03:12:04Z … 2026-05-09 01:12…
   \Updater
   └─ powershell.exe  pid 4120  2026-05-02 03:12:04Z  powershell…  [129+200, confidence 1]
      └─ beacon<U+000A>.exe  [confidence 0.9]
         └⇒ c2.rare.example  2026-05-02 03:12:09Z  [sysmon3]
   why: rarity 5.94: reached from 1 of 48 hosts
   note: few hosts
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := render.Chains(&b, c.style, []render.Chain{chain()}); err != nil {
				t.Fatal(err)
			}
			if b.String() != c.want {
				t.Errorf("got\n%s\nwant\n%s", b.String(), c.want)
			}
		})
	}
}

func TestChainsLongNames(t *testing.T) {
	c := chain()
	c.Steps, c.Reasons, c.Notes = nil, nil, nil
	c.Task = `\` + strings.Repeat("x", 300)
	var b bytes.Buffer
	if err := render.Chains(&b, render.Style{Width: 80}, []render.Chain{c}); err != nil {
		t.Fatal(err)
	}
	want := `1  score 5.94  \xxxxxxxxxxxxxxxxxxxxxxxxx… on ws07.corp.example  →  rare.example`
	if got, _, _ := strings.Cut(b.String(), "\n"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestChainsDeep(t *testing.T) {
	c := chain()
	c.Steps = c.Steps[:1]
	for range 5000 {
		c.Steps = append(c.Steps, render.Step{Label: "Process", Name: "cmd.exe"})
	}
	var b bytes.Buffer
	if err := render.Chains(&b, render.Style{}, []render.Chain{c}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 2+40+1+2+1 { // head, steps, the gap, why and note, the end
		t.Errorf("%d lines", len(lines))
	}
	if want := strings.Repeat(" ", 3+3*11) + "└─ ⋮ 4961 steps left out here; --json shows all of them"; lines[22] != want {
		t.Errorf("got %q, want %q", lines[22], want)
	}
}

func TestColour(t *testing.T) {
	c := chain()
	c.Task, c.Host, c.Steps, c.Reasons, c.Notes = "\x1b[5mT", "h", nil, nil, nil
	var b bytes.Buffer
	if err := render.Chains(&b, render.Style{Colour: true}, []render.Chain{c}); err != nil {
		t.Fatal(err)
	}
	want := "\x1b[1m1  score 5.94  \x1b[0m\x1b[36m<U+001B>[5mT\x1b[0m on h\x1b[2m  →  \x1b[0m\x1b[31mrare.example\x1b[0m\n"
	if got, _, _ := strings.Cut(b.String(), "\n"); got+"\n" != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDetect(t *testing.T) {
	none := func(string) string { return "" }
	f, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := render.Detect(f, none); got != (render.Style{}) {
		t.Errorf("a file: %+v", got)
	}
	if got := render.Detect(&bytes.Buffer{}, none); got != (render.Style{}) {
		t.Errorf("a buffer: %+v", got)
	}
}
