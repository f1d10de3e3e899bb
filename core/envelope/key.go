package envelope

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"runtime"
)

const redacted = "[redacted]"

// Key is 32 bytes of secret key material: a DEK, a seed, a KEM private key or
// a wrapping key. Whoever made a Key, or was returned one, owns it and calls
// [Key.Wipe] when done. It prints as redacted and refuses to be serialised.
// Pass it by pointer; a copy of the struct is the same key, [Key.Clone] is not.
//
// The bytes are two pointers away. Package fmt asks no method of what stands
// in another struct's unexported field, and for a verb that does not fit
// (%s of a struct that holds a *Key) prints what a pointer points to; it never
// follows a second one.
type Key struct{ hidden *hidden }

type hidden struct{ bytes *[KeySize]byte }

// blankKey returns a key of zeroes, to be filled in. The three parts are one
// allocation.
func blankKey() *Key {
	k := new(struct {
		key    Key
		hidden hidden
		bytes  [KeySize]byte
	})
	k.key.hidden, k.hidden.bytes = &k.hidden, &k.bytes
	return &k.key
}

// NewKey returns a fresh key from crypto/rand.
func NewKey() *Key {
	k := blankKey()
	rand.Read(k.Bytes())
	return k
}

// KeyFrom copies b, which must be 32 bytes long and stays the caller's to wipe.
func KeyFrom(b []byte) (*Key, error) {
	if len(b) != KeySize {
		return nil, fmt.Errorf("key of %d bytes, want %d: %w", len(b), KeySize, ErrKey)
	}
	k := blankKey()
	copy(k.Bytes(), b)
	return k, nil
}

// Bytes returns the key itself, not a copy: it is gone after [Key.Wipe].
func (k *Key) Bytes() []byte { return k.hidden.bytes[:] }

// Clone returns a copy that has its own owner.
func (k *Key) Clone() *Key {
	c := blankKey()
	copy(c.Bytes(), k.Bytes())
	return c
}

// Equal compares in constant time.
func (k *Key) Equal(other *Key) bool {
	return subtle.ConstantTimeCompare(k.Bytes(), other.Bytes()) == 1
}

// Wipe overwrites the key. It is safe on nil and may be called twice.
func (k *Key) Wipe() {
	if k != nil && k.hidden != nil {
		Wipe(k.Bytes())
	}
}

// Format prints "[redacted]" for every verb, so that no log line or error can
// carry a key by accident.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON always fails with [ErrRedacted].
func (Key) MarshalJSON() ([]byte, error) { return nil, ErrRedacted }

// MarshalText always fails with [ErrRedacted].
func (Key) MarshalText() ([]byte, error) { return nil, ErrRedacted }

// Wipe overwrites b with zeroes in a way that the compiler keeps.
func Wipe(b []byte) {
	clear(b)
	runtime.KeepAlive(b)
}
