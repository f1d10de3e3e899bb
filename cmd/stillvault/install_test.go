package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
	"github.com/stillvault/stillvault/plugins/install"
)

// command runs the command line with nobody to ask, and returns its exit code.
func command(args ...string) (code int, out, said string) {
	var stdout, stderr bytes.Buffer
	code = run(args, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestInstallCommand(t *testing.T) {
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	t.Setenv("VAULT_ADDR", server.Addr())
	t.Setenv("VAULT_TOKEN", server.RootToken())
	t.Setenv("STILLVAULT_MOUNT", "")
	binary := "--binary=" + os.Getenv(pluginVariable)

	code, out, said := command("install", binary, "-dry-run", "-format=json")
	var plan planView
	if err := json.Unmarshal([]byte(out), &plan); code != exitOK || err != nil {
		t.Fatalf("dry run: exit %d, %v: %s%s", code, err, out, said)
	}
	if plan.Path != "stillvault" || plan.Done || len(plan.Steps) != 4 || len(plan.SHA256) != 64 || plan.Vault != server.Addr() {
		t.Errorf("dry run: %s", out)
	}
	for _, right := range []string{`path "sys/mounts" { capabilities = ["read"] }`, `path "sys/plugins/catalog/secret/` + install.PluginName + `" { capabilities = ["read", "sudo", "update"] }`} {
		if !slices.Contains(plan.Rights, right) {
			t.Errorf("dry run: rights %q lack %q", plan.Rights, right)
		}
	}

	code, out, said = command("install", binary)
	if code != exitError || out != "" || !strings.Contains(said, "  - register "+install.PluginName) || !strings.Contains(said, "--yes") {
		t.Errorf("with nobody to ask: exit %d: %s%s", code, out, said)
	}

	for _, changed := range [][]string{{"copied", "registered", "enabled"}, {}} {
		code, out, said = command("install", binary, "-yes", "-format=json")
		var result install.Result
		if err := json.Unmarshal([]byte(out), &result); code != exitOK || err != nil {
			t.Fatalf("exit %d, %v: %s%s", code, err, out, said)
		}
		if !slices.Equal(result.Changed, changed) || result.Version != plan.Version || result.SHA256 != plan.SHA256 {
			t.Errorf("changed %q, want %q: %s", result.Changed, changed, out)
		}
		if enabled := len(changed) > 0; strings.Contains(said, "next: `stillvault org init`") != enabled {
			t.Errorf("enabled %v, and it said: %s", enabled, said)
		}
	}

	code, out, _ = command("install", binary, "-yes")
	if code != exitOK || !strings.Contains(out, "mount    stillvault/\nversion  "+plan.Version+"\n") {
		t.Errorf("as a table: exit %d: %s", code, out)
	}

	code, _, said = command("install", "-rollback")
	if code != exitError || !strings.Contains(said, "no_previous_version") || !strings.Contains(said, "--to") {
		t.Errorf("nothing to go back to: exit %d: %s", code, said)
	}
}

func TestInstallCommandShowsThePolicyThatATokenLacks(t *testing.T) {
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	token, err := server.TokenWithoutEntity(context.Background(), "default")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAULT_ADDR", server.Addr())
	t.Setenv("VAULT_TOKEN", token)
	code, _, said := command("install", "--binary="+os.Getenv(pluginVariable), "--yes")
	if code != exitDenied || !strings.Contains(said, `    path "sys/mounts" { capabilities = ["read"] }`) || !strings.Contains(said, "permission_denied: ") {
		t.Errorf("exit %d: %s", code, said)
	}
	t.Setenv("VAULT_TOKEN", "hvs.unknown")
	if code, _, said = command("install", "--binary="+os.Getenv(pluginVariable), "--yes"); code != exitDenied || !strings.Contains(said, "token_invalid: ") {
		t.Errorf("exit %d: %s", code, said)
	}
}

func TestInstallCommandRefusesFlagsThatContradict(t *testing.T) {
	for _, args := range [][]string{{"--to", "v0.1.0"}, {"--rollback", "--binary", "x"}, {"--rollback", "--plugin-dir", "x"}, {"surplus"}} {
		if code, out, said := command(append([]string{"install"}, args...)...); code != exitUsage || out != "" || said == "" {
			t.Errorf("%q: exit %d: %s%s", args, code, out, said)
		}
	}
}
