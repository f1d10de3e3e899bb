package secret

import (
	"fmt"
	"io"

	"filippo.io/edwards25519"

	"github.com/stillvault/stillvault/core/envelope"
)

// pieceSize is the length of a piece with its salt, in bytes.
const pieceSize = 2 * envelope.KeySize

// Share is one holder's part of a version's root: what was dealt to them, a piece
// at epoch 0, one from every dealer later. It prints as redacted; its owner wipes it.
type Share struct {
	Requirement uint32 // index into the access structure
	X           uint32 // where the polynomial was evaluated, from 1
	pieces      []*piece
}

// piece is a scalar (32 bytes, little-endian) and the salt of its commitment (32
// bytes).
type piece struct{ value, salt *envelope.Key }

func (p *piece) wipe() {
	p.value.Wipe()
	p.salt.Wipe()
}

func pieceFrom(b []byte) (*piece, error) {
	if len(b) != pieceSize {
		return nil, fmt.Errorf("share of %d bytes: %w", len(b), ErrShare)
	}
	value, err := envelope.KeyFrom(b[:envelope.KeySize])
	if err != nil {
		return nil, err
	}
	salt, err := envelope.KeyFrom(b[envelope.KeySize:])
	if err != nil {
		return nil, err
	}
	return &piece{value, salt}, nil
}

// Wipe wipes the share and its salts.
func (s *Share) Wipe() {
	if s != nil {
		for _, p := range s.pieces {
			p.wipe()
		}
	}
}

// Format prints the share's place and never its value.
func (s Share) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("share %d of requirement %d [redacted]", s.X, s.Requirement))
}

// Reveal returns the pieces with their salts, 64 bytes each, that the caller owns
// and wipes, to be sealed to a request's ephemeral key and nothing else.
func (s *Share) Reveal() []byte {
	b := make([]byte, 0, len(s.pieces)*pieceSize)
	for _, p := range s.pieces {
		b = append(append(b, p.value.Bytes()...), p.salt.Bytes()...)
	}
	return b
}

// deal draws the root of a version as the sum of one random scalar for each
// ordinary requirement and shares each of those m-of-n among its people. Whoever
// lacks m shares of any one requirement knows nothing of its scalar, hence nothing
// of the sum. Where the glass may be broken, the sum itself is shared once more,
// on a polynomial of its own. The caller owns the root and the pieces, which are
// in the order of seats.
func deal(access []Access, seats []Seat) (root *envelope.Key, pieces []*piece, err error) {
	envelope.Confine(func() {
		sum := randomScalar() // a sum of independent random scalars is one
		defer clearScalar(sum)
		if pieces, err = split(sum, access, seats); err == nil {
			root, err = encodeScalar(sum)
		}
	})
	return root, pieces, err
}

// split shares a value among seats so that the requirements enforce who can put it
// together again: its parts, one for each ordinary requirement, are random but for
// their sum; breaking the glass gives the whole. Pieces are in the order of seats.
func split(value *edwards25519.Scalar, access []Access, seats []Seat) ([]*piece, error) {
	polynomials := make([]polynomial, len(access))
	defer func() {
		for _, p := range polynomials {
			p.wipe()
		}
	}()
	ordinary := alternatives(access)[0]
	rest := edwards25519.NewScalar().Set(value)
	for i, q := range ordinary {
		if i == len(ordinary)-1 {
			polynomials[q] = newPolynomial(rest, access[q].M)
			break
		}
		part := randomScalar()
		computed(rest.Subtract(rest, part))
		polynomials[q] = newPolynomial(part, access[q].M)
	}
	for q, a := range access {
		if a.BreakGlass {
			polynomials[q] = newPolynomial(edwards25519.NewScalar().Set(value), a.M)
		}
	}
	pieces := make([]*piece, len(seats))
	for i, seat := range seats {
		at := polynomials[seat.Requirement].at(seat.X)
		encoded, err := encodeScalar(at)
		clearScalar(at)
		if err != nil {
			wipePieces(pieces)
			return nil, err
		}
		pieces[i] = &piece{encoded, envelope.NewKey()}
	}
	return pieces, nil
}

func wipePieces(pieces []*piece) {
	for _, p := range pieces {
		if p != nil {
			p.wipe()
		}
	}
}
