package envelope_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/internal/mutate"
)

// method is one of the two ways to seal, with fixed keys.
type method struct {
	seal func(envelope.Context, []byte) (envelope.Envelope, error)
	open func(envelope.Context, envelope.Envelope) ([]byte, error)
}

func methods(t testing.TB) map[string]method {
	key, seed := fixedKey(t, 1), fixedKey(t, 2)
	to, err := envelope.KEMPublic(seed)
	if err != nil {
		t.Fatal(err)
	}
	opener := envelope.NewOpener(seed)
	return map[string]method{
		"key": {
			func(c envelope.Context, p []byte) (envelope.Envelope, error) { return envelope.Seal(key, c, p) },
			func(c envelope.Context, e envelope.Envelope) ([]byte, error) { return envelope.Open(key, c, e) },
		},
		"KEM key": {
			func(c envelope.Context, p []byte) (envelope.Envelope, error) { return envelope.SealTo(to, c, p) },
			func(c envelope.Context, e envelope.Envelope) ([]byte, error) { return envelope.OpenWith(seed, c, e) },
		},
		"KEM key, expanded once": {
			func(c envelope.Context, p []byte) (envelope.Envelope, error) { return envelope.SealTo(to, c, p) },
			opener.Open,
		},
	}
}

func TestWhatIsSealedOpens(t *testing.T) {
	for name, m := range methods(t) {
		for purpose, c := range contexts() {
			for _, plaintext := range [][]byte{nil, []byte("x"), fixed(0, 1000)} {
				e, err := m.seal(c, plaintext)
				if err != nil {
					t.Fatalf("%s, %s: %v", name, purpose, err)
				}
				got, err := m.open(c, e)
				if err != nil || !bytes.Equal(got, plaintext) {
					t.Errorf("%s, %s, %d bytes: got %x, %v", name, purpose, len(plaintext), got, err)
				}
			}
		}
	}
}

func TestNothingOpensUnderAnotherContext(t *testing.T) {
	for name, m := range methods(t) {
		all := contexts()
		for purpose, c := range all {
			e, err := m.seal(c, []byte("secret"))
			if err != nil {
				t.Fatal(err)
			}
			for field, change := range changes {
				got, err := m.open(with(c, change), e)
				if got != nil || !errors.Is(err, envelope.ErrOpen) && !errors.Is(err, envelope.ErrContext) {
					t.Errorf("%s, %s, another %s: got %q, %v", name, purpose, field, got, err)
				}
			}
			for other, o := range all {
				if got, err := m.open(o, e); other != purpose && (got != nil || !errors.Is(err, envelope.ErrOpen)) {
					t.Errorf("%s, %s opened as %s: got %q, %v", name, purpose, other, got, err)
				}
			}
			// Only the purpose differs, all else is what it was sealed with.
			for other, o := range all {
				o2 := c
				o2.Purpose = o.Purpose
				if _, err := m.open(o2, e); other != purpose && err == nil {
					t.Errorf("%s, %s renamed %s: opened", name, purpose, other)
				}
			}
		}
	}
}

func TestNothingOpensWithAnotherKey(t *testing.T) {
	c := contexts()[envelope.PurposeShare]
	for name, m := range methods(t) {
		e, err := m.seal(c, []byte("secret"))
		if err != nil {
			t.Fatal(err)
		}
		other := fixedKey(t, 99)
		if _, err := envelope.Open(other, c, e); !errors.Is(err, envelope.ErrOpen) {
			t.Errorf("%s: open: got %v", name, err)
		}
		if _, err := envelope.OpenWith(other, c, e); !errors.Is(err, envelope.ErrOpen) {
			t.Errorf("%s: open with: got %v", name, err)
		}
	}
}

func TestUnknownSuiteIsRefused(t *testing.T) {
	c := contexts()[envelope.PurposeShare]
	for name, m := range methods(t) {
		e, err := m.seal(c, []byte("secret"))
		if err != nil {
			t.Fatal(err)
		}
		for _, suite := range []envelope.Suite{0, 2, 255} {
			e.Suite = suite
			if _, err := m.open(c, e); !errors.Is(err, envelope.ErrSuite) {
				t.Errorf("%s, suite %d: got %v", name, suite, err)
			}
		}
	}
}

func TestNoChangedEnvelopeOpens(t *testing.T) {
	c := contexts()[envelope.PurposeReleaseShare]
	for name, m := range methods(t) {
		e, err := m.seal(c, []byte("a share and its salt"))
		if err != nil {
			t.Fatal(err)
		}
		mutate.Each(e.Bytes, func(mutant []byte, what string) bool {
			got, err := m.open(c, envelope.Envelope{Suite: e.Suite, Bytes: mutant})
			if got != nil || !errors.Is(err, envelope.ErrOpen) {
				t.Errorf("%s, %s: got %q, %v", name, what, got, err)
			}
			return !t.Failed()
		})
		text, err := envelope.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		mutate.Each(text, func(mutant []byte, what string) bool {
			changed, err := envelope.Decode[envelope.Envelope](mutant)
			if err == nil {
				_, err = m.open(c, changed)
			}
			if err == nil {
				t.Errorf("%s, JSON, %s: opened", name, what)
			}
			return !t.Failed()
		})
	}
}

func TestEnvelopesOfOneValueDiffer(t *testing.T) {
	c := contexts()[envelope.PurposeShare]
	for name, m := range methods(t) {
		a, _ := m.seal(c, []byte("same"))
		b, err := m.seal(c, []byte("same"))
		if err != nil || bytes.Equal(a.Bytes, b.Bytes) || bytes.Equal(a.Bytes[:envelope.NonceSize], b.Bytes[:envelope.NonceSize]) {
			t.Errorf("%s: two envelopes share bytes, %v", name, err)
		}
	}
}

// The standard library, called as the format says, opens what this package
// sealed: nothing is added that another implementation would not know of.
func TestEnvelopesOpenWithTheBareStandardLibrary(t *testing.T) {
	c := contexts()[envelope.PurposeShare]
	bound := encodeByHand(c)

	key := fixed(1, 32)
	sealed, err := envelope.Seal(fixedKey(t, 1), c, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := aes.NewCipher(key)
	gcm, _ := cipher.NewGCM(block)
	if got, err := gcm.Open(nil, sealed.Bytes[:12], sealed.Bytes[12:], bound); err != nil || string(got) != "secret" {
		t.Errorf("AES-256-GCM: got %q, %v", got, err)
	}

	seed := fixedKey(t, 2)
	to, err := envelope.KEMPublic(seed)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err = envelope.SealTo(to, c, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	private, err := hpke.MLKEM768X25519().NewPrivateKey(hkdf32(t, seed.Bytes(), nil, "stillvault/xwing/v1"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), bound, sealed.Bytes)
	if err != nil || string(got) != "secret" {
		t.Errorf("HPKE: got %q, %v", got, err)
	}
}

func TestMalformedKEMKeysAreRefused(t *testing.T) {
	to, err := envelope.KEMPublic(fixedKey(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	if err := to.Check(); err != nil {
		t.Errorf("a good key: %v", err)
	}
	notReduced := bytes.Clone(to) // coefficients of 12 one-bits are over the ML-KEM modulus
	copy(notReduced, []byte{0xff, 0xff, 0xff})
	for name, key := range map[string]envelope.KEMKey{
		"empty": nil, "short": to[:1215], "long": append(bytes.Clone(to), 0), "not reduced": notReduced,
	} {
		if err := key.Check(); !errors.Is(err, envelope.ErrKey) {
			t.Errorf("%s: check: got %v", name, err)
		}
		if _, err := envelope.SealTo(key, contexts()[envelope.PurposeShare], nil); !errors.Is(err, envelope.ErrKey) {
			t.Errorf("%s: seal: got %v", name, err)
		}
	}
}

// A change here is a change of format: everything sealed before it is lost.
func TestSeedStandsForTheSameKEMKeyForEver(t *testing.T) {
	to, err := envelope.KEMPublic(fixedKey(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	if len(to) != envelope.KEMKeySize {
		t.Errorf("%d bytes", len(to))
	}
	if got := envelope.Hash(sha256.Sum256(to)).String(); got != "23e990648551a682aa4a9be3e9638859be9e304f1efb98b444cf198c7c294d37" {
		t.Errorf("SHA-256 of the public key is %s", got)
	}
}

func TestAnOpenerExpandsItsKeyOnce(t *testing.T) {
	seed := fixedKey(t, 2)
	to, err := envelope.KEMPublic(seed)
	if err != nil {
		t.Fatal(err)
	}
	c := contexts()[envelope.PurposeShare]
	e, err := envelope.SealTo(to, c, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	expanded, blank := envelope.NewOpener(seed), envelope.NewOpener(seed)
	if _, err := expanded.Open(c, e); err != nil {
		t.Fatal(err)
	}
	seed.Wipe()
	if got, err := expanded.Open(c, e); err != nil || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := blank.Open(c, e); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("a wiped seed that was not expanded before: got %v", err)
	}
}
