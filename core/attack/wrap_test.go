package attack_test

import (
	"bytes"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// rewrapped is the latest version of prod/db with a changed wrap set.
func (s *stage) rewrapped(change func(*secret.WrapSet), signers ...envelope.Signer) *secret.Version {
	v := *s.db[2]
	v.Wraps = slices.Clone(v.Wraps)
	v.WrapSet = edit(s, v.WrapSet, change, signers...)
	return &v
}

// opened has alice approve a genuine request for prod/db whose version the
// broker changed on the way to her.
func (s *stage) opened(change func(*secret.Version)) error {
	q := s.ask(pathDB, s.db[2])
	v := *s.db[2]
	v.Wraps = slices.Clone(v.Wraps)
	change(&v)
	q.version = &v
	_, err := s.alice.approve(q.item(), s.Now)
	return err
}

// indexOf is the place of alice's share in a version of prod/db.
func (s *stage) indexOf(d *device, v *secret.Version) int {
	w, err := envelope.Peek[secret.WrapSet](v.WrapSet, envelope.TypeWrapSet)
	s.Must(err)
	return slices.IndexFunc(w.Holders, func(h secret.Holder) bool { return h.Approver == d.ID })
}

var wrapAttacks = []attack{
	{"the wrap set of an earlier version", func(s *stage) error {
		v := *s.db[2]
		v.WrapSet, v.Wraps = s.db[1].WrapSet, s.db[1].Wraps
		return s.served(0, &v)
	}, secret.ErrWrapSet},
	{"a wrap set signed by the broker", func(s *stage) error {
		return s.served(0, s.rewrapped(func(*secret.WrapSet) {}, s.mallory))
	}, envelope.ErrSignature},
	{"a holder of the broker's own", func(s *stage) error {
		return s.served(0, s.rewrapped(func(w *secret.WrapSet) { w.Holders[0].Approver = envelope.NewID() }))
	}, envelope.ErrSignature},
	{"a later epoch that nobody made", func(s *stage) error {
		v := *s.db[2]
		v.Reshares = []secret.Reshare{{Deals: []secret.Dealt{}}}
		return s.served(0, &v)
	}, secret.ErrWrapSet},
	{"a wrap set that asks for fewer than the policy", func(s *stage) error {
		v := *s.key
		v.WrapSet = edit(s, v.WrapSet, func(w *secret.WrapSet) { w.Access[0].M = 1 }, s.host.Signer)
		_, err := s.host.read(pathKey, &v)
		return err
	}, secret.ErrWrapSet},
	{"a wrap set with one person twice", func(s *stage) error {
		return s.served(0, s.rewrapped(func(w *secret.WrapSet) { w.Holders[1].Approver = w.Holders[0].Approver }, s.host.Signer))
	}, secret.ErrWrapSet},
	{"a wrap set with one share twice", func(s *stage) error {
		return s.served(0, s.rewrapped(func(w *secret.WrapSet) { w.Holders[1].X = w.Holders[0].X }, s.host.Signer))
	}, secret.ErrWrapSet},
	{"a wrap set with too few shares", func(s *stage) error {
		v := *s.key
		v.WrapSet = edit(s, v.WrapSet, func(w *secret.WrapSet) { w.Holders = w.Holders[:3] }, s.host.Signer)
		v.Wraps = v.Wraps[:3]
		_, err := s.host.read(pathKey, &v)
		return err
	}, secret.ErrWrapSet},
	{"two people's sealed shares swapped", func(s *stage) error {
		return s.opened(func(v *secret.Version) { v.Wraps[0], v.Wraps[1] = v.Wraps[1], v.Wraps[0] })
	}, secret.ErrWrapSet},
	{"a sealed share of an earlier version", func(s *stage) error {
		return s.opened(func(v *secret.Version) { v.Wraps[0] = s.db[1].Wraps[s.indexOf(s.alice, s.db[1])] })
	}, secret.ErrWrapSet},
	{"the sealed shares cut off", func(s *stage) error {
		return s.opened(func(v *secret.Version) { v.Wraps = v.Wraps[:1] })
	}, secret.ErrWrapSet},
	{"a sealed share withheld from its holder", func(s *stage) error {
		return s.opened(func(v *secret.Version) { v.Wraps[s.indexOf(s.alice, v)] = envelope.Envelope{Suite: envelope.Suite1} })
	}, secret.ErrNotHolder},
	{"a sealed share of another suite", func(s *stage) error {
		return s.opened(func(v *secret.Version) { v.Wraps[0].Suite = 2 })
	}, secret.ErrWrapSet},
	{"a payload altered", func(s *stage) error {
		return s.opened(func(v *secret.Version) {
			v.Payload.Bytes = bytes.Clone(v.Payload.Bytes)
			v.Payload.Bytes[40] ^= 1
		})
	}, envelope.ErrOpen},
	{"the payload of an earlier version", func(s *stage) error {
		return s.opened(func(v *secret.Version) { v.Payload = s.db[1].Payload })
	}, envelope.ErrOpen},
	{"the payload of another secret", func(s *stage) error {
		return s.opened(func(v *secret.Version) { v.Payload = s.api.Payload })
	}, envelope.ErrOpen},
	{"a payload of another suite", func(s *stage) error {
		return s.opened(func(v *secret.Version) { v.Payload.Suite = 2 })
	}, envelope.ErrSuite},
	{"a wrap set sealed for a share that does not match its commitment", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		v := s.rewrapped(func(w *secret.WrapSet) {
			w.Holders[0].Commitment, w.Holders[1].Commitment = w.Holders[1].Commitment, w.Holders[0].Commitment
		}, s.host.Signer)
		q.version = v
		_, err := s.alice.approve(q.item(), s.Now)
		return err
	}, secret.ErrShare},
	{"a header with the commitment of another value", func(s *stage) error {
		v := s.reheaded(s.db[2], func(h *secret.Header) { h.Commitment[0] ^= 1 }, s.host.Signer)
		_, err := s.alice.approve(s.ask(pathDB, v).item(), s.Now)
		return err
	}, secret.ErrCommitment},
	{"a value of the approver's own choice", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		rel := s.approval(s.alice, q)
		blob := s.sealed(&q.asked, &rel, make([]byte, 32+256))
		rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.Blob = envelope.SumHash(blob.Bytes) }, s.alice.signers(s)...)
		rel.Blob = &blob
		return s.accept(q, rel)
	}, secret.ErrCommitment},
}

// sealed is plaintext sealed for a request as the release's approver would seal
// it: the ephemeral key is public, so anybody can do that.
func (s *stage) sealed(q *approval.Request, rel *approval.Release, plaintext []byte) envelope.Envelope {
	rec, err := envelope.Peek[approval.Receipt](rel.Receipt, envelope.TypeReceipt)
	s.Must(err)
	ctx := envelope.Context{
		Purpose: envelope.PurposeReleasePayload, Organisation: q.Organisation, Mount: q.Mount,
		Secret: q.Secret, Version: q.Version, Recipient: rec.Approver, Request: rec.Request,
	}
	if rec.Form == approval.FormShare {
		ctx.Purpose, ctx.Requirement, ctx.X = envelope.PurposeReleaseShare, rec.Requirement, rec.X
	}
	blob, err := envelope.SealTo(q.Ephemeral, ctx, plaintext)
	s.Must(err)
	return blob
}
