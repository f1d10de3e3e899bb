package attack_test

import (
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// decided are n receipts of alice's phone, with what they were about.
func (s *stage) decided(n int) (all []approval.Evidence) {
	for range n {
		q := s.ask(pathDB, s.db[2])
		all = append(all, approval.Evidence{Receipt: s.approval(s.alice, q).Receipt, Request: q.signed})
	}
	_, err := all[0].Verify(s.Roster)
	s.Must(err)
	return all
}

func (s *stage) chained(all []approval.Evidence) error {
	var receipts []envelope.Signed
	for _, e := range all {
		receipts = append(receipts, e.Receipt)
	}
	return approval.VerifyChains(s.Roster, receipts)
}

// judged has an auditor look at one piece of evidence.
func (s *stage) judged(change func(*approval.Evidence)) error {
	e := s.decided(1)[0]
	change(&e)
	_, err := e.Verify(s.Roster)
	return err
}

// receiptAttacks falsify the record.
var receiptAttacks = []attack{
	{"a receipt missing in the middle", func(s *stage) error {
		all := s.decided(3)
		return s.chained([]approval.Evidence{all[0], all[2]})
	}, approval.ErrReceipts},
	{"a receipt renumbered to close a gap", func(s *stage) error {
		all := s.decided(3)
		all[2].Receipt = edit(s, all[2].Receipt, func(r *approval.Receipt) { r.Counter = 2 })
		return s.chained([]approval.Evidence{all[0], all[2]})
	}, envelope.ErrSignature},
	{"the first receipt missing", func(s *stage) error { return s.chained(s.decided(2)[1:]) }, approval.ErrReceipts},
	{"two receipts with one number", func(s *stage) error {
		all := s.decided(1)
		s.alice.ledger = approval.Ledger{}
		return s.chained(append(all, s.decided(1)...))
	}, approval.ErrReceipts},
	{"a receipt that follows another than it names", func(s *stage) error {
		all := s.decided(2)
		all[1].Receipt = edit(s, all[1].Receipt, func(r *approval.Receipt) { r.Previous[0] ^= 1 }, s.alice.signers(s)...)
		return s.chained(all)
	}, approval.ErrReceipts},
	{"a receipt with another request", func(s *stage) error {
		return s.judged(func(e *approval.Evidence) { e.Request = s.ask(pathDB, s.db[2]).signed })
	}, approval.ErrRelease},
	{"a receipt with its request edited", func(s *stage) error {
		return s.judged(func(e *approval.Evidence) {
			e.Request = edit(s, e.Request, func(r *approval.Request) { r.Reason = "routine" })
		})
	}, envelope.ErrSignature},
	{"a receipt with its decision edited", func(s *stage) error {
		return s.judged(func(e *approval.Evidence) {
			e.Receipt = edit(s, e.Receipt, func(r *approval.Receipt) { r.Lease++ })
		})
	}, envelope.ErrSignature},
	{"a receipt by a phone that had been revoked", func(s *stage) error {
		return s.judged(func(e *approval.Evidence) {
			s.Append(roster.KindDeviceRevoke, roster.Removal{ID: s.alice.Device.ID()})
			e.Receipt = edit(s, e.Receipt, func(r *approval.Receipt) { r.Roster = s.Roster.Head() }, s.alice.signers(s)...)
		})
	}, roster.ErrRevoked},
	{"a receipt backdated to before a revocation that its request knew", func(s *stage) error {
		before := s.Roster.Head()
		s.Append(roster.KindDeviceRevoke, roster.Removal{ID: s.bob.Device.ID()})
		s.everybodyLearns()
		return s.judged(func(e *approval.Evidence) {
			e.Receipt = edit(s, e.Receipt, func(r *approval.Receipt) {
				r.Approver, r.Device, r.Roster = s.bob.ID, s.bob.Device.ID(), before
			}, s.bob.signers(s)...)
		})
	}, approval.ErrRelease},
	{"an approval from after the deadline", func(s *stage) error {
		return s.judged(func(e *approval.Evidence) {
			e.Receipt = edit(s, e.Receipt, func(r *approval.Receipt) { r.Time = r.Time.Add(time.Hour) }, s.alice.signers(s)...)
		})
	}, approval.ErrExpired},
	{"a receipt of an approval without a lease", func(s *stage) error {
		return s.judged(func(e *approval.Evidence) {
			e.Receipt = edit(s, e.Receipt, func(r *approval.Receipt) { r.Lease = 0 }, s.alice.signers(s)...)
		})
	}, approval.ErrRelease},
	{"another organisation's receipt", func(s *stage) error {
		other := s.another()
		q := other.ask(pathDB, other.db[0])
		_, err := approval.Evidence{Receipt: other.approval(other.alice, q).Receipt, Request: q.signed}.Verify(s.Roster)
		return err
	}, roster.ErrOrganisation},
}
