package endtoend

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	app "github.com/stillvault/stillvault/plugins/phone"
)

// The app on an origin of the organisation's own talks to a real Vault that
// allows that origin, and to nobody else.
func TestTheAppWorksFromAnOriginOfItsOwn(t *testing.T) {
	s := realVault(t)
	b, err := app.New(app.Options{Copy: app.CopyOwn, Connect: s.addr})
	fatal(t, err)
	server := httptest.NewServer(b.Handler())
	t.Cleanup(server.Close)
	own := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	client, err := s.client(s.admin)
	fatal(t, err)
	// Vault's settings are global: its own origin has to be listed as well.
	_, err = client.Vault().Logical().Write("sys/config/cors", map[string]any{"allowed_origins": []string{own, s.addr, s.front.origin()}})
	fatal(t, err)
	t.Cleanup(func() {
		if _, err := client.Vault().Logical().Delete("sys/config/cors"); err != nil {
			t.Error(err)
		}
	})
	fatal(t, client.WriteSettings(context.Background(), map[string]any{"public_url": own + "/"}))
	t.Cleanup(func() {
		if err := client.WriteSettings(context.Background(), map[string]any{"public_url": s.front.app()}); err != nil {
			t.Error(err)
		}
	})

	p := s.invited(t, s.front, phoneOptions{})
	if !strings.HasPrefix(p.invitation.Link, own+"/#") || !strings.Contains(p.invitation.Link, "~") {
		t.Fatalf("the link does not lead to the app's own origin with the mount's address")
	}
	p.log.visits(s.addr)
	p.open(p.invitation.Link)
	p.awaitScreen("invited")
	if served := get[string](p.phone, `document.querySelector('[data-field="served"]').dataset.copy`); served != "own" {
		t.Errorf("the page says that it is the %q copy", served)
	}
	p.nameDevice()
	p.makePasskey()
	p.setPassword()
	p.confirmSheet()
	p.admit()
	path := s.policyFor(t, []string{p.name}) + "/db"
	p.approveOnce(path, s.store(t, path))
	p.installed()
	p.reload()
	p.awaitScreen("requests")
	next := strings.TrimSuffix(path, "db") + "next"
	p.approveOnce(next, s.store(t, next))
}
