package install_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/host"
	"github.com/stillvault/stillvault/plugins/install"
)

// refused checks that an error is the named one and says something.
func refused(t *testing.T, err, want error, says ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("it does not say %q: %v", text, err)
		}
	}
}

func TestPlanRefusesWhatIsNoPlugin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	text := filepath.Join(t.TempDir(), "notes.txt")
	s.must(os.WriteFile(text, []byte("no program"), 0o644))
	for name, test := range map[string]struct{ binary, says string }{
		"no such file":           {filepath.Join(t.TempDir(), "nothing"), "no such file"},
		"a directory":            {t.TempDir(), "directory"},
		"not executable":         {text, "permission denied"},
		"says no version":        {script(t, "hello", "exit 0"), `"hello"`},
		"says nothing":           {script(t, "", "exit 0"), `""`},
		"a version without a v":  {script(t, "0.1.0", "exit 0"), `"0.1.0"`},
		"a version with a path":  {script(t, "v1.0.0-../../x", "exit 0"), "not one such as"},
		"does not know the flag": {"/bin/false", "exit status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := s.try(install.Options{Binary: test.binary})
			refused(t, err, install.ErrBinary, test.says, "make build")
		})
	}
}

func TestPlanRefusesVaultsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	binary := plugin(t, older)

	nobody, err := api.NewClient(&api.Config{Address: "http://127.0.0.1:1"})
	s.must(err)
	_, err = s.installer(nobody, install.Options{Binary: binary}).Plan(context.Background())
	refused(t, err, install.ErrUnreachable, "VAULT_ADDR")

	stranger, err := s.ClientWith("hvs.not-a-token")
	s.must(err)
	_, err = s.installer(stranger, install.Options{Binary: binary}).Plan(context.Background())
	refused(t, err, install.ErrToken, "vault login")

	s.must(s.client.Sys().Mount("stillvault", &api.MountInput{Type: "kv"}))
	_, _, err = s.try(install.Options{Binary: binary})
	refused(t, err, install.ErrPathTaken, "kv", "stillvault/")

	s.must(s.client.Sys().Seal())
	_, _, err = s.try(install.Options{Binary: binary})
	refused(t, err, install.ErrSealed, "vault operator unseal")
}

func TestPlanRefusesTheDevelopmentHost(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED that the development host is refused: -short")
	}
	t.Parallel()
	dev, err := host.Start(context.Background(), host.Config{
		Plugin: plugin(t, older), Listen: "127.0.0.1:0", Tokens: []host.Token{{ID: "root", Root: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	client, err := api.NewClient(&api.Config{Address: dev.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	client.SetToken("root")
	in, err := install.New(client, install.Options{Binary: plugin(t, older)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = in.Plan(context.Background())
	refused(t, err, install.ErrNoCatalogue, "VAULT_ADDR")
}

// TestPlanRefusesOldAndEmptyVaults answers sys/health as such Vaults do: they
// are not kept for tests.
func TestPlanRefusesOldAndEmptyVaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		health string
		err    error
	}{
		"too old":         {`{"initialized":true,"sealed":false,"version":"1.14.10"}`, install.ErrOldVault},
		"before 1":        {`{"initialized":true,"sealed":false,"version":"0.11.6"}`, install.ErrOldVault},
		"not initialised": {`{"initialized":false,"sealed":true,"version":"1.21.0"}`, install.ErrNotReady},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v1/sys/health" {
					t.Errorf("it went on to %s", r.URL.Path)
				}
				_, _ = w.Write([]byte(test.health))
			}))
			defer server.Close()
			client, err := api.NewClient(&api.Config{Address: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			in, err := install.New(client, install.Options{Binary: "unused"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = in.Plan(context.Background())
			refused(t, err, test.err)
		})
	}
}

func TestPlanListsTheRightsThatATokenLacks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	binary := plugin(t, older)
	needsCatalogue := `path "sys/plugins/catalog/secret/vault-plugin-secrets-stillvault" { capabilities = ["read", "sudo"] }`
	var lacks *install.PermissionError

	_, err := s.installer(s.with(`path "x" { capabilities = ["read"] }`), install.Options{Binary: binary}).Plan(context.Background())
	refused(t, err, install.ErrPermission, "read on sys/mounts", "read and sudo on sys/plugins/catalog/secret/")
	if !errors.As(err, &lacks) || strings.Join(lacks.Policy(), "\n") != `path "sys/mounts" { capabilities = ["read"] }`+"\n"+needsCatalogue {
		t.Errorf("policy: %v", err)
	}

	_, err = s.installer(s.with(`path "sys/mounts" { capabilities = ["read"] }`+"\n"+needsCatalogue), install.Options{Binary: binary}).Plan(context.Background())
	refused(t, err, install.ErrPermission, "update and sudo on sys/plugins/catalog/secret/", "update on sys/mounts/stillvault", "read on stillvault/mount")

	// What it asks for is enough, and what it may not read it does without.
	if !errors.As(err, &lacks) {
		t.Fatal(err)
	}
	rules := `path "sys/mounts" { capabilities = ["read"] }` + "\n" +
		strings.Replace(strings.Join(lacks.Policy(), "\n"), `"update", "sudo"`, `"read", "update", "sudo"`, 1)
	in := s.installer(s.with(rules), install.Options{Binary: binary, PluginDir: s.PluginDir()})
	plan, err := in.Plan(context.Background())
	s.must(err)
	if _, err := in.Apply(context.Background(), plan); err != nil {
		t.Fatalf("with %s: %v", rules, err)
	}
	s.runs("stillvault", older)

	_, err = s.installer(s.with(rules), install.Options{Binary: plugin(t, newer), PluginDir: s.PluginDir()}).Plan(context.Background())
	refused(t, err, install.ErrPermission, "update and sudo on stillvault/config", "update on sys/plugins/reload/backend", "update on sys/mounts/stillvault/tune")
}

func TestAVersionInUseKeepsItsContents(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.install(plugin(t, older))
	other := script(t, older, "exit 1")
	_, _, err := s.try(install.Options{Binary: other})
	refused(t, err, install.ErrVersionTaken, "v0.1.0", "make build VERSION=")
	s.install(plugin(t, newer))
	_, _, err = s.try(install.Options{Binary: other}) // a rollback would run it
	refused(t, err, install.ErrVersionTaken)
	if sumOf(t, filepath.Join(s.PluginDir(), install.PluginName+"_"+older)) != sumOf(t, plugin(t, older)) {
		t.Error("the file of a version in use was written over")
	}
}

func TestWhatDoesNotStartIsNotMounted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, test := range broken(t) {
		t.Run(name, func(t *testing.T) {
			s.t = t
			_, _, err := s.try(install.Options{Binary: test.binary})
			refused(t, err, test.err, test.says)
			if mount, err := s.client.Sys().GetMount("stillvault"); err == nil {
				t.Errorf("a %s engine is mounted", mount.Type)
			}
		})
	}
	s.install(plugin(t, newer)) // none of that is in the way
	s.runs("stillvault", newer)
}
