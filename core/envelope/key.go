package envelope

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"runtime"
)

const redacted = "[redacted]"

// Key is 32 bytes of secret key material: a DEK, a seed, a KEM private key or
// a wrapping key. Whoever made a Key, or was returned one, owns it and calls
// [Key.Wipe] when done. It prints as redacted and refuses to be serialised.
// Pass it by pointer: a copy is one more thing to wipe.
type Key struct{ bytes [KeySize]byte }

// NewKey returns a fresh key from crypto/rand.
func NewKey() *Key {
	k := new(Key)
	rand.Read(k.bytes[:])
	return k
}

// KeyFrom copies b, which must be 32 bytes long and stays the caller's to wipe.
func KeyFrom(b []byte) (*Key, error) {
	if len(b) != KeySize {
		return nil, fmt.Errorf("key of %d bytes, want %d: %w", len(b), KeySize, ErrKey)
	}
	k := new(Key)
	copy(k.bytes[:], b)
	return k, nil
}

// Bytes returns the key itself, not a copy: it is gone after [Key.Wipe].
func (k *Key) Bytes() []byte { return k.bytes[:] }

// Clone returns a copy that has its own owner.
func (k *Key) Clone() *Key {
	c := new(Key)
	*c = *k
	return c
}

// Equal compares in constant time.
func (k *Key) Equal(other *Key) bool {
	return subtle.ConstantTimeCompare(k.bytes[:], other.bytes[:]) == 1
}

// Wipe overwrites the key. It is safe on nil and may be called twice.
func (k *Key) Wipe() {
	if k != nil {
		Wipe(k.bytes[:])
	}
}

// Format prints "[redacted]" for every verb, so that no log line or error can
// carry a key by accident.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue keeps structured logs from reflecting into the key.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON always fails with [ErrRedacted].
func (Key) MarshalJSON() ([]byte, error) { return nil, ErrRedacted }

// MarshalText always fails with [ErrRedacted].
func (Key) MarshalText() ([]byte, error) { return nil, ErrRedacted }

// Wipe overwrites b with zeroes in a way that the compiler keeps.
func Wipe(b []byte) {
	clear(b)
	runtime.KeepAlive(b)
}
