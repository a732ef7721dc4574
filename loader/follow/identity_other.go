//go:build !unix

package follow

import "io/fs"

// identity is the path where the system's listing gives nothing better: a
// renamed file is then known again by its content, see [Mark].
func identity(path string, _ fs.FileInfo) string { return "path:" + path }
