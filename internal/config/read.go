package config

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/viper"
)

// EnvPrefix starts the names of the environment variables that set keys.
const EnvPrefix = "TASKROOT_"

// delimiter parts a key for viper. It is not a dot, because host names, which
// hold dots, are keys below hosts.aliases.
const delimiter = "::"

// Places a value can come from, beside "env NAME" and "file PATH".
const (
	FromDefault = "default"
	FromFlag    = "flag"
	FromLocalDB = "local db"
)

// Options say where to look.
type Options struct {
	// File is a configuration file that must exist. If empty, the user's own,
	// taskroot/config.yaml in the configuration directory, is read if there.
	File string
	// Flags are the values given on the command line, by key.
	Flags map[string]string
}

// Value is one setting as it is in force.
type Value struct {
	Key    string `json:"key"`
	Value  string `json:"value"` // masked where it is secret
	Source string `json:"source"`
	Help   string `json:"-"`
}

// Settings are the configuration in force and where each value came from.
type Settings struct {
	Config Config
	Values []Value
	File   string // the file that was read, "" for none
}

// Read reads all there is and checks it. Its errors say which key, where it was
// set, and what is wanted.
func Read(o Options) (*Settings, error) {
	s := &Settings{}
	table := keys(&s.Config)
	v := viper.NewWithOptions(viper.KeyDelimiter(delimiter))
	if err := s.readFile(v, o.File); err != nil {
		return nil, err
	}
	if err := unknown(v, table, s.File); err != nil {
		return nil, err
	}
	for _, k := range table {
		v.SetDefault(path(k.name), k.def)
		if err := v.BindEnv(append([]string{path(k.name)}, k.variables()...)...); err != nil {
			return nil, fmt.Errorf("bind %s: %w", k.name, err)
		}
		if value, ok := o.Flags[k.name]; ok {
			v.Set(path(k.name), value)
		}
	}
	var errs []error
	for _, k := range table {
		source := source(v, k, o, s.File)
		shown, err := k.assign(v.Get(path(k.name)))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s (%s): %w", k.name, source, err))
		}
		s.Values = append(s.Values, Value{Key: k.name, Value: mask(k, shown), Source: source, Help: k.help})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, s.readSecrets()
}

func path(name string) string { return strings.ReplaceAll(name, ".", delimiter) }

// readFile reads the named file, or the user's own where none is named and it
// exists. JSON is read too, being a part of YAML.
func (s *Settings) readFile(v *viper.Viper, file string) error {
	if file == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return nil // no home, no file of the user's
		}
		file = filepath.Join(dir, "taskroot", "config.yaml")
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	defer f.Close()
	v.SetConfigType("yaml")
	if err := v.ReadConfig(f); err != nil {
		return fmt.Errorf("read the configuration %s: %w", file, err)
	}
	s.File = file
	return nil
}

// unknown is an error that names every key of the file that means nothing.
func unknown(v *viper.Viper, table []key, file string) error {
	var errs []error
	names := make([]string, len(table))
	for i, k := range table {
		names[i] = k.name
	}
	for _, p := range slices.Sorted(slices.Values(v.AllKeys())) {
		name := strings.ReplaceAll(p, delimiter, ".")
		if v.Get(p) == nil {
			continue // a section or key with nothing below it says nothing
		}
		if slices.ContainsFunc(table, func(k key) bool {
			return name == k.name || k.isMap() && strings.HasPrefix(p, path(k.name)+delimiter)
		}) {
			continue
		}
		errs = append(errs, fmt.Errorf("%s: unknown key %s%s", file, name, advice(name, names)))
	}
	return errors.Join(errs...)
}

func advice(name string, names []string) string {
	if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, name+".") }) {
		return ": it is a section, want keys below it"
	}
	if found := near(name, names); len(found) > 0 {
		return "; did you mean " + strings.Join(found, " or ") + "?"
	}
	return "; 'taskroot config' lists the keys there are"
}

func source(v *viper.Viper, k key, o Options, file string) string {
	if _, ok := o.Flags[k.name]; ok {
		return FromFlag
	}
	for _, name := range k.variables() {
		if os.Getenv(name) != "" {
			return "env " + name
		}
	}
	if v.InConfig(path(k.name)) {
		return "file " + file
	}
	return FromDefault
}

func mask(k key, shown string) string {
	if k.secret && shown != "" {
		return "********"
	}
	return shown
}

// rank orders sources by strength.
func rank(source string) int {
	switch word, _, _ := strings.Cut(source, " "); word {
	case "flag":
		return 3
	case "env":
		return 2
	case "file":
		return 1
	}
	return 0
}

// Source tells where a key's value came from.
func (s *Settings) Source(name string) string {
	for _, v := range s.Values {
		if v.Key == name {
			return v.Source
		}
	}
	return ""
}

func (s *Settings) set(name, shown, source string) {
	for i := range s.Values {
		if s.Values[i].Key == name {
			s.Values[i].Value, s.Values[i].Source = shown, source
		}
	}
}

// readSecrets reads the files that hold secrets. Of a password and a password
// file the one set by the stronger source counts.
func (s *Settings) readSecrets() error {
	n := &s.Config.Neo4j
	own, file := rank(s.Source("neo4j.password")), rank(s.Source("neo4j.password_file"))
	switch {
	case n.PasswordFile == "" || own > file:
	case own == file:
		return errors.New("neo4j.password and neo4j.password_file are both set: keep one")
	default:
		content, err := os.ReadFile(n.PasswordFile)
		if err != nil {
			return fmt.Errorf("neo4j.password_file: %w", err)
		}
		line, _, _ := strings.Cut(string(content), "\n")
		if n.Password = strings.TrimRight(line, "\r"); n.Password == "" {
			return fmt.Errorf("neo4j.password_file: %s holds no password in its first line", n.PasswordFile)
		}
		s.set("neo4j.password", "********", "file "+n.PasswordFile)
	}
	if s.Config.API.KeysFile == "" {
		return nil
	}
	lines, err := readLines(s.Config.API.KeysFile)
	if err != nil {
		return fmt.Errorf("api.keys_file: %w", err)
	}
	if len(lines) == 0 {
		return fmt.Errorf("api.keys_file: %s holds no key", s.Config.API.KeysFile)
	}
	s.Config.API.Keys = append(s.Config.API.Keys, lines...)
	return nil
}

// readLines gives the lines of a file that are not empty and no # comments.
func readLines(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out, lines.Err()
}

// WantsLocal says that nobody said which database to use, so that a running
// local one may be taken.
func (s *Settings) WantsLocal() bool {
	for _, name := range []string{"neo4j.uri", "neo4j.password", "neo4j.password_file"} {
		if s.Source(name) != FromDefault {
			return false
		}
	}
	return true
}

// UseLocal takes the address and password of the running local database.
func (s *Settings) UseLocal(uri, username, password string) {
	n := &s.Config.Neo4j
	n.URI, n.Username, n.Password = uri, username, password
	s.set("neo4j.uri", uri, FromLocalDB)
	s.set("neo4j.username", username, FromLocalDB)
	s.set("neo4j.password", "********", FromLocalDB)
}
