package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/stillvault/stillvault/plugins/filename"
)

var (
	// ErrExposed means that others than its owner may read or change a file.
	ErrExposed = errors.New("key_file_exposed: others may read or change this file")
	// ErrExists means that a file is there already and is not replaced.
	ErrExists = errors.New("key_file_exists: a file with this name exists and is not replaced; move it away first if you mean to")
)

// maxPrivate is the largest private file that is read.
const maxPrivate = 4 << 20

// ReadPrivate reads a file that only its owner may read, at most 4 MiB;
// [ErrExposed] otherwise. The caller wipes what it returns. What is no path may be
// the secret itself: an error does not repeat it.
func ReadPrivate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, filename.Error(err)
	}
	defer f.Close()
	// Of the open file, so that it cannot be exchanged between check and read.
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %04o: %w; run `chmod 600 %s`, and treat the key as known to them", path, info.Mode().Perm(), ErrExposed, path)
	}
	if !info.Mode().IsRegular() || info.Size() > maxPrivate {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", path, maxPrivate)
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return data, nil
}

// WritePrivate writes a file with mode 0600 in one step: after a crash it holds
// the old data or the new, and the new is on the disk when WritePrivate returns.
// data stays the caller's to wipe.
func WritePrivate(path string, data []byte) error { return write(path, data, os.Rename) }

// CreatePrivate is WritePrivate for a file that must not exist: [ErrExists].
func CreatePrivate(path string, data []byte) error {
	return write(path, data, func(from, to string) error {
		// Unlike a rename, a link never replaces.
		err := os.Link(from, to)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s: %w", to, ErrExists)
		}
		return err
	})
}

func write(path string, data []byte, publish func(from, to string) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if e := os.Remove(f.Name()); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := publish(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir puts a directory's entries on the disk; Windows has no such call.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
