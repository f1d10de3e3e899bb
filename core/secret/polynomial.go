package secret

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"filippo.io/edwards25519"

	"github.com/stillvault/stillvault/core/envelope"
)

// polynomial is one of Shamir's (How to Share a Secret, 1979): its value at zero
// is what is shared, its other coefficients are random, and as many shares as it
// has coefficients determine it. It is over the integers modulo the order of
// ristretto255, a prime of 252 bits; the scheme is information-theoretic, so all
// that is asked of the field is arithmetic in constant time. That is
// edwards25519's; the scheme on top of it is held against another
// implementation's in the tests.
type polynomial []*edwards25519.Scalar

// drawn and computed are told of every scalar that is drawn at random, and of every
// one that is worked out from others or read. Tests set them to see which scalars
// come into being where.
var drawn, computed = func(*edwards25519.Scalar) {}, func(*edwards25519.Scalar) {}

// newPolynomial draws the coefficients beside the shared value, which it takes
// over.
func newPolynomial(shared *edwards25519.Scalar, m uint32) polynomial {
	p := polynomial{shared}
	for range m - 1 {
		p = append(p, randomScalar())
	}
	return p
}

// at evaluates by Horner's rule; x is public and not zero.
func (p polynomial) at(x uint32) *edwards25519.Scalar {
	value, point := edwards25519.NewScalar(), scalarOf(x)
	for i := len(p) - 1; i >= 0; i-- {
		computed(value.MultiplyAdd(value, point, p[i]))
	}
	return value
}

// wipe zeroes the coefficients.
func (p polynomial) wipe() {
	for _, c := range p {
		clearScalar(c)
	}
}

// atZero interpolates the shared value from as many points as the polynomial has
// coefficients. xs are public, distinct and not zero; their owner checked that.
func atZero(xs []uint32, values []*edwards25519.Scalar) *edwards25519.Scalar {
	sum := edwards25519.NewScalar()
	for i, value := range values {
		computed(sum.MultiplyAdd(lagrangeAtZero(xs, i), value, sum))
	}
	return sum
}

// lagrangeAtZero is what the i-th point counts for: the product of x/(x−xᵢ) over
// the other points.
func lagrangeAtZero(xs []uint32, i int) *edwards25519.Scalar {
	above, below := scalarOf(1), scalarOf(1)
	own := scalarOf(xs[i])
	for j, x := range xs {
		if j == i {
			continue
		}
		other := scalarOf(x)
		above.Multiply(above, other)
		below.Multiply(below, edwards25519.NewScalar().Subtract(other, own))
	}
	return above.Multiply(above, edwards25519.NewScalar().Invert(below))
}

// randomScalar is uniform: the reduction of 64 random bytes is off by 2⁻²⁵⁹.
func randomScalar() *edwards25519.Scalar {
	var b [64]byte
	rand.Read(b[:])
	defer envelope.Wipe(b[:])
	s, err := edwards25519.NewScalar().SetUniformBytes(b[:])
	if err != nil {
		panic("secret: 64 bytes are not 64 bytes")
	}
	drawn(s)
	return s
}

func scalarOf(x uint32) *edwards25519.Scalar {
	var b [envelope.KeySize]byte
	binary.LittleEndian.PutUint32(b[:], x)
	s, err := edwards25519.NewScalar().SetCanonicalBytes(b[:])
	if err != nil {
		panic("secret: a number of 32 bits is a scalar")
	}
	return s
}

// decodeScalar reads 32 bytes, little-endian; a number that is not reduced is
// [ErrShare].
func decodeScalar(k *envelope.Key) (*edwards25519.Scalar, error) {
	s, err := edwards25519.NewScalar().SetCanonicalBytes(k.Bytes())
	if err != nil {
		return nil, fmt.Errorf("not a scalar: %w", ErrShare)
	}
	computed(s)
	return s, nil
}

// encodeScalar returns 32 bytes, little-endian, which the caller owns.
func encodeScalar(s *edwards25519.Scalar) (*envelope.Key, error) {
	b := s.Bytes()
	defer envelope.Wipe(b)
	return envelope.KeyFrom(b)
}

func clearScalar(s *edwards25519.Scalar) { s.Subtract(s, s) }
