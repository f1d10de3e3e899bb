package envelope

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"fmt"
)

// KEMKey is an X-Wing public key of 1216 bytes, written as unpadded base64url.
type KEMKey Bytes

// String returns the unpadded base64url form.
func (k KEMKey) String() string { return Bytes(k).String() }

// MarshalText returns the unpadded base64url form.
func (k KEMKey) MarshalText() ([]byte, error) { return Bytes(k).MarshalText() }

// UnmarshalText reads a key of 1216 bytes; another length is [ErrKey].
func (k *KEMKey) UnmarshalText(text []byte) error {
	if err := (*Bytes)(k).UnmarshalText(text); err != nil {
		return err
	}
	if len(*k) != KEMKeySize {
		return fmt.Errorf("KEM key of %d bytes, want %d: %w", len(*k), KEMKeySize, ErrKey)
	}
	return nil
}

// Check refuses, with [ErrKey], a key that nothing can be sealed to, when it is
// admitted and not when it is needed. Parsing alone lets X25519 points of low
// order through; agreeing on a secret with them, as sealing does, fails.
func (k KEMKey) Check() error {
	if _, err := k.Recipient(); err != nil {
		return err
	}
	point, err := ecdh.X25519().NewPublicKey(k[len(k)-x25519Size:])
	if err == nil {
		_, err = anyX25519.ECDH(point)
	}
	if err != nil {
		return fmt.Errorf("KEM key: %w", ErrKey)
	}
	return nil
}

// Recipient is a KEM public key that was parsed, about 6.5 KiB of public data,
// for whoever seals to one key many times: parsing expands ML-KEM's matrix,
// which takes a fifth of the time of sealing itself.
type Recipient struct{ key hpke.PublicKey }

// Recipient parses the key; [ErrKey] for what is none.
func (k KEMKey) Recipient() (*Recipient, error) {
	pub, err := kem().NewPublicKey(k)
	if err != nil {
		return nil, fmt.Errorf("KEM key: %w", ErrKey)
	}
	return &Recipient{pub}, nil
}

// An X-Wing public key ends with its X25519 half.
const x25519Size = 32

// anyX25519 is a private key that keeps no secret: with points of low order
// every private key agrees on zero.
var anyX25519, _ = ecdh.X25519().NewPrivateKey(bytes.Repeat([]byte{1}, x25519Size))

func kem() hpke.KEM { return hpke.MLKEM768X25519() }

// KEMPublic returns the public half of the KEM key pair that seed stands for.
// Only seeds are kept: 32 bytes that can be wiped, against several kilobytes
// of expanded key that cannot.
func KEMPublic(seed *Key) (KEMKey, error) {
	var pub KEMKey
	err := withKEM(seed, func(priv hpke.PrivateKey) error {
		pub = priv.PublicKey().Bytes()
		return nil
	})
	return pub, err
}

// SealTo encrypts plaintext to the holder of a KEM key, as [Recipient.Seal]
// does.
func SealTo(to KEMKey, ctx Context, plaintext []byte) (Envelope, error) {
	info, err := ctx.Encode()
	if err != nil {
		return Envelope{}, fmt.Errorf("seal: %w", err)
	}
	parsed, err := to.Recipient()
	if err != nil {
		return Envelope{}, fmt.Errorf("seal %s: %w", ctx.Purpose, err)
	}
	return parsed.seal(ctx.Purpose, info, plaintext)
}

// Seal encrypts plaintext to the holder of the key (RFC 9180 base mode, single
// shot). ctx goes in as info: the single-shot key schedule has a fresh key for
// each call, and info binds that key as firmly as additional data would bind
// the ciphertext.
func (r *Recipient) Seal(ctx Context, plaintext []byte) (Envelope, error) {
	info, err := ctx.Encode()
	if err != nil {
		return Envelope{}, fmt.Errorf("seal: %w", err)
	}
	return r.seal(ctx.Purpose, info, plaintext)
}

func (r *Recipient) seal(p Purpose, info, plaintext []byte) (Envelope, error) {
	var err error
	out := make([]byte, EncapsulationSize+len(plaintext)+TagSize)
	Confine(func() {
		var sealed []byte
		sealed, err = hpke.Seal(r.key, hpke.HKDFSHA256(), hpke.AES256GCM(), info, plaintext)
		if err == nil && copy(out, sealed) != len(out) {
			err = ErrSuite
		}
	})
	if err != nil {
		return Envelope{}, fmt.Errorf("seal %s: %w", p, err)
	}
	return Envelope{Suite: Suite1, Bytes: out}, nil
}

// OpenWith decrypts what [SealTo] made for the public half of seed under the
// same context; anything else is [ErrOpen]. The caller owns the plaintext and
// wipes it.
func OpenWith(seed *Key, ctx Context, e Envelope) ([]byte, error) {
	return NewOpener(seed).Open(ctx, e)
}

// withKEM expands seed for one use.
func withKEM(seed *Key, use func(hpke.PrivateKey) error) error {
	return NewOpener(seed).use(use)
}
