package winevent

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
)

// taskFolders are where Windows keeps tasks as files, below its own folder, in
// lower case: definitions as XML, those of an older Windows after an upgrade,
// and, before all these, jobs.
var taskFolders = [...]string{
	`\system32\tasks\`, `\syswow64\tasks\`, `\sysnative\tasks\`, `\system32\tasks_migrated\`, `\tasks\`,
}

const jobFolder = `\tasks\`

// sysmonFile reads Sysmon 11, 23 and 26. Sysmon 11 tells of files that are new
// and of those written over.
func sysmonFile(e *Event) (graph.Observation, error) {
	name := first(e, "TargetFilename")
	if name == "" {
		return nil, ErrNoFile
	}
	path, ok := taskOfFile(name)
	if !ok {
		return nil, ErrOfNoUse
	}
	t := &graph.TaskTraced{
		Header: header(e), Process: sysmonProcess(e), Kind: graph.TraceFile, Op: graph.TraceGone, Path: path, Source: "sysmon23",
	}
	switch e.ID {
	case 11:
		t.Op, t.Source = graph.TraceSet, "sysmon11"
	case 26:
		t.Source = "sysmon26"
	}
	return t, nil
}

// taskOfFile is the path of the task that a file is the registration of.
func taskOfFile(name string) (path string, ok bool) {
	for _, folder := range taskFolders {
		root, rest, found := cutFold(name, folder)
		if !found || rest == "" || !isWindows(root) {
			continue
		}
		if folder == jobFolder {
			if len(rest) < 5 || !strings.EqualFold(rest[len(rest)-4:], ".job") {
				continue
			}
			rest = rest[:len(rest)-4]
		}
		return graph.TaskPath(rest), true
	}
	return "", false
}

// isWindows says whether a path is that of Windows on some volume, and no folder
// of that name elsewhere, which anybody can make.
func isWindows(path string) bool {
	volume, name := splitLast(path)
	if !strings.EqualFold(name, "Windows") && !strings.EqualFold(name, "WINNT") {
		return strings.EqualFold(path, `%SystemRoot%`) || strings.EqualFold(path, `%windir%`) || strings.EqualFold(path, `\SystemRoot`)
	}
	volume = strings.TrimPrefix(strings.TrimPrefix(volume, `\\?\`), `\??\`)
	if len(volume) == 2 && volume[1] == ':' {
		return true
	}
	disk, found := strings.CutPrefix(strings.ToLower(volume), `\device\`)
	return found && !strings.Contains(disk, `\`)
}

// taskHosts are the programs that run the handlers of tasks, by base name. The
// surrogate runs them for classes that are to have a process of their own.
var taskHosts = map[string]bool{
	"taskhostw.exe": true, "taskhost.exe": true, "taskhostex.exe": true, "taskeng.exe": true, "dllhost.exe": true,
}

// taskModules are the libraries that speak to the Schedule service, and the
// service itself.
var taskModules = map[string]bool{"taskschd.dll": true, "taskcomp.dll": true, "mstask.dll": true, "schedsvc.dll": true}

// sysmonLoaded reads Sysmon 7: what a task's host loads, what makes a process
// able to make tasks, and what a service host loads from outside of Windows.
func sysmonLoaded(e *Event) (graph.Observation, error) {
	path := first(e, "ImageLoaded")
	if path == "" {
		return nil, ErrNoModule
	}
	p := sysmonProcess(e)
	host := graph.BaseName(p.Image)
	switch {
	case taskModules[graph.BaseName(path)]:
	case strings.EqualFold(path, p.Image):
		return nil, ErrOfNoUse
	case taskHosts[host]:
	case host != "svchost.exe" || ofWindows(path):
		return nil, ErrOfNoUse
	}
	if unnamed(p) {
		return nil, ErrNoProcess
	}
	signed, _ := truth(e.Get("Signed"))
	return &graph.ModuleLoaded{
		Header: header(e), Process: p, Path: path, Hashes: first(e, "Hashes"), Signature: first(e, "Signature"),
		Valid: signed && strings.EqualFold(e.Get("SignatureStatus"), "Valid"), Source: "sysmon7",
	}, nil
}

// ofWindows says whether a module lies where only Windows' own installer writes.
func ofWindows(path string) bool {
	for _, folder := range [...]string{`\system32\`, `\syswow64\`, `\winsxs\`} {
		root, rest, ok := cutFold(path, folder)
		if !ok || !isWindows(root) {
			continue
		}
		below, _ := splitLast(rest) // some folders there are open to writers
		if folder == `\winsxs\` || below == "" || strings.EqualFold(below, "wbem") {
			return true
		}
	}
	return false
}

// What a handle must allow for its holder to run code in another process.
const injects = 0x2 | 0x8 | 0x20 // PROCESS_CREATE_THREAD, _VM_OPERATION, _VM_WRITE

// sysmonInjected reads Sysmon 8 and 10. Of 10, some nine in ten records show
// processes looked at: no use.
func sysmonInjected(e *Event) (graph.Observation, error) {
	i := &graph.Injected{
		Source: "sysmon8",
		Process: graph.ProcessRef{
			GUID: graph.NormalGUID(first(e, "SourceProcessGuid", "SourceProcessGUID")),
			PID:  pid(first(e, "SourceProcessId", "ProcessId")), Image: first(e, "SourceImage"), User: first(e, "SourceUser"),
		},
		Target: graph.ProcessRef{
			GUID: graph.NormalGUID(first(e, "TargetProcessGuid", "TargetProcessGUID")),
			PID:  pid(e.Get("TargetProcessId")), Image: first(e, "TargetImage"), User: first(e, "TargetUser"),
		},
	}
	if e.ID == 10 {
		i.Source, i.Rights = "sysmon10", uint32(number(e.Get("GrantedAccess"))) //nolint:gosec // a mask of 32 bits
		if i.Rights&injects != injects {
			return nil, ErrOfNoUse
		}
	}
	if unnamed(i.Process) || unnamed(i.Target) {
		return nil, ErrNoProcess
	}
	i.Header = header(e)
	return i, nil
}

// taskPipe is the pipe of the Schedule service; all of its interfaces use it.
const taskPipe = "atsvc"

// sysmonPipe reads Sysmon 17, where a pipe is made, and 18, where one is opened.
func sysmonPipe(e *Event) (graph.Observation, error) {
	name := strings.TrimLeft(first(e, "PipeName"), `\`)
	switch {
	case name == "":
		return nil, ErrNoPipe
	case !strings.EqualFold(name, taskPipe):
		return nil, ErrOfNoUse
	}
	p := &graph.PipeOpened{Header: header(e), Process: sysmonProcess(e), Target: taskPipe, Source: "sysmon18"}
	if e.ID == 17 {
		p.Source = "sysmon17"
	}
	p.User = p.Process.User
	return p, nil
}
