//go:build unix

package home

import (
	"fmt"
	"os"
	"syscall"
)

// lock keeps two commands from changing the same state at once. The kernel
// releases it when the process ends, however it ends.
func (h *Home) lock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(h.path("."+name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the state directory: %w", err)
	}
	return func() { _ = f.Close() }, nil
}
