package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/value"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/plugins/consumer"
	"github.com/stillvault/stillvault/plugins/home"
)

type getOptions struct {
	readOptions
	consumer string
	wait     time.Duration
}

func (a *app) getCommand() *cobra.Command {
	var o getOptions
	c := &cobra.Command{
		Use:     "get PATH",
		GroupID: groupUse,
		Short:   "Read a secret end to end, with this machine's own key",
		Long: `Ask for a secret as a consumer with a key of its own, and print it when its people
said yes. They seal it to a key that is made for this one request: Vault carries
what it cannot open. Everything is verified here: the organisation's log, the
secret against the versions seen before, and every answer.

Approvers see this host's name, and the program that runs this command with the
SHA-256 of its file. When it is stopped, the request is cancelled.`,
		Example: `  stillvault get prod/db
  stillvault get -field=password -reason="deploy 1.4.2" prod/db
  stillvault get --consumer ci -format=json prod/db
  stillvault get --break-glass -reason="incident 7, nobody of sre answers" prod/db`,
		Args: o.args,
		RunE: func(cmd *cobra.Command, args []string) error { return a.get(cmd.Context(), args[0], o) },
	}
	o.flags(c)
	c.Flags().StringVar(&o.consumer, "consumer", "", "which consumer to be (default the only one in the state directory)")
	a.completeFlag(c, "consumer", (*home.Home).Consumers)
	c.Flags().DurationVar(&o.wait, "wait", 0, "give up after this long (default and most: what the policy gives a request)")
	return c
}

func (a *app) get(ctx context.Context, path string, o getOptions) error {
	h, err := a.host(ctx, o.consumer)
	if err != nil {
		return err
	}
	defer h.Wipe()
	from, err := h.origin(ctx)
	if err != nil {
		return err
	}
	if o.glass {
		a.warnGlass(path)
	}
	var view *waitView
	got, err := h.Get(ctx, consumer.Ask{
		Path: path, Version: o.version,
		Terms:    approval.Terms{Origin: from, Reason: o.reason, Lease: o.lease, Wait: o.wait, BreakGlass: o.glass},
		Asked:    func(r consumer.Request) { view = a.waitFor(h.client, path, r.ID, r.MatchCode, r.Deadline) },
		Progress: func(why string, deadline time.Time) { view.progress(why, deadline) },
	})
	view.end()
	if err != nil {
		return err
	}
	defer got.Value.Wipe()
	return a.printSecret(value.Printed{JSON: got.Value.JSON(), RequestID: got.Request.String(), Lease: got.Lease}, o.field)
}
