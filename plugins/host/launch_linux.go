package host

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the plug-in when the host dies without
// having closed it, so that a killed host leaves nothing running.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
