package transit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	vault "github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/transit"
)

// play is a real Vault with a Transit engine and keys in it.
type play struct {
	server *vaultserver.Server
	admin  *vault.Client
}

func newPlay(t *testing.T) *play {
	t.Helper()
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	admin, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	p := &play{server, admin}
	if err := admin.Sys().MountWithContext(t.Context(), "transit", &vault.MountInput{Type: "transit"}); err != nil {
		t.Fatal(err)
	}
	p.write(t, "transit/keys/org", map[string]any{"type": "ed25519"})
	p.write(t, "transit/keys/rsa", map[string]any{"type": "rsa-2048"})
	p.write(t, "transit/keys/sealing", map[string]any{"type": "aes256-gcm96"})
	p.write(t, "transit/keys/derived", map[string]any{"type": "ed25519", "derived": true})
	t.Setenv("VAULT_ADDR", "")
	t.Setenv("VAULT_TOKEN", "")
	t.Setenv(transit.AddressVariable, server.Addr())
	t.Setenv(transit.TokenVariable, p.token(t, "signer", `
		path "transit/keys/*" { capabilities = ["read"] }
		path "transit/sign/*" { capabilities = ["update"] }`))
	return p
}

func (p *play) write(t *testing.T, path string, data map[string]any) {
	t.Helper()
	if _, err := p.admin.Logical().WriteWithContext(t.Context(), path, data); err != nil {
		t.Fatal(err)
	}
}

// token makes one that has these rules and no others.
func (p *play) token(t *testing.T, name, rules string) string {
	t.Helper()
	if err := p.admin.Sys().PutPolicyWithContext(t.Context(), name, rules); err != nil {
		t.Fatal(err)
	}
	made, err := p.admin.Auth().Token().CreateWithContext(t.Context(), &vault.TokenCreateRequest{Policies: []string{name}, NoDefaultPolicy: true})
	if err != nil {
		t.Fatal(err)
	}
	return made.Auth.ClientToken
}

func TestOnARealVault(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED against a real Vault: -short")
	}
	p := newPlay(t)
	t.Run("a rotated key stays the version that it was", p.rotated)
	t.Run("what is no Org Identity key is refused", p.refused)
	t.Run("a token without permission is refused", p.forbidden)
	t.Run("a slow Vault is given up", p.slow)
	t.Run("a Vault that goes away is named", p.gone)
}

func (p *play) rotated(t *testing.T) {
	before, err := open(t, "transit:org", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := signed(before); err != nil {
		t.Fatal(err)
	}
	p.write(t, "transit/keys/org/rotate", nil)
	if err := signed(before); err != nil {
		t.Errorf("rotated meanwhile: %v", err)
	}
	pinned, err := open(t, "transit:org?version=1&mount=transit", 0)
	if err != nil {
		t.Fatal(err)
	}
	if pinned.Public() != before.Public() {
		t.Error("version 1 is another key")
	}
	if err := signed(pinned); err != nil {
		t.Errorf("pinned: %v", err)
	}
	after, err := open(t, "transit:org", 0)
	if err != nil {
		t.Fatal(err)
	}
	if after.Public() == before.Public() {
		t.Error("the newest version is the oldest key")
	}
	if err := signed(after); err != nil {
		t.Errorf("the newest: %v", err)
	}
	p.write(t, "transit/keys/org/config", map[string]any{"min_encryption_version": 2})
	if err := signed(before); !errors.Is(err, signer.ErrRefused) {
		t.Errorf("no longer allowed to sign: %v", err)
	}
	if err := signed(after); err != nil {
		t.Errorf("still allowed to sign: %v", err)
	}
}

func (p *play) refused(t *testing.T) {
	for address, want := range map[string]error{
		"transit:rsa":            signer.ErrKeyType,
		"transit:sealing":        signer.ErrKeyType,
		"transit:derived":        signer.ErrKeyType,
		"transit:none":           signer.ErrUnavailable,
		"transit:org?version=99": signer.ErrKeyChanged,
		"transit:org?mount=none": signer.ErrRefused, // Vault hides what a token may not see
	} {
		if _, err := open(t, address, 0); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", address, err, want)
		}
	}
}

func (p *play) forbidden(t *testing.T) {
	reads := p.token(t, "reads", `path "transit/keys/org" { capabilities = ["read"] }`)
	nothing := p.token(t, "nothing", `path "cubbyhole/none" { capabilities = ["read"] }`)
	for name, token := range map[string]string{"may not read": nothing, "is no token": "s.none"} {
		t.Setenv(transit.TokenVariable, token)
		_, err := open(t, "transit:org", 0)
		if !errors.Is(err, signer.ErrRefused) || strings.Contains(err.Error(), token) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	t.Setenv(transit.TokenVariable, reads)
	s, err := open(t, "transit:org", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := signed(s); !errors.Is(err, signer.ErrRefused) {
		t.Errorf("may not sign: got %v", err)
	}
}

func (p *play) slow(t *testing.T) {
	target, err := url.Parse(p.server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	var holds atomic.Bool
	forward := httputil.NewSingleHostReverseProxy(target)
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if holds.Load() {
			_, _ = io.Copy(io.Discard, r.Body) // without which nobody notices the end of the connection
			<-r.Context().Done()
			return
		}
		forward.ServeHTTP(w, r)
	}))
	defer between.Close()
	s, err := open(t, "transit:org?address="+between.URL, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := signed(s); err != nil {
		t.Fatal(err)
	}
	holds.Store(true)
	s.SetLimit(200 * time.Millisecond)
	if err := signed(s); !errors.Is(err, signer.ErrTimeout) {
		t.Errorf("got %v", err)
	}
	holds.Store(false)
	s.SetLimit(time.Minute)
	if err := signed(s); err != nil {
		t.Errorf("quick again: %v", err)
	}
}

func (p *play) gone(t *testing.T) {
	s, err := open(t, "transit:org", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.admin.Sys().SealWithContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := signed(s); !errors.Is(err, signer.ErrUnavailable) {
		t.Errorf("sealed: %v", err)
	}
	if err := p.server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := signed(s); !errors.Is(err, signer.ErrUnavailable) {
		t.Errorf("killed: %v", err)
	}
}
