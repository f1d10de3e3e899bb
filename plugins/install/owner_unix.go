//go:build unix

package install

import (
	"os"
	"syscall"
)

// ownLike gives a file to the owner of the directory it lies in, who is the
// user that runs Vault: with VAULT_ENABLE_FILE_PERMISSIONS_CHECK Vault insists
// on that. Only root can give files away; anybody else owns what they write.
func ownLike(file *os.File, dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return file.Chown(int(owner.Uid), int(owner.Gid))
}
