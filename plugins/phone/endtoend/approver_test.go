package endtoend

import (
	"context"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// colleague is an approver at a terminal, who is admitted and answers without a
// browser.
type colleague struct {
	site    *site
	name    string
	keyring *keyring.Keyring
	device  *keyring.Device
	mount   envelope.ID
	client  *broker.Client
	roster  *roster.Roster
	ledger  approval.Ledger
}

// colleague enrols and admits somebody.
func (s *site) colleague(t testing.TB) *colleague {
	t.Helper()
	client, err := s.client(s.admin)
	fatal(t, err)
	c := &colleague{site: s, name: unique("colleague"), client: client}
	ticket, err := roster.ParseTicket(s.invite(t, c.name, s.member(t)).Ticket)
	fatal(t, err)
	mount, err := client.ReadMount(context.Background())
	fatal(t, err)
	c.mount = mount.ID
	c.keyring, err = keyring.New(ticket.Organisation, ticket.Approver, 1)
	fatal(t, err)
	c.device = keyring.NewDevice()
	of, err := c.keyring.Public()
	fatal(t, err)
	public, err := c.device.Public()
	fatal(t, err)
	certificate, err := keyring.Certify(c.keyring, c.device.ID(), c.name, keyring.FactorSoftware, public)
	fatal(t, err)
	message, err := ticket.Close(roster.Enrolment{
		Ticket: ticket.ID, Organisation: ticket.Organisation, Approver: ticket.Approver, KEM: of.KEM, Signing: of.Signing,
		Generation: 1, Factors: []keyring.FactorKind{keyring.FactorPassword, keyring.FactorSoftware}, Recovery: true, Certificate: certificate,
	})
	fatal(t, err)
	_, err = client.AnswerEnrolment(context.Background(), ticket, message)
	fatal(t, err)
	s.signer(t, "approver", "admit", c.name)
	c.roster = s.roster(t)
	return c
}

// roster folds the log that the server has now.
func (s *site) roster(t testing.TB) *roster.Roster {
	t.Helper()
	client, err := s.client(s.admin)
	fatal(t, err)
	page, err := client.ReadLog(context.Background(), 0)
	fatal(t, err)
	r, err := roster.Fold(page.Statements[0].Hash(), page.Statements)
	fatal(t, err)
	return r
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shown waits until the inbox shows a request for a path.
func (c *colleague) shown(t testing.TB, path string) *approval.Case {
	t.Helper()
	var refused error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		for _, item := range c.look(t) {
			v := approval.Reviewer{Roster: c.roster, Mount: c.mount, Approver: c.keyring.Approver(), Device: c.device.ID()}
			found, err := v.Review(item, time.Now())
			if err == nil && found.Request.Path == path {
				return found
			}
			if err != nil {
				refused = err
			}
		}
	}
	t.Fatalf("%s is not shown a request for %s; refused: %v", c.name, path, refused)
	return nil
}

func (c *colleague) look(t testing.TB) []approval.Item {
	t.Helper()
	signer := c.device.Signer()
	defer signer.Wipe()
	call, err := approval.CallInbox(c.roster, c.device.ID(), signer, envelope.ID{}, 2*time.Second, time.Now())
	fatal(t, err)
	sealed, err := c.client.ReadInbox(context.Background(), call)
	fatal(t, err)
	in, err := approval.OpenInbox(c.roster, c.device, c.mount, call, sealed)
	fatal(t, err)
	for _, s := range in.Log {
		fatal(t, c.roster.Append(s))
	}
	return in.Items
}

// approve waits for a request for a path and says yes.
func (c *colleague) approve(t testing.TB, path string) {
	t.Helper()
	found := c.shown(t, path)
	release, err := found.Approve(c.keyring, c.device.Signer(), c.ledger, time.Now())
	fatal(t, err)
	c.send(t, release)
}

// deny waits for a request for a path and says no.
func (c *colleague) deny(t testing.TB, path, reason string) {
	t.Helper()
	found := c.shown(t, path)
	release, err := found.Deny(reason, false, c.device.Signer(), c.ledger, time.Now())
	fatal(t, err)
	c.send(t, release)
}

func (c *colleague) send(t testing.TB, release approval.Release) {
	t.Helper()
	c.ledger = c.ledger.After(release.Receipt)
	_, err := c.client.PostAnswer(context.Background(), release, nil)
	fatal(t, err)
}

// consent waits for a request for a path and agrees to its release by all.
func (c *colleague) consent(t testing.TB, path string) {
	t.Helper()
	found := c.shown(t, path)
	release, err := found.Consent(c.keyring, c.device.Signer(), c.ledger, time.Now())
	fatal(t, err)
	c.send(t, release)
}
