package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
	"github.com/stillvault/stillvault/plugins/phone"
)

// TestTheSampleACLPoliciesSufficeOnARealVault does what the example's README says on a
// real Vault. Each token has one of the policies in examples/01-acl: the admin's founds
// and makes tickets, Terraform's applies whatever follows, the reader's reads. What they
// need of Vault is the provider's doing, and the same with each program.
func TestTheSampleACLPoliciesSufficeOnARealVault(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED on a real Vault: -short")
	}
	program := programs[0].find(t)
	env := realVault(t)
	e := newExample(t, "03-terraform", installed(t), actingAsTerraform(t, program))
	e.env = append(e.env, env...)
	e.env = append(e.env, e.identity(t)...)
	e.withoutServer().run(t)
}

// actingAsTerraform is a program that runs another with Terraform's own token, but for
// the apply that founds the organisation.
func actingAsTerraform(t *testing.T, program string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform")
	text := "#!/bin/sh\ncase \"$*\" in *-target=*) ;; *) export VAULT_TOKEN=\"$TERRAFORM_TOKEN\" ;; esac\nexec '" + program + "' \"$@\"\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// realVault runs a Vault with the engine and a token for every role, and returns the
// variables of `stillvault dev --bare`.
func realVault(t *testing.T) []string {
	t.Helper()
	plugin := os.Getenv(pluginVariable)
	version, err := exec.Command(plugin, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	engine := vaultserver.Engine{Binary: plugin, Version: strings.TrimSpace(string(version)), Path: "stillvault", AllowedResponseHeaders: phone.AllowedHeaders()}
	if err := server.MountEngine(t.Context(), engine); err != nil {
		t.Fatal(err)
	}
	root, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"VAULT_ADDR=" + server.Addr()}
	for _, role := range []string{"admin", "terraform", "reader"} {
		text, err := os.ReadFile(filepath.Join("../../../examples/01-acl", role+".hcl"))
		if err != nil {
			t.Fatal(err)
		}
		if err := root.Sys().PutPolicyWithContext(t.Context(), role, string(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, who := range []struct{ variable, role string }{{"VAULT_TOKEN", "admin"}, {"TERRAFORM_TOKEN", "terraform"}} {
		token, err := server.TokenWithoutEntity(t.Context(), who.role)
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, who.variable+"="+token)
	}
	for _, name := range []string{"alice", "bob", "carol"} {
		user, err := server.AddUser(t.Context(), name, "reader")
		if err != nil {
			t.Fatal(err)
		}
		upper := strings.ToUpper(name)
		env = append(env, upper+"_ENTITY="+user.EntityID, upper+"_TOKEN="+user.Token)
	}
	return env
}

// identity makes an Org Identity key and returns the variables that name it and the
// state directory.
func (e *example) identity(t *testing.T) []string {
	t.Helper()
	home := t.TempDir()
	key := fmt.Sprintf("file:%s/org.key", home)
	keygen := exec.Command(filepath.Join(os.Getenv(binVariable), "stillvault"), "org", "keygen", "--no-passphrase", "--home", home, "--signer", key)
	keygen.Env = e.env
	if out, err := keygen.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return []string{"STILLVAULT_HOME=" + home, "STILLVAULT_SIGNER=" + key}
}

// withoutServer leaves out the step that starts a server.
func (e *example) withoutServer() *example {
	var steps []step
	for _, s := range e.steps {
		if !s.is("server") {
			steps = append(steps, s)
		}
	}
	e.steps = steps
	return e
}
