package signer_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
)

func TestWordsAreFitToPrint(t *testing.T) {
	for in, want := range map[string]string{
		"permission denied":      "permission denied",
		"  größe\n":              "größe",
		"a\nb\tc":                "a b c",
		"\x1b[31mred":            "\ufffd[31mred",
		"a\u202eb\u200bc\xff":    "a\ufffdb\ufffdc\ufffd",
		strings.Repeat("ü", 301): strings.Repeat("ü", 300) + " …",
		strings.Repeat("ü", 300): strings.Repeat("ü", 300),
		"":                       "",
	} {
		if got := signer.Words(in); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

func TestWhatASignerReturnsIsCheckedAsItsKind(t *testing.T) {
	key, other := envelope.NewSigningKey(envelope.NewKey()), envelope.NewSigningKey(envelope.NewKey())
	payload := []byte("{}")
	signature, err := key.Sign(envelope.TypeStatement, payload)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		t         envelope.PayloadType
		public    envelope.VerifyKey
		signature []byte
		want      error
	}{
		"good":         {envelope.TypeStatement, key.Public(), signature, nil},
		"another key":  {envelope.TypeStatement, other.Public(), signature, signer.ErrSignature},
		"another type": {envelope.TypeReceipt, key.Public(), signature, signer.ErrSignature},
		"cut off":      {envelope.TypeStatement, key.Public(), signature[:63], signer.ErrSignature},
		"longer":       {envelope.TypeStatement, key.Public(), append(signature[:64:64], 1, 0, 0, 0, 0), signer.ErrSignature},
		"nothing":      {envelope.TypeStatement, key.Public(), nil, signer.ErrSignature},
	} {
		if err := signer.Check(c.t, payload, c.public, c.signature); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
