package install

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// checkDir refuses a plug-in directory that Vault would not run anything from.
// vaults is what Vault calls it, empty where that cannot be known.
func checkDir(dir, vaults string) error {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", dir, ErrPluginDirMissing)
	} else if err != nil {
		return fmt.Errorf("look at the plug-in directory: %w", err)
	}
	if vaults == "" || filepath.Clean(vaults) == filepath.Clean(dir) {
		// This is the name that Vault uses, so a link in it counts.
		return checkLinks(dir)
	}
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return fmt.Errorf("%s is not a directory: %w", dir, ErrPluginDirMissing)
	}
	// A container may know the directory by another name; another directory
	// under Vault's own name on this host shows that it is not this one.
	other, err := os.Stat(vaults)
	if err == nil && !os.SameFile(info, other) {
		return fmt.Errorf("vault's plugin_directory is %s, not %s: %w", vaults, dir, ErrPluginDirOther)
	}
	return nil
}

func checkLinks(dir string) error {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("look at the plug-in directory: %w", err)
	}
	target, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return fmt.Errorf("look at the plug-in directory: %w: %w", err, ErrPluginDirMissing)
	}
	if target != absolute {
		return fmt.Errorf("%s leads to %s: %w", dir, target, ErrPluginDirLink)
	}
	if info, err := os.Stat(absolute); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is not a directory: %w", dir, ErrPluginDirMissing)
	}
	return nil
}

// placed says whether dir already holds this program under its name.
func placed(b binary, dir string) bool {
	path := filepath.Join(dir, b.command())
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		return false
	}
	sum, err := fileSum(path)
	return err == nil && sum == b.sum
}

// place copies the program into dir under its versioned name: into a temporary
// file that is renamed once it is whole and on disk, so that Vault never sees
// half of it, and a process that runs the old file keeps it. Meanwhile this process
// starts no other: a child would have the copy open for writing until its own program
// runs, and what somebody writes to, the kernel does not start.
func place(b binary, dir string) (err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	from, err := os.Open(b.path)
	if err != nil {
		return fmt.Errorf("read the plug-in: %w: %w", err, ErrBinary)
	}
	defer from.Close()
	to, err := os.CreateTemp(dir, "."+b.command()+".*")
	if err != nil {
		return fmt.Errorf("write into the plug-in directory: %w; run this as a user who may write there, or copy %s to %s yourself",
			err, b.path, filepath.Join(dir, b.command()))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreClosed(to.Close()), os.Remove(to.Name()))
		}
	}()
	hash := sha256.New()
	if _, err = io.Copy(io.MultiWriter(to, hash), from); err != nil {
		return fmt.Errorf("copy the plug-in: %w", err)
	}
	if hex.EncodeToString(hash.Sum(nil)) != b.sum {
		return fmt.Errorf("%s changed while it was installed: %w", b.path, ErrChecksum)
	}
	if err = errors.Join(to.Chmod(0o755), ownLike(to, dir), to.Sync(), to.Close()); err != nil {
		return fmt.Errorf("copy the plug-in: %w", err)
	}
	if err = os.Rename(to.Name(), filepath.Join(dir, b.command())); err != nil {
		return fmt.Errorf("copy the plug-in: %w", err)
	}
	return nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}
