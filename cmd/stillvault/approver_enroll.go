package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// ErrAdmitted means that a name is an approver's already.
var ErrAdmitted = errors.New("approver_exists: an approver of this name is admitted; they add a device from one that they have, or restore on a new one, and `stillvault approver admit` admits it; for a person who lost their keyring, revoke first, and for another person choose another name")

// enrolOptions are the flags of approver enroll.
type enrolOptions struct {
	related  relation
	valid    time.Duration
	software bool
	noQR     bool
	rekey    bool
	pin      string // organisation id, empty where it is pinned here
}

func (a *app) approverEnrollCommand() *cobra.Command {
	var o enrolOptions
	c := &cobra.Command{
		Use:   "enroll NAME",
		Short: "Make a ticket that invites a person to enrol a device",
		Long: `Make a one-time ticket and register it with the broker, which never learns what
makes the ticket valid. Where the mount's config names the phone app (public_url),
it is printed as a link and a QR code, which the person scans with their phone's
camera. Elsewhere, and with --software, it is a text, which they paste into
'stillvault approver join' on a machine of their own. Hand it to nobody else, and
not through Vault. A second ticket for the same name replaces the first.

Where the phone app has an origin of its own, the link tells it where Vault is: what
VAULT_ADDR says here. Run this with the address that phones use.

Vault knows a person by an entity, approvals know them by a key; what keeps people
from approving what they ask for themselves is that --entity says which belong
together. --no-entity says that the person cannot log in to this Vault.`,
		Example: `  stillvault approver enroll alice --entity 6fb1a2c4-…
  stillvault approver enroll alice --entity "$(vault read -field=id identity/entity/name/alice)"
  stillvault approver enroll bob --no-entity --software
  stillvault approver enroll alice --rekey`,
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(c, args); err != nil {
				return err
			}
			if o.rekey {
				return nil // their entities stay
			}
			return o.related.check(args[0])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := a.enrol(cmd.Context(), args[0], o)
			if err != nil {
				return err
			}
			return a.printTicket(v, o)
		},
	}
	f := c.Flags()
	o.related.flags(c, "Vault entity id that is the same person, who may not approve what it asks for; may be repeated")
	f.DurationVar(&o.valid, "valid", time.Hour, "how long the ticket is valid")
	f.BoolVar(&o.software, "software", false, "print the ticket for a terminal, even where there is a phone app")
	f.BoolVar(&o.rekey, "rekey", false, "for somebody who is an approver already: a ticket for 'approver rekey', after a suspected leak")
	f.StringVar(&o.pin, "organization", "", "id of the organisation, to be pinned on a machine that has none yet, as 'org pin' does")
	f.BoolVar(&o.noQR, "no-qr", false, "print no QR code")
	c.MarkFlagsMutuallyExclusive("rekey", "entity")
	c.MarkFlagsMutuallyExclusive("rekey", "no-entity")
	return c
}

// ticketView is how a ticket is printed.
type ticketView struct {
	Name    string `json:"name"`
	ID      string `json:"id"`
	Expires string `json:"expires"`
	Ticket  string `json:"ticket"`
	Link    string `json:"link"`               // into the phone app, empty where there is none
	Words   string `json:"organisation_words"` // which the app shows, to be compared

	address, publicURL, base string // of Vault, of the app, and of the mount's API
}

// enrol makes a ticket, keeps it, and registers it with the broker.
func (a *app) enrol(ctx context.Context, name string, o enrolOptions) (*ticketView, error) {
	if err := roster.CheckName(name); err != nil {
		return nil, err
	}
	if o.pin != "" {
		if err := a.pinOrganisation(o.pin); err != nil {
			return nil, err
		}
	}
	h, client, log, err := a.fetched(ctx)
	if err != nil {
		return nil, err
	}
	id := envelope.NewID()
	known, err := log.Roster.ApproverNamed(name)
	switch {
	case err == nil && o.rekey:
		id = known.ID
	case err == nil:
		return nil, fmt.Errorf("%q: %w", name, ErrAdmitted)
	case o.rekey:
		return nil, err
	}
	for _, e := range o.related.entities {
		if who := log.Roster.ApproverOf(e); who != nil {
			return nil, fmt.Errorf("entity %s is approver %q already: one person under two names would count twice in a quorum", e, who.Name)
		}
	}
	if err := a.lookUpEntities(ctx, client, o.related.entities); err != nil {
		return nil, err
	}
	settings, err := client.ReadSettings(ctx)
	if err != nil {
		return nil, err
	}
	mount, err := a.mountOf(ctx, h, client)
	if err != nil {
		return nil, err
	}
	a.warnReplaced(h, name)
	t := roster.NewTicket(log.Roster.Organisation(), mount.ID, id, name, envelope.At(time.Now().Add(o.valid)))
	defer t.Secret.Wipe()
	if err := h.StoreTicket(home.Ticket{Ticket: t, Entities: o.related.entities}); err != nil {
		return nil, err
	}
	if err := client.CreateEnrolment(ctx, t); err != nil {
		return nil, err
	}
	return viewTicket(client, t, settings.PublicURL)
}

func viewTicket(client *broker.Client, t roster.Ticket, publicURL string) (*ticketView, error) {
	text, err := t.Reveal()
	if err != nil {
		return nil, err
	}
	v := &ticketView{
		Name: t.Name, ID: t.ID.String(), Expires: moment(t.Expires), Ticket: text, Words: organisationWords(t.Organisation),
		address: client.Address(), publicURL: publicURL, base: apiBase(client),
	}
	if publicURL != "" {
		v.Link, err = appLink(publicURL, v.base, text)
	}
	return v, err
}

// warnReplaced says that an earlier ticket is worth nothing from now on: who
// answered it would wait for an admission that does not come.
func (a *app) warnReplaced(h *home.Home, name string) {
	earlier, err := h.Ticket(name)
	if err != nil {
		return
	}
	earlier.Secret.Wipe()
	if earlier.Expires.Time().After(time.Now()) {
		a.Warn("this replaces the ticket for %s that is valid until %s: whoever answered that one has to answer this one", name, moment(earlier.Expires))
	}
}

func (a *app) printTicket(v *ticketView, o enrolOptions) error {
	if a.Format == terminal.JSON {
		return a.Print(v, nil)
	}
	command := "join"
	if o.rekey {
		command = "rekey"
	}
	if v.Link == "" || o.software || o.rekey {
		a.Say("%s runs this on a machine of their own, with VAULT_ADDR=%s, before %s, and pastes the ticket below it:", v.Name, v.address, v.Expires)
		fmt.Fprintf(a.Out(), "stillvault approver %s\n%s\n", command, v.Ticket)
	} else {
		a.printLink(v, o)
	}
	a.Say("It is for %s alone: whoever uses it first enrols in their name. Show it, or send it where nobody else reads.", v.Name)
	a.Say("When their device says that it waits for its admission:")
	a.Say("    stillvault approver admit %s", v.Name)
	a.Say("or, to compare the eight words that it shows, and they read out to you:")
	a.Say("    stillvault approver admit %s --fingerprint \"…\"", v.Name)
	return nil
}

func (a *app) printLink(v *ticketView, o enrolOptions) {
	a.warnLink(v.publicURL, v.base)
	shown := !o.noQR && a.OutIsTerminal()
	how := "opens this link on their phone"
	if shown {
		how = "scans this with the camera of their phone, or opens the link on it"
	}
	a.Say("%s %s, before %s; the page says what to do, and takes a minute:", v.Name, how, v.Expires)
	fmt.Fprintln(a.Out(), v.Link)
	if shown {
		a.printQR(v.Link)
	}
	a.Say("The page shows the organisation in eight words, which %s compares with these:", v.Name)
	a.Say("    %s", v.Words)
	a.Say("Without such a phone: run this again with --software, for a terminal.")
}
