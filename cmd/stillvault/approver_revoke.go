package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/roster"
)

type revokeOptions struct {
	device  string
	replace string
	force   bool
}

func (a *app) approverRevokeCommand() *cobra.Command {
	var o revokeOptions
	c := &cobra.Command{
		Use:     "revoke NAME",
		Aliases: []string{"remove"},
		Short:   "End an approver and all their devices, or one device",
		Long: `Revoke an approver. Their shares are deleted at once; they may have copied them, so
what they could release is listed as exposed until it is written again. A later
admission under the same name is another person.

First it is shown what that does to the secrets. Where some would be lost, or would
be below what their policy wants, nothing is done and the exit code is 6; --force
does it all the same. With --replace-with, somebody else takes their place in every
group and policy first; then it waits until the holders have re-shared what is stored,
and revokes. It may be interrupted, and goes on when it is run again.

With --device, only that device is revoked. Whoever has it and its factor may
have the keyring, too: revoke the approver where that is to be feared.`,
		Example: `  stillvault approver revoke bob
  stillvault approver revoke bob --replace-with dora
  stillvault approver revoke alice --device laptop`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeNames(approverNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.replace != "" {
				if err := a.replaceApprover(cmd.Context(), args[0], o.replace, o.force); err != nil {
					return err
				}
			}
			return a.revokeApprover(cmd.Context(), args[0], o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.device, "device", "", "revoke only the device of this name or id")
	f.StringVar(&o.replace, "replace-with", "", "who takes their place in groups and policies")
	f.BoolVar(&o.force, "force", false, "revoke even if secrets are lost, or below what their policy wants")
	c.MarkFlagsMutuallyExclusive("device", "replace-with")
	_ = c.RegisterFlagCompletionFunc("replace-with", a.completeNames(approverNames))
	return c
}

func (a *app) revokeApprover(ctx context.Context, name string, o revokeOptions) error {
	r, err := a.signPreviewed(ctx, o.force, func(r *roster.Roster) (*entry, error) {
		who, err := r.ApproverNamed(name)
		if err != nil {
			return nil, err
		}
		if o.device == "" {
			return &entry{Kind: roster.KindApproverRevoke, Body: roster.Removal{ID: who.ID}}, nil
		}
		d, err := deviceNamed(r, who, o.device)
		if err != nil {
			return nil, err
		}
		return &entry{Kind: roster.KindDeviceRevoke, Body: roster.Removal{ID: d.Device}}, nil
	})
	if err != nil {
		return err
	}
	what := "approver " + name
	if o.device != "" {
		what = "device " + o.device + " of " + name
	}
	a.Say("revoked %s at statement %d", what, r.Head().Seq)
	a.warnUnmeetable(r)
	a.reshareWaits(ctx)
	return nil
}

// deviceNamed finds an approver's device by its id or its name, which several
// may have.
func deviceNamed(r *roster.Roster, who *roster.Approver, name string) (*roster.Device, error) {
	var found []*roster.Device
	for _, d := range r.Devices(who.ID) {
		if d.Device.String() == name {
			return d, nil
		}
		if d.Name == name {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("device %q of %s: %w", name, who.Name, roster.ErrUnknown)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%s has %d devices named %q; pass the id that `stillvault approver list --format json` shows", who.Name, len(found), name)
}

// warnUnmeetable names the policies that a change left without enough people, and
// what each requirement lacks.
func (a *app) warnUnmeetable(r *roster.Roster) {
	counts := standings(r)
	for _, p := range r.Policies() {
		assigned, err := r.Assign(p)
		if err != nil {
			a.Warn("policy %s: %s", p.Name, err)
			continue
		}
		for i, c := range p.Coverage(assigned) {
			if !c.Meets(p.MinimumCoverage) {
				a.Warn("policy %s: requirement %s wants %d and has %d: %s%s", p.Name, c.Requirement, c.M, c.People, roster.ErrCoverage, countedElsewhere(r, p, i, counts[p.ID]))
			}
		}
	}
}
