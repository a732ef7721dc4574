//go:build !unix

package localdb

import (
	"errors"
	"os/exec"
)

// A managed server needs sessions, signals and file locks as Unix has them;
// elsewhere everything but 'db up' works, against a database run by hand.
var errNotHere = errors.New("a managed database needs Linux, macOS or another Unix: use WSL, or run Neo4j yourself and set TASKROOT_NEO4J_URI")

func detach(*exec.Cmd)           {}
func ownGroup(*exec.Cmd)         {}
func terminate(int) error        { return errNotHere }
func kill(int) error             { return errNotHere }
func processIdentity(int) string { return "" }
func physicalMB() int            { return 0 }
func portOwner(int) string       { return "" }
