package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
	"github.com/stillvault/stillvault/plugins/phone"
	backend "github.com/stillvault/stillvault/vault-backend"
)

// hostOnly are the scripts that replace the broker, are about the development
// host, or need no broker.
var hostOnly = []string{"crash.txtar", "install.txtar", "rollback.txtar", "rotate-agent.txtar", "rotate-hidden.txtar", "signer-agent.txtar", "signer-exec.txtar", "usage.txtar"}

// TestScriptsOnVault runs the scripts on a real Vault, each on a mount of its
// own, at a path that is not the default one.
func TestScriptsOnVault(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED against a real Vault: -short")
	}
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	alice, carol := scriptUser(t, server, "alice"), scriptUser(t, server, "carol")
	engine := vaultserver.Engine{Binary: os.Getenv(pluginVariable), Version: backend.Version, Path: "scripts/0"}
	if err := server.MountEngine(t.Context(), engine); err != nil {
		t.Fatal(err)
	}
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Sys().MountWithContext(t.Context(), "transit", &api.MountInput{Type: "transit"}); err != nil {
		t.Fatal(err)
	}
	var mounts atomic.Int32
	params := scriptParams()
	params.Files = scriptFiles(t)
	params.Setup = func(env *testscript.Env) error {
		mount := fmt.Sprintf("scripts/%d", mounts.Add(1))
		// The registered plug-in again: its file cannot be copied anew while it runs.
		err := client.Sys().MountWithContext(context.Background(), mount, &api.MountInput{
			Type: filepath.Base(engine.Binary), Config: api.MountConfigInput{
				PluginVersion: engine.Version, AllowedResponseHeaders: phone.AllowedHeaders(),
			},
		})
		key := strings.ReplaceAll(mount, "/", "-")
		_, made := client.Logical().WriteWithContext(context.Background(), "transit/keys/"+key, map[string]any{"type": "ed25519"})
		scriptEnvironment(env, map[string]string{
			"VAULT_ADDR": server.Addr(), "VAULT_TOKEN": server.RootToken(), "STILLVAULT_MOUNT": mount,
			"ALICE_TOKEN": alice.Token, "ALICE_ENTITY": alice.EntityID,
			"CAROL_TOKEN": carol.Token, "CAROL_ENTITY": carol.EntityID, "TRANSIT_KEY": key,
		})
		return errors.Join(err, made)
	}
	testscript.Run(t, params)
}

func scriptFiles(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("testdata/script")
	if err != nil {
		t.Fatal(err)
	}
	// And the one that needs more of Vault than the engine.
	files := []string{"testdata/vault/signer-transit.txtar"}
	for _, e := range entries {
		if !slices.Contains(hostOnly, e.Name()) {
			files = append(files, "testdata/script/"+e.Name())
		}
	}
	return files
}

// scriptUser makes somebody who may do on every mount what needs no sudo.
func scriptUser(t *testing.T, server *vaultserver.Server, name string) vaultserver.User {
	t.Helper()
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	const rules = `path "scripts/*" { capabilities = ["create", "read", "update", "delete", "list"] }`
	if err := client.Sys().PutPolicyWithContext(t.Context(), "scripts", rules); err != nil {
		t.Fatal(err)
	}
	user, err := server.AddUser(t.Context(), name, "scripts")
	if err != nil {
		t.Fatal(err)
	}
	return user
}
