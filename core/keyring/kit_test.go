package keyring_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// packed is a kit with what was written down for it.
func packed(t *testing.T) (kit keyring.Kit, k *keyring.Keyring, recovery *envelope.Key) {
	t.Helper()
	k, err := keyring.New(envelope.SumHash([]byte("organisation")), envelope.NewID(), 1)
	if err != nil {
		t.Fatal(err)
	}
	w, err := keyring.Wrap(k, keyring.WrapOptions{Label: "phone", Created: time.UnixMilli(1), Password: []byte("correct horse")})
	if err != nil {
		t.Fatal(err)
	}
	kit, err = keyring.PackKit(&keyring.Backup{
		Row: w.Row, Organisation: k.Organisation(), Generation: 1, Mount: envelope.NewID(), Name: "alice",
	}, w.RecoveryKey)
	if err != nil {
		t.Fatal(err)
	}
	return kit, k, w.RecoveryKey
}

func TestARecoveryKeyFindsTheKeyringAgain(t *testing.T) {
	kit, k, recovery := packed(t)
	encoded, err := envelope.Encode(kit)
	if err != nil || len(encoded) > keyring.MaxKit {
		t.Fatalf("%d bytes: %v", len(encoded), err)
	}
	kit, err = envelope.Decode[keyring.Kit](encoded)
	if err != nil {
		t.Fatal(err)
	}
	b, err := keyring.OpenKit(kit, recovery)
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "alice" || b.Mount != kit.Mount {
		t.Errorf("opened as %q at %s", b.Name, b.Mount)
	}
	again, err := keyring.OpenWithPassword(b.Row, b.Owner(), []byte("correct horse"), recovery)
	if err != nil {
		t.Fatal(err)
	}
	was, _ := k.Public()
	is, err := again.Public()
	if err != nil || was.Signing != is.Signing {
		t.Errorf("another keyring: %v", err)
	}
}

func TestAKitOpensForNobodyElse(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*keyring.Kit, *envelope.Key) *envelope.Key
	}{
		"another recovery key": {func(*keyring.Kit, *envelope.Key) *envelope.Key { return envelope.NewKey() }},
		"the token": {func(_ *keyring.Kit, r *envelope.Key) *envelope.Key {
			token, err := keyring.KitToken(r)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}},
		"another organisation": {func(k *keyring.Kit, r *envelope.Key) *envelope.Key { k.Organisation[0] ^= 1; return r }},
		"another mount":        {func(k *keyring.Kit, r *envelope.Key) *envelope.Key { k.Mount[0] ^= 1; return r }},
		"another approver":     {func(k *keyring.Kit, r *envelope.Key) *envelope.Key { k.Approver[0] ^= 1; return r }},
		"a changed bit":        {func(k *keyring.Kit, r *envelope.Key) *envelope.Key { k.Sealed.Bytes[20] ^= 1; return r }},
		"nothing in it":        {func(k *keyring.Kit, r *envelope.Key) *envelope.Key { k.Sealed.Bytes = nil; return r }},
	} {
		kit, _, recovery := packed(t)
		if _, err := keyring.OpenKit(kit, c.edit(&kit, recovery)); !errors.Is(err, keyring.ErrWrongFactor) {
			t.Errorf("%s: %v", name, err)
		}
	}
	kit, _, recovery := packed(t)
	token, err := keyring.KitToken(recovery)
	if err != nil || bytes.Contains(kit.Sealed.Bytes, token.Bytes()) || token.Equal(recovery) {
		t.Errorf("the token gives something away: %v", err)
	}
}
