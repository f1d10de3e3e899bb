package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// A link into the phone app is
//
//	<public_url>#<ticket>                where public_url is a mount's own app
//	<public_url>#<ticket>~<base64url>    elsewhere: the address of the mount's API
//
// No server sees what stands behind the #.
const (
	appFolder = "app"
	apiMark   = "/v1/"
	baseMark  = "~"
)

// apiBase is the address under which a mount's paths lie.
func apiBase(client *broker.Client) string {
	mount := client.Mount()
	if namespace := strings.Trim(client.Vault().Namespace(), "/"); namespace != "" {
		mount = namespace + "/" + mount
	}
	return strings.TrimRight(client.Address(), "/") + apiMark + mount
}

// appLink is the link that carries a ticket into the phone app.
func appLink(publicURL, base, ticket string) (string, error) {
	app, err := url.Parse(publicURL)
	if err != nil {
		return "", fmt.Errorf("the mount's public_url: %w", err)
	}
	if isMountsOwn(app, base) {
		// The app finds its mount above itself, whatever name the browser has for
		// Vault.
		app.Path = strings.TrimRight(app.Path, "/") + "/"
		return app.String() + "#" + ticket, nil
	}
	if app.Path == "" {
		app.Path = "/"
	}
	return app.String() + "#" + ticket + baseMark + envelope.Bytes(base).String(), nil
}

// isMountsOwn says whether an app is the copy that the mount at base serves.
func isMountsOwn(app *url.URL, base string) bool {
	_, mount, _ := strings.Cut(base, apiMark)
	return strings.HasSuffix(strings.TrimRight(app.Path, "/"), apiMark+mount+"/"+appFolder)
}

// takeLink returns the ticket of a link, and takes the broker's address from it
// where nothing else says it; whoever made the link might have named any, so no
// Vault token is sent there. What is no link is returned as it is.
func (a *app) takeLink(text string) string {
	page, ticket, isLink := strings.Cut(text, "#")
	if !isLink {
		page, ticket = "", text
	}
	base, isOwn := strings.CutSuffix(strings.TrimRight(page, "/"), "/"+appFolder)
	if bare, named, elsewhere := strings.Cut(ticket, baseMark); elsewhere {
		var decoded envelope.Bytes
		if decoded.UnmarshalText([]byte(named)) != nil {
			return text // and so no ticket, either
		}
		ticket, base, isOwn = bare, string(decoded), true
	}
	server, mount, isAPI := strings.Cut(base, apiMark)
	if !isOwn || !isAPI {
		return ticket
	}
	if a.address == "" && os.Getenv("VAULT_ADDR") == "" {
		a.address, a.linked = server, true
	}
	if a.mount == "" && os.Getenv(broker.MountVariable) == "" {
		a.mount = mount
	}
	return ticket
}

// warnLink says what keeps a phone from using a link.
func (a *app) warnLink(publicURL, base string) {
	app, err := url.Parse(publicURL)
	if err != nil {
		return
	}
	api, err := url.Parse(base)
	if err != nil {
		return
	}
	carried := !isMountsOwn(app, base) // the link says where Vault is
	switch {
	case net.ParseIP(app.Hostname()) != nil:
		a.Warn("public_url is %s: browsers make no passkeys at an IP address; have it name a host, with TLS, or localhost on this machine", publicURL)
	case isHere(app):
		a.Warn("public_url is %s, which no other machine reaches: a phone needs the address under which it sees this mount", publicURL)
	case app.Scheme != "https":
		a.Warn("public_url is %s: browsers make passkeys on https only", publicURL)
	case carried && isHere(api):
		a.Warn("the link sends the phone to Vault at %s, which no other machine reaches: run this again with VAULT_ADDR as the phone sees it", base)
	case carried && api.Scheme != "https":
		a.Warn("the link sends the phone to Vault at %s, which a page with TLS may not call: run this again with VAULT_ADDR as the phone sees it, with TLS", base)
	}
}

// isHere says whether an address is this machine's own.
func isHere(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// takeTicket reads a ticket or the link that has one, and refuses it once it has
// expired. The caller wipes its secret.
func (a *app) takeTicket(text string) (roster.Ticket, error) {
	t, err := roster.ParseTicket(a.takeLink(text))
	if errors.Is(err, envelope.ErrEncoding) {
		return roster.Ticket{}, fmt.Errorf("%w; paste the whole line that begins with sv1, or the whole link", err)
	}
	if err != nil {
		return roster.Ticket{}, err
	}
	if !t.Expires.Time().After(time.Now()) {
		t.Secret.Wipe()
		return roster.Ticket{}, fmt.Errorf("since %s: %w", moment(t.Expires), ErrTicketExpired)
	}
	return t, nil
}
