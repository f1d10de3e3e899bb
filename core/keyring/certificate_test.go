package keyring_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/internal/mutate"
	"github.com/stillvault/stillvault/core/keyring"
)

func certified(t testing.TB) (envelope.Signed, *keyring.Device) {
	t.Helper()
	d := keyring.DeviceFrom(rowID(), fixedKey(t, 'k'), fixedKey(t, 'd'))
	p, err := d.Public()
	if err != nil {
		t.Fatal(err)
	}
	s, err := keyring.Certify(fixedKeyring(t), d.ID(), "alice's laptop", keyring.FactorSoftware, p)
	if err != nil {
		t.Fatal(err)
	}
	return s, d
}

func TestCertificateSaysWhatWasCertified(t *testing.T) {
	s, d := certified(t)
	c, err := keyring.VerifyCertificate(s, signingKey(t, fixedKeyring(t)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Public()
	if err != nil {
		t.Fatal(err)
	}
	if c.Organisation != organisation || c.Approver != approver() || c.Generation != 1 || c.Device != rowID() ||
		c.Name != "alice's laptop" || c.Kind != keyring.FactorSoftware || c.Signing != p.Signing || !bytes.Equal(c.KEM, p.KEM) {
		t.Error("something else was certified")
	}
}

func TestCertificateByAnotherKeyIsRefused(t *testing.T) {
	s, d := certified(t)
	other, err := keyring.New(organisation, approver(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.VerifyCertificate(s, signingKey(t, other)); !errors.Is(err, envelope.ErrSignature) {
		t.Errorf("another keyring: got %v", err)
	}
	signer := d.Signer()
	if _, err := keyring.VerifyCertificate(s, signer.Public()); !errors.Is(err, envelope.ErrSignature) {
		t.Errorf("the device itself: got %v", err)
	}
	s.Type = envelope.TypeStatement
	if _, err := keyring.VerifyCertificate(s, signingKey(t, fixedKeyring(t))); !errors.Is(err, envelope.ErrPayloadType) {
		t.Errorf("another type: got %v", err)
	}
}

func TestSenselessCertificatesAreNeitherMadeNorAccepted(t *testing.T) {
	s, _ := certified(t)
	good, err := envelope.Peek[keyring.Certificate](s, envelope.TypeCertificate)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := fixedKeyring(t).Signer()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*keyring.Certificate)
		want   error
	}{
		"no organisation":     {func(c *keyring.Certificate) { c.Organisation = envelope.Hash{} }, keyring.ErrOwner},
		"no approver":         {func(c *keyring.Certificate) { c.Approver = envelope.ID{} }, keyring.ErrOwner},
		"no generation":       {func(c *keyring.Certificate) { c.Generation = 0 }, keyring.ErrOwner},
		"no device":           {func(c *keyring.Certificate) { c.Device = envelope.ID{} }, keyring.ErrCertificate},
		"no signing key":      {func(c *keyring.Certificate) { c.Signing = envelope.VerifyKey{} }, keyring.ErrCertificate},
		"signing key 1":       {func(c *keyring.Certificate) { c.Signing = envelope.VerifyKey{1} }, envelope.ErrKey},
		"KEM key of zeroes":   {func(c *keyring.Certificate) { c.KEM = bytes.Repeat([]byte{0xff}, envelope.KEMKeySize) }, envelope.ErrKey},
		"no name":             {func(c *keyring.Certificate) { c.Name = "" }, keyring.ErrCertificate},
		"long name":           {func(c *keyring.Certificate) { c.Name = strings.Repeat("x", 65) }, keyring.ErrCertificate},
		"name with line end":  {func(c *keyring.Certificate) { c.Name = "a\nb" }, keyring.ErrCertificate},
		"name that runs back": {func(c *keyring.Certificate) { c.Name = "a\u202eb" }, keyring.ErrCertificate},
		"name with NUL":       {func(c *keyring.Certificate) { c.Name = "a\x00" }, keyring.ErrCertificate},
		"name with space":     {func(c *keyring.Certificate) { c.Name = " a" }, keyring.ErrCertificate},
	} {
		bad := good
		c.change(&bad)
		signed, err := envelope.Sign(envelope.TypeCertificate, bad, signer)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := keyring.VerifyCertificate(signed, signer.Public()); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	public := keyring.Public{KEM: good.KEM, Signing: good.Signing}
	if _, err := keyring.Certify(fixedKeyring(t), rowID(), "", keyring.FactorSoftware, public); !errors.Is(err, keyring.ErrCertificate) {
		t.Errorf("certify without name: got %v", err)
	}
	if _, err := keyring.Certify(fixedKeyring(t), rowID(), "a", "totp", public); !errors.Is(err, keyring.ErrFactorKind) {
		t.Errorf("certify an unknown kind: got %v", err)
	}
}

func TestNoChangedCertificateIsAccepted(t *testing.T) {
	s, _ := certified(t)
	text, err := envelope.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	key := signingKey(t, fixedKeyring(t))
	mutate.Each(text, func(mutant []byte, what string) bool {
		changed, err := envelope.Decode[envelope.Signed](mutant)
		if err == nil {
			_, err = keyring.VerifyCertificate(changed, key)
		}
		if err == nil {
			t.Errorf("%s: accepted", what)
		}
		return !t.Failed()
	})
}

func TestDeviceOpensItsInboxAndNothingElse(t *testing.T) {
	d := keyring.NewDevice()
	p, err := d.Public()
	if err != nil {
		t.Fatal(err)
	}
	c := envelope.Context{Purpose: envelope.PurposeInbox, Organisation: organisation, Mount: rowID(), Recipient: d.ID(), Request: organisation}
	e, err := envelope.SealTo(p.KEM, c, []byte("an item"))
	if err != nil {
		t.Fatal(err)
	}
	kem, signing := d.Seeds()
	restored := keyring.DeviceFrom(d.ID(), kem.Clone(), signing.Clone())
	if got, err := restored.Open(c, e); err != nil || string(got) != "an item" {
		t.Errorf("got %q, %v", got, err)
	}
	if signer := restored.Signer(); signer.Public() != p.Signing {
		t.Error("a restored device signs with another key")
	}
	c.Recipient = rowID()
	if _, err := d.Open(c, e); !errors.Is(err, envelope.ErrContext) {
		t.Errorf("another recipient: got %v", err)
	}
	if kem.Equal(signing) || keyring.NewDevice().ID() == d.ID() {
		t.Error("seeds or ids repeat")
	}
	d.Wipe()
	(*keyring.Device)(nil).Wipe()
	if !bytes.Equal(kem.Bytes(), make([]byte, 32)) || !bytes.Equal(signing.Bytes(), make([]byte, 32)) {
		t.Error("seeds are not wiped")
	}
}
