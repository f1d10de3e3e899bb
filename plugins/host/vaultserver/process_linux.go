package vaultserver

import "syscall"

// childAttributes put the child into a group of its own and have the kernel
// tell it when its parent dies, however that dies. SIGTERM rather than
// SIGKILL, so that Vault ends its plug-ins first.
//
// The kernel drops the signal for a program with file capabilities, which
// packaged Vaults carry (cap_ipc_lock); those end with Close only.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
