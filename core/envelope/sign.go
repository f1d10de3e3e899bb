package envelope

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strconv"
)

// PayloadType says what a signed message is. Every purpose has its own, and it
// is part of what is signed: a signature made for one says nothing about another.
type PayloadType string

// The payload types of suite 1.
const (
	TypeStatement   PayloadType = "application/vnd.stillvault.statement.v1+json"
	TypeCertificate PayloadType = "application/vnd.stillvault.device-certificate.v1+json"
	TypeHeader      PayloadType = "application/vnd.stillvault.header.v1+json"
	TypeWrapSet     PayloadType = "application/vnd.stillvault.wrap-set.v1+json"
	TypeRequest     PayloadType = "application/vnd.stillvault.request.v1+json"
	TypeReceipt     PayloadType = "application/vnd.stillvault.receipt.v1+json"
	TypeInboxCall   PayloadType = "application/vnd.stillvault.inbox-call.v1+json"
	TypeHandover    PayloadType = "application/vnd.stillvault.handover-call.v1+json"
	TypeDeal        PayloadType = "application/vnd.stillvault.deal.v1+json"
	TypeReshare     PayloadType = "application/vnd.stillvault.reshare-request.v1+json"
	TypeReshareCall PayloadType = "application/vnd.stillvault.reshare-call.v1+json"
	TypeOpened      PayloadType = "application/vnd.stillvault.opened.v1+json"
)

// VerifyKey is an Ed25519 public key of 32 bytes, written as unpadded base64url.
type VerifyKey [ed25519.PublicKeySize]byte

// String returns the unpadded base64url form.
func (k VerifyKey) String() string { return Bytes(k[:]).String() }

// IsZero says whether the key is absent.
func (k VerifyKey) IsZero() bool { return k == VerifyKey{} }

// MarshalText returns the unpadded base64url form.
func (k VerifyKey) MarshalText() ([]byte, error) { return Bytes(k[:]).MarshalText() }

// UnmarshalText reads a key of 32 bytes; another length is [ErrKey].
func (k *VerifyKey) UnmarshalText(text []byte) error {
	var b Bytes
	if err := b.UnmarshalText(text); err != nil {
		return err
	}
	if len(b) != len(k) {
		return fmt.Errorf("verification key of %d bytes, want %d: %w", len(b), len(k), ErrKey)
	}
	copy(k[:], b)
	return nil
}

// Signer signs messages with one key, wherever that key is: in memory, in an
// agent, in hardware. It is given the type and the exact payload rather than
// their encoding, so that a careful signer can read what it signs; it signs
// [PAE] of the two and returns the 64-byte Ed25519 signature or, of a statement
// only, a security key's of [SecurityKeySignatureSize] bytes.
type Signer interface {
	Public() VerifyKey
	Sign(t PayloadType, payload []byte) ([]byte, error)
}

// SigningKey is a [Signer] whose key is the Ed25519 seed it holds in memory.
type SigningKey struct {
	seed   *Key
	public VerifyKey
}

var _ Signer = (*SigningKey)(nil)

// NewSigningKey takes over seed, 32 bytes; [SigningKey.Wipe] wipes it.
func NewSigningKey(seed *Key) *SigningKey {
	k := &SigningKey{seed: seed}
	Confine(func() {
		private := ed25519.NewKeyFromSeed(seed.Bytes())
		copy(k.public[:], private[ed25519.SeedSize:])
		Wipe(private)
	})
	return k
}

// Public returns the verification key.
func (k *SigningKey) Public() VerifyKey { return k.public }

// Seed returns the key's seed, which stays the SigningKey's to wipe.
func (k *SigningKey) Seed() *Key { return k.seed }

// Wipe wipes the seed.
func (k *SigningKey) Wipe() {
	if k != nil {
		k.seed.Wipe()
	}
}

// Sign signs PAE(t, payload).
func (k *SigningKey) Sign(t PayloadType, payload []byte) ([]byte, error) {
	signature := make([]byte, SignatureSize)
	Confine(func() {
		// An Ed25519 private key in Go is seed ‖ public key: putting it together
		// spares the scalar multiplication that NewKeyFromSeed would repeat.
		private := append(append(make(ed25519.PrivateKey, 0, ed25519.PrivateKeySize), k.seed.Bytes()...), k.public[:]...)
		copy(signature, ed25519.Sign(private, PAE(t, payload)))
		Wipe(private)
	})
	return signature, nil
}

// Signature is one signature of a [Signed] message.
type Signature struct {
	Key   VerifyKey `json:"keyid"`
	Bytes Bytes     `json:"sig"`
}

// Signed is a signed message in the DSSE layout (secure-systems-lab/dsse v1.0):
// the exact payload bytes, their type, and signatures over PAE of both, in the
// order of their keys.
type Signed struct {
	Type       PayloadType `json:"payloadType"`
	Payload    Bytes       `json:"payload"`
	Signatures []Signature `json:"signatures"`
}

// PAE is the DSSE pre-authentication encoding. Both parts carry their length,
// so no choice of type and payload reads as another choice.
func PAE(t PayloadType, payload []byte) []byte {
	b := make([]byte, 0, len(t)+len(payload)+40)
	b = append(b, "DSSEv1 "...)
	b = strconv.AppendInt(b, int64(len(t)), 10)
	b = append(b, ' ')
	b = append(b, t...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(payload)), 10)
	b = append(b, ' ')
	return append(b, payload...)
}

// Sign encodes v and signs it with every signer. A signer's error is returned as it
// is: the caller knows better than a media type what was to be signed.
func Sign(t PayloadType, v any, signers ...Signer) (Signed, error) {
	payload, err := Encode(v)
	if err != nil {
		return Signed{}, fmt.Errorf("sign %s: %w", t, err)
	}
	s := Signed{Type: t, Payload: payload}
	for _, signer := range signers {
		signature, err := signer.Sign(t, payload)
		if err != nil {
			return Signed{}, err
		}
		s.Signatures = append(s.Signatures, Signature{Key: signer.Public(), Bytes: signature})
	}
	slices.SortFunc(s.Signatures, func(a, b Signature) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	return s, nil
}

// Hash identifies the message: SHA-256 of PAE, whatever signatures surround it.
func (s Signed) Hash() Hash { return SumHash(PAE(s.Type, s.Payload)) }

// Verify checks that the message is of type t and carries exactly one valid
// signature by each of keys, in key order, and no other. A signature that
// nobody asked for is refused too: nothing around a message may be free to vary.
func (s Signed) Verify(t PayloadType, keys ...VerifyKey) error {
	return s.verify(t, keys, verifyPlain)
}

func (s Signed) verify(t PayloadType, keys []VerifyKey, good func(key VerifyKey, pae, signature []byte) bool) error {
	if s.Type != t {
		return fmt.Errorf("verify %s: %w", t, ErrPayloadType)
	}
	want := slices.Clone(keys)
	slices.SortFunc(want, func(a, b VerifyKey) int { return bytes.Compare(a[:], b[:]) })
	if len(want) == 0 || len(slices.Compact(slices.Clone(want))) != len(want) || len(s.Signatures) != len(want) {
		return fmt.Errorf("verify %s: %d signatures, want %d: %w", t, len(s.Signatures), len(want), ErrSignature)
	}
	pae := PAE(s.Type, s.Payload)
	for i, signature := range s.Signatures {
		if signature.Key != want[i] || !good(want[i], pae, signature.Bytes) {
			return fmt.Errorf("verify %s: %w", t, ErrSignature)
		}
	}
	return nil
}

// verifyPlain checks a signature over pae itself.
func verifyPlain(key VerifyKey, pae, signature []byte) bool {
	return len(signature) == SignatureSize && ed25519.Verify(key[:], pae, signature)
}

// Peek decodes the payload of a message of type t without verifying it, to
// learn whose signature it needs. Nothing read this way is to be believed
// before [Signed.Verify].
func Peek[T any](s Signed, t PayloadType) (T, error) {
	var zero T
	if s.Type != t {
		return zero, fmt.Errorf("read %s: %w", t, ErrPayloadType)
	}
	return Decode[T](s.Payload)
}

// OpenSigned verifies the message as [Signed.Verify] does and decodes it.
func OpenSigned[T any](s Signed, t PayloadType, keys ...VerifyKey) (T, error) {
	var zero T
	if err := s.Verify(t, keys...); err != nil {
		return zero, err
	}
	return Decode[T](s.Payload)
}
