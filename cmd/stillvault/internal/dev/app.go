package dev

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/phone"
)

// AppURL is where browsers on this machine find the mount's copy of the phone
// app; empty where this program was built without one. It names localhost and
// no IP address, which passkeys cannot belong to.
func (s *Server) AppURL() string {
	address, err := url.Parse(s.Address)
	if err != nil || !phone.Built() {
		return ""
	}
	return fmt.Sprintf("http://localhost:%s/v1/%s/app/", address.Port(), Mount)
}

// announceApp has enrolment links lead to the app, unless somebody chose
// another address for them.
func (s *Server) announceApp(ctx context.Context) error {
	app := s.AppURL()
	if app == "" {
		return nil
	}
	client, err := broker.New(broker.Config{Address: s.Address, Token: s.People["admin"].Token, Mount: Mount})
	if err != nil {
		return err
	}
	settings, err := client.ReadSettings(ctx)
	if err != nil {
		return fmt.Errorf("announce the phone app: %w", err)
	}
	ours := settings.PublicURL == "" || strings.HasPrefix(settings.PublicURL, "http://localhost:")
	if !ours || settings.PublicURL == app {
		return nil
	}
	if err := client.WriteSettings(ctx, map[string]any{"public_url": app}); err != nil {
		return fmt.Errorf("announce the phone app: %w", err)
	}
	return nil
}
