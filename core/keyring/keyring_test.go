package keyring_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

func TestKeysAreDerivedFromSeedAndOrganisation(t *testing.T) {
	k := fixedKeyring(t)
	p, err := k.Public()
	if err != nil {
		t.Fatal(err)
	}
	private := ed25519.NewKeyFromSeed(kdf(fixed('s', 32), organisation[:], "stillvault/keyring-signing/v1"))
	if !bytes.Equal(p.Signing[:], private[32:]) {
		t.Error("signing key is derived otherwise")
	}
	kemSeed, err := envelope.KeyFrom(kdf(fixed('s', 32), organisation[:], "stillvault/keyring-kem/v1"))
	if err != nil {
		t.Fatal(err)
	}
	if kem, err := envelope.KEMPublic(kemSeed); err != nil || !bytes.Equal(kem, p.KEM) {
		t.Errorf("KEM key is derived otherwise, %v", err)
	}
	metadata, err := k.MetadataKey()
	if err != nil || !bytes.Equal(metadata.Bytes(), kdf(fixed('s', 32), organisation[:], "stillvault/keyring-metadata/v1")) {
		t.Errorf("metadata key is derived otherwise, %v", err)
	}
	signer, err := k.Signer()
	if err != nil || signer.Public() != p.Signing {
		t.Errorf("signer is another, %v", err)
	}
	signer.Wipe()
	if again, err := k.Public(); err != nil || again.Signing != p.Signing {
		t.Errorf("wiping a derived key changed the keyring, %v", err)
	}
}

func TestOrganisationsShareNoKey(t *testing.T) {
	other := organisation
	other[0] ^= 1
	k, err := keyring.FromSeed(other, approver(), 1, fixedKey(t, 's'))
	if err != nil {
		t.Fatal(err)
	}
	a, err := k.Public()
	if err != nil {
		t.Fatal(err)
	}
	b, err := fixedKeyring(t).Public()
	if err != nil {
		t.Fatal(err)
	}
	if a.Signing == b.Signing || bytes.Equal(a.KEM, b.KEM) {
		t.Error("one seed gives one key in two organisations")
	}
}

func TestNewKeyringsAreRandom(t *testing.T) {
	a, err := keyring.New(organisation, approver(), 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := keyring.New(organisation, approver(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if signingKey(t, a) == signingKey(t, b) {
		t.Error("two new keyrings are the same")
	}
	if a.Owner() != owner() || a.Organisation() != organisation || a.Approver() != approver() || a.Generation() != 1 {
		t.Error("owner is another")
	}
}

func TestKeyringNeedsAnOwner(t *testing.T) {
	for name, o := range map[string]keyring.Owner{
		"organisation": {Approver: approver(), Generation: 1},
		"approver":     {Organisation: organisation, Generation: 1},
		"generation":   {Organisation: organisation, Approver: approver()},
	} {
		seed := fixedKey(t, 's')
		if _, err := keyring.FromSeed(o.Organisation, o.Approver, o.Generation, seed); !errors.Is(err, keyring.ErrOwner) {
			t.Errorf("without %s: got %v", name, err)
		}
		if !bytes.Equal(seed.Bytes(), make([]byte, 32)) {
			t.Errorf("without %s: the seed that was handed over is not wiped", name)
		}
	}
}

func shareContext() envelope.Context {
	return envelope.Context{
		Purpose: envelope.PurposeShare, Organisation: organisation, Mount: rowID(), Secret: rowID(), Version: 1,
		Recipient: approver(), Generation: 1, X: 1,
	}
}

func TestKeyringOpensWhatIsSealedToIt(t *testing.T) {
	k := fixedKeyring(t)
	p, err := k.Public()
	if err != nil {
		t.Fatal(err)
	}
	e, err := envelope.SealTo(p.KEM, shareContext(), []byte("a share"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Open(shareContext(), e); err != nil || string(got) != "a share" {
		t.Errorf("got %q, %v", got, err)
	}
	for name, change := range map[string]func(*envelope.Context){
		"organisation": func(c *envelope.Context) { c.Organisation[0] ^= 1 },
		"recipient":    func(c *envelope.Context) { c.Recipient[0] ^= 1 },
		"generation":   func(c *envelope.Context) { c.Generation = 2 },
	} {
		c := shareContext()
		change(&c)
		if _, err := k.Open(c, e); !errors.Is(err, envelope.ErrContext) {
			t.Errorf("another %s: got %v", name, err)
		}
	}
	moved := shareContext()
	moved.Version = 2
	if _, err := k.Open(moved, e); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("another version: got %v", err)
	}
	other, err := keyring.New(organisation, approver(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(shareContext(), e); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("another keyring: got %v", err)
	}
}

func TestWipedKeyringOpensNothing(t *testing.T) {
	seed := fixedKey(t, 's')
	k, err := keyring.FromSeed(organisation, approver(), 1, seed)
	if err != nil {
		t.Fatal(err)
	}
	k.Wipe()
	k.Wipe()
	(*keyring.Keyring)(nil).Wipe()
	if !bytes.Equal(seed.Bytes(), make([]byte, 32)) {
		t.Error("seed is not wiped")
	}
}
