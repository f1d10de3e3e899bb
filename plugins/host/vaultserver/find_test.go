package vaultserver_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
)

// program writes an executable script that prints out, and returns its path.
func program(t *testing.T, path, out string, exit string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nprintf '%s\\n' '" + out + "'\nexit " + exit + "\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindChecksTheVersion(t *testing.T) {
	tests := map[string]struct {
		prints, exit string
		version      string
		err          error
	}{
		"release":          {"Vault v1.21.0 (abc), built 2025-10-22", "0", "1.21.0", nil},
		"without a commit": {"Vault v1.16.3, built 2025-10-22", "0", "1.16.3", nil},
		"enterprise":       {"Vault v1.19.5+ent (abc)", "0", "1.19.5+ent", nil},
		"candidate":        {"Vault v1.21.0-rc1 (abc)", "0", "1.21.0-rc1", nil},
		"oldest allowed":   {"Vault v1.15.0 (abc)", "0", "1.15.0", nil},
		"next major":       {"Vault v2.0.1 (abc)", "0", "2.0.1", nil},
		"too old":          {"Vault v1.14.10 (abc)", "0", "", vaultserver.ErrTooOld},
		"before 1":         {"Vault v0.20.0 (abc)", "0", "", vaultserver.ErrTooOld},
		"another program":  {"Terraform v1.21.0", "0", "", vaultserver.ErrNotVault},
		"silent":           {"", "0", "", vaultserver.ErrNotVault},
		"fails":            {"Vault v1.21.0", "1", "", vaultserver.ErrNotVault},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := program(t, filepath.Join(t.TempDir(), "v"), test.prints, test.exit)
			t.Setenv("VAULT_BIN", path)
			got, err := vaultserver.Find(context.Background(), "")
			if !errors.Is(err, test.err) {
				t.Fatalf("error: got %v, want %v", err, test.err)
			}
			if err == nil && got != (vaultserver.Binary{Path: path, Version: test.version}) {
				t.Errorf("got %+q, want version %q at %q", got, test.version, path)
			}
		})
	}
}

func TestFindLooksInThisOrder(t *testing.T) {
	root, pathDir := t.TempDir(), t.TempDir()
	named := program(t, filepath.Join(t.TempDir(), "named"), "Vault v1.21.1", "0")
	built := program(t, filepath.Join(root, "tools", "bin", "vault"), "Vault v1.21.2", "0")
	installed := program(t, filepath.Join(pathDir, "vault"), "Vault v1.21.3", "0")

	tests := map[string]struct {
		bin, root, path string
		want            string
		err             error
	}{
		"VAULT_BIN comes first":          {named, root, pathDir, named, nil},
		"then tools/bin":                 {"", root, pathDir, built, nil},
		"then PATH":                      {"", t.TempDir(), pathDir, installed, nil},
		"no root, so PATH":               {"", "", pathDir, installed, nil},
		"a wrong VAULT_BIN ends it":      {"/nonexistent/vault", root, pathDir, "", vaultserver.ErrNotVault},
		"nothing anywhere":               {"", t.TempDir(), t.TempDir(), "", vaultserver.ErrNoVault},
		"no root and nothing on the way": {"", "", t.TempDir(), "", vaultserver.ErrNoVault},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("VAULT_BIN", test.bin)
			t.Setenv("PATH", test.path)
			got, err := vaultserver.Find(context.Background(), test.root)
			if !errors.Is(err, test.err) || got.Path != test.want {
				t.Errorf("got %q, error %v; want %q, error %v", got.Path, err, test.want, test.err)
			}
		})
	}
}
