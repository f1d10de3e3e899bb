package secret

import (
	"crypto/subtle"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// Holder returns the share that the wrap set gives an approver; [ErrNotHolder]
// if none.
func (v *Verified) Holder(approver envelope.ID) (*Holder, error) {
	for i := range v.WrapSet.Holders {
		if v.WrapSet.Holders[i].Approver == approver {
			return &v.WrapSet.Holders[i], nil
		}
	}
	return nil, fmt.Errorf("open %q: %w", v.Header.Path, ErrNotHolder)
}

// OpenShare unwraps the keyring's share and checks it against its commitment.
// The caller owns and wipes it.
func (v *Verified) OpenShare(k *keyring.Keyring) (*Share, error) {
	holder, err := v.Holder(k.Approver())
	if err != nil {
		return nil, err
	}
	wrapped, err := v.wrapOf(holder.Approver)
	if err != nil {
		return nil, err
	}
	b, err := k.Open(v.WrapSet.wrapContext(&v.Header, holder), wrapped)
	if err != nil {
		return nil, fmt.Errorf("open share of %q: %w", v.Header.Path, err)
	}
	defer envelope.Wipe(b)
	return v.ReadShare(b, holder)
}

// HasWrap says whether the sealed share of an approver is there, and was not
// deleted.
func (v *Verified) HasWrap(approver envelope.ID) bool {
	_, err := v.wrapOf(approver)
	return err == nil
}

func (v *Verified) wrapOf(approver envelope.ID) (envelope.Envelope, error) {
	for i := range v.WrapSet.Holders {
		if v.WrapSet.Holders[i].Approver == approver && len(v.wraps[i].Bytes) > 0 {
			return v.wraps[i], nil
		}
	}
	return envelope.Envelope{}, fmt.Errorf("open share of %q: deleted: %w", v.Header.Path, ErrNotHolder)
}

// ReadShare takes share ‖ salt, 64 bytes that stay the caller's, as a holder's
// share; [ErrShare] unless it is the one that the wrap set commits to.
func (v *Verified) ReadShare(b []byte, holder *Holder) (*Share, error) {
	s, err := shareFrom(b, holder.Requirement, holder.X)
	if err != nil {
		return nil, err
	}
	commitment, err := v.WrapSet.commitShare(&v.Header, holder, s)
	if err != nil || subtle.ConstantTimeCompare(commitment[:], holder.Commitment[:]) != 1 {
		s.Wipe()
		return nil, fmt.Errorf("share %d of requirement %d of %q: %w", holder.X, holder.Requirement, v.Header.Path, ErrShare)
	}
	return s, nil
}

// Reveal returns share ‖ salt, 64 bytes that the caller owns and wipes, to be
// sealed to a request's ephemeral key and nothing else.
func (s *Share) Reveal() []byte { return s.bytes() }

// Combine opens the payload with shares that [Verified.OpenShare] or
// [Verified.ReadShare] returned, and checks it against the author's
// commitment: [ErrQuorum] if they are too few, [envelope.ErrOpen] or
// [ErrCommitment] if the payload is not what the author sealed. The caller owns
// and wipes the plaintext, r ‖ padded JSON, and still owns the shares.
func (v *Verified) Combine(shares []*Share) ([]byte, error) {
	root, err := combine(v.WrapSet.Access, shares)
	if err != nil {
		return nil, fmt.Errorf("combine shares of %q: %w", v.Header.Path, err)
	}
	defer root.Wipe()
	key, err := payloadKey(&v.Header, root)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", v.Header.Path, err)
	}
	defer key.Wipe()
	plaintext, err := envelope.Open(key, v.Header.context(envelope.PurposePayload), v.payload)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", v.Header.Path, err)
	}
	if err := v.checkCommitment(plaintext); err != nil {
		envelope.Wipe(plaintext)
		return nil, err
	}
	return plaintext, nil
}

// ReadPayload takes an opened payload, which stays the caller's to wipe, and
// returns the value in it; [ErrCommitment] unless it is what the author sealed,
// whoever opened it.
func (v *Verified) ReadPayload(plaintext []byte) (*Value, error) {
	if err := v.checkCommitment(plaintext); err != nil {
		return nil, err
	}
	value, err := valueOf(plaintext)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", v.Header.Path, err)
	}
	return value, nil
}

func (v *Verified) checkCommitment(plaintext []byte) error {
	commitment, err := v.Header.commit(plaintext)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(commitment[:], v.Header.Commitment[:]) != 1 {
		return fmt.Errorf("open %q: %w", v.Header.Path, ErrCommitment)
	}
	return nil
}
