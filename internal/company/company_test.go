package company_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/company"
	"github.com/taskroot/taskroot/internal/fault"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

func generate(t testing.TB, o company.Options) (*company.Summary, string) {
	t.Helper()
	if o.Out == "" {
		o.Out = t.TempDir()
	}
	s, err := company.Generate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s, o.Out
}

// tree is every file below a folder by path, hashed.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(rel)] = fmt.Sprintf("%x", sha256.Sum256(body))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func readTruth(t testing.TB, dir string) *company.Truth {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(dir, company.TruthFile))
	if err != nil {
		t.Fatal(err)
	}
	var truth company.Truth
	if err := json.Unmarshal(body, &truth); err != nil {
		t.Fatal(err)
	}
	return &truth
}

// TestSameBytes: the seed decides, not the number of workers or processors.
func TestSameBytes(t *testing.T) {
	o := company.Options{Hosts: 17, Days: 2, Seed: 7, Rate: 0.3, Workers: 1}
	_, first := generate(t, o)
	want := tree(t, first)

	t.Run("OKWorkers", func(t *testing.T) {
		o := o
		o.Workers = 5
		_, dir := generate(t, o)
		same(t, tree(t, dir), want)
	})
	t.Run("OKProcessors", func(t *testing.T) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		_, dir := generate(t, o)
		same(t, tree(t, dir), want)
	})
	t.Run("OKOneFormat", func(t *testing.T) {
		o := o
		o.Formats = []company.Format{company.Winlogbeat}
		_, dir := generate(t, o)
		for path, sum := range tree(t, dir) {
			if path != company.TruthFile && sum != want[path] {
				t.Errorf("%s differs from what it is beside the other formats", path)
			}
		}
	})
	t.Run("OKSeed", func(t *testing.T) {
		o := o
		o.Seed = 8
		_, dir := generate(t, o)
		for path, sum := range tree(t, dir) {
			if sum == want[path] {
				t.Errorf("%s is the same with another seed", path)
			}
		}
	})
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
	for path, sum := range want {
		if got[path] != sum {
			t.Errorf("%s differs", path)
		}
	}
}

// TestCounts: the truth's numbers are those of the files.
func TestCounts(t *testing.T) {
	s, dir := generate(t, company.Options{Hosts: 17, Days: 1, Seed: 3, Rate: 0.5})
	truth := readTruth(t, dir)
	got := map[company.Format]map[string]int64{}
	var bytes int64
	for _, f := range truth.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		format, _, _ := strings.Cut(f.Path, "/")
		if got[company.Format(format)] == nil {
			got[company.Format(format)] = map[string]int64{}
		}
		n := tally(t, path, company.Format(format), got[company.Format(format)])
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if n != f.Records || info.Size() != f.Bytes {
			t.Errorf("%s has %d records, %d bytes; the truth says %d, %d", f.Path, n, info.Size(), f.Records, f.Bytes)
		}
		bytes += f.Bytes
	}
	if fmt.Sprint(got) != fmt.Sprint(truth.Events) {
		t.Errorf("files hold %v, the truth says %v", got, truth.Events)
	}
	if bytes != s.Bytes || len(truth.Files) != s.Files {
		t.Errorf("%d files, %d bytes; the summary says %d, %d", len(truth.Files), bytes, s.Files, s.Bytes)
	}
	var total int64
	for _, n := range truth.Events[company.EvtxJSON] {
		total += n
	}
	if total != s.Events {
		t.Errorf("%d events, the summary says %d", total, s.Events)
	}
}

func tally(t *testing.T, path string, f company.Format, into map[string]int64) (n int64) {
	t.Helper()
	if f == company.Defender {
		for _, row := range table(t, path) {
			into[strings.TrimSuffix(filepath.Base(path), ".csv")+"|"+row["ActionType"]]++
			n++
		}
		return n
	}
	lines(t, path, func(line []byte) {
		var r struct {
			Event struct {
				System struct {
					EventID int
					Channel string
				}
			}
			Winlog struct {
				Channel string `json:"channel"`
				EventID int    `json:"event_id"`
			} `json:"winlog"`
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		channel, id := r.Event.System.Channel, r.Event.System.EventID
		if f == company.Winlogbeat {
			channel, id = r.Winlog.Channel, r.Winlog.EventID
		}
		into[fmt.Sprintf("%s|%d", channel, id)]++
		n++
	})
	return n
}

func lines(t testing.TB, path string, each func([]byte)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		each(scanner.Bytes())
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
}

// table reads one of the portal's CSV files.
func table(t testing.TB, path string) []map[string]string {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body, ok := bytes.CutPrefix(body, []byte("\ufeff"))
	if !ok || bytes.Count(body, []byte("\r\n")) < 2 {
		t.Fatalf("%s has no mark or other line ends", path)
	}
	records, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// TestMemory: four times the days, four times the rate, and the same memory.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes half a gigabyte")
	}
	peak := func(o company.Options) (most uint64, events int64) {
		runtime.GC()
		var m runtime.MemStats
		n := 0
		o.Progress = func(company.Progress) {
			if n++; n%8 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		o.Hosts, o.Seed, o.Workers = 8, 1, 2
		s, _ := generate(t, o)
		return most, s.Events
	}
	small, few := peak(company.Options{Days: 2, Rate: 1})
	for _, o := range []company.Options{{Days: 8, Rate: 1}, {Days: 2, Rate: 4}} {
		large, many := peak(o)
		if many < 3*few {
			t.Errorf("%d days at rate %v have %d events, 2 days have %d", o.Days, o.Rate, many, few)
		}
		if large > small*3/2+4<<20 {
			t.Errorf("%d days at rate %v take %d bytes of memory, 2 days %d", o.Days, o.Rate, large, small)
		}
	}
}

func TestCancelled(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	o := company.Options{Hosts: 4, Days: 3, Seed: 1, Rate: 1, Out: dir}
	o.Progress = func(p company.Progress) {
		if p.Done > 0.3 {
			cancel()
		}
	}
	if _, err := company.Generate(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's end", err)
	}
	if left := tree(t, dir); len(left) > 0 {
		t.Errorf("%v stays", left)
	}
}

func TestOptions(t *testing.T) {
	used := t.TempDir()
	generate(t, company.Options{Hosts: 1, Days: 1, Seed: 1, Out: used})
	foreign := t.TempDir()
	if err := os.Mkdir(filepath.Join(foreign, "defender"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		o    company.Options
		want fault.Kind
	}{
		{"ErrHosts", company.Options{Days: 1, Out: "x"}, fault.Invalid},
		{"ErrDays", company.Options{Hosts: 1, Days: 5000, Out: "x"}, fault.Invalid},
		{"ErrRate", company.Options{Hosts: 1, Days: 1, Rate: -1, Out: "x"}, fault.Invalid},
		{"ErrFormat", company.Options{Hosts: 1, Days: 1, Out: "x", Formats: []company.Format{"xml"}}, fault.Invalid},
		{"ErrNoOut", company.Options{Hosts: 1, Days: 1}, fault.Invalid},
		{"ErrOutIsFile", company.Options{Hosts: 1, Days: 1, Out: file}, fault.Invalid},
		{"ErrUsed", company.Options{Hosts: 1, Days: 1, Out: used}, fault.Conflict},
		{"ErrForeign", company.Options{Hosts: 1, Days: 1, Out: foreign, Replace: true}, fault.Conflict},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := company.Generate(t.Context(), tc.o); fault.KindOf(err) != tc.want {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
	t.Run("OKReplace", func(t *testing.T) {
		o := company.Options{Hosts: 1, Days: 1, Seed: 2, Out: used, Replace: true, Formats: []company.Format{company.Defender}}
		generate(t, o)
		if _, err := os.Stat(filepath.Join(used, "winlogbeat")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the old company's folder stays: %v", err)
		}
		if got := readTruth(t, used).Seed; got != 2 {
			t.Errorf("seed %d, want 2", got)
		}
	})
}

// TestGolden holds the first records of each kind, in each format, of a tiny
// company; -rewrite writes them anew.
func TestGolden(t *testing.T) {
	_, dir := generate(t, company.Options{Hosts: 1, Days: 1, Seed: 1, Rate: 0.2})
	var b strings.Builder
	for _, f := range readTruth(t, dir).Files {
		fmt.Fprintf(&b, "%s: %d records, %d bytes\n", f.Path, f.Records, f.Bytes)
		seen := map[string]bool{}
		n := 0
		lines(t, filepath.Join(dir, filepath.FromSlash(f.Path)), func(line []byte) {
			n++
			if key := recordKind(line); n == 1 || !seen[key] && len(seen) < 30 {
				seen[key] = true
				b.Write(append(line, '\n'))
			}
		})
	}
	golden := filepath.Join("testdata", "tiny.golden")
	if *rewrite {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(b.String(), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("line %d differs; if that is meant, go test -rewrite and read the difference\ngot  %.600s\nwant %.600s", i+1, got[min(i, len(got)-1)], line)
		}
	}
}

// recordKind is the event id of a line, or a table's action.
func recordKind(line []byte) string {
	var r struct {
		Event  struct{ System struct{ EventID int } }
		Winlog struct {
			EventID int    `json:"event_id"`
			Channel string `json:"channel"`
		} `json:"winlog"`
	}
	if json.Unmarshal(line, &r) != nil {
		columns := strings.SplitN(string(line), `","`, 5)
		return columns[min(3, len(columns)-1)]
	}
	return fmt.Sprint(r.Event.System.EventID, r.Winlog.Channel, r.Winlog.EventID)
}
