package envelope

import (
	"errors"
	"fmt"
)

// Suite names a fixed set of primitives. There is no negotiation: what was
// written under a suite is read under that suite or refused.
type Suite uint8

// Suite1 is X-Wing (ML-KEM-768 with X25519, HPKE KEM 0x647a), HKDF-SHA256,
// AES-256-GCM, Ed25519 and SHA-256.
const Suite1 Suite = 1

// Sizes of suite 1, in bytes.
const (
	// KeySize is the length of every symmetric key and of every private seed.
	KeySize = 32
	// NonceSize is the length of an AES-GCM nonce (NIST SP 800-38D, 8.2.2).
	NonceSize = 12
	// TagSize is the length of an AES-GCM tag.
	TagSize = 16
	// KEMKeySize is the length of an X-Wing public key.
	KEMKeySize = 1216
	// EncapsulationSize is the length of an X-Wing encapsulated key, with
	// which the bytes of every [SealTo] envelope begin.
	EncapsulationSize = 1120
	// HashSize is the length of a SHA-256 digest.
	HashSize = 32
	// SignatureSize is the length of an Ed25519 signature.
	SignatureSize = 64
)

// Errors of this package. Each is returned wrapped with what was being done.
var (
	// ErrSuite means that a suite is not known to this build.
	ErrSuite = errors.New("unknown_suite")
	// ErrContext means that a context lacks a field its purpose needs, or has
	// one that its purpose does not bind.
	ErrContext = errors.New("context_invalid")
	// ErrOpen means that a ciphertext does not open: another key, another
	// context, or changed bytes. Which of them is not knowable, nor said.
	ErrOpen = errors.New("envelope_does_not_open")
	// ErrEncoding means that bytes are not the one canonical encoding of a value.
	ErrEncoding = errors.New("encoding_not_canonical")
	// ErrTooLarge means that an encoded message is over [MaxMessage].
	ErrTooLarge = errors.New("message_too_large")
	// ErrSignature means that a message lacks exactly the signatures it needs.
	ErrSignature = errors.New("signature_invalid")
	// ErrPayloadType means that a signed message is of another type than expected.
	ErrPayloadType = errors.New("payload_type_unexpected")
	// ErrKey means that a public key is malformed.
	ErrKey = errors.New("public_key_invalid")
	// ErrRedacted means that something tried to serialise key material.
	ErrRedacted = errors.New("key material is never serialised")
)

func (s Suite) check() error {
	if s != Suite1 {
		return fmt.Errorf("suite %d: %w", s, ErrSuite)
	}
	return nil
}
