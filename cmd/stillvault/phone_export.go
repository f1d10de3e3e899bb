package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/plugins/phone"
)

func (a *app) phoneExportCommand() *cobra.Command {
	var vault, site string
	c := &cobra.Command{
		Use:   "export DIR",
		Short: "Write the app's files, for a static host of your own",
		Long: `Write the app into a new directory, for a host of static files under the
organisation's control, and say what Vault has to be told. The file _headers in
it lists the headers that the host has to send with each file; several hosts read
it as it stands, for others it has to be put into their configuration. Without
those headers 'phone verify' fails.`,
		Example: `  stillvault phone export public --vault https://vault.example:8200 --origin https://approve.example`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if site != "" {
				var err error
				if site, err = phone.Origin(site); err != nil {
					return fmt.Errorf("--origin: %w", err)
				}
			}
			b, origin, err := a.ownBundle(vault)
			if err != nil {
				return err
			}
			if err := b.Export(args[0]); err != nil {
				return err
			}
			m := b.Manifest()
			view := phoneView{Hash: b.Hash(), Version: m.Version, Bundle: m.Bundle, Copy: string(phone.CopyOwn), Connect: origin}
			err = a.Print(view, func(rows *terminal.Rows) {
				rows.Row("directory", args[0])
				rows.Row("files", len(b.Names()))
				rows.Row("vault", origin)
				rows.Row("hash", view.Hash)
			})
			if err != nil {
				return err
			}
			return a.explainOwn(site, origin)
		},
	}
	c.Flags().StringVar(&vault, "vault", "", vaultFlagHelp+" (default $VAULT_ADDR)")
	c.Flags().StringVar(&site, "origin", "", "where approvers will open it, such as https://approve.example")
	return c
}
