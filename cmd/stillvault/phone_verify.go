package main

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/plugins/phone"
)

// ErrHashForm means that a hash cannot be one.
var ErrHashForm = errors.New("hash_form: --hash wants the 64 hexadecimal digits that `stillvault phone hash` prints")

type phoneVerifyOptions struct {
	vault string
	hash  string
}

func (a *app) phoneVerifyCommand() *cobra.Command {
	var o phoneVerifyOptions
	c := &cobra.Command{
		Use:   "verify [URL]",
		Short: "Compare the app that an address serves with the one in this program",
		Long: `Fetch every file of the app from a mount, or from an origin of the organisation's
own, compare it with the app in this program or the one that --hash names, and
check the headers that browsers are to get. It prints a table, what differs first,
and fails if anything does. A host that is to send the headers takes them from the
file _headers that 'phone export' writes.

Without URL it is the mount that VAULT_ADDR names. It shows what is served to
this machine now; a server may serve others something else, which is why
production has an origin that the organisation controls.`,
		Example: `  stillvault phone verify
  stillvault phone verify https://approve.example/ --vault https://vault.example:8200
  stillvault phone verify --hash 3f7a…`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			address, err := a.appAddress(args)
			if err != nil {
				return err
			}
			report, err := a.verifyPhone(cmd.Context(), address, o)
			if err != nil {
				return err
			}
			if err := a.printReport(report); err != nil {
				return err
			}
			if err := report.Err(); err != nil {
				return err
			}
			a.Say("%s", a.Green("Every file and every header that this machine was given is as it should be."))
			return nil
		},
	}
	c.Flags().StringVar(&o.vault, "vault", "", vaultFlagHelp)
	c.Flags().StringVar(&o.hash, "hash", "", "expect the app with this hash, not the one in this program")
	return c
}

// appAddress is the one that was given, with a slash at its end, or that of the
// mount's copy.
func (a *app) appAddress(args []string) (string, error) {
	if len(args) == 1 {
		return strings.TrimSuffix(args[0], "/") + "/", nil
	}
	client, err := a.broker()
	if err != nil {
		return "", err
	}
	return url.JoinPath(client.Address(), "v1", client.Vault().Namespace(), client.Mount(), "app/")
}

// ofMount says whether an address is that of a mount's copy.
func ofMount(address string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.HasPrefix(u.Path, "/v1/") && strings.HasSuffix(u.Path, "/app/")
}

func (a *app) verifyPhone(ctx context.Context, address string, o phoneVerifyOptions) (phone.Report, error) {
	options := phone.Options{Copy: phone.CopyMount}
	if !ofMount(address) {
		vault, err := a.vaultOrigin(o.vault)
		if err != nil {
			return phone.Report{}, err
		}
		options = phone.Options{Copy: phone.CopyOwn, Connect: vault}
	}
	client, err := a.phoneClient(address)
	if err != nil {
		return phone.Report{}, err
	}
	if o.hash != "" {
		if digits, err := hex.DecodeString(o.hash); err != nil || len(digits) != 32 {
			return phone.Report{}, ErrHashForm
		}
		return phone.VerifyHash(ctx, client, address, o.hash, options)
	}
	want, err := phone.New(options)
	if err != nil {
		return phone.Report{}, err
	}
	return phone.Verify(ctx, client, address, want)
}

// phoneClient trusts what VAULT_CACERT and the like name, but for Vault alone.
func (a *app) phoneClient(address string) (*http.Client, error) {
	client, err := a.broker()
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(address, strings.TrimSuffix(client.Address(), "/")+"/") {
		return client.Vault().CloneConfig().HttpClient, nil
	}
	return nil, nil
}
