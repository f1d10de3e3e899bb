package secret

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"filippo.io/edwards25519"
	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/secretsharing"

	"github.com/stillvault/stillvault/core/envelope"
)

// Shares dealt here are put together by circl's implementation, and the other way
// round, for every quorum up to five of seven.
func TestSharesAgreeWithAnotherImplementation(t *testing.T) {
	field := group.Ristretto255
	foreign := func(b []byte) group.Scalar {
		s := field.NewScalar()
		if err := s.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		return s
	}
	for m := uint32(1); m <= 5; m++ {
		p := newPolynomial(randomScalar(), m)
		theirs := secretsharing.New(rand.Reader, uint(m-1), foreign(p[0].Bytes()))
		var xs []uint32
		var ours []*edwards25519.Scalar
		var points []secretsharing.Share
		for x := uint32(8 - m); x <= 7; x++ { // the last m of seven
			dealt := theirs.ShareWithID(field.NewScalar().SetUint64(uint64(x)))
			encoded, err := dealt.Value.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			value, err := edwards25519.NewScalar().SetCanonicalBytes(encoded)
			if err != nil {
				t.Fatal(err)
			}
			xs, ours = append(xs, x), append(ours, value)
			points = append(points, secretsharing.Share{ID: field.NewScalar().SetUint64(uint64(x)), Value: foreign(p.at(x).Bytes())})
		}
		if atZero(xs, ours).Equal(p[0]) != 1 {
			t.Errorf("%d shares dealt elsewhere give something else here", m)
		}
		got, err := secretsharing.Recover(uint(m-1), points)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := got.MarshalBinary()
		if err != nil || !bytes.Equal(encoded, p[0].Bytes()) {
			t.Errorf("%d shares dealt here give something else there: %v", m, err)
		}
	}
}

func TestScalarsAreReadOnlyWhereTheyAreReduced(t *testing.T) {
	order := []byte{
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	}
	k, err := envelope.KeyFrom(order)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeScalar(k); !errors.Is(err, ErrShare) {
		t.Errorf("the field's order: %v", err)
	}
	k.Bytes()[0]--
	if _, err := decodeScalar(k); err != nil {
		t.Errorf("one less: %v", err)
	}
}

func TestWipedPolynomialsAreZero(t *testing.T) {
	p := newPolynomial(randomScalar(), 3)
	p.wipe()
	for _, c := range p {
		if c.Equal(edwards25519.NewScalar()) != 1 {
			t.Error("a coefficient is left")
		}
	}
}
