//go:build !unix

package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// lock keeps two commands from changing the same state at once: a file that
// only one of them can create.
func (h *Home) lock(name string) (unlock func(), err error) {
	path := h.path("." + name + ".lock")
	for range 200 {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			_ = f.Close()
			return func() { _ = os.Remove(path) }, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, fmt.Errorf("another stillvault command holds %s; delete it if none runs", path)
}
