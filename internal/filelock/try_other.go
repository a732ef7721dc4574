//go:build !unix

package filelock

import "errors"

// try cannot work here: there is no lock that dies with its holder.
func try(string) (func(), error) {
	return nil, errors.New("file locks need Linux, macOS or another Unix")
}
