//go:build !linux

package external

import "os/exec"

// bare runs what is at the path. Elsewhere than on Linux nothing starts an open
// file, so whoever may write to the program's folder can exchange it between hash
// and start; Vault's own plug-ins have the same race.
func (p *program) bare() *exec.Cmd { return &exec.Cmd{Path: p.path} }
