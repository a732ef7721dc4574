package settle

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/cmdline"
)

// UnnamedTask is the key of a task that is only inferred from a launch: the
// host and a hash of the normalised image and command line.
func UnnamedTask(host, image, command string) string {
	sum := sha256.Sum256([]byte(cmdline.Pattern(image, command)))
	return host + graph.Sep + "?" + hex.EncodeToString(sum[:12])
}

// LauncherOf says what a parent with this image and command line is to tasks;
// wroteLog says that the scheduler's own log came from it.
//
// The tokens -s Schedule can be faked in a process's own memory, so where the
// full path is known it must be the system's svchost.
func LauncherOf(image, command string, wroteLog func() bool) Launcher {
	switch graph.BaseName(image) {
	case "taskeng.exe":
		return Engine
	case "svchost.exe":
	default:
		return NoLauncher
	}
	lower := strings.ToLower(image)
	if strings.Contains(lower, `\`) && !strings.HasSuffix(lower, `\system32\svchost.exe`) {
		return NoLauncher
	}
	switch {
	case cmdline.HasScheduleToken(command):
		return Schedule
	case cmdline.Netsvcs(command):
		return SharedHost
	case command == "" && wroteLog():
		return ScheduleLog
	}
	return NoLauncher
}
