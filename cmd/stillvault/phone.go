package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/plugins/phone"
)

// ErrWhichVault means that it is not clear which Vault an own copy of the app
// is to call.
var ErrWhichVault = errors.New("vault_unnamed: name the Vault that phones reach with --vault, such as https://vault.example:8200")

func (a *app) phoneCommand() *cobra.Command {
	return group(groupRun, "phone", "Serve and verify the approvers' web app",
		`The approver's device is a phone, with a web app that is in this program. A copy
of it is served by every mount, for development and small installations: whoever
runs Vault could change what it gives out, and so read what its users open.

Production serves it from an origin of the organisation's own, with 'phone serve'
or as files with 'phone export', and compares what arrives with 'phone verify'.`,
		a.phoneHashCommand(), a.phoneVerifyCommand(), a.phoneServeCommand(), a.phoneExportCommand())
}

const vaultFlagHelp = "address at which phones reach Vault, for a copy on an own origin"

// phoneView is an app as `phone hash` tells it.
type phoneView struct {
	Hash    string `json:"hash"`
	Version string `json:"version"`
	Bundle  string `json:"bundle"`
	Copy    string `json:"copy"`
	Connect string `json:"connect,omitempty"`
}

func (a *app) phoneHashCommand() *cobra.Command {
	var vault string
	c := &cobra.Command{
		Use:   "hash",
		Short: "Print the hash that stands for every byte of the app",
		Long: `Print the SHA-256 of the app's manifest, which lists the SHA-256 of every file: of
the mount's copy, or with --vault, of the one that an own origin serves for that
Vault. The same release, built with the same Go, has the same hash everywhere.`,
		Example: `  stillvault phone hash
  stillvault phone hash --vault https://vault.example:8200`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			o := phone.Options{Copy: phone.CopyMount}
			if vault != "" {
				o = phone.Options{Copy: phone.CopyOwn, Connect: vault}
			}
			b, err := phone.New(o)
			if err != nil {
				return err
			}
			m := b.Manifest()
			view := phoneView{Hash: b.Hash(), Version: m.Version, Bundle: m.Bundle, Copy: string(o.Copy), Connect: o.Connect}
			return a.Print(view, func(rows *terminal.Rows) { rows.Row(view.Hash) })
		},
	}
	c.Flags().StringVar(&vault, "vault", "", vaultFlagHelp)
	return c
}

// vaultOrigin is the origin of Vault that an own copy of the app calls: the
// flag's, or else the one that this command would call itself.
func (a *app) vaultOrigin(flag string) (string, error) {
	if flag == "" {
		client, err := a.broker()
		if err != nil {
			return "", err
		}
		flag = client.Address()
	}
	origin, err := phone.Origin(flag)
	if err != nil {
		return "", fmt.Errorf("%w: %w", err, ErrWhichVault)
	}
	return origin, nil
}

// ownBundle is the app for an origin of the organisation's own.
func (a *app) ownBundle(vault string) (*phone.Bundle, string, error) {
	origin, err := a.vaultOrigin(vault)
	if err != nil {
		return nil, "", err
	}
	b, err := phone.New(phone.Options{Copy: phone.CopyOwn, Connect: origin})
	return b, origin, err
}

// explainOwn says what has to be set once so that an own copy of the app works.
// site is where approvers open it, empty if that is not known.
func (a *app) explainOwn(site, vault string) error {
	client, err := a.broker()
	if err != nil {
		return err
	}
	if site == "" {
		site = "https://ORIGIN-OF-THE-APP"
	}
	site = strings.TrimSuffix(site, "/")
	host := strings.TrimPrefix(site, "https://")
	if u, err := url.Parse(site); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	a.Say("Set once, as an administrator of Vault:")
	a.Say("  vault write sys/config/cors allowed_origins=\"%s,%s\"", site, vault)
	a.Say("  vault write %s/config public_url=%s/", client.Mount(), site)
	a.Say("The first holds for all of Vault and replaces what was set before: add every other origin that")
	a.Say("calls it (`vault read sys/config/cors`). Vault's own is in it because Vault, once it minds origins,")
	a.Say("answers 403 to all others, its own pages and the mount's copy of the app included.")
	a.Say("Passkeys belong to the name %s for good: under another, everybody enrols anew.", host)
	a.Say("Then: stillvault phone verify %s/ --vault %s", site, vault)
	return nil
}
