package external

import (
	"slices"
	"strings"
)

// What of this process's environment a signer is given. VAULT_TOKEN and whatever
// else Terraform or a CI job has in its environment is none of its business.
var handed = []string{"PATH", "HOME", "LANG", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"}

const (
	handedPrefix = "STILLVAULT_SIGNER_"
	// The passphrase of signer files is read in this process, and by nobody else.
	keptPassphrase = "STILLVAULT_SIGNER_PASSPHRASE"
)

// environment is what of all a signer is given, each as NAME=VALUE.
func environment(all []string) []string {
	var given []string
	for _, variable := range all {
		name, _, _ := strings.Cut(variable, "=")
		if slices.Contains(handed, name) || strings.HasPrefix(name, handedPrefix) && name != keptPassphrase {
			given = append(given, variable)
		}
	}
	return given
}
