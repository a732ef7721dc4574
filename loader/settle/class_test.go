package settle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/loader/settle"
)

// TestClass: what stands is the same in either order of the changes.
func TestClass(t *testing.T) {
	at := func(n int) time.Time { return time.Date(2024, 5, 1, 8, 0, n, 0, time.UTC) }
	machine := func(n int, kind, value string) settle.Slot { return settle.Slot{Kind: kind, At: at(n), Value: value} }
	user := func(n int, kind, value string) settle.Slot {
		return settle.Slot{PerUser: true, Kind: kind, At: at(n), Value: value}
	}
	gone := func(s settle.Slot) settle.Slot { s.Gone, s.Value = true, ""; return s }
	for name, c := range map[string]struct {
		slots                                     []settle.Slot
		server, perUser, settings, kinds, modules string
	}{
		"OKNothing": {},
		"OKLastOfOne": {
			slots:  []settle.Slot{machine(1, "inprocserver32", "a.dll"), machine(2, "inprocserver32", `"%SystemRoot%\B.dll" x`)},
			server: `"%SystemRoot%\B.dll" x`, settings: `machine InprocServer32 "%SystemRoot%\B.dll" x`, kinds: "InprocServer32", modules: `c:\windows\b.dll`,
		},
		"OKSameTimeGreaterText": {
			slots:  []settle.Slot{machine(1, "inprocserver32", "a.dll"), machine(1, "inprocserver32", "b.dll"), gone(machine(1, "inprocserver32", ""))},
			server: "b.dll", settings: "machine InprocServer32 b.dll", kinds: "InprocServer32", modules: `c:\windows\system32\b.dll`,
		},
		"OKLastOfTwoKinds": {
			slots:  []settle.Slot{machine(1, "inprocserver32", "a.dll"), machine(2, "localserver32", `c:\b.exe`), machine(3, "treatas", "{C}")},
			server: `c:\b.exe`, settings: `machine InprocServer32 a.dll|machine LocalServer32 c:\b.exe|machine TreatAs {C}`,
			kinds: "InprocServer32|LocalServer32|TreatAs", modules: `c:\b.exe`,
		},
		"OKOverride": {
			slots:  []settle.Slot{machine(9, "inprocserver32", `C:\a.dll`), user(1, "inprocserver32", `C:\U\b.dll`)},
			server: `C:\a.dll`, perUser: `C:\U\b.dll`, settings: `machine InprocServer32 C:\a.dll|user InprocServer32 C:\U\b.dll`,
			kinds: "InprocServer32", modules: `c:\a.dll|c:\u\b.dll`,
		},
		"OKDeletedValue": {
			slots:  []settle.Slot{machine(1, "inprocserver32", `C:\a.dll`), gone(machine(2, "inprocserver32", "")), machine(1, "progid", "A.B")},
			server: "", settings: "machine ProgID A.B", kinds: "InprocServer32|ProgID",
		},
		"OKDeletedClass": {
			slots:    []settle.Slot{user(1, "inprocserver32", `C:\a.dll`), gone(user(2, "", "")), machine(1, "inprocserver32", `C:\m.dll`), user(3, "appid", "{A}")},
			server:   `C:\m.dll`,
			settings: `machine InprocServer32 C:\m.dll|user AppID {A}`, kinds: "AppID|InprocServer32", modules: `c:\m.dll`,
		},
		"OKDotNet": {
			slots: []settle.Slot{machine(1, "codebase", "file:///C:/x/y.dll"), machine(1, "inprocserver32", "mscoree.dll")}, server: "mscoree.dll",
			settings: "machine CodeBase file:///C:/x/y.dll|machine InprocServer32 mscoree.dll", kinds: "CodeBase|InprocServer32",
			modules: `c:\windows\system32\mscoree.dll|c:\x\y.dll`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				slices.Reverse(c.slots)
				var k settle.Class
				for _, s := range c.slots {
					k.Add(s)
				}
				for _, v := range [][2]string{
					{k.Server(false), c.server}, {k.Server(true), c.perUser}, {strings.Join(k.Settings(), "|"), c.settings},
					{strings.Join(k.Kinds(), "|"), c.kinds}, {strings.Join(k.Modules(), "|"), c.modules},
				} {
					if v[0] != v[1] {
						t.Errorf("got %q, want %q", v[0], v[1])
					}
				}
			}
		})
	}
}
