//go:build !unix

package filelock

import (
	"errors"
	"fmt"
)

// try cannot work here: there is no lock that dies with its holder.
func try(string) (func(), error) {
	return nil, fmt.Errorf("file locks need Linux, macOS or another Unix: %w", errors.ErrUnsupported)
}
