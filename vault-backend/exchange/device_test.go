package exchange_test

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// approver is a person at their device.
type approver struct {
	*coretest.Person
	scene  *scene
	ledger approval.Ledger
}

// call asks for the inbox.
func (p *approver) call(after envelope.ID, wait time.Duration) envelope.Signed {
	p.scene.T.Helper()
	p.scene.mu.RLock()
	defer p.scene.mu.RUnlock()
	signed, err := approval.CallInbox(p.scene.Roster, p.Device.ID(), p.Device.Signer(), after, wait, p.scene.clock.Now())
	p.scene.Must(err)
	return signed
}

func (p *approver) open(call envelope.Signed, sealed envelope.Envelope) *approval.Inbox {
	p.scene.T.Helper()
	p.scene.mu.RLock()
	defer p.scene.mu.RUnlock()
	in, err := approval.OpenInbox(p.scene.Roster, p.Device, p.scene.Mount, call, sealed)
	p.scene.Must(err)
	return in
}

// inbox returns everything that waits for the approver.
func (p *approver) inbox() []approval.Item {
	p.scene.T.Helper()
	var all []approval.Item
	var after envelope.ID
	for {
		call := p.call(after, 0)
		sealed, err := p.scene.x.Inbox(p.scene.T.Context(), call)
		p.scene.Must(err)
		in := p.open(call, sealed)
		all = append(all, in.Items...)
		if !in.More {
			return all
		}
		after = idOf(p.scene.T, in.Items[len(in.Items)-1].Request)
	}
}

func idOf(t testing.TB, signed envelope.Signed) envelope.ID {
	t.Helper()
	q, err := envelope.Peek[approval.Request](signed, envelope.TypeRequest)
	if err != nil {
		t.Fatal(err)
	}
	return q.ID
}

// review opens the only item that waits for the approver.
func (p *approver) review() *approval.Case {
	p.scene.T.Helper()
	items := p.inbox()
	if len(items) != 1 {
		p.scene.T.Fatalf("%s has %d items", p.Name, len(items))
	}
	return p.reviewItem(items[0])
}

func (p *approver) reviewItem(item approval.Item) *approval.Case {
	p.scene.T.Helper()
	p.scene.mu.RLock()
	defer p.scene.mu.RUnlock()
	v := approval.Reviewer{Roster: p.scene.Roster, Mount: p.scene.Mount, Approver: p.ID, Device: p.Device.ID()}
	c, err := v.Review(item, p.scene.clock.Now())
	p.scene.Must(err)
	return c
}

// approve signs an approval of a case and advances the device's ledger.
func (p *approver) approve(c *approval.Case) approval.Release {
	p.scene.T.Helper()
	rel, err := c.Approve(p.Keyring, p.Device.Signer(), p.ledger, p.scene.clock.Now())
	p.scene.Must(err)
	p.ledger = p.ledger.After(rel.Receipt)
	return rel
}

func (p *approver) deny(c *approval.Case, reason string) approval.Release {
	p.scene.T.Helper()
	rel, err := c.Deny(reason, false, p.Device.Signer(), p.ledger, p.scene.clock.Now())
	p.scene.Must(err)
	p.ledger = p.ledger.After(rel.Receipt)
	return rel
}

// answers sends a release and checks what state the request is in then.
func (p *approver) answers(rel approval.Release, want exchange.State) {
	p.scene.T.Helper()
	state, err := p.scene.x.Answer(p.scene.T.Context(), rel)
	p.scene.Must(err)
	if state != want {
		p.scene.T.Fatalf("the request is %s, want %s", state, want)
	}
}

func (p *approver) says(yes bool, want exchange.State) {
	p.scene.T.Helper()
	c := p.review()
	if yes {
		p.answers(p.approve(c), want)
	} else {
		p.answers(p.deny(c, "not during the freeze"), want)
	}
}
