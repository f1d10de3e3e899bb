package envelope_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/internal/mutate"
)

// touch answers as a security key does that was made for application.
type touch struct {
	*envelope.SigningKey
	application string
	flags       byte
	counter     uint32
}

func (k touch) Sign(t envelope.PayloadType, payload []byte) ([]byte, error) {
	application, message := sha256.Sum256([]byte(k.application)), sha256.Sum256(envelope.PAE(t, payload))
	said := binary.BigEndian.AppendUint32([]byte{k.flags}, k.counter)
	signature := ed25519.Sign(ed25519.NewKeyFromSeed(k.Seed().Bytes()), slices.Concat(application[:], said, message[:]))
	return append(signature, said...), nil
}

func securityKey(t testing.TB) touch {
	return touch{envelope.NewSigningKey(fixedKey(t, 77)), envelope.SecurityKeyApplication, 0x01, 7}
}

func TestASecurityKeySignsStatements(t *testing.T) {
	plain := envelope.NewSigningKey(fixedKey(t, 99))
	good := securityKey(t)
	for name, c := range map[string]struct {
		change func(*touch)
		want   error
	}{
		"touched":                {func(*touch) {}, nil},
		"touched, with a PIN":    {func(k *touch) { k.flags = 0x05 }, nil},
		"never used before":      {func(k *touch) { k.counter = 0 }, nil},
		"used often":             {func(k *touch) { k.counter = 1<<32 - 1 }, nil},
		"not touched":            {func(k *touch) { k.flags = 0x00 }, envelope.ErrSignature},
		"a PIN but no touch":     {func(k *touch) { k.flags = 0x04 }, envelope.ErrSignature},
		"made to log in":         {func(k *touch) { k.application = "ssh:" }, envelope.ErrSignature},
		"made for a website":     {func(k *touch) { k.application = "stillvault" }, envelope.ErrSignature},
		"made for nothing":       {func(k *touch) { k.application = "" }, envelope.ErrSignature},
		"another key than named": {func(k *touch) { k.SigningKey = envelope.NewSigningKey(fixedKey(t, 2)) }, envelope.ErrSignature},
	} {
		k := good
		c.change(&k)
		if err := signed(t, k).VerifyStatement(good.Public()); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
		// As a rotation is signed: by the new key and the recovery key.
		if err := signed(t, k, plain).VerifyStatement(plain.Public(), good.Public()); !errors.Is(err, c.want) {
			t.Errorf("%s, beside a plain signature: got %v", name, err)
		}
	}
	if err := signed(t, plain).VerifyStatement(plain.Public()); err != nil {
		t.Errorf("a plain signature: %v", err)
	}
}

func TestOnlyStatementsMayBeSignedByASecurityKey(t *testing.T) {
	k := securityKey(t)
	for name, text := range constants(t, "sign.go", "PayloadType") {
		s, err := envelope.Sign(envelope.PayloadType(text), note{"hello"}, k)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(s.Type, k.Public()); !errors.Is(err, envelope.ErrSignature) {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := envelope.OpenSigned[note](s, s.Type, k.Public()); !errors.Is(err, envelope.ErrSignature) {
			t.Errorf("%s, opened: got %v", name, err)
		}
		want := envelope.ErrPayloadType
		if s.Type == envelope.TypeStatement {
			want = nil
		}
		if err := s.VerifyStatement(k.Public()); !errors.Is(err, want) {
			t.Errorf("%s as a statement: got %v, want %v", name, err, want)
		}
	}
}

// A change here is a change of format: logs signed before it no longer verify.
func TestASecurityKeysSignatureStaysTheSame(t *testing.T) {
	s := signed(t, securityKey(t))
	want := unhex(t, "9a80a03901d9ba5c42db638db69004c935784b6b7c39a61475a1d31825d41a5c"+
		"300b8e1172b3ce81b678a7ac659d70b815f37315682e1d3c908060484bfc7f04"+
		"0100000007")
	if !bytes.Equal(s.Signatures[0].Bytes, want) {
		t.Errorf("got %x", []byte(s.Signatures[0].Bytes))
	}
}

// Another implementation of the form, written for logins, agrees.
func TestASecurityKeysSignatureIsThatOfOpenSSH(t *testing.T) {
	k := securityKey(t)
	public := k.Public()
	key, err := ssh.ParsePublicKey(ssh.Marshal(struct {
		Type        string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKED25519, public[:], envelope.SecurityKeyApplication}))
	if err != nil {
		t.Fatal(err)
	}
	s := signed(t, k)
	signature := s.Signatures[0].Bytes
	err = key.Verify(envelope.PAE(s.Type, s.Payload), &ssh.Signature{
		Format: ssh.KeyAlgoSKED25519, Blob: signature[:envelope.SignatureSize], Rest: signature[envelope.SignatureSize:],
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNoChangedSignatureOfASecurityKeyIsAccepted(t *testing.T) {
	k := securityKey(t)
	s := signed(t, k)
	refused := func(part string, change func(*envelope.Signed, []byte)) func([]byte, string) bool {
		return func(mutant []byte, what string) bool {
			changed := s
			changed.Signatures = slices.Clone(s.Signatures)
			change(&changed, mutant)
			if changed.VerifyStatement(k.Public()) == nil {
				t.Errorf("%s, %s: accepted", part, what)
			}
			return !t.Failed()
		}
	}
	mutate.Each(s.Signatures[0].Bytes, refused("signature", func(s *envelope.Signed, m []byte) { s.Signatures[0].Bytes = m }))
	mutate.Each(s.Payload, refused("payload", func(s *envelope.Signed, m []byte) { s.Payload = m }))
}
