package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taskroot/taskroot/internal/app"
)

type result struct {
	status   int
	out, err string
}

// taskroot runs the whole program, alone with the given arguments: no file, no
// variable and no database of this machine's.
func taskroot(t *testing.T, args ...string) result {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "TASKROOT_") || strings.HasPrefix(name, "NEO4J_") {
			t.Setenv(name, "")
		}
	}
	var out, stderr bytes.Buffer
	status := run(t.Context(), args, strings.NewReader(""), &out, &stderr)
	return result{status, out.String(), stderr.String()}
}

const usageHint = "hint: 'taskroot --help' and 'taskroot COMMAND --help' tell what there is\n"

func TestErrUsage(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("log: {levle: info}\nx: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"UnknownCommand", []string{"fnid"}, "taskroot: unknown command \"fnid\" for \"taskroot\"\ntaskroot: \n" +
			"taskroot: Did you mean this?\ntaskroot: \tfind\ntaskroot: \n" + usageHint},
		{"UnknownFlag", []string{"config", "--bad"}, "taskroot: unknown flag: --bad\n" + usageHint},
		{"Argument", []string{"version", "x"}, "taskroot: unknown command \"x\" for \"taskroot version\"\n" + usageHint},
		{"Find", []string{"find"}, "taskroot: say which query to run\nhint: 'taskroot find --list' tells which there are\n"},
		{"FindUnknown", []string{"find", "x"}, "taskroot: there is no query \"x\"\nhint: 'taskroot find --list' tells which there are\n"},
		{"Config", []string{"config", "--config", bad}, "taskroot: " + bad + ": unknown key log.levle; did you mean log.level?\n" +
			"taskroot: " + bad + ": unknown key x; 'taskroot config' lists the keys there are\nhint: docs/config.md lists every key\n"},
		{"ConfigFlag", []string{"config", "--log-level", "loud"},
			"taskroot: log.level (flag): want one of debug, info, warn, error\nhint: docs/config.md lists every key\n"},
		{"JSON", []string{"--json", "find", "x"}, `{"error":{"kind":"invalid","text":"there is no query \"x\"",` +
			`"hint":"'taskroot find --list' tells which there are"}}` + "\n"},
		{"ServeOpen", []string{"serve", "--listen", "0.0.0.0"},
			"taskroot: api.listen (flag): want host:port, such as 127.0.0.1:8844\nhint: docs/config.md lists every key\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := taskroot(t, tt.args...)
			if got != (result{app.ExitUsage, "", tt.want}) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestErrDatabaseAway(t *testing.T) {
	got := taskroot(t, "serve", "--neo4j-uri", "bolt://127.0.0.1:1")
	if got.status != app.ExitFailed || got.out != "" || !strings.HasPrefix(got.err, "taskroot: the database does not answer: ") ||
		!strings.HasSuffix(got.err, "\nhint: is it up? 'taskroot db status' tells, 'taskroot db up' starts it\n") {
		t.Errorf("got %+v", got)
	}
}

func TestVersion(t *testing.T) {
	got := taskroot(t, "version", "--json")
	var v map[string]string
	if err := json.Unmarshal([]byte(got.out), &v); err != nil || v["version"] == "" || got.status != 0 || got.err != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte("neo4j: {uri: 'bolt://h:1', password: secret}\napi: {keys: [very-secret-key-one]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := taskroot(t, "config", "--config", file, "--log-format", "json")
	if got.status != 0 || got.err != "" || strings.Contains(got.out, "secret") {
		t.Errorf("got %+v", got)
	}
	for _, want := range []string{"neo4j.uri bolt://h:1 file " + file, "neo4j.password ******** file " + file,
		"api.keys ******** file " + file, "log.format json flag", "log.level info default"} {
		found := false
		for line := range strings.Lines(got.out) {
			found = found || strings.Join(strings.Fields(line), " ") == want
		}
		if !found {
			t.Errorf("no line %q in\n%s", want, got.out)
		}
	}
	got = taskroot(t, "config", "--config", file, "--json")
	var document struct {
		File   string
		Values []struct{ Key, Value, Source string }
	}
	if err := json.Unmarshal([]byte(got.out), &document); err != nil || document.File != file || len(document.Values) != 27 {
		t.Errorf("got %+v, %v", document, err)
	}
}

// TestEveryCommand holds all commands to what the root relies on.
func TestEveryCommand(t *testing.T) {
	root, _ := newRoot(app.New(nil, nil, nil))
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		if c != root && (c.PersistentPreRun != nil || c.PersistentPreRunE != nil) {
			t.Errorf("%s: a PersistentPreRun of its own hides the root's", c.CommandPath())
		}
		if c.Short == "" {
			t.Errorf("%s: no line of help", c.CommandPath())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s: no line of help", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(root)
}

// TestRunUsesContext: a run that was interrupted is a failure, and says so.
func TestErrStopped(t *testing.T) {
	a := app.New(nil, nil, new(bytes.Buffer))
	if status := a.Exit(context.Canceled); status != app.ExitFailed {
		t.Errorf("status %d", status)
	}
}
