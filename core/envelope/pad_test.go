package envelope_test

import (
	"bytes"
	"errors"
	"math/bits"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/internal/mutate"
)

func TestPaddingHidesAllButTheOrderOfMagnitude(t *testing.T) {
	for n, want := range map[int]int{0: 256, 1: 256, 252: 256, 253: 512, 508: 512, 509: 1024, 1020: 1024, 1021: 2048, 1 << 20: 2 << 20} {
		plaintext := bytes.Repeat([]byte{0xaa}, n)
		padded := envelope.Pad(plaintext)
		if len(padded) != want || bits.OnesCount(uint(len(padded))) != 1 {
			t.Errorf("%d bytes padded to %d, want %d", n, len(padded), want)
		}
		got, err := envelope.Unpad(padded)
		if err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
}

func TestOnlyWhatPadMakesIsUnpadded(t *testing.T) {
	padded := envelope.Pad(bytes.Repeat([]byte{0xaa}, 100))
	mutate.Each(padded, func(mutant []byte, what string) bool {
		got, err := envelope.Unpad(mutant)
		switch {
		case err == nil && !bytes.Equal(envelope.Pad(got), mutant):
			t.Errorf("%s: unpadded to %d bytes that pad otherwise", what, len(got))
		case err != nil && !errors.Is(err, envelope.ErrEncoding):
			t.Errorf("%s: got %v", what, err)
		}
		return !t.Failed()
	})
	for name, bad := range map[string][]byte{
		"nothing":        nil,
		"under 256":      make([]byte, 128),
		"no power of 2":  make([]byte, 300),
		"larger than it": make([]byte, 512),
		"length over it": append([]byte{0, 0, 0, 253}, make([]byte, 252)...),
		"huge length":    append([]byte{0xff, 0xff, 0xff, 0xff}, make([]byte, 252)...),
		"not zero":       append(make([]byte, 255), 1),
	} {
		if _, err := envelope.Unpad(bad); !errors.Is(err, envelope.ErrEncoding) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
