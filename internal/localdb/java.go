package localdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/taskroot/taskroot/internal/fault"
)

// oldestJava is the oldest Java that Neo4j 5 runs on.
const oldestJava = 17

const javaHint = "install Java 17, on Debian: apt-get install openjdk-17-jre-headless; or use a container: --with docker"

// runJava starts the server on the machine's Java, in a session of its own, so
// that neither the terminal's Ctrl-C nor its closing reaches it.
func (i instance) runJava(ctx context.Context, o Options, s server) (server, error) {
	java, err := findJava(ctx)
	if err != nil {
		return s, err
	}
	lib, err := jars(ctx, o.Log, java)
	if err != nil {
		return s, err
	}
	if err := writeFile(i.path("conf", "neo4j.conf"), []byte(i.javaConf(o, s))); err != nil {
		return s, err
	}
	console, err := os.OpenFile(i.path("logs", "console.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return s, fmt.Errorf("open the server's log: %w", err)
	}
	defer console.Close()
	cmd := exec.Command(java, javaArguments(i.dir, lib, o.HeapMB)...) //nolint:noctx // it outlives the caller
	cmd.Dir = i.dir
	cmd.Stdout, cmd.Stderr = console, console
	cmd.Env = withoutSecrets(os.Environ())
	detach(cmd)
	o.Log.Info("starting Neo4j", "java", java, "dir", i.dir)
	if err := ctx.Err(); err != nil {
		return s, err
	}
	if err := cmd.Start(); err != nil {
		return s, fmt.Errorf("start %s: %w", java, err)
	}
	s.With, s.PID, s.StartedAt = Java, cmd.Process.Pid, now()
	s.Identity = processIdentity(s.PID)
	// Reaps it where this process lives longer; its end is seen by its identity.
	go func() { _ = cmd.Wait() }()
	return s, nil
}

func javaArguments(dir, lib string, heapMB int) []string {
	return []string{
		fmt.Sprintf("-Xms%dm", min(heapMB, 256)), fmt.Sprintf("-Xmx%dm", heapMB),
		"-XX:+UseG1GC",
		"-XX:+ExitOnOutOfMemoryError", // a server without memory hangs; a stopped one is noticed
		"--add-opens=java.base/java.nio=ALL-UNNAMED",
		"--add-opens=java.base/java.io=ALL-UNNAMED",
		"--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
		"-Dio.netty.tryReflectionSetAccessible=true",
		"-Dfile.encoding=UTF-8",
		"-cp", filepath.Join(lib, "*"),
		"org.neo4j.server.CommunityEntryPoint",
		"--home-dir=" + dir,
		"--config-dir=" + filepath.Join(dir, "conf"),
	}
}

// withoutSecrets drops what a Neo4j server has no need of: a process's
// environment can be read for as long as it lives.
func withoutSecrets(env []string) []string {
	var kept []string
	for _, pair := range env {
		if !strings.HasPrefix(pair, "TASKROOT_") && !strings.HasPrefix(pair, "NEO4J_") {
			kept = append(kept, pair)
		}
	}
	return kept
}

// findJava is a Java that is new enough: JAVA_HOME's, else the first on PATH.
func findJava(ctx context.Context) (string, error) {
	var tried []string
	for _, candidate := range javaCandidates() {
		version, err := javaVersion(ctx, candidate)
		switch {
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return "", err
		case err != nil:
			tried = append(tried, fmt.Sprintf("%s: %v", candidate, err))
		case version < oldestJava:
			tried = append(tried, fmt.Sprintf("%s is Java %d", candidate, version))
		default:
			return candidate, nil
		}
	}
	if len(tried) == 0 {
		return "", fault.New(fault.Unavailable, "Neo4j needs Java %d or newer, and there is no Java here", oldestJava).WithHint(javaHint)
	}
	return "", fault.New(fault.Unavailable, "Neo4j needs Java %d or newer, and what is here is not: %s", oldestJava, strings.Join(tried, "; ")).
		WithHint("set JAVA_HOME to a newer one, or %s", javaHint)
}

func javaCandidates() []string {
	var found []string
	if home := os.Getenv("JAVA_HOME"); home != "" {
		found = append(found, filepath.Join(home, "bin", "java"))
	}
	if path, err := exec.LookPath("java"); err == nil && (len(found) == 0 || found[0] != path) {
		found = append(found, path)
	}
	return found
}

// versionText finds "17.0.15", "21-ea" or "1.8.0_392" in what "java -version"
// says, whichever vendor it is of.
var versionText = regexp.MustCompile(`version "(?:1\.)?(\d+)`)

func javaVersion(ctx context.Context, java string) (int, error) {
	said, err := exec.CommandContext(ctx, java, "-version").CombinedOutput()
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("ask for its version: %w", err)
	}
	m := versionText.FindSubmatch(said)
	if m == nil {
		return 0, fmt.Errorf("it does not tell its version but %q", firstLine(said))
	}
	return strconv.Atoi(string(m[1]))
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line
}
