package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrNothingProposed means that no further device of an approver waits.
var ErrNothingProposed = errors.New("nothing_proposed: no such device of this approver waits for its admission; on the first device they choose \"Add a device\", or on a new one \"Restore\"; for a person who is not an approver yet, begin with `stillvault approver enroll`")

// ErrSeveralProposed means that more than one device waits where one was meant.
var ErrSeveralProposed = errors.New("several_proposed: more than one device waits, and nothing was admitted; ask the person which of them they made, and admit each by its id with --device")

// proposed is a further device that could be admitted now.
type proposed struct {
	certificate envelope.Signed
	device      keyring.Certificate
}

// proposedDevices returns the devices that wait for an approver, and how many
// others do not verify. The broker is believed nothing: each is certified by the
// approver's keyring in force.
func proposedDevices(ctx context.Context, client *broker.Client, r *roster.Roster, who *roster.Approver) (open []proposed, refused []error, err error) {
	all, err := client.ReadProposals(ctx, who.Name)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range all {
		c, err := keyring.VerifyCertificate(s, who.Signing)
		if err == nil && (c.Organisation != r.Organisation() || c.Approver != who.ID || c.Generation != who.Generation) {
			err = keyring.ErrCertificate
		}
		if err != nil {
			refused = append(refused, err)
			continue
		}
		if _, err := r.FormerDevice(c.Device); errors.Is(err, roster.ErrUnknown) {
			open = append(open, proposed{s, c})
		}
	}
	return open, refused, nil
}

// named returns those of a name or id, all for an empty one.
func named(all []proposed, device string) []proposed {
	if device == "" {
		return all
	}
	var fitting []proposed
	for _, p := range all {
		if p.device.Name == device || p.device.Device.String() == device {
			fitting = append(fitting, p)
		}
	}
	return fitting
}

// admitProposed shows and then admits the further device of an approver. Of several
// it admits none by itself: one may be of somebody who has their paper and password,
// and waits for the day on which the person asks for a device of their own.
func (a *app) admitProposed(ctx context.Context, client *broker.Client, r *roster.Roster, name, device string) error {
	who, err := r.ApproverNamed(name)
	if err != nil {
		return err
	}
	open, refused, err := proposedDevices(ctx, client, r, who)
	if err != nil {
		return err
	}
	for _, err := range refused {
		a.Warn("a device that is said to be %s's is left out: %s", name, err)
	}
	chosen := named(open, device)
	if len(chosen) == 0 {
		return fmt.Errorf("%q: %w", name, ErrNothingProposed)
	}
	for _, p := range chosen {
		a.Say("further device of %s, certified by their keyring: %s (%s), id %s", name, terminal.Visible(p.device.Name), p.device.Kind, p.device.Device)
	}
	if len(chosen) > 1 {
		return fmt.Errorf("%q: %w", name, ErrSeveralProposed)
	}
	r, err = a.sign(ctx, func(r *roster.Roster) ([]entry, error) {
		var entries []entry
		for _, p := range chosen {
			if _, err := r.FormerDevice(p.device.Device); errors.Is(err, roster.ErrUnknown) {
				entries = append(entries, entry{Kind: roster.KindDeviceAdmit, Body: roster.DeviceAdmit{Certificate: p.certificate}})
			}
		}
		return entries, nil
	})
	if err != nil {
		return err
	}
	a.Say("admitted at statement %d; a device that %s does not know of: stillvault approver revoke %s --device …", r.Head().Seq, name, name)
	return nil
}

func (a *app) approverShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show [NAME]",
		Short: "Show an approver with their devices, and those that wait for admission",
		Long: `Show an approver's devices and those that wait for admission or, before the
approver is admitted, what became of the ticket that is kept here.

Without a name, or where this token may not read the log, show what this terminal
knows of its own approver, without the broker and without a Vault token: the device's last receipt, as DEVICE:COUNTER:HASH. An auditor passes it to
'receipts verify --device-head', which finds what a broker left out at the end.`,
		Example: `  stillvault approver show alice
  stillvault approver show alice --format json
  stillvault approver show`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeNames(approverNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.showSelf("")
			}
			err := a.showApprover(cmd.Context(), args[0])
			if broker.StatusOf(err) == http.StatusForbidden {
				return a.showOwn(args[0], err)
			}
			return err
		},
	}
}

// shownApprover is an approver with what waits for the signer.
type shownApprover struct {
	approverView
	Proposed []deviceView `json:"proposed"`
}

func (a *app) showApprover(ctx context.Context, name string) error {
	h, client, log, err := a.fetched(ctx)
	if err != nil {
		return err
	}
	who, err := log.Roster.ApproverNamed(name)
	if errors.Is(err, roster.ErrUnknown) && roster.CheckName(name) == nil {
		return a.showInvited(ctx, h, client, name)
	}
	if err != nil {
		return err
	}
	open, _, err := proposedDevices(ctx, client, log.Roster, who)
	if err != nil {
		return err
	}
	v := shownApprover{approverView: viewApprover(log.Roster, who), Proposed: []deviceView{}}
	for _, p := range open {
		v.Proposed = append(v.Proposed, deviceView{p.device.Name, p.device.Device.String(), string(p.device.Kind)})
	}
	err = a.Print(v, func(rows *terminal.Rows) {
		rows.Row("STATE", "DEVICE", "OPENS WITH", "ID")
		for _, d := range v.Devices {
			rows.Row("admitted", d.Name, d.Kind, d.ID)
		}
		for _, d := range v.Proposed {
			rows.Row("waits", d.Name, d.Kind, d.ID)
		}
	})
	if err == nil && len(v.Proposed) > 0 {
		a.Say("to admit what waits: stillvault approver admit %s", name)
	}
	return err
}
