// Package child ties a process to the one that starts it, so that a program that
// is killed by force leaves nothing running: neither the secrets engine of the
// embedded host nor a signer that holds a key.
package child

import (
	"os/exec"
	"runtime"
)

// Tie has the kernel kill cmd when the thread that starts it ends, which is what
// [Start] keeps from happening too early. Only Linux can; elsewhere a program
// that is killed by force leaves its children running, as Vault does.
func Tie(cmd *exec.Cmd) { tie(cmd) }

// Start calls start, which starts a process that was given to [Tie], on an
// operating system thread that lives until ended is closed: the kernel's
// parent-death signal watches the thread that forked, not the program. ended must
// be closed once the process is gone, or if it never began.
func Start(start func() error, ended <-chan struct{}) error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- start()
		<-ended
	}()
	return <-started
}
