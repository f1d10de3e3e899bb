package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	"filippo.io/edwards25519"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// sharing is how a version's root is shared at one epoch, as verified: which
// requirements there are, who sits where, and what was dealt to them.
//
// At epoch 0 the author dealt a share to everybody. At a later one several
// dealers did, holders of the epoch before, and a share is the sum of what they
// dealt, each weighted with what the dealer's own share counts for among the
// dealers (Lagrange's coefficients at zero). That is the redistribution of Desmedt
// and Jajodia (1997): new shares of the same root, on new polynomials, and nobody
// puts the root together.
type sharing struct {
	epoch    uint32
	hash     envelope.Hash // what releases name as the wrap set
	access   []Access
	seats    []Seat
	dealings []dealing
	previous *sharing // nil at epoch 0
	seen     uint64   // statement that everybody who made these shares knew
}

// dealing is what one dealer dealt: a piece for every seat.
type dealing struct {
	dealer  Seat          // in the sharing before; zero at epoch 0
	binding envelope.Hash // see [Deal.binding]; zero at epoch 0
	holders []Holder
	wraps   []envelope.Envelope
	opening envelope.Envelope
}

// pieceContext is what a piece is bound to. The author's are shares, and they say so.
func (s *sharing) pieceContext(h *Header, d *dealing, seat Seat, commitment bool) envelope.Context {
	purpose := envelope.PurposeShare
	switch {
	case s.previous == nil && commitment:
		purpose = envelope.PurposeShareCommitment
	case commitment:
		purpose = envelope.PurposePieceCommitment
	case s.previous != nil:
		purpose = envelope.PurposePiece
	}
	ctx := h.context(purpose)
	ctx.Epoch, ctx.Requirement, ctx.X, ctx.Request = s.epoch, seat.Requirement, seat.X, d.binding
	if !commitment {
		ctx.Recipient, ctx.Generation = seat.Approver, seat.Generation
	}
	return ctx
}

// commit hashes a piece with its salt and what it is bound to.
func (s *sharing) commit(h *Header, d *dealing, seat Seat, p *piece) (envelope.Hash, error) {
	ctx, err := s.pieceContext(h, d, seat, true).Encode()
	if err != nil {
		return envelope.Hash{}, err
	}
	return envelope.SumHash(ctx, p.salt.Bytes(), p.value.Bytes()), nil
}

// index returns where a seat stands.
func (s *sharing) index(seat Seat) (int, error) {
	if i := slices.Index(s.seats, seat); i >= 0 {
		return i, nil
	}
	return 0, ErrNotHolder
}

// hasWrap says whether everything that was dealt to a seat is there.
func (s *sharing) hasWrap(seat Seat) bool {
	i, err := s.index(seat)
	return err == nil && !slices.ContainsFunc(s.dealings, func(d dealing) bool { return len(d.wraps[i].Bytes) == 0 })
}

// open unwraps what was dealt to a seat and checks it. A dealer who dealt what
// does not open is named by a [DealerError].
func (s *sharing) open(h *Header, seat Seat, k *keyring.Keyring) (*Share, error) {
	i, err := s.index(seat)
	if err != nil {
		return nil, err
	}
	share := &Share{Requirement: seat.Requirement, X: seat.X}
	for j := range s.dealings {
		d := &s.dealings[j]
		if len(d.wraps[i].Bytes) == 0 {
			share.Wipe()
			return nil, fmt.Errorf("deleted: %w", ErrNotHolder)
		}
		p, err := s.openPiece(h, d, seat, i, k)
		if err != nil {
			share.Wipe()
			return nil, s.blame(d, err)
		}
		share.pieces = append(share.pieces, p)
	}
	return share, nil
}

func (s *sharing) openPiece(h *Header, d *dealing, seat Seat, i int, k *keyring.Keyring) (*piece, error) {
	b, err := k.Open(s.pieceContext(h, d, seat, false), d.wraps[i])
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(b)
	return s.readPiece(h, d, seat, i, b)
}

func (s *sharing) readPiece(h *Header, d *dealing, seat Seat, i int, b []byte) (*piece, error) {
	p, err := pieceFrom(b)
	if err != nil {
		return nil, err
	}
	commitment, err := s.commit(h, d, seat, p)
	if err != nil || subtle.ConstantTimeCompare(commitment[:], d.holders[i].Commitment[:]) != 1 {
		p.wipe()
		return nil, fmt.Errorf("share %d of requirement %d: %w", seat.X, seat.Requirement, ErrShare)
	}
	// What was committed to and is no scalar is the fault of who committed to it,
	// not of who was given it.
	value, err := decodeScalar(p.value)
	if err != nil {
		p.wipe()
		return nil, s.blame(d, err)
	}
	clearScalar(value)
	return p, nil
}

// blame says who is at fault for a piece that is not what was committed to: at a
// later epoch its dealer, who signed both. Nobody is for a keyring that is not the
// one that it was sealed to.
func (s *sharing) blame(d *dealing, err error) error {
	if s.previous == nil || errors.Is(err, envelope.ErrContext) {
		return err
	}
	return &DealerError{Approver: d.dealer.Approver, Epoch: s.epoch}
}

// read takes what somebody revealed of their share ([Share.Reveal]) and holds it
// against the commitments: [ErrShare] unless it is that.
func (s *sharing) read(h *Header, seat Seat, b []byte) (*Share, error) {
	i, err := s.index(seat)
	if err != nil {
		return nil, err
	}
	if len(b) != len(s.dealings)*pieceSize {
		return nil, fmt.Errorf("share of %d bytes: %w", len(b), ErrShare)
	}
	share := &Share{Requirement: seat.Requirement, X: seat.X}
	for j := range s.dealings {
		p, err := s.readPiece(h, &s.dealings[j], seat, i, b[j*pieceSize:(j+1)*pieceSize])
		if err != nil {
			share.Wipe()
			return nil, err
		}
		share.pieces = append(share.pieces, p)
	}
	return share, nil
}

// value is the share itself: the weighted sum of its pieces. The caller clears it.
func (s *sharing) value(share *Share) (*edwards25519.Scalar, error) {
	if len(share.pieces) != len(s.dealings) {
		return nil, fmt.Errorf("share of %d pieces: %w", len(share.pieces), ErrShare)
	}
	sum := edwards25519.NewScalar()
	for i, p := range share.pieces {
		v, err := decodeScalar(p.value)
		if err != nil {
			clearScalar(sum)
			return nil, err
		}
		computed(sum.MultiplyAdd(s.weight(i), v, sum))
		clearScalar(v)
	}
	return sum, nil
}

// weight is what a dealing counts for: one for the author's, and for a dealer's
// the coefficient of the dealer's x among all who dealt for the same requirement.
func (s *sharing) weight(i int) *edwards25519.Scalar {
	if s.previous == nil {
		return scalarOf(1)
	}
	var xs []uint32
	own := 0
	for j := range s.dealings {
		if s.dealings[j].dealer.Requirement != s.dealings[i].dealer.Requirement {
			continue
		}
		if j == i {
			own = len(xs)
		}
		xs = append(xs, s.dealings[j].dealer.X)
	}
	return lagrangeAtZero(xs, own)
}
