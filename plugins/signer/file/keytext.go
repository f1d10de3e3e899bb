package file

import (
	"encoding/base64"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// KeyText is a key in a private file: 32 bytes as unpadded base64url. It is the
// one way in which a key of the command line is written down; a Key by itself
// refuses.
type KeyText struct{ *envelope.Key }

// MarshalJSON writes the key as a string. A missing key is an error.
func (k KeyText) MarshalJSON() ([]byte, error) {
	if k.Key == nil {
		return nil, fmt.Errorf("key missing: %w", envelope.ErrKey)
	}
	out := []byte{'"'}
	out = base64.RawURLEncoding.AppendEncode(out, k.Bytes())
	return append(out, '"'), nil
}

// MarshalText refuses: only [KeyText.MarshalJSON] writes a key.
func (k KeyText) MarshalText() ([]byte, error) { return nil, envelope.ErrRedacted }

// UnmarshalJSON reads what MarshalJSON wrote; anything else is
// [envelope.ErrEncoding]. The caller wipes the key.
func (k *KeyText) UnmarshalJSON(text []byte) error {
	decoded := make([]byte, envelope.KeySize+2)
	defer envelope.Wipe(decoded)
	if len(text) != base64.RawURLEncoding.EncodedLen(envelope.KeySize)+2 || text[0] != '"' || text[len(text)-1] != '"' {
		return fmt.Errorf("key: %w", envelope.ErrEncoding)
	}
	n, err := base64.RawURLEncoding.Strict().Decode(decoded, text[1:len(text)-1])
	if err != nil {
		return fmt.Errorf("key: %w", envelope.ErrEncoding)
	}
	k.Key, err = envelope.KeyFrom(decoded[:n])
	return err
}
