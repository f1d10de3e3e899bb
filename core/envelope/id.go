package envelope

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"time"
)

// ID is a random identifier of 16 bytes, written as a lower-case UUID
// (RFC 9562, version 4). Names map to IDs; everything binds the ID, so that a
// re-created name inherits nothing.
type ID [16]byte

// NewID returns a fresh random ID.
func NewID() ID {
	var id ID
	rand.Read(id[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ParseID reads the lower-case UUID form and nothing else.
func ParseID(s string) (ID, error) {
	var id ID
	err := id.UnmarshalText([]byte(s))
	return id, err
}

// IsZero says whether the ID is absent.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the lower-case UUID form.
func (id ID) String() string {
	return string(id.text())
}

func (id ID) text() []byte {
	b := make([]byte, 0, 36)
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// MarshalText returns the lower-case UUID form.
func (id ID) MarshalText() ([]byte, error) { return id.text(), nil }

// UnmarshalText reads the lower-case UUID form; anything else is [ErrEncoding].
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return fmt.Errorf("not a UUID: %w", ErrEncoding)
	}
	compact := make([]byte, 0, 32)
	for i, c := range text {
		if i != 8 && i != 13 && i != 18 && i != 23 {
			compact = append(compact, c)
		}
	}
	var got ID
	if _, err := hex.Decode(got[:], compact); err != nil || !bytes.Equal(got.text(), text) {
		return fmt.Errorf("not a lower-case UUID: %w", ErrEncoding)
	}
	*id = got
	return nil
}

// Hash is a SHA-256 digest, written as 64 lower-case hexadecimal digits.
type Hash [HashSize]byte

// SumHash returns the SHA-256 digest of the parts, one after the other. Parts
// of variable length must already be length-prefixed.
func SumHash(parts ...[]byte) Hash {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	var sum Hash
	h.Sum(sum[:0])
	return sum
}

// ParseHash reads 64 lower-case hexadecimal digits and nothing else.
func ParseHash(s string) (Hash, error) {
	var h Hash
	err := h.UnmarshalText([]byte(s))
	return h, err
}

// IsZero says whether the hash is absent.
func (h Hash) IsZero() bool { return h == Hash{} }

// String returns 64 lower-case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText returns 64 lower-case hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads 64 lower-case hexadecimal digits; anything else is [ErrEncoding].
func (h *Hash) UnmarshalText(text []byte) error {
	var got Hash
	if len(text) != 2*HashSize {
		return fmt.Errorf("hash of %d digits, want %d: %w", len(text), 2*HashSize, ErrEncoding)
	}
	if _, err := hex.Decode(got[:], text); err != nil || !bytes.Equal(hex.AppendEncode(nil, got[:]), text) {
		return fmt.Errorf("hash is not lower-case hexadecimal: %w", ErrEncoding)
	}
	*h = got
	return nil
}

// Bytes is a public byte string, written as unpadded base64url (RFC 4648, 5).
// Secret bytes never have this type.
type Bytes []byte

var strictBase64 = base64.RawURLEncoding.Strict()

// String returns the unpadded base64url form.
func (b Bytes) String() string { return strictBase64.EncodeToString(b) }

// MarshalText returns the unpadded base64url form.
func (b Bytes) MarshalText() ([]byte, error) {
	return strictBase64.AppendEncode(nil, b), nil
}

// UnmarshalText reads strict unpadded base64url; anything else is [ErrEncoding].
func (b *Bytes) UnmarshalText(text []byte) error {
	got, err := strictBase64.AppendDecode(nil, text)
	if err != nil || bytes.ContainsAny(text, "\r\n") { // which even the strict decoder skips
		return fmt.Errorf("not unpadded base64url: %w", ErrEncoding)
	}
	*b = got
	return nil
}

// Time is an instant in milliseconds since the Unix epoch, UTC. An integer has
// one encoding; a textual time has many.
type Time int64

// At returns t to the millisecond.
func At(t time.Time) Time { return Time(t.UnixMilli()) }

// Time returns the instant in UTC.
func (t Time) Time() time.Time { return time.UnixMilli(int64(t)).UTC() }

// Add returns t + d, or the last or first instant there is.
func (t Time) Add(d time.Duration) Time {
	ms := Time(d.Milliseconds())
	sum := t + ms
	switch {
	case ms > 0 && sum < t:
		return math.MaxInt64
	case ms < 0 && sum > t:
		return math.MinInt64
	}
	return sum
}

// Sub returns t − u, or the longest duration there is: a difference that
// wrapped around would make a far deadline look near.
func (t Time) Sub(u Time) time.Duration {
	const most = Time(math.MaxInt64 / int64(time.Millisecond))
	diff := t - u
	switch {
	case t >= u && (diff < 0 || diff > most):
		return math.MaxInt64
	case t < u && (diff > 0 || diff < -most):
		return math.MinInt64
	}
	return time.Duration(diff) * time.Millisecond
}
