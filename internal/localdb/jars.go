package localdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/taskroot/taskroot/docker"
	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/filelock"
)

// completeFile lists the jars of a finished download with their sizes, so that
// a part of one is never taken for the whole.
const completeFile = "complete.json"

// jars is the folder with the server's jars: the user's cache, filled by Maven
// the first time.
func jars(ctx context.Context, log *slog.Logger, java string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fault.Wrap(fault.Conflict, err, "there is no cache directory for the Neo4j server").WithHint("set XDG_CACHE_HOME")
	}
	lib := filepath.Join(cache, "taskroot", "neo4j-"+docker.Neo4jVersion)
	if jarsComplete(lib) {
		return lib, nil
	}
	if err := os.MkdirAll(filepath.Dir(lib), 0o755); err != nil {
		return "", fmt.Errorf("make the cache directory: %w", err)
	}
	unlock, err := filelock.Take(ctx, lib+".lock")
	if err != nil {
		return "", fmt.Errorf("wait for another download of Neo4j: %w", err)
	}
	defer unlock()
	if jarsComplete(lib) {
		return lib, nil
	}
	log.Info("fetching the Neo4j server from Maven Central, once (140 MB)", "version", docker.Neo4jVersion, "into", lib)
	removeParts(filepath.Dir(lib))
	part, err := os.MkdirTemp(filepath.Dir(lib), "part-*")
	if err != nil {
		return "", fmt.Errorf("make the cache directory: %w", err)
	}
	defer os.RemoveAll(part)
	if err := fetchJars(ctx, java, part); err != nil {
		return "", err
	}
	if err := os.RemoveAll(lib); err != nil {
		return "", fmt.Errorf("replace an incomplete download: %w", err)
	}
	if err := os.Rename(filepath.Join(part, "lib"), lib); err != nil {
		return "", fmt.Errorf("keep the download: %w", err)
	}
	return lib, nil
}

// removeParts removes what downloads left that were killed; the lock is held.
func removeParts(cache string) {
	parts, _ := filepath.Glob(filepath.Join(cache, "part-*"))
	for _, part := range parts {
		_ = os.RemoveAll(part) // it only takes room
	}
}

// fetchJars fills part/lib and lists there what it holds.
func fetchJars(ctx context.Context, java, part string) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return fault.New(fault.Unavailable, "the Neo4j server is not here yet, and fetching it needs Maven, which is not here either").
			WithHint("install Maven, on Debian: apt-get install maven; or use a container: --with docker")
	}
	pom, lib := filepath.Join(part, "pom.xml"), filepath.Join(part, "lib")
	if err := os.WriteFile(pom, docker.POM, 0o600); err != nil {
		return fmt.Errorf("write the list of jars: %w", err)
	}
	cmd := exec.CommandContext(ctx, mvn, "--batch-mode", "--quiet", "-Dstyle.color=never", "--strict-checksums", "--file", pom,
		"dependency:copy-dependencies", "-DoutputDirectory="+lib)
	cmd.Env = append(withoutSecrets(os.Environ()), "JAVA_HOME="+javaHome(java))
	ownGroup(cmd) // mvn is a script: Java, its child, must end with it
	said, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return fmt.Errorf("fetch the Neo4j server: %w", ctx.Err())
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, fmt.Errorf("%w\n%s", err, tail(said, 8)), "fetching the Neo4j server with Maven did not work").
			WithHint("is repo.maven.apache.org or a mirror of it, set in ~/.m2/settings.xml, reachable?")
	}
	sizes, err := jarSizes(lib)
	if err != nil {
		return err
	}
	return writeJSON(filepath.Join(lib, completeFile), sizes)
}

func jarsComplete(lib string) bool {
	var want map[string]int64
	if err := readJSON(filepath.Join(lib, completeFile), &want); err != nil || len(want) == 0 {
		return false
	}
	for name, size := range want {
		info, err := os.Stat(filepath.Join(lib, filepath.Base(name)))
		if err != nil || info.Size() != size {
			return false
		}
	}
	return true
}

func jarSizes(lib string) (map[string]int64, error) {
	files, err := filepath.Glob(filepath.Join(lib, "*.jar"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(errors.New("maven left no jars"), err)
	}
	sizes := make(map[string]int64, len(files))
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		sizes[filepath.Base(file)] = info.Size()
	}
	return sizes, nil
}

// javaHome is the home that a java program belongs to.
func javaHome(java string) string {
	if real, err := filepath.EvalSymlinks(java); err == nil {
		java = real
	}
	return filepath.Dir(filepath.Dir(java))
}

// tail is the last n lines of text, indented.
func tail(text []byte, n int) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return "  " + strings.Join(lines, "\n  ")
}
