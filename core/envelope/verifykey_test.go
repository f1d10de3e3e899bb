package envelope_test

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
)

// forge returns a message and a signature over it that needs no private key:
// under a key A of order 8 or less, (R, s) with R = sB verifies whenever the
// challenge is a multiple of that order.
func forge(key envelope.VerifyKey) bool {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	seed := make([]byte, ed25519.SeedSize)
	r := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	digest := sha512.Sum512(seed)
	scalar := digest[:32]
	scalar[0] &= 248
	scalar[31] = scalar[31]&63 | 64
	slices.Reverse(scalar)
	s := new(big.Int).SetBytes(scalar)
	encoded := s.Mod(s, order).FillBytes(make([]byte, 32))
	slices.Reverse(encoded)
	signature := append(slices.Clone(r), encoded...)
	for i := range uint32(200) {
		if ed25519.Verify(key[:], binary.BigEndian.AppendUint32(nil, i), signature) {
			return true
		}
	}
	return false
}

func TestKeysUnderWhichAnybodySignsAreRefused(t *testing.T) {
	for _, text := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		key := envelope.VerifyKey(b)
		if !forge(key) {
			t.Errorf("%s: no forgery found, so it need not be refused", text)
		}
		if err := key.Check(); !errors.Is(err, envelope.ErrKey) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	honest := envelope.NewSigningKey(envelope.NewKey()).Public()
	if forge(honest) || honest.Check() != nil {
		t.Error("an honest key is refused")
	}
}

func TestKEMKeyThatNothingCanBeSealedToIsRefused(t *testing.T) {
	public, err := envelope.KEMPublic(envelope.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	if err := public.Check(); err != nil {
		t.Fatal(err)
	}
	clear(public[len(public)-32:]) // the X25519 half: a point of low order
	if err := public.Check(); !errors.Is(err, envelope.ErrKey) {
		t.Errorf("got %v", err)
	}
}

func TestTimesDoNotWrapAround(t *testing.T) {
	const first, last = envelope.Time(-1 << 63), envelope.Time(1<<63 - 1)
	for _, c := range []struct {
		name string
		got  int64
		want int64
	}{
		{"plain difference", int64(envelope.Time(5000).Sub(2000)), 3e9},
		{"far apart", int64(last.Sub(first)), 1<<63 - 1},
		{"far apart, backwards", int64(first.Sub(last)), -1 << 63},
		{"584 years", int64(envelope.Time(1 << 44).Sub(-(1 << 44))), 1<<63 - 1},
		{"past the end", int64(last.Add(1e9)), 1<<63 - 1},
		{"before the beginning", int64(first.Add(-1e9)), -1 << 63},
		{"plain sum", int64(envelope.Time(1).Add(1e9)), 1001},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, c.got, c.want)
		}
	}
}
