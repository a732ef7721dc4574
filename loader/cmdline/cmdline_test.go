package cmdline_test

import (
	"slices"
	"testing"

	"github.com/taskroot/taskroot/loader/cmdline"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		``:                                nil,
		`  `:                              nil,
		`a b  c`:                          {`a`, `b`, `c`},
		`"C:\Program Files\x.exe" -a`:     {`C:\Program Files\x.exe`, `-a`},
		`"C:\dir\" "C:\other dir\\" end`:  {`C:\dir\`, `C:\other dir\`, `end`},
		`x "say \"hi\" now" tail`:         {`x`, `say "hi" now`, `tail`},
		`x a\\\\"b c" d`:                  {`x`, `a\\b c`, `d`},
		`x ""`:                            {`x`, ``},
		`x a\b\\c`:                        {`x`, `a\b\\c`},
		`svchost.exe -k netsvcs -p -s  Z`: {`svchost.exe`, `-k`, `netsvcs`, `-p`, `-s`, `Z`},
	} {
		if got := cmdline.Tokens(line); !slices.Equal(got, want) {
			t.Errorf("Tokens(%q) = %q; want %q", line, got, want)
		}
	}
}

func TestServiceHosts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		line              string
		schedule, netsvcs bool
	}{
		{`C:\Windows\system32\svchost.exe -k netsvcs -p -s Schedule`, true, false},
		{`svchost.exe -k netsvcs -p -s Schedule`, true, false},
		{`"C:\WINDOWS\System32\svchost.exe" -k netsvcs -S SCHEDULE`, true, false},
		{`C:\Windows\system32\svchost.exe -k netsvcs`, false, true},
		{`C:\Windows\system32\svchost.exe -K NetSvcs -p`, false, true},
		{`C:\Windows\system32\svchost.exe -k netsvcs -p -s BITS`, false, false},
		{`C:\Windows\system32\svchost.exe -k DcomLaunch`, false, false},
		{`svchost.exe -s`, false, false},
		{`evil.exe "-s Schedule"`, false, false},
		{``, false, false},
	} {
		if got := cmdline.HasScheduleToken(tc.line); got != tc.schedule {
			t.Errorf("HasScheduleToken(%q) = %v", tc.line, got)
		}
		if got := cmdline.Netsvcs(tc.line); got != tc.netsvcs {
			t.Errorf("Netsvcs(%q) = %v", tc.line, got)
		}
	}
}

func TestPattern(t *testing.T) {
	t.Parallel()
	want := `c:\windows\system32\cmd.exe|c:\windows\system32\cmd.exe /c echo *`
	for _, line := range []string{
		`"C:\Windows\System32\cmd.exe" /c  echo *`,
		`C:\WINDOWS\system32\CMD.EXE /C "echo *" `,
	} {
		if got := cmdline.Pattern(`C:\Windows\System32\cmd.exe`, line); got != want {
			t.Errorf("Pattern(%q) = %q; want %q", line, got, want)
		}
	}
}

func TestExpandEnv(t *testing.T) {
	t.Parallel()
	const w = cmdline.Wildcard
	for in, want := range map[string]string{
		`%windir%\system32\x.exe`:       `C:\Windows\system32\x.exe`,
		`%SystemRoot%\x`:                `C:\Windows\x`,
		`%ProgramFiles%\a`:              `C:\Program Files\a`,
		`%ProgramFiles(x86)%\a`:         `C:\Program Files (x86)\a`,
		`%PROGRAMDATA%\a`:               `C:\ProgramData\a`,
		`%ALLUSERSPROFILE%\a`:           `C:\ProgramData\a`,
		`%SystemDrive%\a %PUBLIC%\b`:    `C:\a C:\Users\Public\b`,
		`%COMSPEC% /c`:                  `C:\Windows\system32\cmd.exe /c`,
		`%localappdata%\a %TEMP%`:       w + `\a ` + w,
		`%APPDATA%`:                     w,
		`%USERPROFILE%\x`:               w + `\x`,
		`100% of 5 %`:                   `100% of 5 %`,
		`plain`:                         `plain`,
		`for %%i in (*.txt) do del %%i`: `for %%i in (*.txt) do del %%i`,
	} {
		if got := cmdline.ExpandEnv(in); got != want {
			t.Errorf("ExpandEnv(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	const cmd = `C:\Windows\System32\cmd.exe`
	for _, tc := range []struct {
		name                            string
		command, arguments, image, line string
		want                            cmdline.MatchKind
	}{
		{"OK path", cmd, `/C notepad.exe`, cmd, `C:\Windows\system32\cmd.exe /C notepad.exe`, cmdline.Full},
		{"OK bare name", `cmd.exe`, `/c calc.exe`, cmd, `cmd.exe /c calc.exe`, cmdline.Full},
		{"OK without exe", `cmd`, `/c calc.exe`, cmd, `"cmd" /c calc.exe`, cmdline.Full},
		{"OK expanded", `cmd.exe`, `/C whoami > %windir%\Temp\x.tmp 2>&1`, cmd, `cmd.exe /C whoami > C:\Windows\Temp\x.tmp 2>&1`, cmdline.Full},
		{"OK still unexpanded", `cmd.exe`, `/C whoami > %windir%\Temp\x.tmp`, cmd, `cmd.exe /C whoami > %windir%\Temp\x.tmp`, cmdline.Full},
		{"OK user folder", `%localappdata%\Microsoft\OneDrive\OneDriveStandaloneUpdater.exe`, ``,
			`C:\Users\s\AppData\Local\Microsoft\OneDrive\OneDriveStandaloneUpdater.exe`,
			`C:\Users\s\AppData\Local\Microsoft\OneDrive\OneDriveStandaloneUpdater.exe`, cmdline.Full},
		{"OK spaces unquoted", `C:\Program Files\A B\x.exe`, `-a "b c"`, `C:\Program Files\A B\x.exe`, `C:\Program Files\A B\x.exe -a b  c`, cmdline.Full},
		{"OK quoted command", `"C:\Program Files\x.exe"`, `/q`, `C:\Program Files\x.exe`, `"C:\Program Files\x.exe" /q`, cmdline.Full},
		{"OK arguments inside command", `"C:\a\x.exe" /q`, `/r`, `C:\a\x.exe`, `"C:\a\x.exe" /q /r`, cmdline.Full},
		{"OK task argument", `%windir%\system32\rundll32.exe`, `x.dll,Run $(Arg0) end`, `C:\Windows\System32\rundll32.exe`, `C:\Windows\system32\rundll32.exe x.dll,Run 42 end`, cmdline.Full},
		{"OK task argument kept", `taskhostw.exe`, `Install 7`, `C:\Windows\System32\taskhostw.exe`, `taskhostw.exe Install $(Arg0)`, cmdline.Full},
		{"OK task argument on both", `taskhostw.exe`, `Install $(Arg0)`, `C:\Windows\System32\taskhostw.exe`, `taskhostw.exe Install $(Arg0)`, cmdline.Full},
		{"OK device path", cmd, `/c x`, `\Device\HarddiskVolume2\windows\system32\cmd.exe`, `cmd.exe /c x`, cmdline.Full},
		{"OK base name image", `C:\a\x.exe`, ``, `x.exe`, `x.exe`, cmdline.Full},
		{"OK image from command line", `C:\a\x.exe`, `-f`, ``, `C:\a\x.exe -f`, cmdline.Full},
		{"OK batch file", `C:\tools\shell.cmd`, `one`, cmd, `C:\Windows\SYSTEM32\cmd.exe /c ""C:\tools\shell.cmd" one"`, cmdline.Full},
		{"OK script", `C:\a\x.vbs`, ``, `C:\Windows\System32\wscript.exe`, `"C:\Windows\System32\WScript.exe" "C:\a\x.vbs"`, cmdline.Full},
		{"OK no command line", cmd, `/c x`, cmd, ``, cmdline.ImageOnly},
		{"OK batch no command line", `C:\a\x.bat`, ``, cmd, ``, cmdline.ImageOnly},
		{"ErrArguments", cmd, `/c x`, cmd, `cmd.exe /c y`, cmdline.None},
		{"ErrMoreArguments", cmd, ``, cmd, `cmd.exe /c y`, cmdline.None},
		{"ErrFewerArguments", cmd, `/c x`, cmd, `cmd.exe`, cmdline.None},
		{"ErrAsteriskIsNoWildcard", `cmd.exe`, `del *.tmp`, cmd, `cmd.exe del a.tmp`, cmdline.None},
		{"ErrOtherFolder", `C:\a\x.exe`, ``, `C:\b\x.exe`, `C:\b\x.exe`, cmdline.None},
		{"ErrOtherName", `cmd.exe`, ``, `C:\Windows\System32\cmd.exe.exe`, ``, cmdline.None},
		{"ErrNameIsEnd", `d.exe`, ``, cmd, ``, cmdline.None},
		{"ErrHeadDiffers", `x.exe`, `a $(Arg0)`, `C:\x.exe`, `x.exe b $(Arg0)`, cmdline.None},
		{"ErrTailDiffers", `x.exe`, `$(Arg0) a`, `C:\x.exe`, `x.exe $(Arg0) b`, cmdline.None},
		{"ErrOtherBatch", `C:\a\x.bat`, ``, cmd, `cmd.exe /c C:\a\y.bat`, cmdline.None},
		{"ErrNoCommand", ``, ``, cmd, `cmd.exe`, cmdline.None},
		{"ErrNoProcess", cmd, ``, ``, ``, cmdline.None},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := cmdline.Match(tc.command, tc.arguments, tc.image, tc.line); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// A process whose command line is the action's own text always fits it.
func FuzzMatch(f *testing.F) {
	f.Add(`C:\a\x.exe`, `-a "b c"`, `C:\a\x.exe`, `"C:\a\x.exe" -a b c`)
	f.Add(`cmd`, `$(Arg0)`, `%windir%\system32\cmd.exe`, `cmd $(Arg0) %TEMP%`)
	f.Add(`"`, `"`, `\\?\`, `\`)
	f.Fuzz(func(t *testing.T, command, arguments, image, line string) {
		cmdline.Match(command, arguments, image, line)
		cmdline.Tokens(line)
		if got := cmdline.Match(`C:\a\x.exe`, arguments, `C:\a\x.exe`, `C:\a\x.exe `+arguments); got != cmdline.Full {
			t.Errorf("an action with arguments %q does not fit itself: %v", arguments, got)
		}
	})
}

func TestHandled(t *testing.T) {
	t.Parallel()
	const host = `C:\Windows\System32\taskhostw.exe`
	for _, tc := range []struct {
		name, data, image, line string
		want                    bool
	}{
		{"OK", `KEYROAMING`, host, `taskhostw.exe KEYROAMING`, true},
		{"OK case and quotes", `"Logon" x`, host, `TASKHOSTW.exe logon  X`, true},
		{"OK elder name", `SYSTEM`, `C:\Windows\System32\taskhost.exe`, `taskhost.exe SYSTEM`, true},
		{"OK argument inside", `Install $(Arg0)`, host, `taskhostw.exe Install 7`, true},
		{"ErrOther data", `KEYROAMING`, host, `taskhostw.exe SYSTEM`, false},
		{"ErrNo data", ``, host, `taskhostw.exe`, false},
		{"ErrOnly an argument", `$(Arg0)`, host, `taskhostw.exe 7`, false},
		{"ErrArgument unfilled", `KEYROAMING`, host, `taskhostw.exe $(Arg0)`, false},
		{"ErrOther program", `KEYROAMING`, `C:\Tools\x.exe`, `x.exe KEYROAMING`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := cmdline.Handled(tc.data, tc.image, tc.line); got != tc.want {
				t.Errorf("Handled(%q, %q, %q) = %v", tc.data, tc.image, tc.line, got)
			}
		})
	}
}
