package settle

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/taskroot/taskroot/graph"
)

// Acts that are no changes of a task; in capitals they are relationship types.
const changedClass, loadedModule graph.Change = "changed_class", "loaded"

// Bounds of what is kept of texts that anybody may write.
const (
	longestServer = 2048 // bytes
	longestModule = 1024 // bytes; of a longer path its end counts
)

// Slot is the last that a host's records say of one setting of a class. Gone
// says that it was deleted then; Kind "" is the class as a whole.
type Slot struct {
	PerUser bool      `json:"perUser,omitempty"`
	Kind    string    `json:"kind"` // lower case
	At      time.Time `json:"at"`
	Value   string    `json:"value,omitempty"`
	Gone    bool      `json:"gone,omitempty"`
}

// Class is a COM class of a host as far as records speak of it. It holds for each
// setting the newest change only, of two at one time the greater: which one that
// is does not depend on the order in which they come.
type Class struct {
	Key, Host, ID string
	Slots         []Slot
	Seen          Span
	Evidence      Evidences
	Stored        string // fingerprint of what the database has; "" for a new one
}

// ClassKey is the identity of a class on a host.
func ClassKey(host, id string) string { return host + graph.Sep + id }

// Add takes a change of one setting.
func (c *Class) Add(s Slot) {
	at, found := slices.BinarySearchFunc(c.Slots, s, func(a, b Slot) int {
		return cmp.Or(compareFlags(a.PerUser, b.PerUser), strings.Compare(a.Kind, b.Kind))
	})
	switch {
	case !found:
		c.Slots = slices.Insert(c.Slots, at, s)
	case newer(s, c.Slots[at]):
		c.Slots[at] = s
	}
}

// newer says that a counts rather than b.
func newer(a, b Slot) bool {
	return cmp.Or(a.At.Compare(b.At), compareFlags(b.Gone, a.Gone), strings.Compare(a.Value, b.Value)) > 0
}

// Fingerprint tells whether the class differs from the stored one.
func (c *Class) Fingerprint() string {
	slots, _ := json.Marshal(c.Slots)
	return string(slots) + c.Seen.First.UTC().Format(stamp) + c.Seen.Last.UTC().Format(stamp)
}

// Server is what runs for the class: what its InprocServer32 or LocalServer32 was
// last set to, else what another setting names; "" where that is not known or gone.
func (c *Class) Server(perUser bool) string {
	var best, other Slot
	for _, s := range c.standing() {
		switch {
		case s.PerUser != perUser || s.Value == "":
		case strings.HasPrefix(s.Kind, "inprocserver"), strings.HasPrefix(s.Kind, "localserver"):
			if best.Kind == "" || newer(s, best) {
				best = s
			}
		case s.Kind != "progid" && s.Kind != "appid" && (other.Kind == "" || newer(s, other)):
			other = s
		}
	}
	return cmp.Or(best.Value, other.Value)
}

// standing are the settings that were not deleted since, by themselves or with
// the class.
func (c *Class) standing() []Slot {
	gone := map[bool]time.Time{}
	for _, s := range c.Slots {
		if s.Kind == "" && s.Gone {
			gone[s.PerUser] = s.At
		}
	}
	var out []Slot
	for _, s := range c.Slots {
		if !s.Gone && !s.At.Before(gone[s.PerUser]) {
			out = append(out, s)
		}
	}
	return out
}

// Settings are what stands now, each as "user InprocServer32 C:\x.dll" or "machine …".
func (c *Class) Settings() []string {
	out := []string{}
	for _, s := range c.standing() {
		out = append(out, s.text())
	}
	return out
}

// Kinds are the names of the settings that were ever changed.
func (c *Class) Kinds() []string {
	out := []string{}
	for _, s := range c.Slots {
		if s.Kind != "" {
			out = append(out, kindName(s.Kind))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Modules are the servers as a record of their being loaded has them: lower-case
// paths, with what %SystemRoot% and its like nearly always are. The server of a
// .NET class is .NET's own; its file is the CodeBase.
func (c *Class) Modules() []string {
	out := []string{}
	add := func(server string) {
		if path := modulePath(server); path != "" {
			out = append(out, path)
		}
	}
	add(c.Server(false))
	add(c.Server(true))
	for _, s := range c.standing() {
		if s.Kind == "codebase" {
			add(s.Value)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var systemRoot = strings.NewReplacer(`%systemroot%`, `c:\windows`, `%windir%`, `c:\windows`, `%systemdrive%`, `c:`,
	`%programfiles%`, `c:\program files`, `%programdata%`, `c:\programdata`, `file:///`, "", "/", `\`)

// modulePath is the file that a server's text names, in lower case; a name alone
// is one of System32.
func modulePath(server string) string {
	path := strings.ToLower(strings.TrimSpace(server))
	if quoted, ok := strings.CutPrefix(path, `"`); ok {
		path, _, _ = strings.Cut(quoted, `"`)
	}
	path = systemRoot.Replace(path)
	if path != "" && !strings.Contains(path, `\`) {
		path = `c:\windows\system32\` + path
	}
	return moduleKey(path)
}

// moduleKey is the identity of a file that is loaded: its path in lower case.
func moduleKey(path string) string {
	path = strings.ToLower(path)
	if n := len(path); n > longestModule {
		path = strings.ToValidUTF8(path[n-longestModule:], "")
	}
	return path
}

// text is the setting in words.
func (s *Slot) text() string {
	whose, what := "machine", s.Value
	if s.PerUser {
		whose = "user"
	}
	if s.Gone {
		what = "deleted"
	}
	return strings.Join(slices.DeleteFunc([]string{whose, kindName(s.Kind), what}, func(w string) bool { return w == "" }), " ")
}

// kindName is a setting's name as Windows spells it.
func kindName(kind string) string {
	switch kind {
	case "":
		return ""
	case "inprocserver32", "inprocserver":
		return "InprocServer" + kind[len("inprocserver"):]
	case "inprochandler32", "inprochandler":
		return "InprocHandler" + kind[len("inprochandler"):]
	case "localserver32", "localserver":
		return "LocalServer" + kind[len("localserver"):]
	case "treatas":
		return "TreatAs"
	case "autotreatas":
		return "AutoTreatAs"
	case "scriptleturl":
		return "ScriptletURL"
	case "progid":
		return "ProgID"
	case "codebase":
		return "CodeBase"
	case "serverexecutable":
		return "ServerExecutable"
	case "appid":
		return "AppID"
	}
	return kind
}

// cut is the beginning of a text, at most n bytes of it.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// classChanged takes a change of what runs for a COM class.
func (r *Round) classChanged(o *graph.ClassChanged) {
	key := ClassKey(o.Host, o.ClassID)
	c := r.classes[key]
	if c == nil {
		c = &Class{Key: key, Host: o.Host, ID: o.ClassID}
		r.classes[key] = c
	}
	s := Slot{PerUser: o.PerUser, Kind: strings.ToLower(o.Kind), At: o.Clock.At.UTC(), Gone: o.Gone}
	if !o.Gone {
		s.Value = cut(o.Server, longestServer)
	}
	c.Add(s)
	c.Seen.Add(o.Clock.At)
	c.Evidence = c.Evidence.Add(o.Evidence, "")
	r.claim(o.Head(), &claim{kind: "K", rest: key})
	r.act(o.Head(), o.Process, Act{Change: changedClass, Task: key, Note: s.text()}, o.Source, nil)
}

// moduleLoaded takes a file that a process loaded.
func (r *Round) moduleLoaded(o *graph.ModuleLoaded) {
	a := Act{Change: loadedModule, Task: moduleKey(o.Path)}
	if o.Process.GUID == "" && o.Process.PID == 0 || a.Task == "" {
		r.further(o.Head())
		return
	}
	a.Note = Load{Signature: o.Signature, Hashes: o.Hashes, Valid: o.Valid, Told: o.Source != string(graph.StartDefender)}.encode()
	r.act(o.Head(), o.Process, a, o.Source, &claim{kind: "M", rest: a.id()})
}

// Load is what a record says of the file that was loaded.
type Load struct {
	Signature string // signer
	Hashes    string
	Valid     bool // the signature is there and good
	Told      bool // the record speaks of signatures
}

func (l Load) encode() string {
	line := strings.NewReplacer("\n", " ")
	state := ""
	switch {
	case l.Told && l.Valid:
		state = "valid"
	case l.Told:
		state = "invalid"
	}
	return cut(state+"\n"+line.Replace(l.Signature)+"\n"+line.Replace(l.Hashes), longestServer)
}

// Load is what all records of a LOADED edge say of the file: a signature is valid
// where all say so; of several signers and hashes the least.
func (e *Edge) Load() Load {
	out := Load{Valid: true}
	for _, note := range e.Notes {
		state, rest, _ := strings.Cut(note, "\n")
		signature, hashes, _ := strings.Cut(rest, "\n")
		out.Told = out.Told || state != ""
		out.Valid = out.Valid && state != "invalid"
		out.Signature, out.Hashes = least(out.Signature, signature), least(out.Hashes, hashes)
	}
	out.Valid = out.Valid && out.Told
	return out
}

// mergeClasses merges classes with the stored ones.
func (s *settling) mergeClasses(ctx context.Context) error {
	if len(s.classes) == 0 {
		return nil
	}
	stored, err := s.store.Classes(ctx, sortedKeys(s.classes))
	if err != nil {
		return err
	}
	for _, old := range stored {
		c := s.classes[old.Key]
		c.Stored = old.Fingerprint()
		for _, slot := range old.Slots {
			c.Add(slot)
		}
		c.Seen.Widen(old.Seen)
		c.Evidence = c.Evidence.Join(old.Evidence)
	}
	return nil
}

// changedClasses are those that differ from the stored ones.
func (s *settling) changedClasses() []*Class {
	var out []*Class
	for _, key := range sortedKeys(s.classes) {
		if c := s.classes[key]; c.Stored != c.Fingerprint() {
			out = append(out, c)
		}
	}
	return out
}

// kindOf is the kind of the node that an act is done to.
func kindOf(change graph.Change) string {
	switch change {
	case changedClass:
		return KindClass
	case loadedModule:
		return KindModule
	}
	return KindTask
}
