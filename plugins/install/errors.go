package install

import (
	"errors"
	"fmt"
)

// What can be wrong, each with what to do next.
var (
	ErrUnreachable = errors.New("vault_unreachable: check VAULT_ADDR, and VAULT_CACERT where the server's certificate is private")
	ErrNotReady    = errors.New("vault_not_initialised: run `vault operator init`, then unseal it")
	ErrSealed      = errors.New("vault_sealed: run `vault operator unseal`, then run this again")
	ErrOldVault    = errors.New("vault_too_old: the plug-in needs Vault " + minVersion + " or later; upgrade Vault first")
	ErrNoCatalogue = errors.New("no_plugin_catalogue: this server takes no plug-ins, and `stillvault dev` has its own running; set VAULT_ADDR to a Vault")
	ErrToken       = errors.New("token_invalid: log in with `vault login`, or set VAULT_TOKEN to a token that is still valid")
	ErrPermission  = errors.New("permission_denied: attach a policy that grants this to the token, or use one that has it")
	ErrPathTaken   = errors.New("path_taken: another secrets engine is mounted there; choose another with --mount")
	ErrPinned      = errors.New("version_pinned: a pinned version overrules what a mount asks for; remove the pin with `vault delete sys/plugins/pins/secret/" + PluginName + "`")

	ErrNoPluginDir      = errors.New("plugin_directory_unset: set plugin_directory in Vault's configuration on every node and restart Vault")
	ErrPluginDirMissing = errors.New("plugin_directory_missing: create the directory that plugin_directory names on every node, owned by the user that runs Vault")
	ErrPluginDirLink    = errors.New("plugin_directory_symlink: Vault refuses what lies behind a symbolic link; set plugin_directory to the real directory and restart Vault")
	ErrPluginDirOther   = errors.New("plugin_directory_differs: give --plugin-dir the directory that Vault's plugin_directory names, as it is reached on this host")

	ErrBinary          = errors.New("binary_unusable: build the plug-in with `make build`, for this machine, and name it with --binary")
	ErrBinaryMissing   = errors.New("binary_missing: copy the plug-in into plugin_directory on every node, then run this again")
	ErrNotExecutable   = errors.New("binary_not_executable: give the plug-in mode 0755, on a file system that allows programs (no noexec), built for the node's system")
	ErrChecksum        = errors.New("checksum_mismatch: what lies in plugin_directory is not what was registered; copy the plug-in there again on every node, then run this again")
	ErrVersionMismatch = errors.New("version_mismatch: the plug-in reports another version than it is registered with; register the build that belongs to that version")
	ErrVersionTaken    = errors.New("version_taken: this version is in use with other contents; build with a version of its own, as in `make build VERSION=0.1.1`")
	ErrMlock           = errors.New("memory_lock_refused: the plug-in may not lock its memory; run `setcap cap_ipc_lock=+ep` on it in plugin_directory, " +
		"raise the limit (LimitMEMLOCK=infinity), or set disable_mlock where swap is off or encrypted")
	ErrCrashed = errors.New("plugin_ended_at_start: read the lines about it in Vault's own log; \"cannot allocate memory\" there " +
		"means that it may not lock memory: run `setcap cap_ipc_lock=+ep` on it in plugin_directory, or set disable_mlock where swap is off or encrypted")

	ErrNotMounted    = errors.New("not_mounted: no Stillvault engine is mounted there; run `stillvault install` without --rollback, or name the mount with --mount")
	ErrNotRegistered = errors.New("version_not_registered: choose one that is registered, see `vault plugin list -detailed secret`")
	ErrNoPrevious    = errors.New("no_previous_version: nothing remembers which version ran before; name one with --to")
	ErrNotRunning    = errors.New("not_running: the mount does not run what was installed; look at Vault's log and run this again")
)

// SwitchError says what runs after a change to a running mount failed. It wraps
// the failure.
type SwitchError struct {
	Path     string // of the mount, without slashes around it
	To       string // the version that was wanted
	From     string // the version before
	Running  string // the version that answers now, empty if none does
	Drained  bool   // the drain could not be ended
	Err      error  // why the switch failed
	Restored error  // why From could not be put back, nil if it was
}

// Error ends in the state of the mount and what to do.
func (e *SwitchError) Error() string {
	text := fmt.Sprintf("switch %s/ to %s: %v", e.Path, e.To, e.Err)
	switch {
	case e.Restored != nil:
		text += fmt.Sprintf("; %s could not be put back: %v; the mount answers nothing until `vault secrets tune -plugin-version=%s %s` and `vault plugin reload -mounts=%s` succeed",
			e.From, e.Restored, e.From, e.Path, e.Path)
	case e.Running != "":
		text += fmt.Sprintf("; %s runs again at %s/", e.Running, e.Path)
	}
	if e.Drained {
		text += fmt.Sprintf("; the mount still drains: end it with `vault write %s/config drain=false`", e.Path)
	}
	return text
}

// Unwrap gives the failure of the switch, and of putting it back.
func (e *SwitchError) Unwrap() []error {
	if e.Restored != nil {
		return []error{e.Err, e.Restored}
	}
	return []error{e.Err}
}
