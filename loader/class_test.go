package loader_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/internal/testdata"
)

// hijacked is a task whose handler a user's own registry overrides, the change
// being told by GUID, by PID and by Defender, and the task host that loaded it.
func hijacked() []graph.Observation {
	const host, class, other = "ws01.corp.example", "11111111-2222-4333-8444-000000000001", "11111111-2222-4333-8444-000000000002"
	reg := graph.ProcessRef{GUID: guid(epoch, 1), PID: 100, Image: `C:\Windows\System32\reg.exe`}
	taskhost := graph.ProcessRef{GUID: guid(epoch, 2), PID: 200, Image: `C:\Windows\System32\taskhostw.exe`}
	changed := func(second int, p graph.ProcessRef, id, kind, server string, perUser, gone bool, source string) graph.Observation {
		return &graph.ClassChanged{
			Header: observed(host, second, 13), Process: p, ClassID: id, Kind: kind, Server: server, PerUser: perUser, Gone: gone, Source: source,
		}
	}
	return []graph.Observation{
		&graph.ProcessStarted{Header: observed(host, 0, 1), Process: reg, Source: graph.StartSysmon},
		&graph.TaskChanged{
			Header: observed(host, 0, 4698), Path: `\Maintain`, Change: graph.Created,
			XML: `<Task><Actions><ComHandler><ClassId>{` + class + `}</ClassId></ComHandler></Actions></Task>`,
		},
		&graph.TaskChanged{
			Header: observed(host, 9, 4702), Path: `\Maintain`, Change: graph.Updated,
			XML: `<Task><Actions><ComHandler><ClassId>` + strings.ToLower(other) + `</ClassId></ComHandler></Actions></Task>`,
		},
		changed(1, graph.ProcessRef{}, class, "InprocServer32", `%SystemRoot%\System32\good.dll`, false, false, "4657"),
		changed(2, reg, class, "InprocServer32", `C:\Users\u\old.dll`, true, false, "sysmon13"),
		changed(3, graph.ProcessRef{PID: 100, Image: reg.Image}, class, "InprocServer32", `C:\Users\u\Evil.dll`, true, false, "4657"),
		changed(4, reg, class, "TreatAs", "", true, true, "sysmon12"),
		changed(60, graph.ProcessRef{PID: 104, Image: `C:\Tools\a.exe`, Started: epoch.Add(time.Second)}, other, "LocalServer32", `C:\x.exe`, false, false, "defender"),
		changed(61, graph.ProcessRef{PID: 104, Image: `C:\Tools\a.exe`, Started: epoch.Add(time.Second)}, other, "", "", false, true, "defender"),
		&graph.ModuleLoaded{
			Header: observed(host, 5, 7), Process: taskhost, Path: `C:\Users\u\Evil.dll`, Hashes: "SHA1=1", Source: "sysmon7",
		},
		&graph.ModuleLoaded{
			Header: observed(host, 6, 7), Process: graph.ProcessRef{PID: 200, Image: taskhost.Image}, Path: `C:\Windows\System32\taskschd.dll`,
			Signature: "Microsoft Windows", Valid: true, Source: "sysmon7",
		},
	}
}

// TestClasses: the same rows whichever comes first, task or class.
func TestClasses(t *testing.T) {
	db, lib := open(t)
	want := []string{
		`(Process a.exe)-CHANGED_CLASS {"confidence":1,"count":1,"settings":["machine LocalServer32 C:\\x.exe","machine deleted"],"via":["defender"]}->(ComClass 11111111-2222-4333-8444-000000000002)`,
		`(Process reg.exe)-CHANGED_CLASS {"confidence":1,"count":1,"settings":["user InprocServer32 C:\\Users\\u\\Evil.dll","user InprocServer32 C:\\Users\\u\\old.dll","user TreatAs deleted"],"via":["4657","sysmon12","sysmon13"]}->(ComClass 11111111-2222-4333-8444-000000000001)`,
		`(Process taskhostw.exe)-LOADED {"confidence":1,"count":1,"hashes":"SHA1=1","valid":false,"via":["sysmon7"]}->(Module c:\users\u\evil.dll)`,
		`(Process taskhostw.exe)-LOADED {"confidence":1,"count":1,"signature":"Microsoft Windows","valid":true,"via":["sysmon7"]}->(Module c:\windows\system32\taskschd.dll)`,
		`(Task Maintain)-HANDLED_BY {}->(ComClass 11111111-2222-4333-8444-000000000001)`,
		`(Task Maintain)-HANDLED_BY {}->(ComClass 11111111-2222-4333-8444-000000000002)`,
		`ComClass {"classId":"11111111-2222-4333-8444-000000000001","host":"ws01.corp.example","kinds":["InprocServer32","TreatAs"],"modules":["c:\\users\\u\\evil.dll","c:\\windows\\system32\\good.dll"],"perUserServer":"C:\\Users\\u\\Evil.dll","server":"%SystemRoot%\\System32\\good.dll","settings":["machine InprocServer32 %SystemRoot%\\System32\\good.dll","user InprocServer32 C:\\Users\\u\\Evil.dll"]}`,
		`ComClass {"classId":"11111111-2222-4333-8444-000000000002","host":"ws01.corp.example","kinds":["LocalServer32"],"modules":[],"settings":[]}`,
		`Module {"name":"evil.dll"}`,
		`Module {"name":"taskschd.dll"}`,
	}
	backwards := hijacked()
	slices.Reverse(backwards)
	for name, order := range map[string][]graph.Observation{"AsWritten": hijacked(), "Backwards": backwards} {
		t.Run("OK"+name, func(t *testing.T) {
			graphtest.Wipe(t, db)
			for _, o := range order {
				if _, err := newLoader(t, db, lib, 1).LoadObservations(t.Context(), []graph.Observation{o}); err != nil {
					t.Fatal(err)
				}
			}
			if got := classes(t, db); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// TestClassesOfSamples: a task host that an environment variable made load a DLL
// from elsewhere, and a test tool that registers classes.
func TestClassesOfSamples(t *testing.T) {
	db, lib := open(t)
	shared := testdata.Shared(t)
	samples := map[string][]string{
		"evtx/evtx-attack-samples/sysmon_uacbypass_CDSSync_schtask_hijack_byeintegrity5.evtx": {
			`(Process taskhostw.exe)-LOADED {"confidence":1,"count":1,"hashes":"SHA1=3764370484BB7CFC9D5935AA985AE94C976D36DD,MD5=F8F0E250AC2B5BB292D323FD9C758160,SHA256=A7B9B1173735901E2FB1587A30A61490201980F7553C4BC591F6E0CE0A8A7961,IMPHASH=F02EC4C6C20C604280CEEBB871C18312","valid":false,"via":["sysmon7"]}->(Module c:\users\public\tools\privesc\uac\system32\npmproxy.dll)`,
			`Module {"name":"npmproxy.dll"}`,
		},
		"evtx/evtx-attack-samples/PanacheSysmon_vs_AtomicRedTeam01.evtx": {
			`(Process regsvcs.exe)-CHANGED_CLASS {"confidence":1,"count":1,"settings":["machine CodeBase file:///C:/AtomicRedTeam/T1121.DLL","machine InprocServer32 mscoree.dll"],"via":["sysmon13"]}->(ComClass 17C7DA62-8517-3DF1-A67C-BD4BCD2C5C3F)`,
			`(Process wbengine.exe)-LOADED {"confidence":1,"count":1,"hashes":"SHA1=BE65E71FC691867FFA1D3129CEAB67A0688A08CB,MD5=9A0C13D674AB2D72193653EF38D8FB8E,SHA256=15817A5CB717D4846AE753A27CD8859BCE63004143083027FA5EC9324DFC5188,IMPHASH=5694D579C32F1A7EB5FA54148C174C38","signature":"Microsoft Windows","valid":true,"via":["sysmon7"]}->(Module c:\windows\system32\taskschd.dll)`,
			`ComClass {"classId":"17C7DA62-8517-3DF1-A67C-BD4BCD2C5C3F","host":"msedgewin10","kinds":["CodeBase","InprocServer32"],"modules":["c:\\atomicredteam\\t1121.dll","c:\\windows\\system32\\mscoree.dll"],"server":"mscoree.dll","settings":["machine CodeBase file:///C:/AtomicRedTeam/T1121.DLL","machine InprocServer32 mscoree.dll"]}`,
			`Module {"name":"taskschd.dll"}`,
		},
	}
	for file, want := range samples {
		t.Run("OK"+path.Base(file), func(t *testing.T) {
			graphtest.Wipe(t, db)
			if _, err := newLoader(t, db, lib, 0).Load(t.Context(), []string{filepath.Join(shared, file)}, nil); err != nil {
				t.Fatal(err)
			}
			if got := classes(t, db); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// classes are the COM classes and modules with their edges, as text.
func classes(t *testing.T, db *graphdb.DB) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/classes.cypher")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	err = db.Reader().Run(t.Context(), graphdb.Statement{Name: "classes", Text: string(text)}, nil, func(r graphdb.Row) error {
		v := r.Values
		props, _ := v[3].(map[string]any)
		for _, k := range []string{"evidence", "tuples", "times", "firstSeen", "lastSeen", "key", "facts", "changedFirst", "changedLast"} {
			delete(props, k)
		}
		b, err := json.Marshal(props)
		if v[1] == nil {
			out = append(out, fmt.Sprintf("%v %s", v[0], b))
		} else {
			out = append(out, fmt.Sprintf("(%v)-%v %s->(%v)", v[0], v[1], b, v[2]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
