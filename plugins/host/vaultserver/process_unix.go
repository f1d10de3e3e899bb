//go:build unix

package vaultserver

import (
	"errors"
	"syscall"
)

// terminate asks the process to end. One that is gone already has complied.
func terminate(pid int) error { return ignoreGone(syscall.Kill(pid, syscall.SIGTERM)) }

// killGroup ends the process and all that it started and that did not leave
// its group.
func killGroup(pid int) error { return ignoreGone(syscall.Kill(-pid, syscall.SIGKILL)) }

func ignoreGone(err error) error {
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
