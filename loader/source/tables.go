package source

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/loader/source/table"
	"github.com/taskroot/taskroot/loader/winevent"
)

// ReadMappings reads mapping files, all before anything else is done: a mistake
// in one is an error that names its file and line.
func ReadMappings(files []string) ([]*table.Mapping, error) {
	var all []*table.Mapping
	for _, name := range files {
		m, err := readMapping(name)
		if err != nil {
			return nil, err
		}
		all = append(all, m...)
	}
	return all, nil
}

func readMapping(name string) ([]*table.Mapping, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the mapping %s can't be read", name).WithHint("nothing was read")
	}
	defer f.Close() //nolint:errcheck // only read from
	m, err := table.ParseMapping(filepath.ToSlash(name), f)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "a mapping can't be used").WithHint("nothing was read; docs/mapping.md has the keys")
	}
	return m, nil
}

// mappings are those that lie beside the files that will be read, by their own
// names. They are read first, as those that the caller names are.
type mappings map[string][]*table.Mapping

func findMappings(paths []string) (mappings, error) {
	found := mappings{}
	note := func(name string) error {
		m, err := readMapping(name)
		if err == nil {
			found[filepath.ToSlash(name)] = m
		}
		return err
	}
	for _, p := range paths {
		if p == Stdin {
			continue
		}
		for _, name := range besides(filepath.ToSlash(p)) {
			if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
				continue
			}
			if err := note(name); err != nil {
				return nil, err
			}
		}
		err := filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(name, table.MappingSuffix) {
				return nil //nolint:nilerr // what can't be read is told of when it is its turn
			}
			return note(name)
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// besides are the names that a file's mapping may have: logs.csv.gz has it in
// logs.csv.gz.mapping.yaml, logs.csv.mapping.yaml or logs.mapping.yaml.
func besides(name string) []string {
	names := []string{name + table.MappingSuffix}
	for range 2 {
		ext := path.Ext(name)
		if name = strings.TrimSuffix(name, ext); ext == "" || path.Base(name) == "" {
			break
		}
		names = append(names, name+table.MappingSuffix)
	}
	return names
}

// mappingsFor are the mappings for an item, those beside its file first.
func (w *walker) mappingsFor(it item) []*table.Mapping {
	file := w.outer
	if it.inner != nil { // its own file is elsewhere, or gone
		file, _, _ = strings.Cut(it.name, "!")
	}
	var all []*table.Mapping
	for _, name := range besides(file) {
		all = append(all, w.mappings[name]...)
	}
	return append(all, w.opt.Mappings...)
}

func readTable(ctx context.Context, w *walker, it item) error {
	opt := table.Options{Host: w.opt.Host, Want: winevent.Wanted, Mappings: w.mappingsFor(it)}
	if it.inner != nil {
		opt.Ordinal = it.inner.ordinal
	}
	if it.part != nil {
		opt.Ordinal = it.part.Ordinal
	}
	if err := w.begin(it.name); err != nil {
		return err
	}
	return table.Decode(ctx, it.r, it.name, opt, &tableLeaf{leaf{ctx, w, it}})
}

// tableLeaf hands the rows of a table on.
type tableLeaf struct{ leaf }

// Event implements [table.Handler].
func (l *tableLeaf) Event(e *winevent.Event, r table.Record) error {
	return l.observe(e, func() string { return l.place(r.Place) }, r.Raw)
}

// Observation implements [table.Handler].
func (l *tableLeaf) Observation(o graph.Observation, further ...graph.Observation) error {
	return l.w.sink.Observation(o, further...)
}

// Passed implements [table.Handler].
func (l *tableLeaf) Passed(reason string) error {
	if l.it.inner != nil && strings.HasPrefix(reason, table.Unknown) {
		return l.w.rejectAgain(l.it)
	}
	return l.w.sink.Skipped(reason, 1)
}

// Rejected implements [table.Handler].
func (l *tableLeaf) Rejected(b table.Bad) error {
	if l.it.inner != nil && b.Raw == nil {
		return l.w.rejectAgain(l.it)
	}
	return l.w.reject(l.it, Reject{Record: l.place(b.Place), Reason: b.Reason, Detail: b.Detail, Raw: b.Raw})
}

func (l *tableLeaf) place(here string) string {
	if l.it.inner != nil && l.it.inner.record != "" {
		return l.it.inner.record
	}
	return here
}
