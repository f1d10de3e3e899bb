package keyring

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/stillvault/stillvault/core/envelope"
)

// MaxDeviceName is the longest name of a device, in bytes of UTF-8.
const MaxDeviceName = 64

// Certificate says that a device is an approver's. The approver's keyring
// signs it: the organisation's signer, which admits it to the roster, could
// not give an approver a device by itself.
type Certificate struct {
	Organisation envelope.Hash      `json:"organisation"`
	Approver     envelope.ID        `json:"approver"`
	Generation   uint32             `json:"generation"` // of the keyring that signs
	Device       envelope.ID        `json:"device"`
	Name         string             `json:"name"` // printable, at most MaxDeviceName bytes
	Kind         FactorKind         `json:"kind"` // of the factor that opens the keyring on this device
	Signing      envelope.VerifyKey `json:"signing"`
	KEM          envelope.KEMKey    `json:"kem"`
}

// Certify signs a certificate for a device of the keyring's owner: its id, its
// public keys, its name, and the kind of factor that it opens the keyring with.
func Certify(k *Keyring, device envelope.ID, name string, kind FactorKind, public Public) (envelope.Signed, error) {
	c := Certificate{
		Organisation: k.owner.Organisation, Approver: k.owner.Approver, Generation: k.owner.Generation,
		Device: device, Name: name, Kind: kind, Signing: public.Signing, KEM: public.KEM,
	}
	if err := c.Check(); err != nil {
		return envelope.Signed{}, fmt.Errorf("certify device: %w", err)
	}
	signer, err := k.Signer()
	if err != nil {
		return envelope.Signed{}, fmt.Errorf("certify device: %w", err)
	}
	defer signer.Wipe()
	return envelope.Sign(envelope.TypeCertificate, c, signer)
}

// VerifyCertificate checks that the approver whose signing key is given signed
// s, and what it says. The caller compares organisation, approver and
// generation with those that the key belongs to. A signature by another key is
// [envelope.ErrSignature], a senseless field [ErrCertificate].
func VerifyCertificate(s envelope.Signed, approverSigning envelope.VerifyKey) (Certificate, error) {
	c, err := envelope.OpenSigned[Certificate](s, envelope.TypeCertificate, approverSigning)
	if err != nil {
		return Certificate{}, fmt.Errorf("device certificate: %w", err)
	}
	if err := c.Check(); err != nil {
		return Certificate{}, err
	}
	return c, nil
}

// Check refuses a certificate with a part missing or senseless: with
// [ErrCertificate], [ErrOwner], [ErrFactorKind] or [envelope.ErrKey].
func (c Certificate) Check() error {
	owner := Owner{Organisation: c.Organisation, Approver: c.Approver, Generation: c.Generation}
	if err := owner.Check(); err != nil {
		return fmt.Errorf("device certificate: %w", err)
	}
	if c.Device.IsZero() || c.Signing.IsZero() {
		return fmt.Errorf("device certificate without device or signing key: %w", ErrCertificate)
	}
	if err := checkDeviceName(c.Name); err != nil {
		return err
	}
	if err := c.Kind.Check(); err != nil {
		return fmt.Errorf("device certificate: %w", err)
	}
	if err := c.Signing.Check(); err != nil {
		return fmt.Errorf("device certificate: %w", err)
	}
	if err := c.KEM.Check(); err != nil {
		return fmt.Errorf("device certificate: %w", err)
	}
	return nil
}

// checkDeviceName refuses what could pass for other text where a list of
// devices is shown: control and formatting characters, and outer white space.
func checkDeviceName(name string) error {
	if name == "" || len(name) > MaxDeviceName || !utf8.ValidString(name) {
		return fmt.Errorf("device name of %d bytes, want 1 to %d of UTF-8: %w", len(name), MaxDeviceName, ErrCertificate)
	}
	if name[0] == ' ' || name[len(name)-1] == ' ' {
		return fmt.Errorf("device name with outer white space: %w", ErrCertificate)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("device name with the unprintable %U: %w", r, ErrCertificate)
		}
	}
	return nil
}
