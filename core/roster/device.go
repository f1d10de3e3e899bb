package roster

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// DeviceAdmit admits a device by the certificate that its approver's keyring
// signed ([keyring.Certificate]), so that the organisation's signer cannot give
// a person a device they never had.
type DeviceAdmit struct {
	Certificate envelope.Signed `json:"certificate"`
}

// Device is a phone, laptop or terminal of an approver, as the roster knows it.
type Device struct {
	keyring.Certificate
	Revoked     bool
	from, until uint64 // statements that admitted and revoked it; until is 0 while in force
}

func (d *Device) revoke(st Statement) {
	if !d.Revoked {
		d.Revoked, d.until = true, st.Seq
	}
}

func applyDeviceAdmit(r *Roster, st Statement, b DeviceAdmit) error {
	unverified, err := envelope.Peek[keyring.Certificate](b.Certificate, envelope.TypeCertificate)
	if err != nil {
		return err
	}
	a, err := r.Approver(unverified.Approver)
	if err != nil {
		return err
	}
	c, err := keyring.VerifyCertificate(b.Certificate, a.Signing)
	if err != nil {
		return err
	}
	if c.Organisation != r.organisation {
		return ErrOrganisation
	}
	if c.Generation != a.Generation {
		return fmt.Errorf("certified by generation %d, now %d: %w", c.Generation, a.Generation, ErrStatement)
	}
	if r.devices[c.Device] != nil {
		return fmt.Errorf("device %s was admitted before: %w", c.Device, ErrStatement)
	}
	if err := c.Signing.Check(); err != nil {
		return err
	}
	for _, d := range r.devices {
		if d.Signing == c.Signing {
			return fmt.Errorf("device %s has this key: %w", d.Device, ErrStatement)
		}
	}
	r.devices[c.Device] = &Device{Certificate: c, from: st.Seq}
	// The keyring opens with this device's factor too from now on, also for
	// policies that refuse that kind, and until it is replaced: revoking the
	// device does not take back what its factor can open.
	if !slices.Contains(a.Factors, c.Kind) {
		a.Factors = append(slices.Clone(a.Factors), c.Kind)
	}
	return nil
}

func applyDeviceRevoke(r *Roster, st Statement, b Removal) error {
	d, err := r.Device(b.ID)
	if err != nil {
		return err
	}
	d.revoke(st)
	return nil
}

// Device returns a device in force; [ErrUnknown] or [ErrRevoked] otherwise.
func (r *Roster) Device(id envelope.ID) (*Device, error) {
	d := r.devices[id]
	switch {
	case d == nil:
		return nil, fmt.Errorf("device %s: %w", id, ErrUnknown)
	case d.Revoked:
		return nil, fmt.Errorf("device %q: %w", d.Name, ErrRevoked)
	}
	return d, nil
}

// FormerDevice returns a device whether in force or revoked, to check what it
// signed while it was.
func (r *Roster) FormerDevice(id envelope.ID) (*Device, error) {
	if d := r.devices[id]; d != nil {
		return d, nil
	}
	return nil, fmt.Errorf("device %s: %w", id, ErrUnknown)
}

// DeviceAt returns a device that was in force at a head, to check what it
// signed then.
func (r *Roster) DeviceAt(id envelope.ID, at Head) (*Device, error) {
	d := r.devices[id]
	switch {
	case d == nil || at.Seq < d.from:
		return nil, fmt.Errorf("device %s at statement %d: %w", id, at.Seq, ErrUnknown)
	case d.Revoked && at.Seq >= d.until:
		return nil, fmt.Errorf("device %q at statement %d: %w", d.Name, at.Seq, ErrRevoked)
	}
	return d, nil
}

// Devices returns the devices in force of an approver, by name.
func (r *Roster) Devices(approver envelope.ID) []*Device {
	return inForce(r.devices,
		func(d *Device) bool { return !d.Revoked && d.Approver == approver },
		func(d *Device) string { return d.Name + d.Device.String() })
}
