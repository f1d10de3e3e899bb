//go:build unix

package external

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkOwner refuses a program that another than root or this user can change.
func checkOwner(info fs.FileInfo) error {
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%w (its mode is %04o)", ErrExposed, info.Mode().Perm())
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%w (it belongs to another user)", ErrExposed)
	}
	return nil
}
