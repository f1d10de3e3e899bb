package attack_test

import (
	"bytes"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// released has the host take alice's honest release of the latest prod/db after
// the attack changed it.
func (s *stage) released(change func(q *question, rel *approval.Release)) error {
	q := s.ask(pathDB, s.db[2])
	rel := s.approval(s.alice, q)
	change(q, &rel)
	return s.accept(q, rel)
}

// receipted is released with a changed receipt.
func (s *stage) receipted(change func(*approval.Receipt), signers ...envelope.Signer) error {
	return s.released(func(_ *question, rel *approval.Release) { rel.Receipt = edit(s, rel.Receipt, change, signers...) })
}

// releaseAttacks change what the consumer gets for an any-of secret.
var releaseAttacks = []attack{
	{"the release of an earlier request", func(s *stage) error {
		rel := s.approval(s.alice, s.ask(pathDB, s.db[2]))
		return s.accept(s.ask(pathDB, s.db[2]), rel)
	}, approval.ErrRelease},
	{"the release of another secret's request", func(s *stage) error {
		rel := s.approval(s.alice, s.ask(pathAPI, s.api))
		return s.accept(s.ask(pathDB, s.db[2]), rel)
	}, approval.ErrRelease},
	{"the blob of another release", func(s *stage) error {
		return s.released(func(_ *question, rel *approval.Release) { rel.Blob = s.approval(s.bob, s.ask(pathDB, s.db[2])).Blob })
	}, approval.ErrRelease},
	{"a blob that the broker sealed", func(s *stage) error {
		return s.released(func(q *question, rel *approval.Release) {
			blob := s.sealed(&q.asked, rel, make([]byte, 32+256))
			rel.Blob = &blob
		})
	}, approval.ErrRelease},
	{"a blob that the broker sealed, with its hash in the receipt", func(s *stage) error {
		return s.released(func(q *question, rel *approval.Release) {
			blob := s.sealed(&q.asked, rel, make([]byte, 32+256))
			rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.Blob = envelope.SumHash(blob.Bytes) })
			rel.Blob = &blob
		})
	}, envelope.ErrSignature},
	{"an approval without its blob", func(s *stage) error {
		return s.released(func(_ *question, rel *approval.Release) { rel.Blob = nil })
	}, approval.ErrRelease},
	{"a blob sealed for another request", func(s *stage) error {
		return s.released(func(_ *question, rel *approval.Release) {
			blob := s.approval(s.alice, s.ask(pathDB, s.db[2])).Blob
			rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.Blob = envelope.SumHash(blob.Bytes) }, s.alice.signers(s)...)
			rel.Blob = blob
		})
	}, envelope.ErrOpen},
	{"a blob of another suite", func(s *stage) error {
		return s.released(func(_ *question, rel *approval.Release) {
			rel.Blob = &envelope.Envelope{Suite: 2, Bytes: bytes.Clone(rel.Blob.Bytes)}
		})
	}, envelope.ErrSuite},
	{"a denial turned into an approval", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		rel, err := s.alice.deny(q.item(), s.Now)
		s.Must(err)
		rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.Decision, r.Reason = approval.Approve, "" })
		return s.accept(q, rel)
	}, envelope.ErrSignature},
	{"a denial with something attached", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		rel, err := s.alice.deny(q.item(), s.Now)
		s.Must(err)
		rel.Blob = s.approval(s.bob, q).Blob
		return s.accept(q, rel)
	}, approval.ErrRelease},
	{"an approval without the approver's factor", func(s *stage) error {
		return s.receipted(func(*approval.Receipt) {}, s.alice.Device.Signer())
	}, envelope.ErrSignature},
	{"an approval under another approver's name", func(s *stage) error {
		return s.receipted(func(r *approval.Receipt) { r.Approver = s.bob.ID }, s.alice.signers(s)...)
	}, approval.ErrDevice},
	{"an approval under another approver's name and device", func(s *stage) error {
		return s.receipted(func(r *approval.Receipt) { r.Approver, r.Device = s.bob.ID, s.bob.Device.ID() }, s.alice.signers(s)...)
	}, envelope.ErrSignature},
	{"an approval by a device that nobody admitted", func(s *stage) error {
		return s.receipted(func(r *approval.Receipt) { r.Device = envelope.NewID() }, s.alice.signers(s)...)
	}, roster.ErrUnknown},
	{"the lease raised on the way", func(s *stage) error {
		return s.receipted(func(r *approval.Receipt) { r.Lease = s.prod.LeaseMax })
	}, envelope.ErrSignature},
	{"a lease beyond the policy's, granted", func(s *stage) error {
		return s.receipted(func(r *approval.Receipt) { r.Lease = s.prod.LeaseMax + 1 }, s.alice.signers(s)...)
	}, approval.ErrLease},
	{"a release after the deadline", func(s *stage) error {
		return s.released(func(*question, *approval.Release) { s.Now = s.Now.Add(time.Hour) })
	}, approval.ErrExpired},
	{"a release dated before its request", func(s *stage) error {
		return s.receipted(func(r *approval.Receipt) { r.Time = r.Time.Add(-time.Hour) }, s.alice.signers(s)...)
	}, approval.ErrFuture},
	{"a release under an older roster than its request", func(s *stage) error {
		older := s.Fold(len(s.Log) - 1).Head()
		return s.receipted(func(r *approval.Receipt) { r.Roster = older }, s.alice.signers(s)...)
	}, approval.ErrRelease},
	{"a release by somebody who is no approver of the path", func(s *stage) error {
		return s.receipted(func(r *approval.Receipt) { r.Approver, r.Device = s.dave.ID, s.dave.Device.ID() }, s.dave.signers(s)...)
	}, secret.ErrNotHolder},
	{"a release by an approver revoked since", func(s *stage) error {
		return s.released(func(*question, *approval.Release) {
			s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.alice.ID})
			s.everybodyLearns()
		})
	}, roster.ErrRevoked},
	{"a release by a keyring replaced since", func(s *stage) error {
		return s.released(func(*question, *approval.Release) { s.rekey(s.alice) })
	}, roster.ErrRevoked},
	{"a release by somebody whom the policy dropped since", func(s *stage) error {
		return s.released(func(*question, *approval.Release) {
			p := s.prod
			p.Requirements = []roster.Requirement{coretest.Need("dba", 1, s.bob.Person, s.carol.Person)}
			s.SetPolicy(p)
			s.everybodyLearns()
		})
	}, approval.ErrNotPrincipal},
	{"a release though the policy dropped the consumer since", func(s *stage) error {
		return s.released(func(*question, *approval.Release) {
			p := s.prod
			p.Consumers = []envelope.ID{}
			s.SetPolicy(p)
			s.everybodyLearns()
		})
	}, approval.ErrConsumer},
	{"a release though the quorum was raised since", func(s *stage) error {
		return s.released(func(*question, *approval.Release) {
			p := s.prod
			p.Requirements = []roster.Requirement{coretest.Need("dba", 2, s.alice.Person, s.bob.Person)}
			s.SetPolicy(p)
			s.everybodyLearns()
		})
	}, secret.ErrStale},
	{"the requester's own release", func(s *stage) error {
		o := origin
		o.Entity = "entity-alice"
		q := s.askOn(pathDB, s.db[2], approval.Terms{Origin: o})
		rel := s.approval(s.bob, q)
		rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.Approver, r.Device = s.alice.ID, s.alice.Device.ID() }, s.alice.signers(s)...)
		return s.accept(q, rel)
	}, approval.ErrSelfApproval},
	{"another organisation's release", func(s *stage) error {
		other := s.another()
		return s.accept(s.ask(pathDB, s.db[2]), other.approval(other.alice, other.ask(pathDB, other.db[0])))
	}, roster.ErrOrganisation},
	{"another mount's release", func(s *stage) error {
		return s.receipted(func(r *approval.Receipt) { r.Mount = envelope.NewID() }, s.alice.signers(s)...)
	}, approval.ErrRelease},
	{"a share where the payload is due", func(s *stage) error {
		return s.receipted(func(r *approval.Receipt) { r.Form, r.X = approval.FormShare, 1 }, s.alice.signers(s)...)
	}, approval.ErrRelease},
}

// rekey replaces somebody's keyring.
func (s *stage) rekey(d *device) {
	k, err := keyring.New(s.Roster.Organisation(), d.ID, 2)
	s.Must(err)
	public, err := k.Public()
	s.Must(err)
	s.Append(roster.KindApproverRekey, roster.ApproverRekey{
		ID: d.ID, KEM: public.KEM, Signing: public.Signing, Generation: 2, Factors: []keyring.FactorKind{keyring.FactorSoftware},
	})
	s.everybodyLearns()
}
