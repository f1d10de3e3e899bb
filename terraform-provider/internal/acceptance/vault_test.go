package acceptance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
	"github.com/stillvault/stillvault/plugins/install"
	"github.com/stillvault/stillvault/plugins/phone"
	backend "github.com/stillvault/stillvault/vault-backend"
)

// onVault are the scripts that run on a real Vault alone: everything from mounting the
// engine to reading a secret, and back.
var onVault = []string{"testdata/vault/mount.txtar", "testdata/vault/stack.txtar"}

// onVaultToo are scripts of the embedded host that run on a real Vault, too, with one
// program: the main path of every resource. What the programs make of the provider is
// seen on the embedded host, and what Vault makes of it is the same for both.
var onVaultToo = []string{
	"testdata/script/approver.txtar", "testdata/script/consumer.txtar", "testdata/script/ephemeral.txtar",
	"testdata/script/group.txtar", "testdata/script/organization.txtar", "testdata/script/policy.txtar",
	"testdata/script/secret.txtar",
}

// upgraded is the version that a script upgrades the engine to.
const upgraded = "v0.2.0"

// TestScriptsOnVault runs the main path on a real Vault, each script on a mount of its
// own at a path that is not the default one.
func TestScriptsOnVault(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED with terraform and tofu on a real Vault: -short")
	}
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	site := newVaultSite(t, server)
	for i, p := range programs {
		files := onVault
		if i == 0 {
			files = slices.Concat(onVaultToo, onVault)
		}
		t.Run(p.name, func(t *testing.T) {
			binary := p.find(t)
			testscript.Run(t, testscript.Params{
				Files:               files,
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
				Cmds:                commands(),
				Setup:               func(env *testscript.Env) error { return site.setUp(env, binary) },
			})
		})
	}
}

// vaultSite is a real Vault with somebody in it, the engine registered, and its program
// in two versions in the plug-in directory.
type vaultSite struct {
	server *vaultserver.Server
	client *api.Client
	alice  vaultserver.User
	sums   map[string]string // SHA-256 by version
	mounts atomic.Int32
}

func newVaultSite(t *testing.T, server *vaultserver.Server) *vaultSite {
	t.Helper()
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	const rules = `path "scripts/*" { capabilities = ["create", "read", "update", "delete", "list"] }`
	if err := client.Sys().PutPolicyWithContext(t.Context(), "scripts", rules); err != nil {
		t.Fatal(err)
	}
	s := &vaultSite{server: server, client: client, sums: map[string]string{}}
	if s.alice, err = server.AddUser(t.Context(), "alice", "scripts"); err != nil {
		t.Fatal(err)
	}
	// Under a name of its own, so that scripts that register one begin with none.
	engine := vaultserver.Engine{Binary: os.Getenv(pluginVariable), Version: backend.Version, Path: "scripts/0"}
	if err := server.MountEngine(t.Context(), engine); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{backend.Version, upgraded} {
		s.build(t, version)
	}
	return s
}

// build puts the engine's program, as a version, into Vault's plug-in directory.
func (s *vaultSite) build(t *testing.T, version string) {
	t.Helper()
	path := filepath.Join(s.server.PluginDir(), install.CommandOf(version))
	source := "github.com/stillvault/stillvault/vault-backend/cmd/" + engineBinary
	if err := build(path, source, "-X github.com/stillvault/stillvault/vault-backend.Version="+version); err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(program)
	s.sums[version] = hex.EncodeToString(sum[:])
}

// setUp gives a script an empty mount, and paths of its own for those that it makes.
func (s *vaultSite) setUp(env *testscript.Env, program string) error {
	number := s.mounts.Add(1)
	mount := fmt.Sprintf("scripts/%d", number)
	err := s.client.Sys().MountWithContext(context.Background(), mount, &api.MountInput{
		Type: engineBinary, Config: api.MountConfigInput{PluginVersion: backend.Version, AllowedResponseHeaders: phone.AllowedHeaders()},
	})
	if err != nil {
		return err
	}
	return setEnvironment(env, program, map[string]string{
		"VAULT_ADDR": s.server.Addr(), "VAULT_TOKEN": s.server.RootToken(), "STILLVAULT_MOUNT": mount, "MOUNT": mount,
		"ALICE_TOKEN": s.alice.Token, "ALICE_ENTITY": s.alice.EntityID,
		"NEW_MOUNT": fmt.Sprintf("scripts/new-%d", number), "NEW_NAME": fmt.Sprintf("stillvault-%d", number),
		"OLD_VERSION": backend.Version, "OLD_SHA256": s.sums[backend.Version],
		"NEW_VERSION": upgraded, "NEW_SHA256": s.sums[upgraded],
	})
}
