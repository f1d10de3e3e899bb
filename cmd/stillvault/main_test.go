package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/host"
	"github.com/stillvault/stillvault/plugins/phone"
)

// pluginVariable tells the tests where the engine's binary is that TestMain
// built; the command itself, which testscript runs in this binary too, has no
// use for it.
const pluginVariable = "STILLVAULT_TEST_PLUGIN"

// TestMain builds the engine once, and lets scripts run this binary as
// stillvault, and as a signer.
func TestMain(m *testing.M) {
	testscript.Main(withPlugin{m}, map[string]func(){"stillvault": main, "test-signer": serveTestSigner})
}

type withPlugin struct{ *testing.M }

// Run builds the engine's plug-in and runs the tests.
func (m withPlugin) Run() int {
	dir, err := os.MkdirTemp("", "stillvault-cli-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "vault-plugin-secrets-stillvault")
	build := exec.Command("go", "build", "-o", binary, "../../vault-backend/cmd/vault-plugin-secrets-stillvault")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the engine for the scripts:", err)
		return 1
	}
	os.Setenv(pluginVariable, binary)
	return m.M.Run()
}

// Entities of the people whom scripts log in as.
const (
	aliceEntity = "00000000-0000-4000-8000-00000000000a"
	carolEntity = "00000000-0000-4000-8000-00000000000c"
)

func TestScripts(t *testing.T) {
	params := scriptParams()
	params.Dir, params.Setup = "testdata/script", setUpScript
	testscript.Run(t, params)
}

func scriptParams() testscript.Params {
	return testscript.Params{
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition:           scriptCondition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":       scriptCode,
			"capture":    scriptCapture,
			"crash":      scriptCrash,
			"enrol":      scriptEnrol,
			"eventually": scriptEventually,
			"found":      scriptFound,
			"propose":    scriptPropose,
			"restart":    scriptRestart,
			"settings":   scriptSettings,
		},
	}
}

type brokerKey struct{}

// setUpScript gives a script a broker, a state directory and the token of an
// administrator without an entity, also in $ADMIN_TOKEN. $ALICE_TOKEN and
// $CAROL_TOKEN have entities.
func setUpScript(env *testscript.Env) error {
	b := &scriptBroker{data: filepath.Join(env.WorkDir, ".broker")}
	if err := b.startAnywhere(); err != nil {
		return err
	}
	env.Defer(func() { _ = b.host.Close() })
	env.Values[brokerKey{}] = b
	scriptEnvironment(env, map[string]string{
		"VAULT_ADDR": b.host.Addr(), "VAULT_TOKEN": "admin-token",
		"ALICE_TOKEN": "alice-token", "ALICE_ENTITY": aliceEntity,
		"CAROL_TOKEN": "carol-token", "CAROL_ENTITY": carolEntity,
	})
	return nil
}

// scriptEnvironment sets what every script may rely on, $MOUNT among it, the
// mount's path.
func scriptEnvironment(env *testscript.Env, server map[string]string) {
	for name, value := range server {
		env.Setenv(name, value)
	}
	env.Setenv("ADMIN_TOKEN", server["VAULT_TOKEN"])
	env.Setenv("MOUNT", cmp.Or(server["STILLVAULT_MOUNT"], broker.DefaultMount))
	env.Setenv("STILLVAULT_HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("NO_COLOR", "1")
}

// scriptBroker is a development host that a script can replace.
type scriptBroker struct {
	host *host.Host
	data string
}

// startAnywhere starts it on a port that no system gives out by itself, so that the
// port is still free when the host is replaced.
func (b *scriptBroker) startAnywhere() error {
	for {
		err := b.start(fmt.Sprintf("127.0.0.1:%d", 10_000+rand.N(20_000)))
		if !errors.Is(err, syscall.EADDRINUSE) {
			return err
		}
	}
}

func (b *scriptBroker) start(listen string) error {
	person := func(name, entity string) host.Token {
		return host.Token{ID: name + "-token", DisplayName: "userpass-" + name, Entity: &host.Entity{
			ID: entity, Name: name, Aliases: []host.Alias{{Name: name, MountType: "userpass", MountAccessor: "auth_userpass_1"}},
		}}
	}
	var err error
	b.host, err = host.Start(context.Background(), host.Config{
		Plugin: os.Getenv(pluginVariable), Listen: listen, Data: b.data, AllowedResponseHeaders: phone.AllowedHeaders(),
		Tokens: []host.Token{{ID: "admin-token", Root: true}, person("alice", aliceEntity), person("carol", carolEntity)},
	})
	return err
}
