package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// mountName is what the mount is called as a consumer unless somebody says
// otherwise.
const mountName = "vault"

func isNone(err error) bool { return errors.Is(err, home.ErrNone) }

type consumerAdmitOptions struct {
	key   string
	kind  string
	mount bool
	yes   bool
}

func (a *app) consumerAdmitCommand() *cobra.Command {
	var o consumerAdmitOptions
	c := &cobra.Command{
		Use:   "admit {NAME --key KEY | --mount [NAME]}",
		Short: "Admit a consumer by its public key",
		Long: `Sign the admission of a consumer. It receives and writes nothing until a policy
names it.

With --mount, the consumer is the Vault mount itself, called vault unless a NAME
is given; its key is read from the mount and shown for confirmation. A policy
that names it lets 'vault read' and 'vault write' work, and lets that Vault see
what passes through it. STILLVAULT_MOUNT says which mount is meant; a second one
of the organisation needs a NAME, and the log: 'stillvault org log push'.`,
		Example: `  stillvault consumer admit web-1 --key Jk3…
  stillvault consumer admit deploy --key 9fA… --kind ci
  stillvault consumer admit --mount`,
		Args: func(c *cobra.Command, args []string) error {
			if o.mount {
				return cobra.MaximumNArgs(1)(c, args)
			}
			if err := cobra.ExactArgs(1)(c, args); err != nil {
				return err
			}
			if o.key == "" {
				return errors.New("pass --key with what `stillvault consumer keygen` printed, or --mount")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !o.mount {
				return a.admitHost(cmd.Context(), args[0], o)
			}
			name := mountName
			if len(args) == 1 {
				name = args[0]
			}
			return a.admitMount(cmd.Context(), name, o.yes)
		},
	}
	f := c.Flags()
	f.StringVar(&o.key, "key", "", "the consumer's public key, as keygen printed it")
	f.StringVar(&o.kind, "kind", string(roster.ConsumerHost), "what the consumer is: host, ci or terraform")
	f.BoolVar(&o.mount, "mount", false, "admit the Vault mount itself")
	f.BoolVar(&o.yes, "yes", false, "with --mount: do not ask")
	c.MarkFlagsMutuallyExclusive("mount", "key")
	c.MarkFlagsMutuallyExclusive("mount", "kind")
	return c
}

func (a *app) admitHost(ctx context.Context, name string, o consumerAdmitOptions) error {
	kind, err := hostKind(o.kind)
	if err != nil {
		return err
	}
	key, err := parseVerifyKey(o.key)
	if err != nil {
		return err
	}
	return a.admitConsumer(ctx, roster.ConsumerAdmit{ID: envelope.NewID(), Name: name, Kind: kind, Signing: key})
}

func (a *app) admitMount(ctx context.Context, name string, yes bool) error {
	h, err := a.home()
	if err != nil {
		return err
	}
	client, err := a.broker()
	if err != nil {
		return err
	}
	m, err := a.mountOf(ctx, h, client)
	if err != nil {
		return err
	}
	a.showMount(client, m)
	if !yes {
		if err := a.Confirm(fmt.Sprintf("admit this mount as consumer %q?", name), "--yes"); err != nil {
			return err
		}
	}
	return a.admitConsumer(ctx, roster.ConsumerAdmit{
		ID: envelope.NewID(), Name: name, Kind: roster.ConsumerMount, Signing: m.Signing, Mount: m.ID,
	})
}

func (a *app) showMount(client *broker.Client, m *broker.Mount) {
	a.Say("%s at %s says that it is", client.Mount(), client.Address())
	a.Say("  mount  %s", m.ID)
	a.Say("  key    %s", m.Signing)
	a.Say("  plugin %s", terminal.Visible(m.Version))
}
