package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// Seat returns an approver's place in the newest wrap set; [ErrNotHolder] if none.
func (v *Verified) Seat(approver envelope.ID) (*Seat, error) {
	seat, err := seatOf(v.Seats, approver)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", v.Header.Path, err)
	}
	return seat, nil
}

// OpenShare unwraps the keyring's share and checks it against its commitments. A
// dealer who dealt what does not open is named by a [DealerError]. The caller owns
// and wipes the share.
func (v *Verified) OpenShare(k *keyring.Keyring) (*Share, error) {
	seat, err := v.Seat(k.Approver())
	if err != nil {
		return nil, err
	}
	share, err := v.sharing.open(&v.Header, *seat, k)
	if err != nil {
		return nil, fmt.Errorf("open share of %q: %w", v.Header.Path, err)
	}
	return share, nil
}

// HasWrap says whether the sealed share of an approver is there, and was not
// deleted.
func (v *Verified) HasWrap(approver envelope.ID) bool {
	seat, err := v.Seat(approver)
	return err == nil && v.sharing.hasWrap(*seat)
}

// ReadShare takes what [Share.Reveal] returned, which stays the caller's, as the
// share of a seat; [ErrShare] unless it is the one that the wrap set commits to.
func (v *Verified) ReadShare(b []byte, seat *Seat) (*Share, error) {
	share, err := v.sharing.read(&v.Header, *seat, b)
	if err != nil {
		return nil, fmt.Errorf("read share of %q: %w", v.Header.Path, err)
	}
	return share, nil
}

// Quorum returns the seats of the shares that [Verified.Combine] uses of these: of
// more shares than it needs, not all have shown that they are right.
func (v *Verified) Quorum(shares []*Share) ([]Seat, error) {
	used, err := v.sharing.enough(shares)
	if err != nil {
		return nil, fmt.Errorf("combine shares of %q: %w", v.Header.Path, err)
	}
	seats := make([]Seat, 0, len(used))
	for _, s := range used {
		for _, seat := range v.Seats {
			if seat.Requirement == s.Requirement && seat.X == s.X {
				seats = append(seats, seat)
			}
		}
	}
	return seats, nil
}

// Combine opens the payload with shares that [Verified.OpenShare] or
// [Verified.ReadShare] returned, and checks it against the author's
// commitment: [ErrQuorum] if they are too few, a [DealerError] that names whoever
// redistributed something else than their share, and otherwise [envelope.ErrOpen]
// or [ErrCommitment] if the payload is not what the author sealed. The caller owns
// and wipes the plaintext, r ‖ padded JSON, and still owns the shares.
func (v *Verified) Combine(shares []*Share) ([]byte, error) {
	root, used, err := v.sharing.combine(shares)
	if err != nil {
		return nil, fmt.Errorf("combine shares of %q: %w", v.Header.Path, err)
	}
	defer root.Wipe()
	plaintext, err := v.openPayload(root)
	if errors.Is(err, envelope.ErrOpen) || errors.Is(err, ErrCommitment) {
		if liar := v.sharing.accuse(&v.Header, used); liar != nil {
			err = liar
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", v.Header.Path, err)
	}
	return plaintext, nil
}

func (v *Verified) openPayload(root *envelope.Key) ([]byte, error) {
	key, err := payloadKey(&v.Header, root)
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	plaintext, err := envelope.Open(key, v.Header.context(envelope.PurposePayload), v.payload)
	if err != nil {
		return nil, err
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
