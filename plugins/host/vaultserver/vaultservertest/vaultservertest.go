// Package vaultservertest runs a real Vault server for the length of a test.
package vaultservertest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
)

// RequireEnv names the variable that turns a missing Vault from a skipped
// test into a failed one. `make test` sets it, and CI=true has the same effect.
const RequireEnv = "STILLVAULT_REQUIRE_VAULT"

// Start runs a Vault server that ends with the test. It looks for the program
// in the checkout that the test runs in, unless options name another Root.
//
// Without a Vault program the test fails where one is required, see
// RequireEnv, and is skipped with the remedy elsewhere, so that a plain
// `go test` works in a fresh checkout. A Vault that is there but does not
// start always fails the test, with the end of its log. The quick tests start none:
// with -short the test is skipped.
func Start(t testing.TB, options vaultserver.Options) *vaultserver.Server {
	t.Helper()
	if testing.Short() {
		t.Skip("NOT TESTED against a real Vault: -short")
	}
	if options.Root == "" {
		options.Root = ModuleRoot(t)
	}
	server, err := vaultserver.Start(context.Background(), options)
	if errors.Is(err, vaultserver.ErrNoVault) && !required() {
		t.Skipf("NOT TESTED against a real Vault: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing vault: %v", err)
		}
	})
	return server
}

func required() bool {
	return os.Getenv("CI") == "true" || os.Getenv(RequireEnv) != ""
}

// ModuleRoot is the nearest directory above the test's that holds a go.mod.
func ModuleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("finding the module's root: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("finding the module's root: no go.mod above the test's directory")
		}
		dir = parent
	}
}
