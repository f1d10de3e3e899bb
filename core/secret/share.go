package secret

import (
	"crypto/rand"
	"fmt"
	"io"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/secretsharing"

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

// The field of the shares: scalars of ristretto255, a prime of 252 bits.
// Shamir's scheme is information-theoretic, so the choice of group is only one
// of a constant-time scalar field.
var field = group.Ristretto255

// deal draws the root of a version as the sum of one random scalar for each
// requirement and shares each of those m-of-n among its people. Whoever lacks m
// shares of any one requirement knows nothing of its scalar, hence nothing of
// the sum. The caller owns the root and the shares.
func deal(access []Access, people []int) (root *envelope.Key, shares []*Share, err error) {
	envelope.Confine(func() {
		sum := field.NewScalar()
		defer clearScalar(sum)
		for q, a := range access {
			part := field.RandomScalar(rand.Reader)
			sum.Add(sum, part)
			polynomial := secretsharing.New(rand.Reader, uint(a.M-1), part)
			for i := range people[q] {
				x := uint32(i + 1)
				dealt := polynomial.ShareWithID(scalarOf(x))
				var value *envelope.Key
				if value, err = encodeScalar(dealt.Value); err != nil {
					return
				}
				shares = append(shares, &Share{Requirement: uint32(q), X: x, value: value, salt: envelope.NewKey()})
				clearScalar(dealt.Value)
			}
			clearScalar(part)
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
		sum := field.NewScalar()
		defer clearScalar(sum)
		for q, a := range access {
			var part group.Scalar
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

func interpolate(a Access, shares []*Share) (group.Scalar, error) {
	if len(shares) < int(a.M) {
		return nil, fmt.Errorf("requirement %q: %d of %d: %w", a.Name, len(shares), a.M, ErrQuorum)
	}
	points := make([]secretsharing.Share, 0, a.M)
	for _, s := range shares[:a.M] {
		value := field.NewScalar()
		if err := value.UnmarshalBinary(s.value.Bytes()); err != nil {
			return nil, fmt.Errorf("share %d of requirement %q: %w", s.X, a.Name, ErrShare)
		}
		points = append(points, secretsharing.Share{ID: scalarOf(s.X), Value: value})
	}
	part, err := secretsharing.Recover(uint(a.M-1), points)
	for _, p := range points {
		clearScalar(p.Value)
	}
	if err != nil {
		return nil, fmt.Errorf("requirement %q: %w", a.Name, ErrQuorum)
	}
	return part, nil
}

func scalarOf(x uint32) group.Scalar { return field.NewScalar().SetUint64(uint64(x)) }

func clearScalar(s group.Scalar) { s.SetUint64(0) }

func encodeScalar(s group.Scalar) (*envelope.Key, error) {
	b, err := s.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("scalar: %w", ErrShare)
	}
	defer envelope.Wipe(b)
	return envelope.KeyFrom(b)
}
