//go:build !unix

package vaultserver

import (
	"errors"
	"os"
	"syscall"
)

func childAttributes() *syscall.SysProcAttr { return nil }

// terminate ends the process: there is no gentler way on this system.
func terminate(pid int) error { return killGroup(pid) }

// killGroup ends the process alone: there are no process groups here.
func killGroup(pid int) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return nil // gone already
	}
	if err := process.Kill(); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
