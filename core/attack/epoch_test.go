package attack_test

import (
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/secret"
)

// epochAttacks show one party another epoch than the other.
var epochAttacks = []attack{
	{"the old shares after a re-share", func(s *stage) error {
		v := s.reshared()
		s.Must(s.reads(v))
		return s.reads(s.key)
	}, secret.ErrRolledBack},
	{"the same deals put together otherwise", func(s *stage) error {
		s.joins()
		deals := s.deals(s.key, 1, s.alice, s.bob, s.carol, s.dave)
		s.Must(s.reads(composed(s.key, deals[0], deals[1], deals[3])))
		return s.reads(composed(s.key, deals[0], deals[2], deals[3]))
	}, secret.ErrForked},
	{"one epoch for the consumer and another for the approver", func(s *stage) error {
		s.joins()
		deals := s.deals(s.key, 1, s.alice, s.bob, s.carol, s.dave)
		q := s.ask(pathKey, composed(s.key, deals[0], deals[1], deals[3]))
		q.version = composed(s.key, deals[0], deals[2], deals[3])
		return s.accept(q, s.approval(s.alice, q))
	}, approval.ErrWrapSet},
	{"one epoch for the consumer and another for an approver who says otherwise", func(s *stage) error {
		s.joins()
		deals := s.deals(s.key, 1, s.alice, s.bob, s.carol, s.dave)
		q := s.ask(pathKey, composed(s.key, deals[0], deals[1], deals[3]))
		q.version = composed(s.key, deals[0], deals[2], deals[3])
		rel := s.approval(s.alice, q)
		rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.WrapSet = q.verified.WrapSet }, s.alice.signers(s)...)
		return s.accept(q, rel)
	}, secret.ErrShare},
	{"a share from before a re-share", func(s *stage) error {
		s.joins()
		q := s.ask(pathKey, s.key)
		rel := s.approval(s.alice, q)
		q.follows(s, composed(s.key, s.deals(s.key, 1, s.alice, s.bob, s.dave)...))
		return s.accept(q, rel)
	}, approval.ErrWrapSet},
	{"a share from after a re-share at a consumer that does not know of it", func(s *stage) error {
		s.joins()
		q := s.ask(pathKey, s.key)
		q.version = composed(s.key, s.deals(s.key, 1, s.alice, s.bob, s.dave)...)
		return s.accept(q, s.approval(s.bob, q))
	}, approval.ErrWrapSet},
	{"shares of two epochs for one quorum", func(s *stage) error {
		v := s.reshared()
		return s.combined(s.share(s.alice, s.key, pathKey), s.share(s.bob, v, pathKey), s.share(s.dave, s.key, pathKey))
	}, secret.ErrShare},
	{"a share opened by whom the policy dropped", func(s *stage) error {
		s.joins()
		_, err := s.carol.approve(s.ask(pathKey, s.key).item(), s.Now)
		return err
	}, approval.ErrNotPrincipal},
	{"an approver who joined shown the shares from before", func(s *stage) error {
		frank := s.joins()
		_, err := frank.approve(s.ask(pathKey, s.key).item(), s.Now)
		return err
	}, secret.ErrNotHolder},
	{"pieces that are not what their dealer committed to", func(s *stage) error {
		s.joins()
		deals := s.deals(s.key, 1, s.alice, s.bob, s.dave)
		deals[1].Deal = edit(s, deals[1].Deal, func(b *secret.Deal) {
			b.Holders[0].Commitment, b.Holders[1].Commitment = b.Holders[1].Commitment, b.Holders[0].Commitment
		}, s.bob.signer(s))
		v := composed(s.key, deals...)
		q := s.ask(pathKey, v)
		for _, d := range []*device{s.alice, s.bob} {
			if _, err := d.approve(q.item(), s.Now); err != nil {
				return err
			}
		}
		return nil
	}, secret.ErrDealer},
}

// follows has a consumer that waits learn of a re-share.
func (q *question) follows(s *stage, v *secret.Version) {
	var err error
	q.version = v
	q.verified, err = v.Verify(s.host.roster, s.Mount, pathKey)
	s.Must(err)
}
