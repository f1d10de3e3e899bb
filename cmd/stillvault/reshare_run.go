package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/approver"
	"github.com/stillvault/stillvault/core/roster"
)

var (
	// ErrNoReshare means that no re-share of a policy waits for the approver.
	ErrNoReshare = errors.New("reshare_absent: no re-share under this policy waits for this approver; `stillvault reshare list` shows who is waited for")
	// ErrMute means that nothing waits because the mount cannot ask.
	ErrMute = errors.New("mount_not_admitted: this mount is no consumer of the organisation, so it can ask nobody to re-share; have the signer run `stillvault consumer admit --mount`, then run this again")
)

type reshareRunOptions struct {
	approver string
	password bool
	yes      bool
}

func (a *app) reshareRunCommand() *cobra.Command {
	var o reshareRunOptions
	c := &cobra.Command{
		Use:   "run [POLICY…]",
		Short: "Re-share as this terminal's approver what waits for you",
		Long: `Deal your shares anew to those whom the policies name now, with one gesture for all
versions under a policy. To whom is read from this machine's own copy of the
organisation's log, never from the broker, and who shares them now from every version:
what was not shown before you agreed is not dealt. Nothing is released by it: the secret is
not put together.

It may be interrupted, and goes on where it was when it is run again. 'stillvault
approve' offers the same.`,
		Example: `  stillvault reshare run
  stillvault reshare run production --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.reshareRun(cmd.Context(), cmd.InOrStdin(), args, o)
		},
		ValidArgsFunction: a.completeNames(policyNames),
	}
	a.approverFlag(c, &o.approver)
	c.Flags().BoolVar(&o.password, "password", false, "open the keyring with password and recovery key instead of the file on this machine")
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return c
}

func (a *app) reshareRun(ctx context.Context, in io.Reader, policies []string, o reshareRunOptions) error {
	desk, err := a.desk(ctx, o.approver)
	if err != nil {
		return err
	}
	defer desk.Wipe()
	if o.password {
		desk.session.Device.Factor = approver.Password{Row: desk.who.Backup.Row}
	}
	all, err := desk.session.Resharings(ctx)
	if err != nil {
		return desk.explain(err)
	}
	if len(all) == 0 && desk.mute() {
		return ErrMute
	}
	for _, name := range policies {
		if !slices.ContainsFunc(all, func(r approver.Resharing) bool { return r.Case.Policy.Name == name }) {
			return fmt.Errorf("%q: %w", name, ErrNoReshare)
		}
	}
	all = slices.DeleteFunc(all, func(r approver.Resharing) bool {
		return r.Left() == 0 || len(policies) > 0 && !slices.Contains(policies, r.Case.Policy.Name)
	})
	if len(all) == 0 {
		a.Say("nothing waits for you to be re-shared")
		return a.finishFormer(ctx, desk)
	}
	for i := range all {
		if err := desk.session.LookAt(ctx, &all[i]); err != nil {
			return desk.explain(fmt.Errorf("look at the re-share under %s: %w", all[i].Case.Policy.Name, err))
		}
	}
	if err := a.confirmReshares(all, o.yes); err != nil {
		return err
	}
	input, restore := typing(in)
	defer restore()
	desk.session.Input = input
	for _, r := range all {
		progress := a.NewProgress(r.Case.Policy.Name)
		err := desk.session.Deal(ctx, r, progress.At)
		progress.End()
		if err != nil {
			return fmt.Errorf("re-share under %s: %w; run this again to go on", r.Case.Policy.Name, err)
		}
	}
	a.Say("re-shared. The new shares count once as many as the shares before demand have dealt")
	return a.finishFormer(ctx, desk)
}

// mute says whether the approver's mount is no consumer in force, by this machine's
// copy of the log: a request for a re-share is one that the mount signs.
func (d *desk) mute() bool {
	return !slices.ContainsFunc(d.session.Device.Roster.Consumers(), func(c *roster.Consumer) bool {
		return c.Kind == roster.ConsumerMount && c.Mount == d.session.Device.Mount
	})
}

func (a *app) confirmReshares(all []approver.Resharing, yes bool) error {
	versions := uint32(0)
	for _, r := range all {
		versions += r.Left()
		fmt.Fprint(a.Err(), r.Card())
	}
	if yes {
		return nil
	}
	return a.Confirm(fmt.Sprintf("re-share %s?", counted(int(versions), "version")), "--yes")
}
