//go:build !unix

package external

import "io/fs"

// checkOwner does nothing: permissions here are not a mode.
func checkOwner(fs.FileInfo) error { return nil }
