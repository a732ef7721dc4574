package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taskroot/taskroot/internal/app"
)

// commands is the table of sub-commands in the order of the help: a file each,
// a line each.
func commands(a *app.App) []*cobra.Command {
	return []*cobra.Command{
		newDBCommand(a),       // db.go
		newLoadCommand(a),     // load.go
		newFindCommand(a),     // find.go
		newHuntCommand(a),     // hunt.go
		newServeCommand(a),    // serve.go
		newDoctorCommand(a),   // doctor.go
		newGenerateCommand(a), // generate.go
		newConfigCommand(a),   // config.go
		newVersionCommand(a),  // version.go
	}
}

const rootHelp = `Taskroot loads Windows telemetry into Neo4j and finds the scheduled tasks whose
process tree reaches rare destinations.

Every command takes --json: one JSON document on standard output, all else on
standard error. Exit status: 0 done, 1 failed, 2 wrong usage, 3 done but input
was rejected and --strict was given.`

const rootExample = `  taskroot db up                        a local Neo4j with its Browser
  taskroot generate --hosts 20 --days 2 --seed 1 --out logs
  taskroot load logs                    files, folders, archives; - is standard input
  taskroot find --list                  the queries there are
  taskroot find tasks-reaching-rare-domains --max-hosts 2
  taskroot hunt run task-to-rare-domain
  taskroot serve                        the REST API on 127.0.0.1:8844
  taskroot doctor                       what telemetry is missing and what that blinds
  taskroot config                       what is configured, and from where`

// newRoot makes the command tree. Started turns true once the command line has
// been understood and a command runs. Sub-commands must not have a
// PersistentPreRun of their own: cobra would call it instead of this one.
func newRoot(a *app.App) (root *cobra.Command, started *bool) {
	started = new(bool)
	root = &cobra.Command{
		Use:           "taskroot",
		Short:         "find scheduled tasks whose process tree reaches rare destinations",
		Long:          rootHelp,
		Example:       rootExample,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			*started = true
			takeFlags(cmd, a)
		},
	}
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	flags := root.PersistentFlags()
	flags.BoolVar(&a.JSON, "json", false, "write one JSON document to standard output")
	flags.StringVar(&a.ConfigFile, "config", "", "configuration `FILE`")
	flags.BoolVarP(&a.Verbose, "verbose", "v", false, "log what happens in detail")
	for _, f := range configFlags {
		flags.String(f.flag, "", f.usage)
	}
	root.AddCommand(commands(a)...)
	return root, started
}

// configFlags are the flags of every command that set a configuration key. A
// password has none: a command line can be read by every user of the machine.
var configFlags = []struct{ flag, key, usage string }{
	{"neo4j-uri", "neo4j.uri", "where the database answers, such as bolt://127.0.0.1:7687"},
	{"neo4j-username", "neo4j.username", "user `NAME` at the database"},
	{"neo4j-database", "neo4j.database", "`NAME` of the database"},
	{"log-level", "log.level", "debug, info, warn or error"},
	{"log-format", "log.format", "auto, text or json"},
}

// takeFlags hands the configuration keys that were given as flags to the App: the
// root's, and those of the command that are annotated with a key (bindFlag).
func takeFlags(cmd *cobra.Command, a *app.App) {
	for _, f := range configFlags {
		if flag := cmd.Flags().Lookup(f.flag); flag != nil && flag.Changed {
			a.Flags[f.key] = flag.Value.String()
		}
	}
	for name, key := range boundFlags(cmd) {
		if flag := cmd.Flags().Lookup(name); flag.Changed {
			a.Flags[key] = flag.Value.String()
		}
	}
}

const keyAnnotation = "taskroot_key"

// bindFlag says that a command's flag sets a configuration key, so that
// "--listen" wins over the environment and the file.
func bindFlag(cmd *cobra.Command, name, key string) {
	// Annotating fails only where the flag does not exist, which a test finds.
	_ = cmd.Flags().SetAnnotation(name, keyAnnotation, []string{key})
}

func boundFlags(cmd *cobra.Command) map[string]string {
	out := map[string]string{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if keys := f.Annotations[keyAnnotation]; len(keys) == 1 {
			out[f.Name] = keys[0]
		}
	})
	return out
}
