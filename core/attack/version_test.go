package attack_test

import (
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// served has the host, which has seen versions up to seen, take a version as
// the latest of prod/db.
func (s *stage) served(seen int, v *secret.Version, chain ...envelope.Signed) error {
	if seen > 0 {
		var between []envelope.Signed
		verified, err := s.db[seen-1].Verify(s.host.roster, s.Mount, pathDB)
		s.Must(err)
		s.Must(s.host.seen[pathDB].Check(s.host.roster, verified, between))
		s.host.seen[pathDB] = verified.Seen()
	}
	_, err := s.host.read(pathDB, v, chain...)
	return err
}

// reheaded returns a version whose header is changed and whose wrap set follows
// it, both signed by whoever plays along.
func (s *stage) reheaded(v *secret.Version, change func(*secret.Header), signers ...envelope.Signer) *secret.Version {
	out := *v
	out.Header = edit(s, v.Header, change, signers...)
	h, err := envelope.Peek[secret.Header](out.Header, envelope.TypeHeader)
	s.Must(err)
	out.WrapSet = edit(s, v.WrapSet, func(w *secret.WrapSet) { w.Header, w.Roster = out.Header.Hash(), h.Roster }, signers...)
	return &out
}

// authored has a consumer write prod/db under a policy that named it only for
// that moment, and everybody learn what happened.
func (s *stage) authored(c *coretest.Consumer) *secret.Version {
	p := s.prod
	p.Authors = append(slices.Clone(p.Authors), c.ID)
	s.SetPolicy(p)
	s.everybodyLearns()
	v, err := secret.Seal(s.Roster, secret.Draft{Mount: s.Mount, Secret: envelope.NewID(), Path: pathDB, Version: 1, Author: c.ID}, []byte(`{}`), c.Signer, s.Now)
	s.Must(err)
	return v
}

var versionAttacks = []attack{
	{"an old version as the latest", func(s *stage) error { return s.served(3, s.db[1]) }, secret.ErrRolledBack},
	{"another secret's version", func(s *stage) error { return s.served(0, s.api) }, secret.ErrHeader},
	{"another mount's version", func(s *stage) error {
		v, err := secret.Seal(s.Roster, secret.Draft{Mount: envelope.NewID(), Secret: envelope.NewID(), Path: pathDB, Version: 1, Author: s.host.ID}, []byte(`{}`), s.host.Signer, s.Now)
		s.Must(err)
		return s.served(0, v)
	}, secret.ErrHeader},
	{"another organisation's version", func(s *stage) error { return s.served(0, s.another().db[0]) }, roster.ErrOrganisation},
	{"a version signed by the broker in the author's name", func(s *stage) error {
		return s.served(0, s.reheaded(s.db[2], func(h *secret.Header) { h.Version = 9 }, s.mallory))
	}, envelope.ErrSignature},
	{"a version by an author whom nobody admitted", func(s *stage) error {
		return s.served(0, s.reheaded(s.db[2], func(h *secret.Header) { h.Author = envelope.NewID() }, s.mallory))
	}, roster.ErrUnknown},
	{"a version by a consumer that may not write", func(s *stage) error {
		return s.served(0, s.reheaded(s.db[2], func(h *secret.Header) { h.Author = s.rogue.ID }, s.rogue.Signer))
	}, secret.ErrAuthor},
	{"a version that its author wrote after being revoked", func(s *stage) error {
		s.authored(s.rogue)
		s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.rogue.ID})
		s.everybodyLearns()
		return s.served(0, s.reheaded(s.db[2], func(h *secret.Header) { h.Author, h.Roster = s.rogue.ID, s.Roster.Head() }, s.rogue.Signer))
	}, roster.ErrRevoked},
	{"a version backdated with a leaked author key", func(s *stage) error {
		v := s.authored(s.rogue)
		s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.rogue.ID, Compromised: true})
		s.everybodyLearns()
		return s.served(0, v)
	}, roster.ErrRevoked},
	{"a version written before its author was admitted", func(s *stage) error {
		v := s.authored(s.rogue)
		return s.served(0, s.reheaded(v, func(h *secret.Header) { h.Roster = s.Fold(2).Head() }, s.rogue.Signer))
	}, roster.ErrUnknown},
	{"a header renumbered", func(s *stage) error {
		v := *s.db[1]
		v.Header = edit(s, v.Header, func(h *secret.Header) { h.Version = 4 })
		return s.served(3, &v)
	}, envelope.ErrSignature},
	{"a header moved to another path", func(s *stage) error {
		v := *s.api
		v.Header = edit(s, v.Header, func(h *secret.Header) { h.Path = pathDB })
		return s.served(0, &v)
	}, envelope.ErrSignature},
	{"a header of another suite", func(s *stage) error {
		return s.served(0, s.reheaded(s.db[2], func(h *secret.Header) { h.Suite = 0 }, s.host.Signer))
	}, envelope.ErrSuite},
	{"a version under a weaker policy of another path", func(s *stage) error {
		hash, err := s.quorum.Hash()
		s.Must(err)
		return s.served(0, s.reheaded(s.db[2], func(h *secret.Header) { h.Policy, h.PolicyHash = s.quorum.ID, hash }, s.host.Signer))
	}, secret.ErrPolicy},
	{"a version under an earlier text of its policy", func(s *stage) error {
		p := s.prod
		p.LeaseTTL++
		s.SetPolicy(p)
		s.everybodyLearns()
		return s.served(0, s.reheaded(s.db[2], func(h *secret.Header) { h.Roster = s.Roster.Head() }, s.host.Signer))
	}, secret.ErrPolicy},
	{"a version from when the quorum was lower", func(s *stage) error {
		p := s.prod
		p.Requirements = slices.Clone(p.Requirements)
		p.Requirements[0].M = 2
		s.SetPolicy(p)
		s.everybodyLearns()
		return s.served(0, s.db[2])
	}, secret.ErrStale},
	{"a version for a path whose policy is gone", func(s *stage) error {
		s.Append(roster.KindPolicyDelete, roster.Removal{ID: s.prod.ID})
		s.everybodyLearns()
		return s.served(0, s.db[2])
	}, roster.ErrNoPolicy},
	{"a version under statements that the reader lacks", func(s *stage) error {
		s.AdmitConsumer("later", roster.ConsumerCI)
		return s.served(0, s.reheaded(s.db[2], func(h *secret.Header) { h.Roster = s.Roster.Head() }, s.host.Signer))
	}, roster.ErrBehind},
	{"a version under another branch of the log", func(s *stage) error {
		return s.served(0, s.reheaded(s.db[2], func(h *secret.Header) { h.Roster.Hash[0] ^= 1 }, s.host.Signer))
	}, roster.ErrForked},
	{"one mount's version in another mount's name", func(s *stage) error {
		elsewhere := &coretest.Consumer{ID: envelope.NewID(), Signer: envelope.NewSigningKey(envelope.NewKey())}
		s.Append(roster.KindConsumerAdmit, roster.ConsumerAdmit{ID: elsewhere.ID, Name: "elsewhere", Kind: roster.ConsumerMount, Signing: elsewhere.Signer.Public(), Mount: envelope.NewID()})
		p := s.prod
		p.Authors = append(slices.Clone(p.Authors), elsewhere.ID)
		s.SetPolicy(p)
		s.everybodyLearns()
		hash, err := p.Hash()
		s.Must(err)
		return s.served(0, s.reheaded(s.db[2], func(h *secret.Header) {
			h.Author, h.PolicyHash, h.Roster = elsewhere.ID, hash, s.Roster.Head()
		}, elsewhere.Signer))
	}, secret.ErrAuthor},
	{"two third versions", func(s *stage) error {
		return s.served(3, s.reheaded(s.db[2], func(h *secret.Header) { h.Created++ }, s.host.Signer))
	}, secret.ErrForked},
	{"a version dropped from the chain", func(s *stage) error { return s.served(1, s.db[2]) }, secret.ErrChain},
	{"a version in the chain replaced by another secret's", func(s *stage) error { return s.served(1, s.db[2], s.api.Header) }, secret.ErrHeader},
	{"a version in the chain forged", func(s *stage) error {
		return s.served(1, s.db[2], edit(s, s.db[1].Header, func(h *secret.Header) { h.Created++ }))
	}, envelope.ErrSignature},
	{"a chain that repeats a version", func(s *stage) error {
		return s.served(1, s.db[2], s.db[1].Header, s.db[1].Header)
	}, secret.ErrChain},
	{"a version that goes on from another second version", func(s *stage) error {
		return s.served(2, s.reheaded(s.db[2], func(h *secret.Header) { h.Previous[0] ^= 1 }, s.host.Signer))
	}, secret.ErrChain},
	{"a deleted secret as if it had been written anew", func(s *stage) error {
		fresh := s.write(pathDB, 1)[0]
		verified, err := s.host.read(pathDB, fresh)
		s.Must(err)
		s.host.seen[pathDB] = verified.Seen()
		s.Now = s.Now.Add(time.Hour)
		_, err = s.host.read(pathDB, s.db[2])
		return err
	}, secret.ErrRolledBack},
}
