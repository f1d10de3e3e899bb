package acceptance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/host"
	"github.com/stillvault/stillvault/plugins/phone"
)

// TestScripts runs every script with each program, on the embedded host.
func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED with terraform and tofu: -short")
	}
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			binary := p.find(t)
			testscript.Run(t, testscript.Params{
				Dir:                 "testdata/script",
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
				Cmds:                commands(),
				Setup:               func(env *testscript.Env) error { return setUpEmbedded(env, binary) },
			})
		})
	}
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"admit":      scriptAdmit,
		"capture":    scriptCapture,
		"eventually": scriptEventually,
		"fill":       scriptFill,
		"found":      scriptFound,
		"leaks":      scriptLeaks,
		"join":       scriptJoin,
		"outputs":    scriptOutputs,
		"private":    scriptPrivate,
		"production": scriptProduction,
		"remembered": scriptRemembered,
		"restore":    scriptRestore,
		"snapshot":   scriptSnapshot,
		"textenv":    scriptTextenv,
	}
}

// aliceEntity is the Vault entity of alice's token.
const aliceEntity = "00000000-0000-4000-8000-00000000000a"

// setUpEmbedded gives a script a broker of its own and an administrator's token.
func setUpEmbedded(env *testscript.Env, program string) error {
	h, err := host.Start(context.Background(), host.Config{
		Plugin: os.Getenv(pluginVariable), Listen: "127.0.0.1:0", AllowedResponseHeaders: phone.AllowedHeaders(),
		Tokens: []host.Token{
			{ID: "admin-token", Root: true},
			{ID: "alice-token", DisplayName: "userpass-alice", Entity: &host.Entity{ID: aliceEntity, Name: "alice"}},
		},
	})
	if err != nil {
		return err
	}
	env.Defer(func() { _ = h.Close() })
	env.Values[embeddedKey{}] = &embedded{host: h, saved: map[string]map[string]*logical.StorageEntry{}}
	return setEnvironment(env, program, map[string]string{
		"VAULT_ADDR": h.Addr(), "VAULT_TOKEN": "admin-token", "MOUNT": broker.DefaultMount,
		"ALICE_TOKEN": "alice-token", "ALICE_ENTITY": aliceEntity,
	})
}

// setEnvironment sets what every script may rely on. The organisation's key will
// be $WORK/org.key, and the administrator's state directory $WORK/home, which the
// provider does not know unless a script says so.
func setEnvironment(env *testscript.Env, program string, server map[string]string) error {
	for name, value := range server {
		env.Setenv(name, value)
	}
	bin := os.Getenv(binVariable)
	settings := filepath.Join(env.WorkDir, "tf.rc")
	env.Setenv(programName, program)
	env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
	env.Setenv("BIN", bin)
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("CLI_HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("STILLVAULT_SIGNER", "file:"+filepath.Join(env.WorkDir, "org.key"))
	env.Setenv("TF_CLI_CONFIG_FILE", settings)
	env.Setenv("TF_CLI_ARGS", "-no-color")
	env.Setenv("TF_IN_AUTOMATION", "1")
	env.Setenv("CHECKPOINT_DISABLE", "1")
	return os.WriteFile(settings, fmt.Appendf(nil, `provider_installation {
  dev_overrides {
    "registry.terraform.io/stillvault/stillvault" = %[1]q
    "registry.opentofu.org/stillvault/stillvault" = %[1]q
  }
  direct {}
}
`, bin), 0o600)
}

// administrator runs the stillvault command with the administrator's state
// directory.
func administrator(ts *testscript.TestScript, args ...string) {
	ts.Check(ts.Exec("stillvault", append(args, "--home", ts.Getenv("CLI_HOME"), "--identity", ts.MkAbs("org.key"))...))
}

// scriptFound runs "found": the organisation is founded with the command line,
// its key in $WORK/org.key, and the mount is admitted as consumer vault. A key for
// the provider is made, which nobody admitted yet; $TERRAFORM_KEY is its public
// half.
func scriptFound(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 0 {
		ts.Fatalf("usage: found")
	}
	administrator(ts, "org", "init", "--recovery-file", "recovery", "--no-passphrase")
	administrator(ts, "org", "log", "push")
	administrator(ts, "consumer", "admit", "--mount", "--yes")
	administrator(ts, "consumer", "keygen", "terraform")
	ts.Setenv("TERRAFORM_KEY", regexp.MustCompile(`(?m)^[A-Za-z0-9_-]{43}$`).FindString(ts.ReadFile("stdout")))
	ts.Setenv("STILLVAULT_CONSUMER_KEY_FILE", filepath.Join(ts.Getenv("CLI_HOME"), "consumer", "terraform", "key.json"))
}

var (
	ticketForm = regexp.MustCompile(`"ticket": "([^"]+)"`)
	wordsForm  = regexp.MustCompile(`(?m)^fingerprint +(.*)$`)
)

// scriptJoin runs "join [-recovery] NAME…": each answers a ticket on a machine of their own,
// whose state directory is $WORK/NAME, and reads out their words: $NAME_WORDS, in
// capitals. Nobody is admitted. With -recovery, each has a password and a recovery
// key, too.
func scriptJoin(ts *testscript.TestScript, negated bool, args []string) {
	recovery := len(args) > 0 && args[0] == "-recovery"
	if recovery {
		args = args[1:]
	}
	if negated || len(args) == 0 {
		ts.Fatalf("usage: join [-recovery] NAME…")
	}
	for _, name := range args {
		administrator(ts, "approver", "enroll", name, "--software", "--format", "json", "--no-entity")
		ticket := ticketForm.FindStringSubmatch(ts.ReadFile("stdout"))[1]
		joinAs(ts, ticket, name, recovery)
		ts.Setenv(strings.ToUpper(name)+"_WORDS", wordsForm.FindStringSubmatch(ts.ReadFile("stdout"))[1])
	}
}

// scriptCapture runs "capture VARIABLE REGEXP" on the last output, standard
// output first, and sets the variable to the expression's first group.
func scriptCapture(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		ts.Fatalf("usage: capture VARIABLE REGEXP")
	}
	form, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	for _, stream := range []string{"stdout", "stderr"} {
		if m := form.FindStringSubmatch(ts.ReadFile(stream)); m != nil {
			ts.Setenv(args[0], m[1])
			return
		}
	}
	ts.Fatalf("nothing matches %s", args[1])
}
