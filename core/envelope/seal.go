package envelope

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
)

// Envelope is a ciphertext with its suite. Bytes are nonce ‖ ciphertext ‖ tag
// for [Seal], encapsulated key ‖ ciphertext ‖ tag for [SealTo]. The context it
// is bound to is not in it: who opens recomputes that.
type Envelope struct {
	Suite Suite `json:"suite"`
	Bytes Bytes `json:"bytes"`
}

// Seal encrypts plaintext with AES-256-GCM under key, bound to ctx. The nonce
// is random: every key of this protocol encrypts once, so the birthday bound
// on random nonces is never approached. The caller keeps owning plaintext.
func Seal(key *Key, ctx Context, plaintext []byte) (Envelope, error) {
	ad, err := ctx.Encode()
	if err != nil {
		return Envelope{}, fmt.Errorf("seal: %w", err)
	}
	out := make([]byte, NonceSize, NonceSize+len(plaintext)+TagSize)
	rand.Read(out)
	Confine(func() {
		var aead cipher.AEAD
		if aead, err = newAEAD(key); err == nil {
			out = aead.Seal(out, out[:NonceSize], plaintext, ad)
		}
	})
	if err != nil {
		return Envelope{}, fmt.Errorf("seal %s: %w", ctx.Purpose, err)
	}
	return Envelope{Suite: Suite1, Bytes: out}, nil
}

// Open decrypts what [Seal] made under the same key and context; anything else
// is [ErrOpen]. The caller owns the plaintext and wipes it.
func Open(key *Key, ctx Context, e Envelope) ([]byte, error) {
	if err := e.Suite.check(); err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	ad, err := ctx.Encode()
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	if len(e.Bytes) < NonceSize+TagSize {
		return nil, fmt.Errorf("open %s: %d bytes: %w", ctx.Purpose, len(e.Bytes), ErrOpen)
	}
	// Allocated out here so that it lives as long as the caller needs it and
	// can be wiped in place: a buffer of the right capacity is never grown.
	plaintext := make([]byte, 0, len(e.Bytes)-NonceSize-TagSize)
	Confine(func() {
		var aead cipher.AEAD
		if aead, err = newAEAD(key); err == nil {
			plaintext, err = aead.Open(plaintext, e.Bytes[:NonceSize], e.Bytes[NonceSize:], ad)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", ctx.Purpose, ErrOpen)
	}
	return plaintext, nil
}

func newAEAD(key *Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key.Bytes())
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
