package endtoend

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/secret"
)

// askedToDeal is what an approver's inbox asks them to share anew under a policy, nil
// if nothing.
func (a *approver) askedToDeal(t testing.TB, policy envelope.ID) *approval.ReshareNotice {
	t.Helper()
	a.look(t, 0)
	for _, n := range a.reshares {
		q, err := envelope.Peek[approval.ReshareRequest](n.Request, envelope.TypeReshare)
		if err != nil {
			t.Fatal(err)
		}
		if q.Policy == policy {
			return &n
		}
	}
	return nil
}

// page fetches what an approver is to deal.
func (a *approver) page(t testing.TB, n *approval.ReshareNotice) *approval.ResharePage {
	t.Helper()
	signer := a.Device.Signer()
	defer signer.Wipe()
	signed, err := approval.CallReshare(a.roster, a.Device.ID(), signer, n.Request.Hash(), envelope.Hash{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	data := must(t, a.org.site.addr(), "", "POST", "device/reshare", map[string]any{"call": encode(t, signed)})
	page, err := approval.OpenReshare(a.roster, a.Device, a.org.Mount, signed, decode[envelope.Envelope](t, data, "sealed"))
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// deals reviews what an approver is asked to share anew, and deals it as the device
// does: everything in one answer, under one receipt.
func (a *approver) deals(t testing.TB, policy envelope.ID) approval.ReshareAnswer {
	t.Helper()
	n := a.askedToDeal(t, policy)
	if n == nil {
		t.Fatalf("%s is not asked to deal", a.Name)
	}
	c, err := approval.Reviewer{Roster: a.roster, Mount: a.org.Mount, Approver: a.ID, Device: a.Device.ID()}.ReviewReshare(n.Request, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var versions []*secret.Verified
	var epochs []uint32
	for _, item := range a.page(t, n).Items {
		v, err := c.Verify(item)
		if err != nil {
			t.Fatal(err)
		}
		versions, epochs = append(versions, v), append(epochs, item.Epoch)
	}
	signer := a.Device.Signer()
	defer signer.Wipe()
	dealt, err := c.Deal(versions, epochs, []*keyring.Keyring{a.Keyring}, signer, a.ledger, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	a.ledger = a.ledger.After(dealt.Receipt)
	return dealt
}

func (a *approver) sendDeals(t testing.TB, dealt approval.ReshareAnswer) (answer, error) {
	return tryCall(a.org.site.addr(), "", "POST", "device/deal", map[string]any{"answer": encode(t, dealt)})
}

// reshare deals everything that an approver is asked for under a scene's policy.
func (s *scene) reshare(people ...*approver) {
	s.t.Helper()
	for _, a := range people {
		got, err := a.sendDeals(s.t, a.deals(s.t, s.policy.ID))
		if err != nil || got.status != 200 {
			s.t.Fatalf("%s deals: %d %s (%v)", a.Name, got.status, got.text, err)
		}
	}
}
