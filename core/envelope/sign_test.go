package envelope_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/internal/mutate"
)

type note struct {
	Text string `json:"text"`
}

func signers(t testing.TB, n int) (list []envelope.Signer, keys []envelope.VerifyKey) {
	for i := range n {
		s := envelope.NewSigningKey(fixedKey(t, byte(10*i+1)))
		list, keys = append(list, s), append(keys, s.Public())
	}
	return list, keys
}

func signed(t testing.TB, list ...envelope.Signer) envelope.Signed {
	t.Helper()
	s, err := envelope.Sign(envelope.TypeStatement, note{"hello"}, list...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPAEIsThatOfDSSE(t *testing.T) {
	// The example of the DSSE specification, protocol.md.
	got := envelope.PAE("http://example.com/HelloWorld", []byte("hello world"))
	if want := "DSSEv1 29 http://example.com/HelloWorld 11 hello world"; string(got) != want {
		t.Errorf("got %q", got)
	}
	if got := envelope.PAE("", nil); string(got) != "DSSEv1 0  0 " {
		t.Errorf("empty: got %q", got)
	}
}

func TestSigningKeyIsEd25519(t *testing.T) {
	// RFC 8032, section 7.1, test 1.
	seed, err := envelope.KeyFrom(unhex(t, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
	if err != nil {
		t.Fatal(err)
	}
	k := envelope.NewSigningKey(seed)
	public := k.Public()
	if !bytes.Equal(public[:], unhex(t, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")) {
		t.Errorf("public key is %x", public)
	}
	signature, err := k.Sign(envelope.TypeStatement, []byte("payload"))
	if err != nil || !ed25519.Verify(public[:], envelope.PAE(envelope.TypeStatement, []byte("payload")), signature) {
		t.Errorf("signature does not verify, %v", err)
	}
	k.Wipe()
	(*envelope.SigningKey)(nil).Wipe()
	if !bytes.Equal(k.Seed().Bytes(), make([]byte, 32)) {
		t.Error("seed is not wiped")
	}
}

func TestSignedMessageOpensWithExactlyItsSigners(t *testing.T) {
	list, keys := signers(t, 3)
	other := envelope.NewSigningKey(fixedKey(t, 200)).Public()
	s := signed(t, list...)
	for name, c := range map[string]struct {
		keys []envelope.VerifyKey
		want error
	}{
		"all":             {keys, nil},
		"in other order":  {[]envelope.VerifyKey{keys[2], keys[0], keys[1]}, nil},
		"none":            {nil, envelope.ErrSignature},
		"one missing":     {keys[:2], envelope.ErrSignature},
		"one too many":    {append(slices.Clone(keys), other), envelope.ErrSignature},
		"another":         {[]envelope.VerifyKey{keys[0], keys[1], other}, envelope.ErrSignature},
		"one named twice": {[]envelope.VerifyKey{keys[0], keys[1], keys[1]}, envelope.ErrSignature},
	} {
		got, err := envelope.OpenSigned[note](s, envelope.TypeStatement, c.keys...)
		if !errors.Is(err, c.want) || err == nil && got.Text != "hello" || err != nil && got.Text != "" {
			t.Errorf("%s: got %q, %v", name, got.Text, err)
		}
	}
	if !slices.IsSortedFunc(s.Signatures, func(a, b envelope.Signature) int { return bytes.Compare(a.Key[:], b.Key[:]) }) {
		t.Error("signatures are not in key order")
	}
}

func TestNothingAroundASignedMessageMayVary(t *testing.T) {
	list, keys := signers(t, 2)
	for name, change := range map[string]func(*envelope.Signed){
		"unsorted":   func(s *envelope.Signed) { slices.Reverse(s.Signatures) },
		"duplicated": func(s *envelope.Signed) { s.Signatures = append(s.Signatures, s.Signatures[1]) },
		"one twice":  func(s *envelope.Signed) { s.Signatures[1] = s.Signatures[0] },
		"dropped":    func(s *envelope.Signed) { s.Signatures = s.Signatures[:1] },
		"none":       func(s *envelope.Signed) { s.Signatures = nil },
		"signatures swapped": func(s *envelope.Signed) {
			s.Signatures[0].Bytes, s.Signatures[1].Bytes = s.Signatures[1].Bytes, s.Signatures[0].Bytes
		},
		"short signature": func(s *envelope.Signed) { s.Signatures[0].Bytes = s.Signatures[0].Bytes[:63] },
		"long signature":  func(s *envelope.Signed) { s.Signatures[0].Bytes = append(s.Signatures[0].Bytes, 0) },
		"empty signature": func(s *envelope.Signed) { s.Signatures[0].Bytes = nil },
		"another payload": func(s *envelope.Signed) { s.Payload = []byte(`{"text":"hellp"}`) },
		"empty payload":   func(s *envelope.Signed) { s.Payload = nil },
	} {
		s := signed(t, list...)
		change(&s)
		if _, err := envelope.OpenSigned[note](s, envelope.TypeStatement, keys...); !errors.Is(err, envelope.ErrSignature) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestSignatureForOneTypeSaysNothingAboutAnother(t *testing.T) {
	list, keys := signers(t, 1)
	var types []envelope.PayloadType
	for _, text := range constants(t, "sign.go", "PayloadType") {
		types = append(types, envelope.PayloadType(text))
	}
	for _, from := range types {
		s, err := envelope.Sign(from, note{"hello"}, list...)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range types {
			if from == to {
				continue
			}
			if err := s.Verify(to, keys...); !errors.Is(err, envelope.ErrPayloadType) {
				t.Errorf("%s as %s: got %v", from, to, err)
			}
			if _, err := envelope.Peek[note](s, to); !errors.Is(err, envelope.ErrPayloadType) {
				t.Errorf("%s read as %s: got %v", from, to, err)
			}
			relabelled := s
			relabelled.Type = to
			if err := relabelled.Verify(to, keys...); !errors.Is(err, envelope.ErrSignature) {
				t.Errorf("%s relabelled %s: got %v", from, to, err)
			}
			if relabelled.Hash() == s.Hash() {
				t.Errorf("%s and %s have one hash", from, to)
			}
		}
	}
}

func TestSignedPayloadMustBeCanonical(t *testing.T) {
	list, keys := signers(t, 1)
	payload := []byte(`{"text":"hello","text":"hello"}`)
	signature, err := list[0].Sign(envelope.TypeStatement, payload)
	if err != nil {
		t.Fatal(err)
	}
	s := envelope.Signed{Type: envelope.TypeStatement, Payload: payload, Signatures: []envelope.Signature{{Key: keys[0], Bytes: signature}}}
	if err := s.Verify(envelope.TypeStatement, keys...); err != nil {
		t.Fatalf("the signature itself is good: %v", err)
	}
	if _, err := envelope.OpenSigned[note](s, envelope.TypeStatement, keys...); !errors.Is(err, envelope.ErrEncoding) {
		t.Errorf("got %v", err)
	}
}

func TestHashIsOfWhatIsSigned(t *testing.T) {
	list, _ := signers(t, 2)
	one, two := signed(t, list[0]), signed(t, list...)
	if one.Hash() != two.Hash() {
		t.Error("signatures change the hash")
	}
	if one.Hash() != envelope.SumHash(envelope.PAE(one.Type, one.Payload)) {
		t.Error("hash is not that of the PAE")
	}
}

type brokenSigner struct{ envelope.Signer }

var errBroken = errors.New("signer is out")

func (brokenSigner) Sign(envelope.PayloadType, []byte) ([]byte, error) { return nil, errBroken }

func TestSignReportsWhatFailed(t *testing.T) {
	list, _ := signers(t, 1)
	if _, err := envelope.Sign(envelope.TypeStatement, note{}, list[0], brokenSigner{list[0]}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	if _, err := envelope.Sign(envelope.TypeStatement, map[string]any{"k": envelope.NewKey()}, list[0]); !errors.Is(err, envelope.ErrRedacted) {
		t.Errorf("a key in a message: got %v", err)
	}
}

func TestNoChangedSignedMessageIsAccepted(t *testing.T) {
	list, keys := signers(t, 2)
	s := signed(t, list...)
	accept := func(data []byte) error {
		got, err := envelope.Decode[envelope.Signed](data)
		if err == nil {
			_, err = envelope.OpenSigned[note](got, envelope.TypeStatement, keys...)
		}
		return err
	}
	text, err := envelope.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := accept(text); err != nil {
		t.Fatal(err)
	}
	mutate.Each(text, func(mutant []byte, what string) bool {
		if accept(mutant) == nil {
			t.Errorf("%s: accepted %s", what, mutant)
		}
		return !t.Failed()
	})
	refused := func(part string, change func(*envelope.Signed, []byte)) func([]byte, string) bool {
		return func(mutant []byte, what string) bool {
			changed := s
			changed.Signatures = slices.Clone(s.Signatures)
			change(&changed, mutant)
			if changed.Verify(envelope.TypeStatement, keys...) == nil {
				t.Errorf("%s, %s: accepted", part, what)
			}
			return !t.Failed()
		}
	}
	mutate.Each(s.Payload, refused("payload", func(s *envelope.Signed, m []byte) { s.Payload = m }))
	mutate.Each(s.Signatures[1].Bytes, refused("signature", func(s *envelope.Signed, m []byte) { s.Signatures[1].Bytes = m }))
	mutate.Each(s.Signatures[0].Key[:], refused("key", func(s *envelope.Signed, m []byte) {
		s.Signatures[0].Key = envelope.VerifyKey{}
		copy(s.Signatures[0].Key[:], m)
		if len(m) != len(keys[0]) {
			s.Signatures[0].Key[0] ^= 0xff
		}
	}))
}

func TestSignedHasTheDSSELayout(t *testing.T) {
	list, keys := signers(t, 1)
	text, err := envelope.Encode(signed(t, list...))
	if err != nil {
		t.Fatal(err)
	}
	var layout struct {
		PayloadType string `json:"payloadType"`
		Payload     string `json:"payload"`
		Signatures  []struct {
			KeyID string `json:"keyid"`
			Sig   string `json:"sig"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(text, &layout); err != nil {
		t.Fatal(err)
	}
	if layout.PayloadType != string(envelope.TypeStatement) || layout.Payload != "eyJ0ZXh0IjoiaGVsbG8ifQ" ||
		len(layout.Signatures) != 1 || layout.Signatures[0].KeyID != keys[0].String() {
		t.Errorf("got %s", text)
	}
}
