package source_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader/source"
)

// TestSharedTables reads the real exports and holds what was found to what an
// independent reading of the files counts.
func TestSharedTables(t *testing.T) {
	dir := testdata.Shared(t)
	for _, c := range []struct {
		file          string
		rows          int
		pids, parents uint64 // their sums
		first, last   string
	}{
		{"csv/process_tree.csv", 117, 597800, 353432, "2019-01-15T05:15:03.047Z", "2019-01-15T05:15:19.617Z"},
		{"csv/processes_on_host.csv", 363, 1549848, 996816, "2019-01-15T04:15:26Z", "2019-01-15T05:24:26.01Z"},
	} {
		t.Run(c.file, func(t *testing.T) {
			r := newRecorder(t)
			if err := source.Read(t.Context(), []string{filepath.Join(dir, c.file)}, nil, source.Options{}, r); err != nil {
				t.Fatal(err)
			}
			if len(r.seen) != c.rows || len(r.rejected) != 0 || len(r.skipped) != 0 {
				t.Fatalf("%d seen, %d rejected, skipped %v", len(r.seen), len(r.rejected), r.skipped)
			}
			var pids, parents uint64
			var times []time.Time
			for i, o := range r.seen {
				p, ok := o.(*graph.ProcessStarted)
				if !ok || p.Source != graph.StartSecurity || p.Clock.Trust != graph.Honest || p.Host != "msticalertswin1" ||
					p.Evidence.Record != uint64(i+1) || p.Process.CommandLine == "" || p.Parent.Image == "" {
					t.Fatalf("row %d: %+v", i+1, o)
				}
				pids += uint64(p.Process.PID)
				parents += uint64(p.Parent.PID)
				times = append(times, p.Clock.Claimed)
			}
			slices.SortFunc(times, time.Time.Compare)
			first, last := times[0].Format(time.RFC3339Nano), times[len(times)-1].Format(time.RFC3339Nano)
			if pids != c.pids || parents != c.parents || first != c.first || last != c.last {
				t.Errorf("PIDs %d, parents %d, from %s to %s", pids, parents, first, last)
			}
		})
	}
	t.Run("defender", func(t *testing.T) {
		r := newRecorder(t)
		file := filepath.Join(dir, "mde", "DeviceProcessEvents_2021-06-22_23.csv")
		if err := source.Read(t.Context(), []string{file}, nil, source.Options{}, r); err != nil {
			t.Fatal(err)
		}
		if len(r.seen) != 678 || len(r.rejected) != 0 || len(r.skipped) != 0 {
			t.Errorf("%d seen, %d rejected, skipped %v", len(r.seen), len(r.rejected), r.skipped)
		}
		for _, o := range r.seen {
			if _, ok := o.(*graph.ProcessStarted); !ok || o.Head().Clock.Trust != graph.Honest {
				t.Fatalf("%+v", o)
			}
		}
	})
}

const custom = "wann,wo,nr\n2024-03-01 06:21:00,ws01,7\nsoon,ws01,8\n2024-03-01 06:21:02,,9\n"

const customMapping = "kind: process-end\ntime: wann\nzone: UTC\nhost: wo\nfields: {ProcessId: nr}\n"

func TestMappingBeside(t *testing.T) {
	seen := "saw ws01 Microsoft-Windows-Sysmon/Operational/5 record 1"
	bad := `rejected row 2 at line 3: bad record: has no time that can be read: "soon"`
	noHost := "rejected row 3 at line 4: no host: names no host; load it with --host NAME"
	t.Run("OK beside", func(t *testing.T) {
		for _, name := range []string{"a.csv", "a.csv.mapping.yaml", "a.csv.gz", "a.zip"} {
			body := map[string]string{"a.csv.gz": gz(custom), "a.zip": zipped(entry{"b/x", custom})}[name]
			if body == "" {
				name, body = "a.csv", custom
			}
			dir := folder(t, map[string]string{name: body, "a.mapping.yaml": customMapping})
			want := []string{"file INa.mapping.yaml", "skipped 1 mapping file"}
			file := "file IN" + name
			if name == "a.zip" {
				file += "!b/x"
				want = append(want, file, seen, bad, noHost)
			} else {
				want = slices.Concat([]string{file, seen, bad, noHost}, want)
			}
			check(t, run(t, dir, nil), filepath.ToSlash(dir)+"/", want)
		}
	})
	t.Run("OK rejected rows again", func(t *testing.T) {
		dir := folder(t, map[string]string{"a.csv": custom, "a.mapping.yaml": customMapping})
		file := filepath.Join(dir, "a.csv")
		r := run(t, file, nil)
		var again bytes.Buffer
		for _, x := range r.rejected {
			if err := source.WriteReject(&again, x); err != nil {
				t.Fatal(err)
			}
		}
		rejects := filepath.Join(t.TempDir(), "rejects.jsonl")
		if err := os.WriteFile(rejects, again.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		mappings, err := source.ReadMappings([]string{filepath.Join(dir, "a.mapping.yaml")})
		if err != nil {
			t.Fatal(err)
		}
		second := newRecorder(t)
		if err := source.Read(t.Context(), []string{rejects}, nil, source.Options{Host: "ws02", Mappings: mappings}, second); err != nil {
			t.Fatal(err)
		}
		check(t, second, filepath.ToSlash(file), []string{"file " + filepath.ToSlash(rejects), "file IN", bad,
			"saw ws02 Microsoft-Windows-Sysmon/Operational/5 record 3"})
	})
	t.Run("ErrMapping", func(t *testing.T) {
		dir := folder(t, map[string]string{"a.csv": custom, "a.mapping.yaml": customMapping + "kid: 1\n"})
		r := newRecorder(t)
		err := source.Read(t.Context(), []string{dir}, nil, source.Options{}, r)
		if fault.KindOf(err) != fault.Invalid || len(r.lines) != 0 || !strings.Contains(err.Error(), `a.mapping.yaml line 6: there is no key "kid" (near: kind, id)`) {
			t.Errorf("got %v after %v", err, r.lines)
		}
	})
	t.Run("ErrNoMappingFile", func(t *testing.T) {
		_, err := source.ReadMappings([]string{filepath.Join(t.TempDir(), "no.yaml")})
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("got %v", err)
		}
	})
}

// TestNetworkLogs tells network logs from the formats that begin alike.
func TestNetworkLogs(t *testing.T) {
	zeek := "#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n" +
		"1709274060.5\t192.0.2.10\t50100\t203.0.113.9\t443\ttcp\nshort\n"
	r := run(t, source.Stdin, strings.NewReader(zeek))
	check(t, r, "stdin", []string{"file IN", "saw  zeek/conn/0 record 1", "rejected row 2 at line 5: bad line: is no line of this format"})
	if got := string(r.rejected[0].Raw); got != zeek[:strings.Index(zeek, "1709")]+"short\n" {
		t.Errorf("rejected %q", got)
	}
}
