package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/internal/config"
)

// alone takes away what the machine's own environment would set.
func alone(t *testing.T) {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, config.EnvPrefix) || strings.HasPrefix(name, "NEO4J_") {
			t.Setenv(name, "")
		}
	}
}

func read(t *testing.T, o config.Options) *config.Settings {
	t.Helper()
	s, err := config.Read(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func defaults() config.Config {
	return config.Config{
		Neo4j: config.Neo4j{URI: "bolt://127.0.0.1:7687", Username: "neo4j", Database: "neo4j", Timeout: 2 * time.Minute},
		API: config.API{Listen: "127.0.0.1:8844", ReadTimeout: 10 * time.Second, WriteTimeout: 3 * time.Minute,
			IdleTimeout: 2 * time.Minute, ShutdownTimeout: 10 * time.Second},
		Load:  config.Load{BatchSize: 5000},
		Hosts: config.Hosts{Aliases: map[string]string{}, Addresses: map[string]string{}},
		Hunt: config.Hunt{Schedule: true, Timeout: 10 * time.Minute,
			Every: map[string]time.Duration{}, Window: map[string]time.Duration{}},
		Log: config.Log{Level: "info", Format: "auto"},
	}
}

func TestGoodFiles(t *testing.T) {
	alone(t)
	warn := defaults()
	warn.Log.Level = "warn"
	want := map[string]config.Config{
		"empty-sections": defaults(),
		"json":           warn,
		"all": {
			Neo4j: config.Neo4j{URI: "neo4j+s://graph.example:7687", Username: "reader", Password: "0123",
				Database: "telemetry", Timeout: 90 * time.Second},
			API: config.API{Listen: "[::1]:9000",
				Keys: []string{"sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
					"a-key-of-sixteen-letters"},
				Hosts: []string{"taskroot.example"}, ReadTimeout: 5 * time.Second, WriteTimeout: time.Minute,
				IdleTimeout: 30 * time.Second, ShutdownTimeout: time.Second},
			Load: config.Load{BatchSize: 100, RejectDir: "rejects", ClockOffset: "5h30m"},
			Hosts: config.Hosts{
				Aliases:   map[string]string{"ws1": "ws1.corp.example", "ws1.old.example": "ws1.corp.example"},
				Addresses: map[string]string{"ws2.corp.example": "10.0.0.2 10.0.1.2"},
			},
			Names:   config.Names{InternalSuffixes: []string{"corp.example", "lan"}},
			Network: config.Network{Proxies: []string{"proxy.corp.example:8080", "192.0.2.80"}},
			Hunt: config.Hunt{Timeout: 3 * time.Minute,
				Every:  map[string]time.Duration{"task-to-rare-domain": 6 * time.Hour},
				Window: map[string]time.Duration{"task-to-rare-domain": 168 * time.Hour}},
			Log: config.Log{Level: "debug", Format: "json"},
		},
	}
	for _, file := range glob(t, "good") {
		name := strings.TrimSuffix(filepath.Base(file), ".good.yaml")
		t.Run(name, func(t *testing.T) {
			if got := read(t, config.Options{File: file}).Config; !reflect.DeepEqual(got, want[name]) {
				t.Errorf("got  %+v\nwant %+v", got, want[name])
			}
		})
	}
}

// bad is what each wrong file is answered with; FILE stands for its path.
var bad = map[string]string{
	"misspelt": "FILE: unknown key neo4j.url; did you mean neo4j.uri?",
	"misplaced": "FILE: unknown key listen; did you mean api.listen?\n" +
		"FILE: unknown key names.suffixes; 'taskroot config' lists the keys there are",
	"section-as-value":   "FILE: unknown key neo4j: it is a section, want keys below it",
	"address":            "neo4j.uri (file FILE): want an address such as bolt://127.0.0.1:7687",
	"user-in-address":    "neo4j.uri (file FILE): want no user in the address: use neo4j.username and neo4j.password",
	"number-as-password": "neo4j.password (file FILE): want text: put it in quotes",
	"no-unit":            "neo4j.timeout (file FILE): want a duration with its unit, such as 90s or 2m",
	"zero":               "neo4j.timeout (file FILE): want more than 0\nload.batch_size (file FILE): want more than 0",
	"load": "load.batch_size (file FILE): want a whole number\n" +
		"load.clock_offset (file FILE): want a multiple of 15m of at most 14h, such as 5h30m or -8h",
	"level":           "log.level (file FILE): want one of debug, info, warn, error",
	"aliases-as-list": "hosts.aliases (file FILE): want a table of names and values",
	"every":           "hunt.every (file FILE): task-to-rare-domain: want a duration with its unit, such as 90s or 2m",
	"truth":           "hunt.schedule (file FILE): want true or false",
	"listen":          "api.listen (file FILE): want text: put it in quotes",
	"port-only":       "api.listen (file FILE): want host:port, such as 127.0.0.1:8844",
	"twice": "read the configuration FILE: While parsing config: yaml: unmarshal errors:\n" +
		`  line 3: mapping key "level" already defined at line 2`,
	"syntax":        "read the configuration FILE: While parsing config: yaml: line 1: did not find expected node content",
	"two-passwords": "neo4j.password and neo4j.password_file are both set: keep one",
}

func TestBadFiles(t *testing.T) {
	alone(t)
	files := glob(t, "bad")
	if len(files) != len(bad) {
		t.Errorf("%d bad files, %d messages", len(files), len(bad))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".bad.yaml")
		t.Run("Err"+name, func(t *testing.T) {
			_, err := config.Read(config.Options{File: file})
			if err == nil {
				t.Fatal("read without an error")
			}
			if got := strings.ReplaceAll(err.Error(), file, "FILE"); got != bad[name] {
				t.Errorf("got  %q\nwant %q", got, bad[name])
			}
		})
	}
}

func glob(t *testing.T, kind string) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*." + kind + ".yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	return files
}

func TestErrMissingFile(t *testing.T) {
	alone(t)
	_, err := config.Read(config.Options{File: "testdata/none.yaml"})
	const want = "read the configuration: open testdata/none.yaml: no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestSources(t *testing.T) {
	alone(t)
	file := filepath.Join(t.TempDir(), "c.yaml")
	write(t, file, "neo4j: {uri: 'bolt://file:1', username: file, database: file, timeout: 1m}\nhosts: {aliases: {a: b}}\n")
	t.Setenv("NEO4J_URI", "bolt://usual:1")
	t.Setenv("NEO4J_USERNAME", "usual")
	t.Setenv("TASKROOT_NEO4J_USERNAME", "own")
	t.Setenv("TASKROOT_NEO4J_DATABASE", "own")
	t.Setenv("NEO4J_PASSWORD", "secret")
	t.Setenv("TASKROOT_HOSTS_ALIASES", "WS1=ws1.corp.example, b=c")
	t.Setenv("TASKROOT_NAMES_INTERNAL_SUFFIXES", "lan, corp.example")
	s := read(t, config.Options{File: file, Flags: map[string]string{"neo4j.database": "flag"}})
	want := [][3]string{
		{"neo4j.uri", "bolt://usual:1", "env NEO4J_URI"},
		{"neo4j.username", "own", "env TASKROOT_NEO4J_USERNAME"},
		{"neo4j.password", "********", "env NEO4J_PASSWORD"},
		{"neo4j.database", "flag", "flag"},
		{"neo4j.timeout", "1m", "file " + file},
		{"api.listen", "127.0.0.1:8844", "default"},
		{"hosts.aliases", "b=c,ws1=ws1.corp.example", "env TASKROOT_HOSTS_ALIASES"},
		{"names.internal_suffixes", "lan,corp.example", "env TASKROOT_NAMES_INTERNAL_SUFFIXES"},
	}
	for _, w := range want {
		i := slices.IndexFunc(s.Values, func(v config.Value) bool { return v.Key == w[0] })
		if got := [3]string{s.Values[i].Key, s.Values[i].Value, s.Values[i].Source}; got != w {
			t.Errorf("got %v, want %v", got, w)
		}
	}
	if s.Config.Neo4j.Password != "secret" {
		t.Errorf("password is %q", s.Config.Neo4j.Password)
	}
}

func TestUsersOwnFile(t *testing.T) {
	alone(t)
	dir := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "taskroot")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "config.yaml"), "log: {level: error}\n")
	s := read(t, config.Options{})
	if s.Config.Log.Level != "error" || s.File != filepath.Join(dir, "config.yaml") {
		t.Errorf("level %q of file %q", s.Config.Log.Level, s.File)
	}
}

func TestSecretFiles(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	password, keys, empty := filepath.Join(dir, "p"), filepath.Join(dir, "k"), filepath.Join(dir, "e")
	write(t, password, "#pass word\r\nsecond line\n")
	write(t, keys, "# for the dashboard\nfirst-key-of-the-file\n\nsecond-key-of-the-file\n")
	write(t, empty, "\n")

	t.Run("OK", func(t *testing.T) {
		s := read(t, config.Options{Flags: map[string]string{
			"neo4j.password_file": password, "api.keys_file": keys, "api.keys": "a-key-of-its-own"}})
		if s.Config.Neo4j.Password != "#pass word" || s.Source("neo4j.password") != "file "+password {
			t.Errorf("password %q from %s", s.Config.Neo4j.Password, s.Source("neo4j.password"))
		}
		want := []string{"a-key-of-its-own", "first-key-of-the-file", "second-key-of-the-file"}
		if !slices.Equal(s.Config.API.Keys, want) {
			t.Errorf("keys %q", s.Config.API.Keys)
		}
	})
	t.Run("OKStrongerPasswordWins", func(t *testing.T) {
		t.Setenv("TASKROOT_NEO4J_PASSWORD_FILE", password)
		s := read(t, config.Options{Flags: map[string]string{"neo4j.password": "given"}})
		if s.Config.Neo4j.Password != "given" {
			t.Errorf("password %q", s.Config.Neo4j.Password)
		}
	})
	for flag, want := range map[string]string{
		"neo4j.password_file": "neo4j.password_file: " + empty + " holds no password in its first line",
		"api.keys_file":       "api.keys_file: " + empty + " holds no key",
	} {
		t.Run("ErrEmpty", func(t *testing.T) {
			_, err := config.Read(config.Options{Flags: map[string]string{flag: empty}})
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestLocalDatabase(t *testing.T) {
	alone(t)
	s := read(t, config.Options{Flags: map[string]string{"neo4j.database": "other"}})
	if !s.WantsLocal() {
		t.Fatal("nothing was said of a database, yet no local one is wanted")
	}
	s.UseLocal("bolt://127.0.0.1:1", "neo4j", "generated")
	want := config.Neo4j{URI: "bolt://127.0.0.1:1", Username: "neo4j", Password: "generated", Database: "other", Timeout: 2 * time.Minute}
	if s.Config.Neo4j != want || s.Source("neo4j.uri") != "local db" {
		t.Errorf("got %+v from %s", s.Config.Neo4j, s.Source("neo4j.uri"))
	}
	for _, key := range []string{"neo4j.uri", "neo4j.password"} {
		if s := read(t, config.Options{Flags: map[string]string{key: "bolt://h:1"}}); s.WantsLocal() {
			t.Errorf("%s was given, yet a local database is wanted", key)
		}
	}
}

// TestPage holds docs/config.md to the keys, both ways, with their defaults
// and variables.
func TestPage(t *testing.T) {
	alone(t)
	page, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9_.]+)` \\| ([^|]*) \\|")
	var documented, known [][2]string
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, [2]string{m[1], strings.Trim(m[2], "` ")})
	}
	for _, v := range read(t, config.Options{}).Values {
		known = append(known, [2]string{v.Key, v.Value})
	}
	if !slices.Equal(documented, known) {
		t.Errorf("docs/config.md has\n%v\nthe keys and defaults are\n%v", documented, known)
	}
}

func TestOffset(t *testing.T) {
	if d, ok := (config.Load{ClockOffset: "-8h"}).Offset(); d != -8*time.Hour || !ok {
		t.Errorf("got %v, %v", d, ok)
	}
	if d, ok := (config.Load{}).Offset(); d != 0 || ok {
		t.Errorf("got %v, %v", d, ok)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
