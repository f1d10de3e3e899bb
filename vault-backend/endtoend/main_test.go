// Package endtoend drives the built plug-in from outside, as its users do: over
// Vault's HTTP API, with the vault command and Vault's Go client, on the
// development host and on a real Vault server.
//
// The table of cases is in table_test.go; each case is played on a [scene] and
// tells what the reader got, how many calls that took, and how many prompts
// approvers saw. Approvers answer through the paths that devices use.
package endtoend

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// pluginBinary is the plug-in, built once for all tests.
var pluginBinary string

const (
	pluginName = "vault-plugin-secrets-stillvault"
	mountPath  = "stillvault"
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "stillvault-endtoend-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	pluginBinary = filepath.Join(dir, pluginName)
	build := exec.Command("go", "build", "-o", pluginBinary, "../cmd/"+pluginName)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the plug-in: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
