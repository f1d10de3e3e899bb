//go:build !linux

package host

import "os/exec"

// dieWithParent does nothing: only Linux has a parent-death signal. Elsewhere a
// host that is killed by force leaves its plug-in running, as Vault does.
func dieWithParent(*exec.Cmd) {}
