package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// overruled finds CLI configuration that says by itself where providers come
// from, because of which the directory that was installed into is not searched,
// and returns what to write there; "" if there is none.
func overruled(root string) string {
	for _, path := range configurations() {
		text, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(text, []byte("provider_installation")) {
			continue
		}
		var quoted []string
		for _, host := range hosts {
			quoted = append(quoted, fmt.Sprintf("%q", host+"/stillvault/stillvault"))
		}
		addresses := strings.Join(quoted, ", ")
		return fmt.Sprintf(`But %s has a provider_installation block, so that only
what it names is searched. Add to that block

  filesystem_mirror {
    path    = %q
    include = [%s]
  }

and to its direct block, if it has one,

    exclude = [%s]

Then run `+"`terraform init` or `tofu init`.\n", path, root, addresses, addresses)
	}
	return ""
}

// configurations are the files that Terraform and OpenTofu read settings of
// theirs from, if they are there.
func configurations() []string {
	if path := os.Getenv("TF_CLI_CONFIG_FILE"); path != "" {
		return []string{path}
	}
	if data := os.Getenv("APPDATA"); runtime.GOOS == "windows" {
		return []string{filepath.Join(data, "terraform.rc"), filepath.Join(data, "tofu.rc")}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil
	}
	paths := []string{filepath.Join(home, ".terraformrc"), filepath.Join(home, ".tofurc")}
	if config := os.Getenv("XDG_CONFIG_HOME"); config != "" {
		paths = append(paths, filepath.Join(config, "opentofu", "tofurc"))
	}
	return paths
}
