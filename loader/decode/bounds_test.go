package decode_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/taskroot/taskroot/loader/decode"
)

// deep is a command in n layers.
func deep(n int) string {
	s := "ls"
	for range n {
		s = "pwsh -e " + enc(s)
	}
	return s
}

func TestBounds(t *testing.T) {
	for _, c := range []struct {
		name, in  string
		steps     int
		truncated bool
		atMost    int // bytes of text
	}{
		{"OKSevenLayers", deep(7), 7, false, 100},
		{"OKTooDeep", deep(9), 8, true, 4096},
		{"OKBomb", `powershell -c x([Convert]::FromBase64String('` + b64(gz(strings.Repeat("A b", 10<<20))) + `'))`, 2, true, 256 << 10},
		{"OKSmallBomb", `powershell -c x([Convert]::FromBase64String('` + b64(df(strings.Repeat("Ab ", 1000))) + `'))`, 2, false, 4096},
		{"OKDoubling", `cmd /c "set a=xxxxxxxxxxxxxxxx&set b=%a%%a%%a%%a%&set c=%b%%b%%b%%b%&set d=%c%%c%%c%%c%&set e=%d%%d%%d%%d%&call %e%%e%%e%"`, 3, true, 4096 + 8*130},
	} {
		t.Run(c.name, func(t *testing.T) {
			begun := time.Now()
			r := decode.CommandLine(c.in)
			if len(r.Steps) != c.steps || r.Truncated != c.truncated || len(r.Text) > c.atMost {
				t.Errorf("%d steps (%s), truncated %v, %d bytes; want %d, %v, at most %d", len(r.Steps), names(r.Steps), r.Truncated, len(r.Text), c.steps, c.truncated, c.atMost)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestHostileIsQuick takes what makes naive passes slow: half a megabyte of what they look for.
func TestHostileIsQuick(t *testing.T) {
	for name, s := range map[string]string{
		"OKTicks": "powershell " + strings.Repeat("`S", 16000), "OKPlus": "powershell " + strings.Repeat("'a'+", 8000),
		"OKCarets": "cmd /c " + strings.Repeat("^a", 16000), "OKChars": "powershell " + strings.Repeat("[char]65+", 3600),
		"OKBrackets": "powershell " + strings.Repeat("([char[]](", 3000), "OKOptions": "powershell " + strings.Repeat(" -e AAAAAAAA", 2700),
		"OKSet": "cmd " + strings.Repeat(`set a=%a%&`, 3200), "OKPercent": "javascript:" + strings.Repeat("%41", 10000),
		"OKFormat": "powershell " + strings.Repeat(`"{0}"-f `, 4000), "OKQuotes": "powershell '+' -f [char]" + strings.Repeat(`'`, 32000),
		"OKURLs": strings.Repeat("http://a.example/ ", 1800), "OKIPs": strings.Repeat("1.2.3.4 ", 4000), "OKUNC": strings.Repeat(` \\a\b`, 5000),
		"OKNC": "nc " + strings.Repeat("a ", 16000), "OKProxy": strings.Repeat(" -x a.b", 4500),
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			decode.CommandLine(s)
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestHiddenTakesNoMemory holds the look that every command line gets.
func TestHiddenTakesNoMemory(t *testing.T) {
	s := `"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --type=utility --lang=en-US --field-trial-handle=2124,18233719755992,131072 --disable-features=A,B /prefetch:8`
	if n := testing.AllocsPerRun(100, func() {
		if _, ok := decode.Text(s); ok {
			t.Error("it has nothing to decode")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkOrdinary(b *testing.B) {
	s := `"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --type=utility --lang=en-US --field-trial-handle=2124,18233719755992,131072 --disable-features=A,B /prefetch:8`
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		decode.Text(s)
	}
}

func BenchmarkEncoded(b *testing.B) {
	s := `powershell -nop -w hidden -enc ` + enc(download)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		decode.Text(s)
	}
}

func FuzzCommandLine(f *testing.F) {
	for _, s := range []string{
		"powershell -enc " + enc(download), `powershell -c "[Convert]::FromBase64String('` + b64(gz(download)) + `')"`, `cmd /c p^o^w`,
		`powershell "{1}{0}" -f 'a','b' + [char]65 'a'+'b' $pshome[1]`, `cmd /c "set x=a&&call %x:~-1,-2% %x:a=b% !x!"`, "powershell n`Ew",
		`mshta javascript:%41\x41 unescape("%41") Chr(65)&Chr(66) StrReverse("ab")`, `'119-104' -split '-' | %{[char][int]$_} -join ''`,
		`0x41,0x42,0x43,0x44,0x45,0x46`, `curl -x 1.2.3.4:80 http://[::1]:8/a \\h@SSL@1\x nc a.example 1 http://0x7f.1/`, "-e\xff \x00", "\u2013e AAAA",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := decode.CommandLine(s)
		if !utf8.ValidString(r.Text) && len(r.Steps) > 0 || len(r.Text) > max(len(s)*3, min(256<<10, 4096+8*len(s))) {
			t.Errorf("%q gives %q", s, r.Text)
		}
		if len(r.Steps) == 0 && r.Text != s {
			t.Errorf("%q became %q without a step", s, r.Text)
		}
		for _, target := range r.Targets {
			if target.Host == "" || len(target.Host) > 253 || strings.ContainsAny(target.Host, " /\\|") {
				t.Errorf("%q names %+v", s, target)
			}
		}
	})
}
