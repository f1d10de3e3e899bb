package main

import (
	"bytes"
	"testing"
)

func TestBothEncodingsOfAPointAreRead(t *testing.T) {
	key := bytes.Repeat([]byte{4}, 32) // begins as an OCTET STRING does
	cases := map[string]struct {
		value []byte
		good  bool
	}{
		"as it is":               {key, true},
		"in an OCTET STRING":     {append([]byte{4, 32}, key...), true},
		"nothing":                {nil, false},
		"too short":              {key[1:], false},
		"a string too short":     {append([]byte{4, 31}, key[1:]...), false},
		"something after it":     {append(append([]byte{4, 32}, key...), 0), false},
		"a length that is wrong": {append([]byte{4, 33}, key...), false},
		"in a BIT STRING":        {append([]byte{3, 33, 0}, key...), false},
		"a point of Ed448":       {append([]byte{4, 57}, make([]byte, 57)...), false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := decodePoint(tc.value)
			if tc.good != (err == nil) || tc.good && !bytes.Equal(got, key) {
				t.Errorf("%x, %v", got, err)
			}
		})
	}
}
