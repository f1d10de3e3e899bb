package keyring

import (
	"fmt"
	"io"

	"github.com/stillvault/stillvault/core/envelope"
)

// Device is what a phone, laptop or terminal has of its own: a KEM seed and a
// signing seed, random, usable without a gesture. They open what waits in its
// inbox and sign its calls. They open no secret.
type Device struct {
	id      envelope.ID
	kem     *envelope.Key
	signing *envelope.Key
}

// NewDevice makes a device with a fresh id and fresh seeds. The caller wipes it.
func NewDevice() *Device {
	return &Device{id: envelope.NewID(), kem: envelope.NewKey(), signing: envelope.NewKey()}
}

// DeviceFrom makes the device of stored seeds, 32 bytes each, and takes them
// over; [Device.Wipe] wipes them.
func DeviceFrom(id envelope.ID, kem, signing *envelope.Key) *Device {
	return &Device{id: id, kem: kem, signing: signing}
}

// ID is the device's id.
func (d *Device) ID() envelope.ID { return d.id }

// Seeds returns the seeds to be stored. They stay the Device's to wipe.
func (d *Device) Seeds() (kem, signing *envelope.Key) { return d.kem, d.signing }

// Public returns the public keys, which a [Certificate] carries.
func (d *Device) Public() (Public, error) {
	kem, err := envelope.KEMPublic(d.kem)
	if err != nil {
		return Public{}, fmt.Errorf("device: %w", err)
	}
	signer := d.Signer()
	defer signer.Wipe()
	return Public{KEM: kem, Signing: signer.Public()}, nil
}

// Signer returns the device's signing key, a copy that the caller wipes.
func (d *Device) Signer() *envelope.SigningKey { return envelope.NewSigningKey(d.signing.Clone()) }

// Open decrypts what was sealed to this device under ctx. A context for
// another recipient is [envelope.ErrContext]; what does not open is
// [envelope.ErrOpen]. The caller wipes the plaintext.
func (d *Device) Open(ctx envelope.Context, e envelope.Envelope) ([]byte, error) {
	if ctx.Recipient != d.id {
		return nil, fmt.Errorf("open %s with another device: %w", ctx.Purpose, envelope.ErrContext)
	}
	return envelope.OpenWith(d.kem, ctx, e)
}

// Wipe overwrites both seeds. It is safe on nil and may be called twice.
func (d *Device) Wipe() {
	if d != nil {
		d.kem.Wipe()
		d.signing.Wipe()
	}
}

// Format prints the same words for every verb.
func (Device) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted device]") }

// MarshalJSON always fails with [envelope.ErrRedacted].
func (Device) MarshalJSON() ([]byte, error) { return nil, envelope.ErrRedacted }
