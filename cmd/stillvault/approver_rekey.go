package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/approver"
	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

var (
	// ErrRekeyTicket means that a ticket is not for the approver to be rekeyed.
	ErrRekeyTicket = errors.New("rekey_ticket: the ticket is not for this approver; the organisation's signer makes one with `stillvault approver enroll NAME --rekey`")
	// ErrSealedUnknown means that nobody said here whether an earlier keyring is needed.
	ErrSealedUnknown = errors.New("former_keyring_unclear: this token may not read whether something is still sealed to the earlier keyring; nothing was wiped")
	// ErrStillSealed means that an earlier keyring is still needed.
	ErrStillSealed = errors.New("former_keyring_needed: something may still be sealed to the earlier keyring; when `stillvault status` shows nothing stale, re-shared or unproven any more, run this again, or pass --force if its shares are lost anyway")
)

type rekeyOptions struct {
	joinOptions
	forget, force bool
}

func (a *app) approverRekeyCommand() *cobra.Command {
	var o rekeyOptions
	c := &cobra.Command{
		Use:   "rekey NAME [TICKET]",
		Short: "Make a new keyring on this terminal after a suspected leak",
		Long: `Make the next generation of this terminal's approver's keyring, and keys for this
device that nobody has seen. The signer makes a ticket for it first ('approver enroll
NAME --rekey') and admits it after ('approver admit NAME'): a keyring that may have
leaked cannot vouch for the next one. From the admission on, nobody answers with the
earlier one, and all its devices are revoked.

What is sealed to the earlier keyring is re-shared, by 'reshare run' and by the
others. Until then this terminal keeps it, wrapped. After that 'reshare run' wipes it
by itself where VAULT_TOKEN may read the mount's status, which alone says that nothing
is sealed to it any more; --forget does the same, and --force without asking.`,
		Example: `  stillvault approver rekey alice
  stillvault reshare run
  stillvault approver rekey alice --forget`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.forget {
				return a.forgetFormer(cmd.Context(), args[0], o.force)
			}
			var text string
			if len(args) == 2 && args[1] != "-" {
				text = args[1]
			} else {
				typed, err := a.Hidden("ticket:")
				if err != nil {
					return err
				}
				text = string(typed)
			}
			return a.rekey(cmd.Context(), args[0], strings.TrimSpace(text), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.device, "device", deviceName(), "name of this device")
	f.BoolVar(&o.noRecovery, "no-recovery", false, "no password and recovery key for the new keyring, even if the earlier one has them: recovery is dropped, and a lost machine is a lost keyring")
	f.BoolVar(&o.replace, "replace", false, "make another keyring although one waits for its admission, and drop that one: not once it was admitted")
	f.BoolVar(&o.forget, "forget", false, "wipe the earlier keyrings that are kept, once nothing is sealed to them")
	f.BoolVar(&o.force, "force", false, "with --forget: whatever is still sealed to them")
	return c
}

func (a *app) rekey(ctx context.Context, name, text string, o rekeyOptions) error {
	t, err := a.takeTicket(text)
	if err != nil {
		return err
	}
	defer t.Secret.Wipe()
	h, err := a.home()
	if err != nil {
		return err
	}
	client, err := a.broker()
	if err != nil {
		return err
	}
	known, err := h.Approver(name)
	if err != nil {
		return err
	}
	defer known.Wipe()
	if t.Approver != known.ID || t.Organisation != known.Organisation || t.Mount != known.Mount {
		return fmt.Errorf("%q: %w", name, ErrRekeyTicket)
	}
	next, err := a.nextKeyring(h, known, o)
	if err != nil {
		return err
	}
	defer next.Wipe()
	e, err := enrolment(next, t, o.device)
	if err != nil {
		return err
	}
	message, err := t.Close(e)
	if err != nil {
		return err
	}
	if _, err := client.AnswerEnrolment(ctx, t, message); err != nil {
		return err
	}
	return a.printJoined(t, e)
}

// nextKeyring returns the next generation that answers the ticket: made now, or by an
// earlier call, which may have got through to the broker without this terminal knowing.
// It may be the one that the signer admits, when nobody has another copy of it.
func (a *app) nextKeyring(h *home.Home, known *home.Approver, o rekeyOptions) (*home.Approver, error) {
	next, err := h.Next(known.Name)
	switch {
	case err == nil && !o.replace && next.Backup.Generation > known.Backup.Generation:
		a.Say("the new keyring that this terminal made before answers the ticket; --replace makes another")
		return next, nil
	case err == nil:
		next.Wipe()
	case !errors.Is(err, home.ErrNone):
		return nil, err
	}
	next = &home.Approver{
		Name: known.Name, Organisation: known.Organisation, Mount: known.Mount, ID: known.ID, Device: keyring.NewDevice(), Factor: keyring.NewSoftware(),
	}
	if o.noRecovery && known.Backup.Row.Password != nil {
		a.Warn("recovery is dropped: password and recovery key open the earlier keyring only, and if this machine is lost, so is the new one; break-glass does not count %s any more", known.Name)
	}
	if err := a.wrapKeyring(next, known.Backup.Generation+1, o.noRecovery, h.PrepareNext); err != nil {
		next.Wipe()
		return nil, err
	}
	return next, nil
}

// promoted returns the terminal's approver, with the next generation of the keyring
// where it was admitted since. Only its device's own call finds that out: the device
// from before is revoked then.
func (a *app) promoted(ctx context.Context, h *home.Home, client *broker.Client, who *home.Approver, r *roster.Roster) (*home.Approver, error) {
	next, err := h.Next(who.Name)
	if errors.Is(err, home.ErrNone) {
		return who, nil
	}
	if err != nil {
		return nil, err
	}
	defer next.Wipe()
	signer := next.Device.Signer()
	defer signer.Wipe()
	call, err := approval.CallInbox(r, next.Device.ID(), signer, envelope.ID{}, 0, time.Now())
	if err != nil {
		return nil, err
	}
	if _, err := client.ReadInbox(ctx, call); err != nil {
		a.Say("the new keyring of %s is not admitted yet: stillvault approver admit %s", who.Name, who.Name)
		return who, nil
	}
	if err := h.Promote(who.Name); err != nil {
		return nil, err
	}
	who.Wipe()
	a.Say("the new keyring of %s is in force; the earlier one is kept until its shares are dealt: stillvault reshare run", who.Name)
	return h.Approver(who.Name)
}

// formerKeyrings returns what opens the earlier generations that are kept.
func formerKeyrings(h *home.Home, name string) (all []approver.Former, wipe func(), err error) {
	kept, err := h.Former(name)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range kept {
		all = append(all, approver.Former{
			Generation: f.Backup.Generation, Factor: approver.Software{Row: f.Backup.Row, KeyCheck: f.Backup.KeyCheck, Key: f.Factor},
		})
	}
	return all, func() {
		for _, f := range kept {
			f.Wipe()
		}
	}, nil
}

// finishFormer wipes the earlier keyrings where nothing is sealed to them any more,
// or says what they are kept for.
func (a *app) finishFormer(ctx context.Context, d *desk) error {
	if len(d.session.Device.Former) == 0 {
		return nil
	}
	if err := a.forgetFormer(ctx, d.who.Name, false); err != nil {
		a.Say("the earlier keyring is kept: stillvault approver rekey %s --forget wipes it when nothing is sealed to it", d.who.Name)
		a.Say("%s", terminal.Visible(err.Error()))
	}
	return nil
}

// forgetFormer wipes the earlier keyrings. Whether something is still sealed to them
// is the broker's word: one that lies can lose secrets, as it can by deleting them.
func (a *app) forgetFormer(ctx context.Context, name string, force bool) error {
	h, err := a.home()
	if err != nil {
		return err
	}
	if !force {
		client, err := a.broker()
		if err != nil {
			return err
		}
		s, err := client.ReadStatus(ctx)
		if broker.StatusOf(err) == http.StatusForbidden {
			return fmt.Errorf(`%w; run stillvault approver rekey %s --forget with a token whose Vault policy has path "%s/status" { capabilities = ["read"] }, or have somebody run stillvault status: where it shows nothing stale, re-sharing or unproven, add --force`, ErrSealedUnknown, name, client.Mount())
		}
		if err != nil {
			return err
		}
		if len(s.Stale)+len(s.Lost)+len(s.Uncovered)+len(s.Resharing)+s.Unproven > 0 {
			return ErrStillSealed
		}
	}
	if err := h.WipeFormer(name); err != nil {
		return err
	}
	a.Say("the earlier keyring of %s is wiped", name)
	return nil
}
