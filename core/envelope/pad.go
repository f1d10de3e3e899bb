package envelope

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

const minPadded = 256

// Pad returns length (4 bytes, big endian) ‖ plaintext ‖ zeroes, a power of two
// of at least 256 bytes, so that a ciphertext tells only the order of magnitude
// of what it holds. The caller owns and wipes both.
func Pad(plaintext []byte) []byte {
	out := make([]byte, paddedSize(len(plaintext)))
	binary.BigEndian.PutUint32(out, uint32(len(plaintext)))
	copy(out[4:], plaintext)
	return out
}

// Unpad returns the part of padded that [Pad] was given, not a copy. Whatever
// Pad would not have made is [ErrEncoding].
func Unpad(padded []byte) ([]byte, error) {
	if len(padded) < minPadded {
		return nil, fmt.Errorf("padding: %d bytes: %w", len(padded), ErrEncoding)
	}
	n := int(binary.BigEndian.Uint32(padded))
	if n > len(padded)-4 || paddedSize(n) != len(padded) {
		return nil, fmt.Errorf("padding: wrong length: %w", ErrEncoding)
	}
	for _, b := range padded[4+n:] {
		if b != 0 {
			return nil, fmt.Errorf("padding: not zero: %w", ErrEncoding)
		}
	}
	return padded[4 : 4+n], nil
}

func paddedSize(n int) int {
	if n+4 <= minPadded {
		return minPadded
	}
	return 1 << bits.Len(uint(n+4-1))
}
