package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// seal encrypts plaintext into s with a fresh nonce. The format binds a
// ciphertext with a digest rather than with an envelope.Context, so it has its
// own two AEAD calls here.
func (s *Sealed) seal(key *envelope.Key, aad [32]byte, plaintext []byte) error {
	rand.Read(s.Nonce[:])
	s.Version = sealedVersion
	out := make([]byte, 0, len(plaintext)+envelope.TagSize)
	var err error
	envelope.Confine(func() {
		var aead cipher.AEAD
		if aead, err = newAEAD(key); err == nil {
			out = aead.Seal(out, s.Nonce[:], plaintext, aad[:])
		}
	})
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	s.Ciphertext = out
	return nil
}

// open returns the plaintext, which the caller wipes, or says that it cannot.
func (s *Sealed) open(key *envelope.Key, aad [32]byte) ([]byte, bool) {
	if len(s.Ciphertext) < envelope.TagSize {
		return nil, false
	}
	plaintext := make([]byte, 0, len(s.Ciphertext)-envelope.TagSize)
	var err error
	envelope.Confine(func() {
		var aead cipher.AEAD
		if aead, err = newAEAD(key); err == nil {
			plaintext, err = aead.Open(plaintext, s.Nonce[:], s.Ciphertext, aad[:])
		}
	})
	return plaintext, err == nil
}

func newAEAD(key *envelope.Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key.Bytes())
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// contentKeys are the two keys that a row's DEK stands for.
type contentKeys struct{ payload, metadata *envelope.Key }

func (r *Row) contentKeys(dek *envelope.Key) (contentKeys, error) {
	payload, err := envelope.Derive(dek.Bytes(), r.KDFSalt[:], labelPayload, nil)
	if err != nil {
		return contentKeys{}, err
	}
	metadata, err := envelope.Derive(dek.Bytes(), r.KDFSalt[:], labelMetadata, nil)
	if err != nil {
		payload.Wipe()
		return contentKeys{}, err
	}
	return contentKeys{payload: payload, metadata: metadata}, nil
}

func (k contentKeys) wipe() {
	k.payload.Wipe()
	k.metadata.Wipe()
}
