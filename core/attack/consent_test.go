package attack_test

import (
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// consentFirst makes quorum/* ask for everybody's word before the first share,
// and asks for quorum/key.
func (s *stage) consentFirst(entity string) *question {
	p := s.quorum
	p.ConsentFirst = true
	s.SetPolicy(p)
	s.everybodyLearns()
	o := origin
	o.Entity = entity
	return s.askOn(pathKey, s.key, approval.Terms{Origin: o})
}

func (s *stage) consent(d *device, q *question) envelope.Signed {
	c, err := d.review(q.item(), s.Now)
	s.Must(err)
	rel, err := c.Consent(d.Keyring, d.Device.Signer(), d.ledger, s.Now)
	s.Must(err)
	d.ledger = d.ledger.After(rel.Receipt)
	return rel.Receipt
}

func (s *stage) approvedWith(q *question, consents ...envelope.Signed) error {
	_, err := s.alice.approve(q.item(consents...), s.Now)
	return err
}

// consentAttacks try to get a share out before enough people agreed.
var consentAttacks = []attack{
	{"no consents shown", func(s *stage) error { return s.approvedWith(s.consentFirst(origin.Entity)) }, approval.ErrConsent},
	{"one requirement's consents left out", func(s *stage) error {
		q := s.consentFirst(origin.Entity)
		return s.approvedWith(q, s.consent(s.alice, q), s.consent(s.bob, q))
	}, approval.ErrConsent},
	{"one person's consent twice", func(s *stage) error {
		q := s.consentFirst(origin.Entity)
		return s.approvedWith(q, s.consent(s.alice, q), s.consent(s.alice, q), s.consent(s.dave, q))
	}, approval.ErrConsent},
	{"the consent of somebody revoked since", func(s *stage) error {
		q := s.consentFirst(origin.Entity)
		consents := []envelope.Signed{s.consent(s.alice, q), s.consent(s.bob, q), s.consent(s.dave, q)}
		s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.bob.ID})
		s.everybodyLearns()
		return s.approvedWith(q, consents...)
	}, approval.ErrConsent},
	{"a consent in the requester's own name", func(s *stage) error {
		q := s.consentFirst("entity-bob")
		rec, err := envelope.Peek[approval.Receipt](s.consent(s.alice, q), envelope.TypeReceipt)
		s.Must(err)
		rec.Approver, rec.Device = s.bob.ID, s.bob.Device.ID()
		own, err := envelope.Sign(envelope.TypeReceipt, rec, s.bob.signers(s)...)
		s.Must(err)
		return s.approvedWith(q, s.consent(s.alice, q), own, s.consent(s.dave, q))
	}, approval.ErrConsent},
	{"a consent to another request", func(s *stage) error {
		q := s.consentFirst(origin.Entity)
		return s.approvedWith(q, s.consent(s.alice, q), s.consent(s.bob, s.ask(pathKey, s.key)), s.consent(s.dave, q))
	}, approval.ErrRelease},
	{"a consent forged", func(s *stage) error {
		q := s.consentFirst(origin.Entity)
		forged := edit(s, s.consent(s.bob, q), func(r *approval.Receipt) { r.Approver = s.carol.ID; r.Device = s.carol.Device.ID() })
		return s.approvedWith(q, s.consent(s.alice, q), s.consent(s.bob, q), forged)
	}, envelope.ErrSignature},
	{"a consent without the approver's factor", func(s *stage) error {
		q := s.consentFirst(origin.Entity)
		weak := edit(s, s.consent(s.bob, q), func(*approval.Receipt) {}, s.bob.Device.Signer())
		return s.approvedWith(q, s.consent(s.alice, q), weak, s.consent(s.dave, q))
	}, envelope.ErrSignature},
	{"a denial shown with the consents", func(s *stage) error {
		q := s.consentFirst(origin.Entity)
		rel, err := s.carol.deny(q.item(), s.Now)
		s.Must(err)
		return s.approvedWith(q, s.consent(s.alice, q), s.consent(s.bob, q), s.consent(s.dave, q), rel.Receipt)
	}, approval.ErrDenied},
}
