package keyring

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

var (
	base64URL       = base64.RawURLEncoding.Strict()
	recoveryKeySize = base64URL.EncodedLen(envelope.KeySize)
)

// FormatRecoveryKey returns the form in which a recovery key is shown to a
// person, the unpadded base64url of its 32 bytes. The caller wipes it.
func FormatRecoveryKey(k *envelope.Key) []byte { return encodeKey(k) }

// ParseRecoveryKey reads what [FormatRecoveryKey] wrote, tolerating white
// space around it and the padding that other tools add. Anything else is
// [ErrFormat]. The caller wipes the result and still owns text.
func ParseRecoveryKey(text []byte) (*envelope.Key, error) {
	text = bytes.TrimSuffix(trim(text), []byte("="))
	k, err := decodeKey(text)
	if err != nil {
		return nil, fmt.Errorf("recovery key: want %d characters of base64url: %w", recoveryKeySize, err)
	}
	return k, nil
}

func encodeKey(k *envelope.Key) []byte {
	text := make([]byte, recoveryKeySize)
	envelope.Confine(func() { base64URL.Encode(text, k.Bytes()) })
	return text
}

// decodeKey reads 43 characters. Go's decoder skips line breaks, so the length
// of the text alone does not say that all of it was read: the result's does.
func decodeKey(text []byte) (*envelope.Key, error) {
	if len(text) != recoveryKeySize {
		return nil, ErrFormat
	}
	raw := make([]byte, envelope.KeySize)
	defer envelope.Wipe(raw)
	n, err := 0, error(nil)
	envelope.Confine(func() { n, err = base64URL.Decode(raw, text) })
	if err != nil || n != envelope.KeySize {
		return nil, ErrFormat
	}
	return envelope.KeyFrom(raw)
}
