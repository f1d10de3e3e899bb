package attack_test

import (
	"errors"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

var errOpened = errors.New("opened without a quorum")

// share opens somebody's share of a version, as their own device does.
func (s *stage) share(d *device, v *secret.Version, path string) *secret.Share {
	verified, err := v.Verify(d.roster, s.Mount, path)
	s.Must(err)
	share, err := verified.OpenShare(d.Keyring)
	s.Must(err)
	return share
}

// replaced is d's release of quorum/key with another share in it, for which
// d signs.
func (s *stage) replaced(q *question, d *device, share []byte) approval.Release {
	rel := s.approval(d, q)
	blob := s.sealed(&q.asked, &rel, share)
	rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.Blob = envelope.SumHash(blob.Bytes) }, d.signers(s)...)
	rel.Blob = &blob
	return rel
}

// combined opens quorum/key with the shares given, however they were come by.
func (s *stage) combined(shares ...*secret.Share) error {
	verified, err := s.key.Verify(s.host.roster, s.Mount, pathKey)
	s.Must(err)
	_, err = verified.Combine(shares)
	return err
}

// quorumAttacks drop, repeat and mix shares.
var quorumAttacks = []attack{
	{"one person's release twice", func(s *stage) error {
		q := s.ask(pathKey, s.key)
		rel := s.approval(s.alice, q)
		s.Must(s.accept(q, rel))
		return s.accept(q, rel)
	}, approval.ErrDecided},
	{"one person's share under another's name", func(s *stage) error {
		q := s.ask(pathKey, s.key)
		share := s.share(s.alice, s.key, pathKey)
		return s.accept(q, s.replaced(q, s.bob, share.Reveal()))
	}, secret.ErrShare},
	{"a share of another version", func(s *stage) error {
		other := s.write("quorum/other", 1)[0]
		q := s.ask(pathKey, s.key)
		return s.accept(q, s.replaced(q, s.bob, s.share(s.bob, other, "quorum/other").Reveal()))
	}, secret.ErrShare},
	{"a share of zeroes", func(s *stage) error {
		q := s.ask(pathKey, s.key)
		return s.accept(q, s.replaced(q, s.bob, make([]byte, 64)))
	}, secret.ErrShare},
	{"a share that is too short", func(s *stage) error {
		q := s.ask(pathKey, s.key)
		return s.accept(q, s.replaced(q, s.bob, make([]byte, 63)))
	}, secret.ErrShare},
	{"a share renumbered", func(s *stage) error {
		q := s.ask(pathKey, s.key)
		rel := s.approval(s.bob, q)
		rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.X++ }, s.bob.signers(s)...)
		return s.accept(q, rel)
	}, envelope.ErrOpen},
	{"a share renumbered and sealed again", func(s *stage) error {
		q := s.ask(pathKey, s.key)
		rel := s.approval(s.bob, q)
		rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.X++ }, s.bob.signers(s)...)
		blob := s.sealed(&q.asked, &rel, s.share(s.bob, s.key, pathKey).Reveal())
		rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.Blob = envelope.SumHash(blob.Bytes) }, s.bob.signers(s)...)
		rel.Blob = &blob
		return s.accept(q, rel)
	}, secret.ErrShare},
	{"a share for the other requirement", func(s *stage) error {
		q := s.ask(pathKey, s.key)
		rel := s.approval(s.bob, q)
		rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.Requirement = 1 }, s.bob.signers(s)...)
		return s.accept(q, rel)
	}, approval.ErrRelease},
	{"a payload where shares are due", func(s *stage) error {
		q := s.ask(pathKey, s.key)
		rel := s.approval(s.bob, q)
		rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.Form, r.X = approval.FormPayload, 0 }, s.bob.signers(s)...)
		return s.accept(q, rel)
	}, approval.ErrRelease},
	{"shares of two requests of one consumer", func(s *stage) error {
		one, two := s.ask(pathKey, s.key), s.ask(pathKey, s.key)
		s.Must(s.accept(one, s.approval(s.alice, one)))
		s.Must(s.accept(one, s.approval(s.dave, one)))
		return s.accept(one, s.approval(s.bob, two))
	}, approval.ErrRelease},
	{"a share dropped", func(s *stage) error {
		return s.combined(s.share(s.alice, s.key, pathKey), s.share(s.dave, s.key, pathKey))
	}, secret.ErrQuorum},
	{"a whole requirement dropped", func(s *stage) error {
		return s.combined(s.share(s.alice, s.key, pathKey), s.share(s.bob, s.key, pathKey), s.share(s.carol, s.key, pathKey))
	}, secret.ErrQuorum},
	{"a share repeated to make up the number", func(s *stage) error {
		return s.combined(s.share(s.alice, s.key, pathKey), s.share(s.alice, s.key, pathKey), s.share(s.dave, s.key, pathKey))
	}, secret.ErrShare},
	{"a share of another secret mixed in", func(s *stage) error {
		other := s.write("quorum/other", 1)[0]
		return s.combined(s.share(s.alice, s.key, pathKey), s.share(s.bob, other, "quorum/other"), s.share(s.dave, s.key, pathKey))
	}, envelope.ErrOpen},
	{"all releases but one, and that of a denier", func(s *stage) error {
		q := s.ask(pathKey, s.key)
		s.Must(s.accept(q, s.approval(s.alice, q)))
		s.Must(s.accept(q, s.approval(s.dave, q)))
		if len(q.pending.Missing(&q.asked, q.verified)) == 0 {
			return errOpened
		}
		rel, err := s.bob.deny(q.item(), s.Now)
		s.Must(err)
		return s.accept(q, rel)
	}, approval.ErrDenied},
}
