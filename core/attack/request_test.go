package attack_test

import (
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// reviewed has alice review a changed request for the latest prod/db.
func (s *stage) reviewed(change func(*approval.Request), signers ...envelope.Signer) error {
	q := s.ask(pathDB, s.db[2])
	q.signed = edit(s, q.signed, change, signers...)
	_, err := s.alice.review(q.item(), s.Now)
	return err
}

// requestAttacks change who asks, for what and when.
var requestAttacks = []attack{
	{"the ephemeral key swapped", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Ephemeral = s.brokerKEM() })
	}, envelope.ErrSignature},
	{"the ephemeral key swapped and signed by the broker", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Ephemeral = s.brokerKEM() }, s.mallory)
	}, envelope.ErrSignature},
	{"an ephemeral key that nothing can be sealed to", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { clear(r.Ephemeral[1184:]) }, s.host.Signer)
	}, envelope.ErrKey},
	{"a request by a consumer whom nobody admitted", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Consumer = envelope.NewID() }, s.mallory)
	}, roster.ErrUnknown},
	{"a request by a consumer whom the policy does not name", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Consumer = s.rogue.ID }, s.rogue.Signer)
	}, approval.ErrConsumer},
	{"a request by a revoked consumer", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.host.ID})
		s.Must(s.alice.learn(s.Roster.Organisation(), s.Log))
		_, err := s.alice.review(q.item(), s.Now)
		return err
	}, roster.ErrRevoked},
	{"another organisation's request", func(s *stage) error {
		other := s.another()
		_, err := s.alice.review(other.ask(pathDB, other.db[0]).item(), s.Now)
		return err
	}, roster.ErrOrganisation},
	{"a request for another mount", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Mount = envelope.NewID() }, s.host.Signer)
	}, approval.ErrRequest},
	{"a mount's request for another mount", func(s *stage) error {
		mount := s.reportingMount()
		return s.reviewed(func(r *approval.Request) { r.Consumer, r.Mount, r.Origin.Reported = mount.ID, envelope.NewID(), true }, mount.Signer)
	}, approval.ErrRequest},
	{"an old version shown for a request for the latest", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		q.version = s.db[1]
		_, err := s.alice.review(q.item(), s.Now)
		return err
	}, approval.ErrRequest},
	{"another secret's version shown for a request", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		q.version = s.api
		_, err := s.alice.review(q.item(), s.Now)
		return err
	}, secret.ErrHeader},
	{"a request that names another policy", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Policy = s.quorum.ID }, s.host.Signer)
	}, approval.ErrRequest},
	{"a request moved to a path without a policy", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Path = "elsewhere/db" }, s.host.Signer)
	}, roster.ErrNoPolicy},
	{"a request decided before, replayed", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		s.approval(s.alice, q)
		_, err := s.alice.review(q.item(), s.Now)
		return err
	}, approval.ErrReplayed},
	{"a request after its deadline, replayed", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		s.Now = s.Now.Add(time.Hour)
		_, err := s.alice.review(q.item(), s.Now)
		return err
	}, approval.ErrExpired},
	{"a request that outlives its screen", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		c, err := s.alice.review(q.item(), s.Now)
		s.Must(err)
		_, err = c.Approve(s.alice.Keyring, s.alice.Device.Signer(), s.alice.ledger, s.Now.Add(time.Hour))
		return err
	}, approval.ErrExpired},
	{"a request from the future", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) {
			r.Created, r.Deadline = r.Created.Add(10*time.Minute), r.Deadline.Add(10*time.Minute)
		}, s.host.Signer)
	}, approval.ErrFuture},
	{"a deadline beyond the policy's", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Deadline = r.Deadline.Add(time.Hour) }, s.host.Signer)
	}, approval.ErrDeadline},
	{"a deadline so far that it wraps around", func(s *stage) error {
		// The difference in nanoseconds, taken modulo 2^64, is less than a millisecond.
		return s.reviewed(func(r *approval.Request) {
			r.Created -= 9223372036855
			r.Deadline = r.Created + 18446744073710
		}, s.host.Signer)
	}, approval.ErrDeadline},
	{"a lease beyond the policy's", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Lease = s.prod.LeaseMax + 1 }, s.host.Signer)
	}, approval.ErrLease},
	{"a signed message of another type as a request", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		q.signed = s.db[2].Header
		_, err := s.alice.review(q.item(), s.Now)
		return err
	}, envelope.ErrPayloadType},
	{"a request to a phone that was revoked", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		s.Append(roster.KindDeviceRevoke, roster.Removal{ID: s.alice.Device.ID()})
		s.everybodyLearns()
		_, err := s.alice.review(q.item(), s.Now)
		return err
	}, roster.ErrRevoked},
	{"a request to somebody else's phone", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		s.alice.Device = s.bob.Device
		_, err := s.alice.review(q.item(), s.Now)
		return err
	}, approval.ErrDevice},
	{"a request to somebody who holds no share", func(s *stage) error {
		_, err := s.dave.review(s.ask(pathDB, s.db[2]).item(), s.Now)
		return err
	}, secret.ErrNotHolder},
	{"a request to a holder whom the policy dropped", func(s *stage) error {
		p := s.prod
		p.Requirements = []roster.Requirement{coretest.Need("dba", 1, s.bob.Person, s.carol.Person)}
		s.SetPolicy(p)
		s.everybodyLearns()
		_, err := s.alice.review(s.ask(pathDB, s.db[2]).item(), s.Now)
		return err
	}, approval.ErrNotPrincipal},
	{"the consumer revoked while the person was thinking", func(s *stage) error {
		c, err := s.alice.review(s.ask(pathDB, s.db[2]).item(), s.Now)
		s.Must(err)
		revoke, err := s.alice.roster.Next(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.host.ID}, s.Now, s.Identity)
		s.Must(err)
		s.Must(s.alice.roster.Append(revoke))
		_, err = c.Approve(s.alice.Keyring, s.alice.Device.Signer(), s.alice.ledger, s.Now)
		return err
	}, roster.ErrRevoked},
	{"one person's request answered with another's keyring", func(s *stage) error {
		c, err := s.alice.review(s.ask(pathDB, s.db[2]).item(), s.Now)
		s.Must(err)
		_, err = c.Approve(s.bob.Keyring, s.alice.Device.Signer(), s.alice.ledger, s.Now)
		return err
	}, keyring.ErrOwner},
}

func (s *stage) brokerKEM() envelope.KEMKey {
	public, err := envelope.KEMPublic(envelope.NewKey())
	s.Must(err)
	return public
}

// reportingMount admits the mount and lets the policy of prod/* name it.
func (s *stage) reportingMount() *coretest.Consumer {
	mount := s.AdmitConsumer("mount", roster.ConsumerMount)
	p := s.prod
	p.Consumers = append(slices.Clone(p.Consumers), mount.ID)
	s.SetPolicy(p)
	s.everybodyLearns()
	return mount
}
