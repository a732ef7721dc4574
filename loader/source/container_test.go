package source_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"github.com/taskroot/taskroot/loader/source"
)

// line is a made-up record that is wanted.
func line(n int) string {
	return fmt.Sprintf(`{"EventID":5,"Channel":"Microsoft-Windows-Sysmon/Operational","UtcTime":"2024-03-01 06:21:00",`+
		`"RecordNumber":%d,"ProcessId":"7","Image":"C:\\x.exe","Computer":"A"}`+"\n", n)
}

func saw(n int) string {
	return fmt.Sprintf("saw a Microsoft-Windows-Sysmon/Operational/5 record %d", n)
}

type entry struct{ name, body string }

func gz(parts ...string) string {
	var b bytes.Buffer
	for _, p := range parts {
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, p)
		_ = z.Close()
	}
	return b.String()
}

func zipped(entries ...entry) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, _ := z.Create(e.name)
		_, _ = io.WriteString(w, e.body)
	}
	_ = z.Close()
	return b.String()
}

func beforeDirectory(s string) string { return s[:strings.Index(s, "PK\x01\x02")] }

func cut(s string, n int) string { return s[:n] }

// stored is an archive whose members are not compressed.
func stored(entries ...entry) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, _ := z.CreateRaw(&zip.FileHeader{Name: e.name, Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(e.body)),
			CompressedSize64: uint64(len(e.body)), UncompressedSize64: uint64(len(e.body))})
		_, _ = io.WriteString(w, e.body)
	}
	_ = z.Close()
	return b.String()
}

func tarred(entries ...entry) string {
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o600, Size: int64(len(e.body)), Typeflag: tar.TypeReg}
		switch {
		case strings.HasSuffix(e.name, "/"):
			h.Typeflag = tar.TypeDir
		case e.name == "link":
			h.Typeflag, h.Linkname = tar.TypeSymlink, "/etc/passwd"
		}
		_ = t.WriteHeader(h)
		_, _ = io.WriteString(t, e.body)
	}
	_ = t.Close()
	return b.String()
}

func utf16(order unicode.Endianness, bom unicode.BOMPolicy, s string) string {
	out, _ := unicode.UTF16(order, bom).NewEncoder().String(s)
	return out
}

// encrypted sets the flag of the first member, where the directory has it.
func encrypted(s string) string {
	b := []byte(s)
	b[6] |= 1
	b[bytes.Index(b, []byte("PK\x01\x02"))+8] |= 1
	return string(b)
}

const apple = "\x00\x05\x16\x07\x00\x02\x00\x00"

// containerCase is one input and what the sink is told, IN being its name.
type containerCase struct {
	name, in string
	want     []string
}

// compressedCases are single files in gzip.
func compressedCases() []containerCase {
	deep := line(1)
	for range 12 {
		deep = gz(deep)
	}
	whole := gz(strings.Repeat(line(1), 1000))
	return []containerCase{
		{"OK gzip", gz(line(1)), []string{"file IN", saw(1)}},
		{"OK gzip of two", gz(line(1), line(2)), []string{"file IN", saw(1), saw(2)}},
		{"OK gzip and a line feed", gz(line(1)) + "\n", []string{"file IN", saw(1)}},
		{"OK gzip and zeros", gz(line(1)) + strings.Repeat("\x00", 700), []string{"file IN", saw(1)}},
		{"ErrTrailing", gz(line(1)) + "garbage", []string{"file IN", saw(1),
			"rejected behind the end of the compressed file: trailing bytes: 7 bytes that are no further compressed file"}},
		{"ErrGzipHeader", "\x1f\x8b\x07", []string{"file IN", "rejected all of it: damaged container: unexpected EOF"}},
		{"ErrNesting", deep, []string{"file IN", "rejected all of it: nested too deeply: is in more than 8 containers; unpack it first"}},
		{"ErrGzipCut", whole[:len(whole)-20], nil},
	}
}

// archiveCases are zip and tar, and one in the other.
func archiveCases() []containerCase {
	return []containerCase{
		{"OK zip", zipped(entry{"d/", ""}, entry{"d/a.json", line(1)}, entry{`e\b.json`, line(2)}),
			[]string{"file IN!d/a.json", saw(1), "file IN!e/b.json", saw(2)}},
		{"OK zip of gzip named json", zipped(entry{"a.json", gz(line(1))}), []string{"file IN!a.json", saw(1)}},
		{"OK AppleDouble", zipped(entry{"__MACOSX/._a.json", apple}, entry{"a.json", line(1)}, entry{"._b", apple}),
			[]string{"file IN!__MACOSX/._a.json", "skipped 1 unknown format: AppleDouble", "file IN!a.json", saw(1),
				"file IN!._b", "skipped 1 unknown format: AppleDouble"}},
		{"OK zip in zip in tar in gzip", gz(tarred(entry{"x.zip", zipped(entry{"y.zip", zipped(entry{"z", line(1)})})})),
			[]string{"file IN!x.zip!y.zip!z", saw(1)}},
		{"OK empty zip", zipped(), nil},
		{"ErrEncrypted", encrypted(zipped(entry{"a", line(1)}, entry{"b", line(2)})),
			[]string{"file IN!a", "rejected all of it: encrypted: needs a password; unpack it first", "file IN!b", saw(2)}},
		{"ErrZipWithoutDirectory", beforeDirectory(zipped(entry{"d/", ""}, entry{"a", line(1)}, entry{"b", line(2)})),
			[]string{"file IN!a", saw(1), "file IN!b", saw(2),
				"file IN", "rejected directory: damaged container: zip: not a valid zip file; 2 members were read without it"}},
		{"ErrZipStoredCut", cut(stored(entry{"a", line(1)}, entry{"b", line(2)}), 31+len(line(1))+10),
			[]string{"file IN!a", saw(1), "file IN",
				"rejected directory: damaged container: zip: not a valid zip file; 1 members were read without it"}},
		{"ErrZipHeaderCut", cut(zipped(entry{"a", line(1)}), 20),
			[]string{"file IN", "rejected directory: damaged container: zip: not a valid zip file; 0 members were read without it"}},
		{"OK tar", tarred(entry{"d/", ""}, entry{"d/a", line(1)}, entry{"link", ""}, entry{"b", ""}),
			[]string{"file IN!d/a", saw(1), "file IN!link", "skipped 1 not a file", "file IN!b"}},
		{"ErrTarCut", tarred(entry{"a", line(1)}, entry{"b", strings.Repeat(line(2), 2)})[:1536+len(line(2))+20],
			[]string{"file IN!a", saw(1), "file IN!b", saw(2),
				fmt.Sprintf("rejected record 2 at byte %d: bad json: input ends inside a value", len(line(2))),
				fmt.Sprintf("rejected from byte %d: damaged container: unexpected EOF", len(line(2))+20)}},
		{"ErrTarHeaderCut", tarred(entry{"a", line(1)}, entry{"b", line(2)})[:1536-256],
			[]string{"file IN!a", saw(1), "file IN", "rejected the rest of it: damaged container: unexpected EOF"}},
		{"OK member without a body", zipped(entry{"a", ""}, entry{"b", line(2)}), []string{"file IN!a", "file IN!b", saw(2)}},
		{"ErrChecksum", strings.Replace(stored(entry{"a", line(1) + line(2)}), "x.exe", "y.exe", 1),
			[]string{"file IN!a", saw(1), saw(2), fmt.Sprintf("rejected from byte %d: damaged container: zip: checksum error", 2*len(line(1)))}},
	}
}

// textCases are encodings and formats that are not read.
func textCases() []containerCase {
	return []containerCase{
		{"OK plain", line(1), []string{"file IN", saw(1)}},
		{"OK UTF-16LE with mark", utf16(unicode.LittleEndian, unicode.UseBOM, line(1)+line(2)), []string{"file IN", saw(1), saw(2)}},
		{"OK UTF-16LE without", utf16(unicode.LittleEndian, unicode.IgnoreBOM, line(1)), []string{"file IN", saw(1)}},
		{"OK UTF-16BE with mark", utf16(unicode.BigEndian, unicode.UseBOM, line(1)), []string{"file IN", saw(1)}},
		{"OK UTF-16BE without", utf16(unicode.BigEndian, unicode.IgnoreBOM, line(1)), []string{"file IN", saw(1)}},
		{"OK UTF-8 with mark", "\xEF\xBB\xBF" + line(1), []string{"file IN", saw(1)}},
		{"OK UTF-16 csv", utf16(unicode.LittleEndian, unicode.UseBOM, "a,b,c\r\n1,2,3\r\n"),
			[]string{"file IN", "skipped 1 unknown format: csv; write a mapping (taskroot load --help): a, b, c"}},
		{"OK csv", "Timestamp,DeviceName,ActionType\n2024,a,b\n", []string{"file IN", "skipped 1 Defender/b"}},
		{"OK xml", "\n<?xml version=\"1.0\"?><Root/>", []string{"file IN", "skipped 1 unknown format: xml"}},
		{"OK xml of no events", "\n<?xml version=\"1.0\"?><Events/>", []string{"file IN"}},
		{"OK text", "hello\nworld\n", []string{"file IN", "skipped 1 unknown format: text"}},
		{"OK binary", "\x7fELF\x00\x01\x02\x03", []string{"file IN", "skipped 1 unknown format: binary"}},
		{"OK AppleDouble alone", apple, []string{"file IN", "skipped 1 unknown format: AppleDouble"}},
		{"OK blank", " \n\n", []string{"file IN", "skipped 1 unknown format: blank"}},
		{"OK empty", "", []string{"file IN"}},
		{"OK one document of another kind", "{\"name\": \"x\",\n \"files\": []}\n", []string{"file IN", "skipped 1 unknown format: json without events"}},
		{"ErrUnknownShape", "{\"a\":1}\n" + line(1) + "{\"b\":1}\n", []string{"file IN",
			"rejected record 1 at byte 0: unknown shape: holds no Windows event in a shape that is known", saw(1),
			fmt.Sprintf("rejected record 3 at byte %d: unknown shape: holds no Windows event in a shape that is known", 8+len(line(1)))}},
		{"OK no events", "[]", []string{"file IN"}},
	}
}

func TestContainers(t *testing.T) {
	for _, c := range slices.Concat(compressedCases(), archiveCases(), textCases()) {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in.dat")
			if err := os.WriteFile(path, []byte(c.in), 0o600); err != nil {
				t.Fatal(err)
			}
			fromFile := run(t, path, nil)
			if fromFile.progress != int64(len(c.in)) {
				t.Errorf("progress of %d bytes, want %d", fromFile.progress, len(c.in))
			}
			fromStream := run(t, source.Stdin, strings.NewReader(c.in))
			if c.name == "ErrGzipCut" {
				cutGzip(t, fromFile)
				return
			}
			check(t, fromFile, filepath.ToSlash(path), c.want)
			check(t, fromStream, "stdin", c.want)
		})
	}
}

// cutGzip wants nearly all of a thousand records and the loss told of once.
func cutGzip(t *testing.T, r *recorder) {
	t.Helper()
	last := r.rejected[len(r.rejected)-1]
	if n := r.events["Microsoft-Windows-Sysmon/Operational|5"]; n < 500 || n > 999 || last.Reason != source.ReasonContainer {
		t.Errorf("%d events, then %+v", n, last)
	}
}

func run(t *testing.T, path string, stdin io.Reader) *recorder {
	t.Helper()
	r := newRecorder(t)
	temp := t.TempDir()
	if err := source.Read(t.Context(), []string{path}, stdin, source.Options{TempDir: temp}, r); err != nil {
		t.Fatal(err)
	}
	if r.open != "" {
		t.Errorf("%s is still open", r.open)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("%d temporary files left, %v", len(left), err)
	}
	return r
}

// check compares a listing, in which IN stands for the input's name.
func check(t *testing.T, r *recorder, name string, want []string) {
	t.Helper()
	var got []string
	for _, l := range r.lines {
		got = append(got, strings.Replace(l, name, "IN", 1))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// unpack writes the one file of an archive to a temporary file.
func unpack(tb testing.TB, archive string) string {
	tb.Helper()
	z, err := zip.OpenReader(archive)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close() //nolint:errcheck // only read from
	in, err := z.File[0].Open()
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "unpacked")
	out, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		tb.Fatal(err)
	}
	if err := out.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}
