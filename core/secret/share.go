package secret

import (
	"fmt"
	"io"

	"filippo.io/edwards25519"

	"github.com/stillvault/stillvault/core/envelope"
)

// Share is one holder's part of a version's root: a scalar of the ristretto255
// group (32 bytes) and the salt of its commitment (32 bytes). It prints as
// redacted; its owner wipes it.
type Share struct {
	Requirement uint32 // index into the access structure
	X           uint32 // where the polynomial was evaluated, from 1
	value, salt *envelope.Key
}

// Wipe wipes the share and its salt.
func (s *Share) Wipe() {
	if s != nil {
		s.value.Wipe()
		s.salt.Wipe()
	}
}

// Format prints the share's place and never its value.
func (s Share) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("share %d of requirement %d [redacted]", s.X, s.Requirement))
}

// bytes returns share ‖ salt, 64 bytes that the caller wipes.
func (s *Share) bytes() []byte {
	return append(append(make([]byte, 0, 2*envelope.KeySize), s.value.Bytes()...), s.salt.Bytes()...)
}

func shareFrom(b []byte, requirement, x uint32) (*Share, error) {
	if len(b) != 2*envelope.KeySize {
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
	return &Share{Requirement: requirement, X: x, value: value, salt: salt}, nil
}

// deal draws the root of a version as the sum of one random scalar for each
// requirement and shares each of those m-of-n among its people. Whoever lacks m
// shares of any one requirement knows nothing of its scalar, hence nothing of
// the sum. The caller owns the root and the shares.
func deal(access []Access, people []int) (root *envelope.Key, shares []*Share, err error) {
	envelope.Confine(func() {
		sum := edwards25519.NewScalar()
		defer clearScalar(sum)
		for q, a := range access {
			p := newPolynomial(randomScalar(), a.M)
			defer p.wipe()
			sum.Add(sum, p[0])
			for i := range people[q] {
				var s *Share
				if s, err = p.share(uint32(q), uint32(i+1)); err != nil {
					return
				}
				shares = append(shares, s)
			}
		}
		root, err = encodeScalar(sum)
	})
	if err != nil {
		for _, s := range shares {
			s.Wipe()
		}
		return nil, nil, err
	}
	return root, shares, nil
}

// share is the polynomial's at x, with a fresh salt; the caller owns it.
func (p polynomial) share(requirement, x uint32) (*Share, error) {
	at := p.at(x)
	defer clearScalar(at)
	value, err := encodeScalar(at)
	if err != nil {
		return nil, err
	}
	return &Share{Requirement: requirement, X: x, value: value, salt: envelope.NewKey()}, nil
}

// combine interpolates the root from shares: exactly the wanted number of
// distinct ones for every requirement, which the caller has checked against
// their commitments. The caller owns the result.
func combine(access []Access, shares []*Share) (root *envelope.Key, err error) {
	byRequirement := make([][]*Share, len(access))
	for _, s := range shares {
		if int(s.Requirement) >= len(access) || s.X == 0 {
			return nil, fmt.Errorf("share %d of requirement %d: %w", s.X, s.Requirement, ErrShare)
		}
		for _, other := range byRequirement[s.Requirement] {
			if other.X == s.X {
				return nil, fmt.Errorf("share %d of requirement %d stands twice: %w", s.X, s.Requirement, ErrShare)
			}
		}
		byRequirement[s.Requirement] = append(byRequirement[s.Requirement], s)
	}
	envelope.Confine(func() {
		sum := edwards25519.NewScalar()
		defer clearScalar(sum)
		for q, a := range access {
			var part *edwards25519.Scalar
			if part, err = interpolate(a, byRequirement[q]); err != nil {
				return
			}
			sum.Add(sum, part)
			clearScalar(part)
		}
		root, err = encodeScalar(sum)
	})
	return root, err
}

func interpolate(a Access, shares []*Share) (*edwards25519.Scalar, error) {
	if len(shares) < int(a.M) {
		return nil, fmt.Errorf("requirement %q: %d of %d: %w", a.Name, len(shares), a.M, ErrQuorum)
	}
	xs := make([]uint32, 0, a.M)
	values := make(polynomial, 0, a.M)
	defer func() { values.wipe() }()
	for _, s := range shares[:a.M] {
		value, err := decodeScalar(s.value)
		if err != nil {
			return nil, fmt.Errorf("share %d of requirement %q: %w", s.X, a.Name, err)
		}
		xs, values = append(xs, s.X), append(values, value)
	}
	return atZero(xs, values), nil
}
