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
	policy, people, err := recipients(r, d, author.Public(), now)
	if err != nil {
		return nil, fmt.Errorf("seal %q: %w", d.Path, err)
	}
	hash, err := policy.Hash()
	if err != nil {
		return nil, fmt.Errorf("seal %q: %w", d.Path, err)
	}
	h := &Header{
		Suite: envelope.Suite1, Organisation: r.Organisation(), Mount: d.Mount, Secret: d.Secret,
		Path: d.Path, Version: d.Version, Previous: d.Previous, Policy: policy.ID, PolicyHash: hash,
		Author: d.Author, Created: envelope.At(now), Roster: r.Head(),
	}
	v, err := seal(h, policy, people, value, author)
	if err != nil {
		return nil, fmt.Errorf("seal %q: %w", d.Path, err)
	}
	return v, nil
}

// recipients returns the policy for a draft and the people to seal it to.
func recipients(r *roster.Roster, d Draft, key envelope.VerifyKey, now time.Time) (*roster.Policy, [][]*roster.Approver, error) {
	if d.Version == 0 || d.Secret.IsZero() || d.Mount.IsZero() || (d.Version == 1) != d.Previous.IsZero() {
		return nil, nil, fmt.Errorf("incomplete draft: %w", ErrHeader)
	}
	if err := r.Fresh(now); err != nil {
		return nil, nil, err
	}
	policy, err := r.PolicyFor(d.Path)
	if err != nil {
		return nil, nil, err
	}
	author, err := r.Consumer(d.Author)
	if err != nil {
		return nil, nil, err
	}
	if author.Signing != key || !mayWrite(policy, author, d.Mount) {
		return nil, nil, fmt.Errorf("author %q: %w", author.Name, ErrAuthor)
	}
	people, err := r.Assign(policy)
	if err != nil {
		return nil, nil, err
	}
	return policy, people, policy.Covers(people)
}

// mayWrite says whether a policy names a consumer as author. A mount speaks for
// itself alone: what it signs for another mount counts for nothing.
func mayWrite(p *roster.Policy, author *roster.Consumer, mount envelope.ID) bool {
	return slices.Contains(p.Authors, author.ID) && (author.Kind != roster.ConsumerMount || author.Mount == mount)
}

func seal(h *Header, policy *roster.Policy, people [][]*roster.Approver, value []byte, author envelope.Signer) (*Version, error) {
	access := make([]Access, len(policy.Requirements))
	counts := make([]int, len(people))
	for i, q := range policy.Requirements {
		access[i], counts[i] = Access{Name: q.Name, M: q.M}, len(people[i])
	}
	root, shares, err := deal(access, counts)
	if err != nil {
		return nil, err
	}
	defer root.Wipe()
	defer func() {
		for _, s := range shares {
			s.Wipe()
		}
	}()
	v := new(Version)
	w := &WrapSet{Access: access, Dealers: []Dealer{}, Roster: h.Roster}
	holders := slices.Concat(people...)
	w.Holders, v.Wraps = make([]Holder, len(holders)), make([]envelope.Envelope, len(holders))
	tasks := make([]func() error, len(holders), len(holders)+1)
	for i, a := range holders {
		tasks[i] = func() (err error) {
			w.Holders[i], v.Wraps[i], err = wrap(h, w, shares[i], a)
			return err
		}
	}
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
	w.Header = v.Header.Hash()
	if v.WrapSet, err = envelope.Sign(envelope.TypeWrapSet, w, author); err != nil {
		return nil, err
	}
	if size := v.size(); size > MaxVersion {
		return nil, fmt.Errorf("%d bytes, limit %d: %w", size, MaxVersion, ErrSize)
	}
	return v, nil
}

// size is at most a little over the length of the encoded version: its byte
// strings as base64, and room for what stands around them.
func (v *Version) size() int {
	const around, aroundWrap = 1 << 10, 32
	n := len(v.Header.Payload) + len(v.WrapSet.Payload) + len(v.Payload.Bytes)
	for _, w := range v.Wraps {
		n += len(w.Bytes) + aroundWrap
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

// wrap seals a share to an approver and describes it.
func wrap(h *Header, w *WrapSet, s *Share, a *roster.Approver) (Holder, envelope.Envelope, error) {
	holder := Holder{Requirement: s.Requirement, X: s.X, Approver: a.ID, Generation: a.Generation}
	var b []byte
	var err error
	envelope.Confine(func() {
		b = s.bytes()
		holder.Commitment, err = w.commitShare(h, &holder, s)
	})
	defer envelope.Wipe(b)
	if err != nil {
		return Holder{}, envelope.Envelope{}, err
	}
	wrapped, err := a.Recipient().Seal(w.wrapContext(h, &holder), b)
	holder.Wrap = envelope.SumHash(wrapped.Bytes)
	return holder, wrapped, err
}
