package localdb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/taskroot/taskroot/docker"
	"github.com/taskroot/taskroot/internal/fault"
)

// ImageVariable names the image to run, where it is none of the usual ones.
const ImageVariable = "TASKROOT_NEO4J_IMAGE"

// images are those taken when they are at hand, best first: the official ones,
// then what docker/build-neo4j-image.sh makes.
func images() []string {
	if image := os.Getenv(ImageVariable); image != "" {
		return []string{image}
	}
	return []string{"neo4j:" + docker.Neo4jVersion, "neo4j:5.26", "neo4j:5.26-community", "taskroot/neo4j:" + docker.Neo4jVersion}
}

// FindImage is a Neo4j image that is at hand on a Docker engine that answers.
// Nothing is pulled: that would take minutes, and be a surprise.
func FindImage(ctx context.Context) (string, error) {
	limit, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, err := exec.LookPath("docker"); err != nil {
		return "", fault.New(fault.Unavailable, "there is no docker command here").WithHint("install Docker, or use --with java")
	}
	if _, err := runDocker(limit, "version", "--format", "{{.Server.Version}}"); err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "no Docker engine answers").WithHint("start it, or use --with java")
	}
	wanted := images()
	for _, image := range wanted {
		if _, err := runDocker(limit, "image", "inspect", "--format", "{{.Id}}", image); err == nil {
			return image, nil
		}
	}
	return "", fault.New(fault.Unavailable, "none of the images %s is here", strings.Join(wanted, ", ")).
		WithHint("docker pull neo4j:5.26; or build one with docker/build-neo4j-image.sh; or name one in %s; or use --with java", ImageVariable)
}

// runContainer starts the server in a container that keeps its data in the
// same directory as a server run by Java does, with the same password.
func (i instance) runContainer(ctx context.Context, o Options, s server, image string) (server, error) {
	name := containerName(i.dir)
	if err := removeStrangers(ctx, name); err != nil {
		return s, err
	}
	args := []string{"run", "--detach", "--name", name, "--label", "taskroot.dir=" + i.dir,
		"--user", fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()),
		"--publish", fmt.Sprintf("127.0.0.1:%d:7687", s.BoltPort),
		"--publish", fmt.Sprintf("127.0.0.1:%d:7474", s.HTTPPort),
		"--volume", i.path("data") + ":/data", "--volume", i.path("logs") + ":/logs",
		"--stop-timeout", "60",
	}
	for _, pair := range containerEnv(o, s) {
		args = append(args, "--env", pair)
	}
	o.Log.Info("starting Neo4j in a container", "image", image, "dir", i.dir)
	id, err := runDocker(ctx, append(args, image)...)
	if err != nil {
		tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpLimit)
		defer cancel()
		_ = removeContainer(tidy, name) // made but not started, if at all; the first error counts
		return s, fault.Wrap(fault.Unavailable, err, "the Neo4j container did not start")
	}
	s.With, s.Container, s.StartedAt = Docker, strings.TrimSpace(id), now()
	return s, nil
}

// containerName is the same for the same directory, so that a container whose
// record was lost is found again.
func containerName(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return "taskroot-neo4j-" + hex.EncodeToString(sum[:6])
}

// removeStrangers stops and removes a container of our name that no record
// speaks of: two servers on one data directory would harm it.
func removeStrangers(ctx context.Context, name string) error {
	if _, err := runDocker(ctx, "container", "inspect", "--format", "{{.Id}}", name); err != nil {
		return ctx.Err()
	}
	if err := stopContainer(ctx, name); err != nil {
		return err
	}
	return removeContainer(ctx, name)
}

func containerRuns(ctx context.Context, id string) (bool, error) {
	said, err := runDocker(ctx, "container", "inspect", "--format", "{{.State.Running}}", id)
	if err == nil {
		return strings.TrimSpace(said) == "true", nil
	}
	if isGone(err) {
		return false, nil
	}
	if _, answers := runDocker(ctx, "version", "--format", "{{.Server.Version}}"); answers != nil && ctx.Err() == nil {
		return false, nil // no engine, no container
	}
	return false, fmt.Errorf("ask the Docker engine for the container: %w", err)
}

func stopContainer(ctx context.Context, id string) error {
	if _, err := runDocker(ctx, "stop", "--time", "60", id); err != nil && !isGone(err) {
		return fmt.Errorf("stop the container: %w", err)
	}
	return nil
}

// removeContainer keeps the data, which is in our directory, and gives back
// the anonymous volumes of the image.
func removeContainer(ctx context.Context, id string) error {
	_, err := runDocker(ctx, "rm", "--force", "--volumes", id)
	if err == nil || isGone(err) {
		return nil
	}
	if _, answers := runDocker(ctx, "version", "--format", "{{.Server.Version}}"); answers != nil && ctx.Err() == nil {
		return nil // the engine is away; the name is free again or removed by the next 'up'
	}
	return fmt.Errorf("remove the container: %w", err)
}

func isGone(err error) bool {
	return strings.Contains(strings.ToLower(err.Error()), "no such container")
}

func containerLog(ctx context.Context, id string, lines int) string {
	limit, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	said, err := exec.CommandContext(limit, "docker", "logs", "--tail", fmt.Sprint(lines), id).CombinedOutput()
	if err != nil {
		return "  (its log cannot be read)"
	}
	return tail(said, lines)
}

// runDocker runs the docker command and gives what it printed; an error holds
// what it complained of.
func runDocker(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("docker %s: %s (%w)", args[0], strings.TrimSpace(complaint.String()), err)
	}
	return out.String(), nil
}
