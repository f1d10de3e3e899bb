package envelope_test

import (
	"bytes"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
)

func FuzzDecodeSigned(f *testing.F) {
	list, keys := signers(f, 2)
	text, err := envelope.Encode(signed(f, list...))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	key := securityKey(f)
	touched, err := envelope.Encode(signed(f, key))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(touched)
	f.Add([]byte(`{"payloadType":"","payload":"","signatures":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := envelope.Decode[envelope.Signed](data)
		if err != nil {
			return
		}
		if again, err := envelope.Encode(s); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q is read as what is written %q, %v", data, again, err)
		}
		if s.Verify(envelope.TypeStatement, keys...) == nil && !bytes.Equal(data, text) {
			t.Errorf("verifies: %q", data)
		}
		if s.VerifyStatement(key.Public()) == nil && !bytes.Equal(data, touched) {
			t.Errorf("verifies as signed by the security key: %q", data)
		}
	})
}

func FuzzUnpad(f *testing.F) {
	f.Add(envelope.Pad(nil))
	f.Add(envelope.Pad([]byte("plaintext")))
	f.Add(envelope.Pad(make([]byte, 253)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := envelope.Unpad(data); err == nil && !bytes.Equal(envelope.Pad(got), data) {
			t.Errorf("%x is unpadded to what pads otherwise", data)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte("0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab"))
	f.Add([]byte("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
	f.Add([]byte("Zm9v"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var id envelope.ID
		if id.UnmarshalText(text) == nil && id.String() != string(text) {
			t.Errorf("ID %q is written %s", text, id)
		}
		var hash envelope.Hash
		if hash.UnmarshalText(text) == nil && hash.String() != string(text) {
			t.Errorf("hash %q is written %s", text, hash)
		}
		var b envelope.Bytes
		if b.UnmarshalText(text) == nil && b.String() != string(text) {
			t.Errorf("bytes %q are written %s", text, b)
		}
		var key envelope.VerifyKey
		if key.UnmarshalText(text) == nil && key.String() != string(text) {
			t.Errorf("key %q is written %s", text, key)
		}
	})
}
