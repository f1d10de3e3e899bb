package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
)

var (
	// ErrTicketExpired means that a ticket is no longer valid.
	ErrTicketExpired = errors.New("ticket_expired: the ticket is no longer valid; ask for a new one")
	// ErrJoined means that another approver of the same name is kept here.
	ErrJoined = errors.New("approver_kept_here: this state directory has another approver of this name; pass --replace to drop their keys, or use another --home")
)

type joinOptions struct {
	device     string
	noRecovery bool
	replace    bool
}

func (a *app) approverJoinCommand() *cobra.Command {
	var o joinOptions
	c := &cobra.Command{
		Use:   "join [TICKET]",
		Short: "Answer a ticket: become an approver on this terminal",
		Long: `Make your keyring and this device's keys, and send their public halves to the
broker. The keyring is wrapped by a software factor, a key in a file that only
you may read, and by a password with a recovery key that is shown once. Then
read the eight words out to the organisation's signer if they ask for them.

TICKET is what 'approver enroll' printed, or its link. Without it, or with -, it
is asked for and not shown; where input is no terminal, it is the first line. As
an argument, others on this machine may see it in the list of processes.

No Vault token is needed, now or later: the ticket names the organisation and the
mount, and the organisation's log comes to this device's own inbox.`,
		Example: `  stillvault approver join
  stillvault approver join --no-recovery - < ticket`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var text string
			if len(args) == 1 && args[0] != "-" {
				text = args[0]
			} else {
				typed, err := a.Hidden("ticket:")
				if err != nil {
					return err
				}
				text = string(typed)
			}
			return a.join(cmd.Context(), strings.TrimSpace(text), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.device, "device", deviceName(), "name of this device")
	f.BoolVar(&o.noRecovery, "no-recovery", false, "no password and recovery key: if this machine is lost, so is the keyring")
	f.BoolVar(&o.replace, "replace", false, "drop the keys of an approver of the same name that is kept here")
	return c
}

// deviceName is what a device is called unless somebody says otherwise.
func deviceName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "terminal"
	}
	return host
}

func (a *app) join(ctx context.Context, text string, o joinOptions) error {
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
	// The ticket came from the signer, past Vault: its organisation is the one.
	if err := h.Pin(t.Organisation); err != nil {
		return err
	}
	who, err := a.joining(h, t, o)
	if err != nil {
		return err
	}
	defer who.Wipe()
	e, err := enrolment(who, t, o.device)
	if err != nil {
		return err
	}
	message, err := t.Close(e)
	if err != nil {
		return err
	}
	enrolled, err := client.AnswerEnrolment(ctx, t, message)
	if err != nil {
		return err
	}
	if _, err := h.PinMount(client.Address(), client.Mount(), t.Mount); err != nil {
		return err
	}
	if err := begin(h, t.Organisation, enrolled.Init); err != nil {
		return fmt.Errorf("the log of %s at %s: %w", client.Mount(), client.Address(), err)
	}
	return a.printJoined(t, e)
}

// begin keeps the first statement of the organisation's log, unless there is
// more of it here: from there, the device's own inbox brings the rest.
func begin(h *home.Home, organisation envelope.Hash, first *envelope.Signed) error {
	log, err := local(h)
	if err != nil || log.Roster != nil || first == nil {
		return err
	}
	statements := []envelope.Signed{*first}
	r, err := roster.Fold(organisation, statements)
	if err != nil {
		return err
	}
	return h.Advance(r, statements)
}

// joining returns the approver that answers the ticket: made now, or by an
// earlier call that did not get through to the broker.
func (a *app) joining(h *home.Home, t roster.Ticket, o joinOptions) (*home.Approver, error) {
	known, err := h.Approver(t.Name)
	switch {
	case err == nil && known.ID == t.Approver:
		return known, nil
	case err == nil:
		known.Wipe()
		if !o.replace {
			return nil, fmt.Errorf("%q: %w", t.Name, ErrJoined)
		}
		if err := h.ForgetApprover(t.Name); err != nil {
			return nil, err
		}
	case !errors.Is(err, home.ErrNone):
		return nil, err
	}
	// The ticket came past Vault: its mount is the one.
	who := &home.Approver{
		Name: t.Name, Organisation: t.Organisation, Mount: t.Mount, ID: t.Approver, Device: keyring.NewDevice(), Factor: keyring.NewSoftware(),
	}
	if err := a.wrapKeyring(who, 1, o.noRecovery, h.CreateApprover); err != nil {
		who.Wipe()
		return nil, err
	}
	return who, nil
}

// enrolment is the public half of what a terminal approver has, the same each
// time for the same approver and ticket.
func enrolment(who *home.Approver, t roster.Ticket, device string) (roster.Enrolment, error) {
	k, err := who.Open()
	if err != nil {
		return roster.Enrolment{}, err
	}
	defer k.Wipe()
	public, err := k.Public()
	if err != nil {
		return roster.Enrolment{}, err
	}
	devicePublic, err := who.Device.Public()
	if err != nil {
		return roster.Enrolment{}, err
	}
	certificate, err := keyring.Certify(k, who.Device.ID(), device, keyring.FactorSoftware, devicePublic)
	if err != nil {
		return roster.Enrolment{}, err
	}
	factors := []keyring.FactorKind{keyring.FactorSoftware}
	recovery := who.Backup.Row.Password != nil
	if recovery {
		factors = append(factors, keyring.FactorPassword)
	}
	return roster.Enrolment{
		Ticket: t.ID, Organisation: t.Organisation, Approver: t.Approver, KEM: public.KEM, Signing: public.Signing,
		Generation: k.Generation(), Factors: factors, Recovery: recovery, Certificate: certificate,
	}, nil
}

func (a *app) printJoined(t roster.Ticket, e roster.Enrolment) error {
	words, err := e.Fingerprint()
	if err != nil {
		return err
	}
	a.Say("the signer admits you with: stillvault approver admit %s", t.Name)
	view := map[string]string{"name": t.Name, "approver_id": t.Approver.String(), "enrolment_id": t.ID.String(), "fingerprint": words}
	return a.Print(view, func(rows *terminal.Rows) {
		rows.Row("approver", t.Name)
		rows.Row("enrolment", t.ID)
		rows.Row("fingerprint", words)
	})
}
