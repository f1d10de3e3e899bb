package backend

import (
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
)

// approver is a person at their device, which remembers its receipts.
type approver struct {
	*coretest.Person
	ledger approval.Ledger
}

// open asks the device's inbox and opens the answer.
func (r *rig) open(p *approver, after envelope.ID) *approval.Inbox {
	r.t.Helper()
	call, err := approval.CallInbox(r.Roster, p.Device.ID(), p.Device.Signer(), after, 0, r.Now)
	r.Must(err)
	data := r.do(update, "device/inbox", map[string]any{"call": r.text(call)})
	sealed, err := envelope.Decode[envelope.Envelope]([]byte(data["sealed"].(string)))
	r.Must(err)
	in, err := approval.OpenInbox(r.Roster, p.Device, r.Mount, call, sealed)
	r.Must(err)
	return in
}

// waitFor polls the inbox until an item waits.
func (r *rig) waitFor(p *approver) approval.Item {
	r.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if in := r.open(p, envelope.ID{}); len(in.Items) > 0 {
			return in.Items[0]
		}
		if time.Now().After(deadline) {
			r.t.Fatal("nothing came to the inbox")
		}
		time.Sleep(pause)
	}
}

// review checks an item as the approver's device does.
func (r *rig) review(p *approver, item approval.Item) *approval.Case {
	r.t.Helper()
	c, err := approval.Reviewer{Roster: r.Roster, Mount: r.Mount, Approver: p.ID, Device: p.Device.ID()}.Review(item, r.Now)
	r.Must(err)
	return c
}

func (r *rig) approval(p *approver, item approval.Item) approval.Release {
	r.t.Helper()
	rel, err := r.review(p, item).Approve(p.Keyring, p.Device.Signer(), p.ledger, r.Now)
	r.Must(err)
	p.ledger = p.ledger.After(rel.Receipt)
	return rel
}

func (r *rig) denial(p *approver, item approval.Item, reason string) approval.Release {
	r.t.Helper()
	rel, err := r.review(p, item).Deny(reason, false, p.Device.Signer(), p.ledger, r.Now)
	r.Must(err)
	p.ledger = p.ledger.After(rel.Receipt)
	return rel
}

func (r *rig) answer(rel approval.Release) string {
	r.t.Helper()
	return r.do(update, "device/answer", map[string]any{"release": r.text(rel)})["state"].(string)
}
