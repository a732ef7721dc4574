package settle

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
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

// systemHost is the one place of svchost.exe, in the spellings of Win32, NT and
// device paths. A folder of the same name elsewhere is anybody's to make.
var systemHost = regexp.MustCompile(
	`(?i)^((\\\\\?\\|\\\?\?\\)?[a-z]:\\windows|\\device\\harddiskvolume\d+\\windows|\\systemroot)\\system32\\svchost\.exe$`)

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
	if strings.Contains(image, `\`) && !systemHost.MatchString(image) {
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
