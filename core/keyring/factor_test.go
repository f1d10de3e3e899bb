package keyring_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/keyring"
)

func TestFactorKindsAreKnownOrRefused(t *testing.T) {
	for _, kind := range keyring.FactorKinds() {
		text, err := json.Marshal(kind)
		var again keyring.FactorKind
		if err != nil || json.Unmarshal(text, &again) != nil || again != kind {
			t.Errorf("%s: got %s, %v", kind, text, err)
		}
	}
	for _, bad := range []string{"", "Passkey", "passkey ", "totp"} {
		if err := keyring.FactorKind(bad).Check(); !errors.Is(err, keyring.ErrFactorKind) {
			t.Errorf("%q: got %v", bad, err)
		}
		if _, err := json.Marshal(keyring.FactorKind(bad)); !errors.Is(err, keyring.ErrFactorKind) {
			t.Errorf("%q written: got %v", bad, err)
		}
		var k keyring.FactorKind
		if err := k.UnmarshalText([]byte(bad)); !errors.Is(err, keyring.ErrFactorKind) || k != "" {
			t.Errorf("%q read: got %v", bad, err)
		}
	}
}

func TestSoftwareFactorIsAnHMAC(t *testing.T) {
	s := keyring.SoftwareFrom(fixedKey(t, 'f'))
	salt := keyring.PRFSalt(approver())
	mac := hmac.New(sha256.New, fixed('f', 32))
	mac.Write(salt[:])
	want := mac.Sum(nil)
	for range 2 {
		got, err := s.Evaluate(salt)
		if err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Fatalf("got another answer, %v", err)
		}
		got.Wipe()
	}
	salt[0] ^= 1
	if other, err := s.Evaluate(salt); err != nil || bytes.Equal(other.Bytes(), want) {
		t.Errorf("the salt does not matter, %v", err)
	}
}

func TestSoftwareFactorIsNamedWithoutBeingShown(t *testing.T) {
	s := keyring.SoftwareFrom(fixedKey(t, 'f'))
	id, err := s.CredentialID()
	if err != nil || !bytes.Equal(id, kdf(fixed('f', 32), nil, "stillvault/software-id/v1")[:16]) {
		t.Errorf("got %s, %v", id, err)
	}
	other, err := keyring.NewSoftware().CredentialID()
	if err != nil || bytes.Equal(other, id) {
		t.Errorf("two keys have one name, %v", err)
	}
	key := s.Key()
	s.Wipe()
	(*keyring.Software)(nil).Wipe()
	if !bytes.Equal(key.Bytes(), make([]byte, 32)) {
		t.Error("not wiped")
	}
}
