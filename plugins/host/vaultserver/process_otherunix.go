//go:build unix && !linux

package vaultserver

import "syscall"

// childAttributes put the child into a group of its own. These systems have
// no signal for a parent's death, so the child ends with Close only.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
