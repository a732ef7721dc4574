package company

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/taskroot/taskroot/internal/fault"
)

// TruthFile is the name of the truth beside the data.
const TruthFile = "truth.json"

// output is the folder that is written. All is made in a folder of its own
// within it and gets its final name at the end.
type output struct {
	dir, staging string
	replace      bool
	bytes        int64
	files        map[string]*File
}

// File is one that was written.
type File struct {
	Path    string `json:"path"` // from the folder of the data, with slashes
	Bytes   int64  `json:"bytes"`
	Records int64  `json:"records"`
}

// finals are the names that a company has in its folder.
func finals() []string {
	names := []string{TruthFile}
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return names
}

func newOutput(o Options) (*output, error) {
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "make the folder to write to").WithHint("name one that can be made with --out")
	}
	_, noTruth := os.Lstat(filepath.Join(o.Out, TruthFile))
	for _, name := range finals() {
		if _, err := os.Lstat(filepath.Join(o.Out, name)); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "look into the folder to write to")
		}
		if !o.Replace {
			return nil, fault.New(fault.Conflict, "%s has %s already", o.Out, name).WithHint("take an empty folder, or --replace to write the company anew")
		}
		if noTruth != nil {
			return nil, fault.New(fault.Conflict, "%s has %s but no %s: this is not a company made here", o.Out, name, TruthFile).WithHint("take an empty folder")
		}
	}
	staging, err := os.MkdirTemp(o.Out, "incomplete-")
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "write to the folder").WithHint("name one that can be written to with --out")
	}
	return &output{dir: o.Out, staging: staging, replace: o.Replace, files: map[string]*File{}}, nil
}

// append adds to a file, which begins with head. It is closed again, so that a
// company of any size needs one open file.
func (o *output) append(path string, head, body []byte, records int64) (err error) {
	if len(body) == 0 {
		return nil
	}
	f := o.files[path]
	name := filepath.Join(o.staging, filepath.FromSlash(path))
	if f == nil {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("make a folder for telemetry: %w", err)
		}
		f = &File{Path: path}
		o.files[path] = f
	} else {
		head = nil
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write telemetry: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for _, part := range [][]byte{head, body} {
		if len(part) == 0 {
			continue
		}
		n, err := file.Write(part)
		f.Bytes += int64(n)
		o.bytes += int64(n)
		if err != nil {
			return fmt.Errorf("write telemetry: %w", err)
		}
	}
	f.Records += records
	return nil
}

// list is every file, by path.
func (o *output) list() []File {
	all := make([]File, 0, len(o.files))
	for _, f := range o.files {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return all
}

func (o *output) truthPath() string { return filepath.Join(o.dir, TruthFile) }

// finish writes the truth and gives everything its final name, the truth last:
// where it is there, all is there.
func (o *output) finish(t *Truth) error {
	body, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return fmt.Errorf("write the truth: %w", err)
	}
	if err := os.WriteFile(filepath.Join(o.staging, TruthFile), append(body, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the truth: %w", err)
	}
	names := finals()
	if o.replace {
		for _, name := range names {
			if err := os.RemoveAll(filepath.Join(o.dir, name)); err != nil {
				return fmt.Errorf("replace the company: %w", err)
			}
		}
	}
	slices.Reverse(names)
	for _, name := range names {
		from := filepath.Join(o.staging, name)
		if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.Rename(from, filepath.Join(o.dir, name)); err != nil {
			return fmt.Errorf("name the finished telemetry: %w", err)
		}
	}
	return nil
}

// discard removes what is unfinished. There is nobody to tell of a failure: the
// folder's name says that it is incomplete.
func (o *output) discard() { _ = os.RemoveAll(o.staging) }
