package inventory

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

const registryHeader = "Windows Registry Editor Version 5.00"

func sniffRegistry(head []byte) bool { return bytes.HasPrefix(head, []byte(registryHeader)) }

// longestValue bounds a value as text, with its continuation lines.
const longestValue = 1 << 20

// The keys below which tasks are, in lower case.
const (
	treeKey  = `\schedule\taskcache\tree\`
	tasksKey = `\schedule\taskcache\tasks\`
)

// readRegistry reads what reg export and regedit write. A task is two keys that
// lie apart: Tasks\{id} says what it does, Tree\path whether it shows. They are
// two records about one task, so that neither has to be kept until the other
// comes.
func readRegistry(_ context.Context, d *decoder, r io.Reader) error {
	in := &registryLines{r: bufio.NewReaderSize(r, 64<<10)}
	k, others := &registryKey{}, 0
	done := func() error {
		if k.path == "" {
			return nil
		}
		taken, err := d.key(k)
		if !taken {
			others++
		}
		return err
	}
	for {
		line, err := in.next()
		if err != nil {
			break
		}
		switch {
		case line.long:
			k.bad = fmt.Sprintf("a value of more than %d kB", longestValue>>10)
		case strings.HasPrefix(line.text, "["):
			if err := done(); err != nil {
				return err
			}
			k = &registryKey{path: strings.TrimSuffix(strings.TrimPrefix(line.text, "["), "]")}
		case strings.HasPrefix(line.text, `"`):
			k.add(line.text)
		}
	}
	if err := done(); err != nil || others == 0 {
		return err
	}
	return d.h.Passed("registry key of no task", others)
}

// registryLines gives logical lines: a value's continuation lines are part of it.
type registryLines struct{ r *bufio.Reader }

type registryLine struct {
	text string
	long bool
}

func (l *registryLines) next() (registryLine, error) {
	var b strings.Builder
	var out registryLine
	for {
		part, err := l.r.ReadSlice('\n')
		if len(part) == 0 && err != nil {
			if b.Len() == 0 && !out.long {
				return out, io.EOF
			}
			break
		}
		if out.long = out.long || b.Len()+len(part) > longestValue; out.long {
			b.Reset()
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			b.Write(part)
			continue
		}
		line := bytes.TrimRight(part, "\r\n")
		goesOn := bytes.HasSuffix(line, []byte(`\`)) && !bytes.HasSuffix(line, []byte(`"`))
		if b.Len() > 0 {
			line = bytes.TrimLeft(line, " \t")
		}
		b.Write(bytes.TrimSuffix(line, []byte(`\`)))
		if !goesOn {
			break
		}
	}
	out.text = strings.TrimSpace(b.String())
	return out, nil
}

// registryKey is a key with the values that are of use, as they were written.
type registryKey struct {
	path   string
	values []registryValue
	bad    string // why it can't be used, "" if it can
}

type registryValue struct{ name, line, data string }

// wantedValues are in either kind of key.
var wantedValues = []string{"Id", "SD", "Index", "Path", "URI", "Date", "Author", "Actions", "DynamicInfo"}

func (k *registryKey) add(line string) {
	name, data, ok := parseName(line)
	if !ok || len(k.values) >= len(wantedValues) {
		return
	}
	for _, w := range wantedValues {
		if strings.EqualFold(w, name) {
			k.values = append(k.values, registryValue{w, line, data})
		}
	}
}

// parseName parts a line into the value's name and its data.
func parseName(line string) (name, data string, ok bool) {
	end := 1
	for end < len(line) && line[end] != '"' {
		if line[end] == '\\' {
			end++
		}
		end++
	}
	if end+1 >= len(line) || line[end+1] != '=' {
		return "", "", false
	}
	return unquote(line[:end+1]), line[end+2:], true
}

func unquote(s string) string {
	s = strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`)
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(s)
}

func (k *registryKey) find(name string) (string, bool) {
	for _, v := range k.values {
		if v.name == name {
			return v.data, true
		}
	}
	return "", false
}

// text is a value that is a text; hex(2) is one with variables in it.
func (k *registryKey) text(name string) string {
	data, _ := k.find(name)
	if strings.HasPrefix(data, `"`) {
		return unquote(data)
	}
	if strings.HasPrefix(data, "hex(2):") || strings.HasPrefix(data, "hex(1):") {
		b, _ := k.bytes(name)
		return fromUTF16(b)
	}
	return ""
}

func (k *registryKey) bytes(name string) ([]byte, error) {
	data, ok := k.find(name)
	if !ok {
		return nil, nil
	}
	kind, digits, _ := strings.Cut(data, ":")
	if !strings.HasPrefix(kind, "hex") {
		return nil, fmt.Errorf("the value %s is not binary", name)
	}
	b, err := hex.DecodeString(strings.Map(func(r rune) rune {
		if r == ',' || r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, digits))
	if err != nil {
		return nil, fmt.Errorf("the value %s is no list of bytes: %w", name, err)
	}
	return b, nil
}

// raw is the key as text that can be read again.
func (k *registryKey) raw() []byte {
	var b strings.Builder
	b.WriteString(registryHeader + "\r\n\r\n[" + k.path + "]\r\n")
	for _, v := range k.values {
		b.WriteString(v.line + "\r\n")
	}
	return []byte(b.String())
}

// key hands a key on, if it is one of a task.
func (d *decoder) key(k *registryKey) (taken bool, err error) {
	lower := strings.ToLower(k.path)
	tree := strings.Index(lower, treeKey)
	i := strings.Index(lower, tasksKey)
	_, hasID := k.find("Id")
	switch {
	case len(lower) != len(k.path): // a letter whose lower case is longer: by position no more
		return false, nil
	case tree >= 0 && (hasID || k.bad != ""):
		return true, d.treeEntry(k, k.path[tree+len(treeKey)-1:])
	case i >= 0 && !strings.Contains(k.path[i+len(tasksKey):], `\`):
		return true, d.taskEntry(k)
	}
	return false, nil
}

// treeEntry is a key of Tree: without its SD a task shows in no list.
func (d *decoder) treeEntry(k *registryKey, path string) error {
	if err := d.next(); err != nil {
		return err
	}
	r := Record{Place: "key " + k.path, Raw: k.raw()}
	if k.bad != "" {
		return d.reject(r, TooLong, k.bad)
	}
	_, has := k.find("SD")
	missing := !has
	o := &graph.TaskListed{Path: path, Origin: graph.OriginCache, NoSD: &missing}
	if data, ok := k.find("Index"); ok {
		n, err := strconv.ParseUint(strings.TrimPrefix(data, "dword:"), 16, 32)
		if err != nil {
			return d.reject(r, BadRecord, "the value Index is no number")
		}
		index := uint32(n)
		o.Index = &index
	}
	return d.task(o, r)
}

// taskEntry is a key of Tasks: what the task does, and since when.
func (d *decoder) taskEntry(k *registryKey) error {
	if err := d.next(); err != nil {
		return err
	}
	r := Record{Place: "key " + k.path, Raw: k.raw()}
	if k.bad != "" {
		return d.reject(r, TooLong, k.bad)
	}
	blob, err := k.bytes("Actions")
	if err != nil {
		return d.reject(r, BadRecord, err.Error())
	}
	path := k.text("Path")
	if path == "" {
		path = k.text("URI")
	}
	o := &graph.TaskListed{Path: path, Origin: graph.OriginCache}
	if blob == nil {
		return d.task(o, r)
	}
	principal, actions, err := parseActions(blob)
	if err != nil {
		return d.reject(r, BadRecord, err.Error())
	}
	date := k.text("Date")
	if info, err := k.bytes("DynamicInfo"); err == nil {
		if at := registeredAt(info); !at.IsZero() {
			date = at.Format(time.RFC3339Nano)
		}
	}
	o.XML = task(func(x *builder) {
		x.info(date, k.text("Author"), path)
		writeActions(x, principal, actions)
	})
	return d.task(o, r)
}
