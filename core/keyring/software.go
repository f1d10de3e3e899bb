package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/stillvault/stillvault/core/envelope"
)

// Software is an authenticator made of a key: 32 random bytes that the caller
// keeps in a file which only its owner may read. It answers as a passkey's PRF
// does, so rows wrapped with it look like a passkey's; it needs no gesture, so
// whoever reads the file can use it.
type Software struct{ key *envelope.Key }

var _ PRF = (*Software)(nil)

// NewSoftware makes an authenticator with a fresh key. The caller wipes it.
func NewSoftware() *Software { return SoftwareFrom(envelope.NewKey()) }

// SoftwareFrom makes the authenticator of a stored key and takes the key over;
// [Software.Wipe] wipes it.
func SoftwareFrom(key *envelope.Key) *Software { return &Software{key: key} }

// Key returns the key to be stored. It stays the Software's to wipe.
func (s *Software) Key() *envelope.Key { return s.key }

// Evaluate returns HMAC-SHA256(key, salt), 32 bytes that the caller wipes.
func (s *Software) Evaluate(salt [32]byte) (*envelope.Key, error) {
	out := envelope.NewKey()
	envelope.Confine(func() {
		mac := hmac.New(sha256.New, s.key.Bytes())
		mac.Write(salt[:])
		mac.Sum(out.Bytes()[:0])
	})
	return out, nil
}

// CredentialID names the key without revealing it, 16 bytes: a row carries it
// as a passkey's row carries the passkey's id. It is derived by HKDF, whose
// use of HMAC keys the function with the salt, here none, and not with the
// key; so it is not an answer that Evaluate could give.
func (s *Software) CredentialID() (envelope.Bytes, error) {
	id, err := envelope.Derive(s.key.Bytes(), nil, envelope.LabelSoftwareID, nil)
	if err != nil {
		return nil, fmt.Errorf("software factor: %w", err)
	}
	defer id.Wipe()
	return envelope.Bytes(append([]byte(nil), id.Bytes()[:16]...)), nil
}

// Wipe overwrites the key. It is safe on nil and may be called twice.
func (s *Software) Wipe() {
	if s != nil {
		s.key.Wipe()
	}
}

// Format prints the same words for every verb.
func (Software) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted software factor]") }

// MarshalJSON always fails with [envelope.ErrRedacted].
func (Software) MarshalJSON() ([]byte, error) { return nil, envelope.ErrRedacted }
