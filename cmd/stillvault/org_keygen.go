package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/signer"
)

func (a *app) orgKeygenCommand() *cobra.Command {
	var plain bool
	c := &cobra.Command{
		Use:   "keygen",
		Short: "Make an Org Identity key, for an organisation that Terraform founds",
		Long: `Make an Org Identity key in a file that only you may read and that a passphrase
opens, and print its public half. No organisation is founded: Terraform's
stillvault_organization does that with the key that its signer names. 'org init'
makes a key and founds in one step.`,
		Example: `  stillvault org keygen --signer file:/media/usb/org.key
  stillvault org keygen --signer 'file:/media/usb/org.key?passphrase_file=/run/keys/org'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			return a.makeIdentity(cmd.Context(), h, plain)
		},
	}
	c.Flags().BoolVar(&plain, "no-passphrase", false, "make a key file that opens without a passphrase: who reads it is the organisation")
	return c
}

// makeIdentity makes the file that --signer names and prints the key's public
// half.
func (a *app) makeIdentity(ctx context.Context, h *home.Home, plain bool) error {
	address, err := a.signerAddress(h)
	if err != nil {
		return err
	}
	if address.Scheme != signer.File {
		return fmt.Errorf("%s: keygen makes keys in files; make this one where it is to be: %w", address, signer.ErrAddress)
	}
	if err := h.PrepareOrg(); err != nil {
		return err
	}
	identity, err := a.founder(ctx, h, founding{plain: plain})
	if err != nil {
		return err
	}
	defer identity.Close()
	if err := identity.save(); err != nil {
		return err
	}
	a.Say("Terraform and every command sign with it where %s says so:", signer.Variable)
	a.Say("    export %s='%s'", signer.Variable, address)
	view := map[string]string{"identity_key": identity.Public().String(), "signer": address.String()}
	return a.Print(view, func(rows *terminal.Rows) { rows.Row(identity.Public()) })
}
