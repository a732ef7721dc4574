package taskxml_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader/taskxml"
)

// TestParseReal parses every task definition in the real telemetry and finds in
// them each action that an independent reader found in a registration.
func TestParseReal(t *testing.T) {
	t.Parallel()
	dir := testdata.Shared(t)
	parsed := map[string][]*taskxml.Definition{}
	total := 0
	for file, texts := range realDefinitions(t, dir) {
		for _, text := range texts {
			d, err := taskxml.Parse(text)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			parsed[file] = append(parsed[file], d)
			total++
		}
	}
	if total != 35 {
		t.Errorf("parsed %d definitions, want 35", total)
	}
	registrations := 0
	for _, f := range expected(t, dir) {
		for _, r := range f.Truth.Tasks.Registrations {
			if r.Source != "Security/4698" {
				continue
			}
			registrations++
			if !slices.ContainsFunc(parsed[f.File], func(d *taskxml.Definition) bool { return does(d, r) }) {
				t.Errorf("%s: no definition runs %q %q", f.File, r.Commands, r.Arguments)
			}
		}
	}
	if registrations != 12 {
		t.Errorf("%d registrations expected, want 12", registrations)
	}
}

type registration struct {
	Source, Task        string
	Commands, Arguments []string
	ComHandler          bool `json:"com_handler"`
}

type expectedFile struct {
	File  string
	Truth struct {
		Tasks struct{ Registrations []registration }
	}
}

func expected(t *testing.T, dir string) []expectedFile {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Files []expectedFile }
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all.Files
}

func does(d *taskxml.Definition, r registration) bool {
	var commands, arguments []string
	for _, a := range d.Actions {
		if a.Kind == taskxml.Exec {
			commands = append(commands, a.Command)
			if a.Arguments != "" {
				arguments = append(arguments, a.Arguments)
			}
		}
	}
	return slices.Equal(commands, r.Commands) && slices.Equal(arguments, r.Arguments) && (len(d.ComHandlers()) > 0) == r.ComHandler
}

// realDefinitions is the definitions in each file: in JSON those of the fields
// that hold them, in EVTX what looks like one (they are UTF-16 text there).
func realDefinitions(t *testing.T, dir string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		name = filepath.ToSlash(name)
		switch {
		case strings.HasSuffix(name, ".evtx"):
			data, err := os.ReadFile(path)
			found[name] = inEVTX(data)
			return err
		case strings.HasPrefix(name, "mordor/"):
			return members(path, func(data []byte) { found[name] = append(found[name], inJSON(data)...) })
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func inEVTX(data []byte) []string {
	var texts []string
	begin, end := []byte(utf16LE("<?xml version")), []byte(utf16LE("</Task>"))
	for {
		i := bytes.Index(data, begin)
		if i < 0 {
			return texts
		}
		data = data[i:]
		j := bytes.Index(data, end)
		if j < 0 {
			return texts
		}
		if text := data[:j+len(end)]; len(text) < 64<<10 {
			texts = append(texts, string(text))
		}
		data = data[len(begin):]
	}
}

func inJSON(data []byte) []string {
	if data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")); bytes.HasPrefix(data, []byte("[")) {
		return inValue(data)
	}
	var texts []string
	for line := range bytes.Lines(data) {
		if bytes.Contains(line, []byte("TaskContent")) {
			texts = append(texts, inValue(line)...)
		}
	}
	return texts
}

// inValue is the definitions in a JSON value, however deep.
func inValue(raw json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		object = nil
	}
	var texts []string
	for _, v := range list {
		texts = append(texts, inValue(v)...)
	}
	for name, v := range object {
		var text string
		isText := json.Unmarshal(v, &text) == nil
		switch {
		case !isText:
			texts = append(texts, inValue(v)...)
		case text != "" && (name == "TaskContent" || name == "TaskContentNew"):
			texts = append(texts, text)
		}
	}
	return texts
}

// members calls do with each member of a zip or a gzipped tar.
func members(path string, do func([]byte)) error {
	if strings.HasSuffix(path, ".zip") {
		z, err := zip.OpenReader(path)
		if err != nil {
			return err
		}
		defer func() { _ = z.Close() }()
		for _, m := range z.File {
			r, err := m.Open()
			if err != nil {
				return err
			}
			data, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			do(data)
		}
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	gz, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for archive := tar.NewReader(gz); ; {
		if _, err := archive.Next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		do(data)
	}
}
