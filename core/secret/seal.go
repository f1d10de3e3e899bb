package secret

import (
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Draft says which version is being written.
type Draft struct {
	Mount    envelope.ID
	Secret   envelope.ID // new for a path's first version, then the same
	Path     string
	Version  uint64        // from 1
	Previous envelope.Hash // header of the version before, zero for the first
	Author   envelope.ID   // a consumer that the policy names as author
}

// Seal encrypts value, a JSON object that stays the caller's to wipe, to the
// people whom the policy in force for the path names, and signs it as the
// author. What touches the value or a key is confined in here, call by call: all
// of Seal in one [envelope.Confine] would track and erase every allocation for
// public JSON, too. It needs public keys only. It returns [roster.ErrNoPolicy],
// [ErrAuthor], [roster.ErrUnmeetable], [roster.ErrCoverage], [roster.ErrExpired]
// [ErrValue] or [ErrSize] where that may not be.
func Seal(r *roster.Roster, d Draft, value []byte, author envelope.Signer, now time.Time) (*Version, error) {
	var err error
	envelope.Confine(func() { err = CheckValue(value) })
	if err != nil {
		return nil, fmt.Errorf("seal %q: %w", d.Path, err)
	}
	target, err := recipients(r, d, author.Public(), now)
	if err != nil {
		return nil, fmt.Errorf("seal %q: %w", d.Path, err)
	}
	hash, err := target.Policy.Hash()
	if err != nil {
		return nil, fmt.Errorf("seal %q: %w", d.Path, err)
	}
	h := &Header{
		Suite: envelope.Suite1, Organisation: r.Organisation(), Mount: d.Mount, Secret: d.Secret,
		Path: d.Path, Version: d.Version, Previous: d.Previous, Policy: target.Policy.ID, PolicyHash: hash,
		Author: d.Author, Created: envelope.At(now), Roster: r.Head(),
	}
	v, err := seal(h, target, value, author)
	if err != nil {
		return nil, fmt.Errorf("seal %q: %w", d.Path, err)
	}
	return v, nil
}

// recipients returns whom to seal a draft to.
func recipients(r *roster.Roster, d Draft, key envelope.VerifyKey, now time.Time) (*Target, error) {
	if d.Version == 0 || d.Secret.IsZero() || d.Mount.IsZero() || (d.Version == 1) != d.Previous.IsZero() {
		return nil, fmt.Errorf("incomplete draft: %w", ErrHeader)
	}
	if err := r.Fresh(now); err != nil {
		return nil, err
	}
	policy, err := r.PolicyFor(d.Path)
	if err != nil {
		return nil, err
	}
	author, err := r.Consumer(d.Author)
	if err != nil {
		return nil, err
	}
	if author.Signing != key || !mayWrite(policy, author, d.Mount) {
		return nil, fmt.Errorf("author %q, policy %q: %w", author.Name, policy.Name, ErrAuthor)
	}
	return TargetFor(r, d.Path)
}

// mayWrite says whether a policy names a consumer as author. A mount speaks for
// itself alone: what it signs for another mount counts for nothing.
func mayWrite(p *roster.Policy, author *roster.Consumer, mount envelope.ID) bool {
	return slices.Contains(p.Authors, author.ID) && (author.Kind != roster.ConsumerMount || author.Mount == mount)
}

func seal(h *Header, t *Target, value []byte, author envelope.Signer) (*Version, error) {
	root, pieces, err := deal(t.Access, t.Seats)
	if err != nil {
		return nil, err
	}
	defer root.Wipe()
	defer wipePieces(pieces)
	v := &Version{Reshares: []Reshare{}}
	s := &sharing{access: t.Access, seats: t.Seats}
	tasks, d := s.wrapAll(h, &dealing{}, t, pieces)
	// No wrap reads the commitment, which this writes into the header.
	tasks = append(tasks, func() (err error) {
		if v.Payload, err = sealPayload(h, root, value); err == nil {
			v.Header, err = envelope.Sign(envelope.TypeHeader, h, author)
		}
		return err
	})
	if err := together(tasks); err != nil {
		return nil, err
	}
	w := &WrapSet{Header: v.Header.Hash(), Access: t.Access, Holders: d.holders, Roster: h.Roster}
	if v.WrapSet, err = envelope.Sign(envelope.TypeWrapSet, w, author); err != nil {
		return nil, err
	}
	v.Wraps = d.wraps
	return v, v.checkSize(MaxVersion - room(t))
}

// wrapAll returns tasks that seal a piece to everybody whom a target names and
// describe it in the dealing.
func (s *sharing) wrapAll(h *Header, d *dealing, t *Target, pieces []*piece) ([]func() error, *dealing) {
	d.holders, d.wraps = make([]Holder, len(t.Seats)), make([]envelope.Envelope, len(t.Seats))
	tasks := make([]func() error, len(t.Seats), len(t.Seats)+1)
	for i, seat := range t.Seats {
		tasks[i] = func() (err error) {
			d.holders[i], d.wraps[i], err = s.wrap(h, d, seat, pieces[i], t.people[i])
			return err
		}
	}
	return tasks, d
}

// checkSize returns [ErrSize] for a version that is too large to keep.
func (v *Version) checkSize(limit int) error {
	if size := v.size(); size > limit {
		return fmt.Errorf("%d bytes, limit %d: %w", size, limit, ErrSize)
	}
	return nil
}

// room is what an author leaves for a re-share, so that the people who may open a
// version can change without its being written again: about what that adds, but no
// more than a quarter. The quorums of very many people may not fit beside a value;
// their deals say so, and the secret is written again instead.
func room(t *Target) int {
	const holder = 2 << 10 // signed and sealed
	dealers := 0
	for _, q := range alternatives(t.Access)[0] {
		dealers += int(t.Access[q].M)
	}
	return min(dealers*len(t.Seats)*holder, MaxVersion/4)
}

// size is at most a little over the length of the encoded version: its byte
// strings as base64, and room for what stands around them.
func (v *Version) size() int {
	const around, aroundWrap = 1 << 10, 32
	n := len(v.Header.Payload) + len(v.WrapSet.Payload) + len(v.Payload.Bytes)
	count := func(wraps []envelope.Envelope) {
		for _, w := range wraps {
			n += len(w.Bytes) + aroundWrap
		}
	}
	count(v.Wraps)
	for _, reshare := range v.Reshares {
		for _, d := range reshare.Deals {
			n += len(d.Deal.Payload) + around/2
			count(d.Wraps)
		}
	}
	return n*4/3 + around
}

// sealPayload encrypts the value and writes the commitment into the header.
func sealPayload(h *Header, root *envelope.Key, value []byte) (envelope.Envelope, error) {
	var plaintext []byte
	var err error
	envelope.Confine(func() {
		plaintext = plaintextOf(value)
		h.Commitment, err = h.commit(plaintext)
	})
	defer envelope.Wipe(plaintext)
	if err != nil {
		return envelope.Envelope{}, err
	}
	key, err := payloadKey(h, root)
	if err != nil {
		return envelope.Envelope{}, err
	}
	defer key.Wipe()
	return envelope.Seal(key, h.context(envelope.PurposePayload), plaintext)
}

// payloadKey derives root → DEK → payload key. The DEK is wiped here: it exists
// only between two lines.
func payloadKey(h *Header, root *envelope.Key) (*envelope.Key, error) {
	ctx, err := h.context(envelope.PurposeDEK).Encode()
	if err != nil {
		return nil, err
	}
	dek, err := envelope.Derive(root.Bytes(), nil, envelope.LabelDEK, ctx)
	if err != nil {
		return nil, err
	}
	defer dek.Wipe()
	return envelope.Derive(dek.Bytes(), nil, envelope.LabelPayload, nil)
}

// wrap seals a piece to an approver and describes it.
func (s *sharing) wrap(h *Header, d *dealing, seat Seat, p *piece, a *roster.Approver) (Holder, envelope.Envelope, error) {
	holder := Holder{Seat: seat}
	b := make([]byte, 0, pieceSize)
	defer func() { envelope.Wipe(b[:cap(b)]) }()
	var err error
	envelope.Confine(func() {
		b = append(append(b, p.value.Bytes()...), p.salt.Bytes()...)
		holder.Commitment, err = s.commit(h, d, seat, p)
	})
	if err != nil {
		return Holder{}, envelope.Envelope{}, err
	}
	wrapped, err := a.Recipient().Seal(s.pieceContext(h, d, seat, false), b)
	holder.Wrap = envelope.SumHash(wrapped.Bytes)
	return holder, wrapped, err
}
