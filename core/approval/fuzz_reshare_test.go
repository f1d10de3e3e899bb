package approval_test

import (
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// FuzzReshareRequest reads bytes as a re-share request, first as they come and then
// with a mount that plays along and signs them: what is let through is of this mount,
// and for the policy as it stands.
func FuzzReshareRequest(f *testing.F) {
	b := newTable(f)
	own := text(b.scene, b.reshare)
	f.Add(own)
	policy, err := b.Roster.PolicyFor("prod/db")
	b.Must(err)
	hash, err := policy.Hash()
	b.Must(err)
	f.Fuzz(func(t *testing.T, data []byte) {
		b.T = t
		m, other := foreign[envelope.Signed](t, data, own)
		if !other {
			return
		}
		if _, _, err := approval.ReadReshareRequest(b.Roster, m, b.Now); err == nil {
			t.Errorf("taken: %s", data)
		}
		q, err := envelope.Peek[approval.ReshareRequest](m, envelope.TypeReshare)
		if err != nil {
			return
		}
		q.Organisation, q.Consumer, q.Policy, q.Roster = b.Roster.Organisation(), b.mount.ID, policy.ID, b.Roster.Head()
		signed, err := envelope.Sign(envelope.TypeReshare, q, b.mount.Signer)
		b.Must(err)
		c, err := b.reviewer(b.people[0]).ReviewReshare(signed, b.Now)
		if err == nil && (c.Request.Mount != b.Mount || c.Request.PolicyHash != hash || c.Request.Created > envelope.At(b.Now.Add(approval.MaxClockSkew))) {
			t.Errorf("shown: %s", data)
		}
	})
}

// FuzzReshareAnswer reads bytes as what a device dealt, first as they come and then
// with an approver who plays along and signs the receipt: what is let through has a
// deal of their own for every version that the receipt stands for.
func FuzzReshareAnswer(f *testing.F) {
	b := newTable(f)
	p := b.people[0]
	own := text(b.scene, b.deal(p, 1, approval.Ledger{}))
	f.Add(own)
	signer, err := p.Keyring.Signer()
	b.Must(err)
	asked, err := envelope.Peek[approval.ReshareRequest](b.reshare, envelope.TypeReshare)
	b.Must(err)
	f.Fuzz(func(t *testing.T, data []byte) {
		b.T = t
		a, other := foreign[approval.ReshareAnswer](t, data, own)
		if !other {
			return
		}
		if _, err := approval.ReadReshareAnswer(b.Roster, b.reshare, a, b.Now); err == nil {
			t.Errorf("taken: %s", data)
		}
		rec, err := envelope.Peek[approval.Receipt](a.Receipt, envelope.TypeReceipt)
		if err != nil {
			return
		}
		rec.Organisation, rec.Mount, rec.Request, rec.RequestID = b.Roster.Organisation(), b.Mount, b.reshare.Hash(), asked.ID
		rec.Approver, rec.Device, rec.Generation, rec.Roster, rec.Time = p.ID, p.Device.ID(), 1, b.Roster.Head(), envelope.At(b.Now)
		for i := range a.Deals {
			if d, err := envelope.Peek[secret.Deal](a.Deals[i].Deal, envelope.TypeDeal); err == nil && i < len(a.Reshared) {
				d.Dealer.Approver = p.ID
				a.Deals[i].Deal, err = envelope.Sign(envelope.TypeDeal, d, signer)
				b.Must(err)
				a.Reshared[i].Header, a.Reshared[i].Deal = d.Header, a.Deals[i].Deal.Hash()
			}
		}
		encoded, err := envelope.Encode(a.Reshared)
		b.Must(err)
		rec.Blob = envelope.SumHash([]byte("stillvault/reshared/v1"), encoded)
		a.Receipt, err = envelope.Sign(envelope.TypeReceipt, rec, p.Device.Signer(), signer)
		b.Must(err)
		if _, err := approval.ReadReshareAnswer(b.Roster, b.reshare, a, b.Now); err == nil && (len(a.Deals) != len(a.Reshared) || len(a.Deals) == 0 || len(a.Deals) > approval.MaxDeals) {
			t.Errorf("%d deals for %d versions", len(a.Deals), len(a.Reshared))
		}
	})
}

// FuzzAlarm reads bytes as an alarm, first as they come and then with a consumer who
// plays along: what is shown can be shown, and is about an emergency.
func FuzzAlarm(f *testing.F) {
	s := emergency(f, nil)
	own := text(s, approval.Alarm{Request: s.request, Decisions: []envelope.Signed{s.approve(s.people[2]).Receipt}})
	f.Add(own)
	f.Fuzz(func(t *testing.T, data []byte) {
		s.T = t
		a, other := foreign[approval.Alarm](t, data, own)
		if !other {
			return
		}
		if _, _, err := approval.ReadAlarm(s.Roster, a); err == nil && a.Request.Hash() != s.request.Hash() {
			t.Errorf("taken: %s", data)
		}
		q, err := envelope.Peek[approval.Request](a.Request, envelope.TypeRequest)
		if err != nil {
			return
		}
		q.Organisation, q.Consumer, q.Path, q.Roster = s.Roster.Organisation(), s.consumer.ID, "prod/db", s.Roster.Head()
		a.Request, err = envelope.Sign(envelope.TypeRequest, q, s.consumer.Signer)
		s.Must(err)
		a.Decisions = nil
		if got, _, err := approval.ReadAlarm(s.Roster, a); err == nil && (!got.BreakGlass || !approval.Printable(got.Reason) || len(got.Reason) > approval.MaxReason) {
			t.Errorf("shown: %s", data)
		}
	})
}

// FuzzOpened reads bytes as a consumer's word, first as they come and then with a
// consumer who plays along: it either names people or accuses somebody.
func FuzzOpened(f *testing.F) {
	s := newScene(f, 2, anyOf, nil)
	o, err := approval.ReportOpened(s.Roster, s.asked, s.request.Hash(), s.verified, []envelope.ID{s.people[0].ID}, nil, s.consumer.Signer, s.Now)
	s.Must(err)
	own := text(s, o)
	f.Add(own)
	f.Fuzz(func(t *testing.T, data []byte) {
		s.T = t
		m, other := foreign[envelope.Signed](t, data, own)
		if !other {
			return
		}
		if _, err := approval.ReadOpened(s.Roster, m, s.asked, s.request.Hash()); err == nil {
			t.Errorf("taken: %s", data)
		}
		o, err := envelope.Peek[approval.Opened](m, envelope.TypeOpened)
		if err != nil {
			return
		}
		o.Organisation, o.Mount, o.Consumer, o.Request, o.Header, o.Roster = s.Roster.Organisation(), s.Mount, s.consumer.ID, s.request.Hash(), s.asked.Header, s.Roster.Head()
		signed, err := envelope.Sign(envelope.TypeOpened, o, s.consumer.Signer)
		s.Must(err)
		if got, err := approval.ReadOpened(s.Roster, signed, s.asked, s.request.Hash()); err == nil && (len(got.Approvers) > 0) == !got.Accused.IsZero() {
			t.Errorf("taken: %s", data)
		}
	})
}
