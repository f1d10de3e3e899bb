package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/stillvault/stillvault/core/envelope"
)

// Limits of what is stored, in bytes.
const (
	// MaxValue is the longest value, as JSON. Its padding makes it a power of two.
	MaxValue = 512<<10 - 4
	// MaxVersion is the largest version, as it is encoded: below what one entry
	// of Vault's integrated storage may hold, and far below what is read
	// ([envelope.MaxMessage]). About 45 approvers fit beside the longest value, 300
	// beside a short one, with room for a re-share.
	MaxVersion = 896 << 10
)

// Value is an opened secret: a JSON object in plaintext. It prints as redacted;
// its owner wipes it.
type Value struct{ json []byte }

// JSON returns the value itself, not a copy: it is gone after [Value.Wipe].
func (v *Value) JSON() []byte { return v.json }

// Wipe overwrites the value.
func (v *Value) Wipe() {
	if v != nil {
		envelope.Wipe(v.json)
	}
}

// Format prints "[redacted]" for every verb.
func (Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// MarshalJSON always fails: who wants the value asks for it by [Value.JSON].
func (Value) MarshalJSON() ([]byte, error) { return nil, envelope.ErrRedacted }

// CheckValue returns [ErrValue] unless b is one JSON object of at most
// [MaxValue] bytes.
func CheckValue(b []byte) error {
	if len(b) > MaxValue {
		return fmt.Errorf("%d bytes: %w", len(b), ErrValue)
	}
	if !bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("{")) || !json.Valid(b) {
		return fmt.Errorf("not a JSON object: %w", ErrValue)
	}
	return nil
}

// plaintextOf returns r (32 random bytes) ‖ padded JSON. r makes equal values
// unequal, so that the commitment in the header cannot be tried out.
func plaintextOf(value []byte) []byte {
	r := envelope.NewKey()
	defer r.Wipe()
	padded := envelope.Pad(value)
	defer envelope.Wipe(padded)
	return append(append(make([]byte, 0, envelope.KeySize+len(padded)), r.Bytes()...), padded...)
}

func valueOf(plaintext []byte) (*Value, error) {
	if len(plaintext) < envelope.KeySize {
		return nil, ErrCommitment
	}
	b, err := envelope.Unpad(plaintext[envelope.KeySize:])
	if err != nil {
		return nil, err
	}
	return &Value{json: bytes.Clone(b)}, nil
}
