package secret

import (
	"errors"
	"fmt"

	"filippo.io/edwards25519"

	"github.com/stillvault/stillvault/core/envelope"
)

// DealerError says who dealt pieces that are not of the share that they held, and
// into which epoch. It is [ErrDealer].
type DealerError struct {
	Approver envelope.ID
	Epoch    uint32
}

// Error names the approver by id.
func (e *DealerError) Error() string {
	return fmt.Sprintf("approver %s, epoch %d: %s", e.Approver, e.Epoch, ErrDealer)
}

// Unwrap returns [ErrDealer].
func (e *DealerError) Unwrap() error { return ErrDealer }

// assembled is told of every root that is put together. Tests set it to see who
// does that.
var assembled = func(*edwards25519.Scalar) {}

// combine interpolates the root from shares that were checked against their
// commitments: as many distinct ones as the requirements want, the ordinary ones
// before that for breaking the glass. It returns the shares that it used, too. The
// caller owns the root.
func (s *sharing) combine(shares []*Share) (root *envelope.Key, used []*Share, err error) {
	if used, err = s.enough(shares); err != nil {
		return nil, nil, err
	}
	envelope.Confine(func() {
		var sum *edwards25519.Scalar
		if sum, err = s.sum(used, s.value); err == nil {
			assembled(sum)
			root, err = encodeScalar(sum)
			clearScalar(sum)
		}
	})
	return root, used, err
}

// enough returns, of shares of distinct seats, exactly m for each requirement of
// the first alternative that they meet.
func (s *sharing) enough(shares []*Share) ([]*Share, error) {
	byRequirement := make([][]*Share, len(s.access))
	for _, share := range shares {
		if uint64(share.Requirement) >= uint64(len(s.access)) || share.X == 0 {
			return nil, fmt.Errorf("share %d of requirement %d: %w", share.X, share.Requirement, ErrShare)
		}
		for _, other := range byRequirement[share.Requirement] {
			if other.X == share.X {
				return nil, fmt.Errorf("share %d of requirement %d stands twice: %w", share.X, share.Requirement, ErrShare)
			}
		}
		byRequirement[share.Requirement] = append(byRequirement[share.Requirement], share)
	}
	var lacking error
next:
	for _, requirements := range alternatives(s.access) {
		var used []*Share
		for _, q := range requirements {
			a := s.access[q]
			if len(byRequirement[q]) < int(a.M) {
				lacking = errors.Join(lacking, fmt.Errorf("requirement %q: %d of %d: %w", a.Name, len(byRequirement[q]), a.M, ErrQuorum))
				continue next
			}
			used = append(used, byRequirement[q][:a.M]...)
		}
		return used, nil
	}
	return nil, lacking
}

// sum interpolates a value at zero for each requirement that shares are of, and
// adds the results up. The caller clears it.
func (s *sharing) sum(shares []*Share, of func(*Share) (*edwards25519.Scalar, error)) (*edwards25519.Scalar, error) {
	sum := edwards25519.NewScalar()
	for q := range s.access {
		var xs []uint32
		var values polynomial
		for _, share := range shares {
			if int(share.Requirement) != q {
				continue
			}
			v, err := of(share)
			if err != nil {
				values.wipe()
				clearScalar(sum)
				return nil, fmt.Errorf("share %d of requirement %q: %w", share.X, s.access[q].Name, err)
			}
			xs, values = append(xs, share.X), append(values, v)
		}
		if len(xs) > 0 {
			part := atZero(xs, values)
			computed(sum.Add(sum, part))
			clearScalar(part)
			values.wipe()
		}
	}
	return sum, nil
}

// accuse finds out why shares that all are what was committed to open nothing: it
// puts together what every dealer dealt, and holds that against what the dealer
// was given, from the newest epoch back to the author. It returns nil where every
// dealer was honest, so that the fault is the author's or the payload's.
func (s *sharing) accuse(h *Header, used []*Share) error {
	for s.previous != nil {
		before := make([]*Share, 0, len(s.dealings))
		for i := range s.dealings {
			share, err := s.retrace(h, i, used)
			if err != nil {
				wipeShares(before)
				return &DealerError{Approver: s.dealings[i].dealer.Approver, Epoch: s.epoch}
			}
			before = append(before, share)
		}
		defer wipeShares(before)
		s, used = s.previous, before
	}
	return nil
}

// retrace returns the share that a dealer dealt, or an error if that was another
// than the one they held. Whoever has enough shares of this epoch to do this can
// open the version anyway: it tells them nothing that they could not know.
func (s *sharing) retrace(h *Header, i int, used []*Share) (share *Share, err error) {
	d := &s.dealings[i]
	dealt, err := s.sum(used, func(share *Share) (*edwards25519.Scalar, error) { return decodeScalar(share.pieces[i].value) })
	if err != nil {
		return nil, err
	}
	defer clearScalar(dealt)
	key, ctx, err := s.openingKey(h, d, dealt)
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	revealed, err := envelope.Open(key, ctx, d.opening)
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(revealed)
	if share, err = s.previous.read(h, d.dealer, revealed); err != nil {
		return nil, err
	}
	held, err := s.previous.value(share)
	if err == nil {
		if held.Equal(dealt) != 1 {
			err = ErrDealer
		}
		clearScalar(held)
	}
	if err != nil {
		share.Wipe()
		return nil, err
	}
	return share, nil
}

// openingKey is derived from the dealer's share, a uniformly random scalar of 252
// bits that nobody else has. HKDF keeps the key independent of it, so that the
// share's own pieces may be what it encrypts. A dealer who deals once more for the
// same epoch and people encrypts the same bytes under the same key with another
// random nonce, a few times in a version's life at most.
func (s *sharing) openingKey(h *Header, d *dealing, share *edwards25519.Scalar) (*envelope.Key, envelope.Context, error) {
	ctx := h.context(envelope.PurposeOpening)
	ctx.Epoch, ctx.Requirement, ctx.X, ctx.Request = s.epoch, d.dealer.Requirement, d.dealer.X, d.binding
	ctx.Recipient, ctx.Generation = d.dealer.Approver, d.dealer.Generation
	encoded, err := ctx.Encode()
	if err != nil {
		return nil, ctx, err
	}
	held, err := encodeScalar(share)
	if err != nil {
		return nil, ctx, err
	}
	defer held.Wipe()
	key, err := envelope.Derive(held.Bytes(), nil, envelope.LabelOpening, encoded)
	return key, ctx, err
}

func wipeShares(shares []*Share) {
	for _, s := range shares {
		s.Wipe()
	}
}
