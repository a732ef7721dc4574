//go:build unix

package follow

import (
	"io/fs"
	"strconv"
	"syscall"
)

// identity is what a file keeps when it is renamed: device and inode.
func identity(path string, info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "path:" + path
	}
	return strconv.FormatUint(uint64(st.Dev), 10) + ":" + strconv.FormatUint(st.Ino, 10) //nolint:unconvert // Dev is signed elsewhere
}
