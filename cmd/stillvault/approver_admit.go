package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/admission"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

var (
	// ErrUnanswered means that no device has answered a ticket yet.
	ErrUnanswered = errors.New("enrolment_unanswered: no device has answered the ticket yet; run this again when it has")
	// ErrNoTicket means that there is nothing to verify an enrolment with.
	ErrNoTicket = errors.New("ticket_missing: no ticket for this name is kept here; pass --enrolment with its id and --fingerprint with the words that the person reads out from their device")
	// ErrWords means that the words read out are another device's.
	ErrWords = errors.New("fingerprint_differs: these are not the words of the device that answered, and nothing was admitted; have the person read all eight out again, from their own screen. If they still differ, another device has answered in their name: make a new ticket with `stillvault approver enroll`")
)

type admitOptions struct {
	related     relation
	enrolment   string
	fingerprint string
	device      string
}

func (a *app) approverAdmitCommand() *cobra.Command {
	var o admitOptions
	c := &cobra.Command{
		Use:   "admit NAME",
		Short: "Admit an approver whose device has answered, or their further devices",
		Long: `Fetch what the device sent through the broker, verify that it was made with the
ticket that is kept here, and sign the admission of the approver and the device.
With --fingerprint, the eight words that the person reads out from their own
device must be that device's, too.

Where the ticket was made elsewhere, or passed through Vault, pass --enrolment
and --fingerprint; and, where the ticket is not kept here, --entity or
--no-entity as for 'approver enroll'.

An approver who is admitted already adds devices from the first one, or restores
their keyring on a new one. Such devices wait here: they are certified by the
approver's keyring, which is verified, then shown and admitted: the one that
waits or, of several, the one that --device names. 'approver show' lists them
without admitting any.`,
		Example: `  stillvault approver admit alice
  stillvault approver admit alice --fingerprint "lusab babad gutih tugad ..."
  stillvault approver admit bob --enrolment 0f8e… --fingerprint "lusab babad …" --entity 9d21c07e-…
  stillvault approver admit alice --device "alice's tablet"`,
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(c, args); err != nil {
				return err
			}
			return entitiesHaveForm(args[0], o.related.entities)
		},
		ValidArgsFunction: a.completeNames(approverNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.admitApprover(cmd.Context(), args[0], o)
		},
	}
	f := c.Flags()
	o.related.flags(c, "Vault entity id that is the same person; may be repeated, and adds to those given to enroll")
	f.StringVar(&o.enrolment, "enrolment", "", "id of the enrolment, where its ticket is not kept here")
	f.StringVar(&o.fingerprint, "fingerprint", "", "the words that the person reads out from their device")
	f.StringVar(&o.device, "device", "", "admit only the further device of this name or id")
	c.MarkFlagsMutuallyExclusive("device", "enrolment")
	c.MarkFlagsMutuallyExclusive("device", "fingerprint")
	return c
}

func (a *app) admitApprover(ctx context.Context, name string, o admitOptions) error {
	if err := roster.CheckName(name); err != nil {
		return err
	}
	h, client, log, err := a.fetched(ctx)
	if err != nil {
		return err
	}
	t, err := h.Ticket(name)
	if err != nil && !errors.Is(err, home.ErrNone) {
		return err
	}
	hasTicket := err == nil
	defer t.Secret.Wipe()
	_, err = log.Roster.ApproverNamed(name)
	known := err == nil
	// Somebody whose ticket was answered may have asked for a further device since.
	unasked := o.enrolment == "" && o.fingerprint == ""
	switch {
	case o.device != "" || known && unasked && !hasTicket:
		return a.admitProposed(ctx, client, log.Roster, name, o.device)
	case !hasTicket && (o.fingerprint == "" || o.enrolment == ""):
		return fmt.Errorf("%q: %w", name, ErrNoTicket)
	}
	err = a.admitEnrolled(ctx, h, client, name, t, hasTicket, o)
	if errors.Is(err, ErrUnanswered) && known && unasked {
		return a.admitProposed(ctx, client, log.Roster, name, "")
	}
	return err
}

// admitEnrolled admits what answered a ticket.
func (a *app) admitEnrolled(ctx context.Context, h *home.Home, client *broker.Client, name string, t home.Ticket, hasTicket bool, o admitOptions) error {
	e, entities, err := verifiedEnrolment(ctx, client, name, t, hasTicket, o)
	if err != nil {
		return err
	}
	if err := entitiesHaveForm(name, entities); err != nil {
		return err
	}
	if err := a.lookUpEntities(ctx, client, o.related.entities); err != nil {
		return err
	}
	r, err := a.sign(ctx, func(r *roster.Roster) ([]entry, error) {
		return admission.Entries(r, name, e, distinct(entities))
	})
	if err != nil {
		return err
	}
	if err := h.DropTicket(name); err != nil {
		return err
	}
	a.Say("admitted approver %s at statement %d", name, r.Head().Seq)
	if o.fingerprint == "" {
		if err := a.sayWords(name, e); err != nil {
			return err
		}
	}
	if known, err := r.Approver(e.Approver); err == nil && len(known.Entities) == 0 {
		a.warnUnrelated(name)
	}
	return nil
}

// sayWords lets the person find out whether it was them: whoever saw the ticket
// may have answered it first.
func (a *app) sayWords(name string, e roster.Enrolment) error {
	words, err := e.Fingerprint()
	if err != nil {
		return err
	}
	a.Say("its device shows these words: %s", words)
	a.Say("if %s sees others, or none, somebody else has answered in their name: stillvault approver revoke %s", name, name)
	return nil
}

// verifiedEnrolment fetches an enrolment and proves whose it is: by the ticket
// kept here, or by the words read out. Given words are checked in either case.
func verifiedEnrolment(ctx context.Context, client *broker.Client, name string, t home.Ticket, hasTicket bool, o admitOptions) (roster.Enrolment, []string, error) {
	var none roster.Enrolment
	id := t.ID
	if o.enrolment != "" {
		var err error
		if id, err = envelope.ParseID(o.enrolment); err != nil {
			return none, nil, fmt.Errorf("--enrolment: %w", err)
		}
		hasTicket = hasTicket && id == t.ID
	}
	if !hasTicket {
		if o.fingerprint == "" {
			return none, nil, fmt.Errorf("%q: %w", name, ErrNoTicket)
		}
		if err := o.related.check(name); err != nil {
			return none, nil, err
		}
	}
	posted, err := client.ReadEnrolment(ctx, id)
	if err != nil {
		return none, nil, err
	}
	if posted.Message == nil {
		return none, nil, fmt.Errorf("%q, %s until %s: %w", name, posted.State, posted.Expires.Format("15:04:05 MST"), ErrUnanswered)
	}
	var e roster.Enrolment
	if hasTicket {
		e, err = t.Accept(*posted.Message, time.Now())
	} else {
		e, err = roster.ReadEnrolment(*posted.Message)
	}
	if err != nil {
		return none, nil, err
	}
	if o.fingerprint != "" && e.MatchesFingerprint(o.fingerprint) != nil {
		return none, nil, fmt.Errorf("%q: %w", name, ErrWords)
	}
	return e, append(append([]string{}, t.Entities...), o.related.entities...), nil
}

func distinct(all []string) []string {
	seen := map[string]bool{}
	kept := []string{}
	for _, s := range all {
		if !seen[s] {
			seen[s] = true
			kept = append(kept, s)
		}
	}
	return kept
}
