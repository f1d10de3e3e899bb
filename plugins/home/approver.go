package home

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// Approver is a terminal approver: a device with its keys, the software factor,
// and the keyring as wrapped for it.
type Approver struct {
	Name         string
	Organisation envelope.Hash
	Mount        envelope.ID // where the approver joined, as the ticket named it
	ID           envelope.ID
	Device       *keyring.Device
	Factor       *keyring.Software
	Backup       *keyring.Backup
}

// Wipe wipes the device's keys and the factor.
func (a *Approver) Wipe() {
	if a != nil {
		a.Device.Wipe()
		a.Factor.Wipe()
	}
}

// Open opens the keyring with the software factor. The caller wipes it.
func (a *Approver) Open() (*keyring.Keyring, error) {
	output, err := a.Factor.Evaluate(keyring.PRFSalt(a.ID))
	if err != nil {
		return nil, err
	}
	defer output.Wipe()
	k, err := keyring.OpenWithPRF(a.Backup.Row, a.Backup.Owner(), output, a.Backup.KeyCheck)
	if err != nil {
		return nil, fmt.Errorf("open the keyring of %q: %w", a.Name, err)
	}
	return k, nil
}

type deviceFile struct {
	format
	Organisation envelope.Hash `json:"organisation"`
	Mount        envelope.ID   `json:"mount"`
	Approver     envelope.ID   `json:"approver"`
	Device       envelope.ID   `json:"device"`
	KEM          file.KeyText  `json:"kem"`
	Signing      file.KeyText  `json:"signing"`
	Factor       file.KeyText  `json:"factor"` // of the software factor
}

var deviceFormat = format{Kind: "stillvault-device", Version: 1}

// ForgetApprover removes an approver that was never admitted, or is no more.
func (h *Home) ForgetApprover(name string) error {
	dir, err := h.named("approver", name)
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// CreateApprover keeps a new terminal approver; one of the same name is never
// replaced ([file.ErrExists]).
func (h *Home) CreateApprover(a *Approver) error {
	dir, err := h.named("approver", a.Name)
	if err != nil {
		return err
	}
	return createApprover(dir, a)
}

func createApprover(dir string, a *Approver) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// The device's file last: without it, there is no approver here, and the
	// same call may be made again.
	if _, err := os.Stat(filepath.Join(dir, "device.json")); err == nil {
		return fmt.Errorf("approver %q: %w", a.Name, file.ErrExists)
	}
	return writeApprover(dir, a, file.CreatePrivate)
}

// writeApprover writes the keyring, then the device's file as how says.
func writeApprover(dir string, a *Approver, how publish) error {
	encoded, err := a.Backup.Encode()
	if err != nil {
		return err
	}
	if err := file.WritePrivate(filepath.Join(dir, "keyring.json"), append(encoded, '\n')); err != nil {
		return err
	}
	kem, signing := a.Device.Seeds()
	return store(filepath.Join(dir, "device.json"), deviceFile{
		format: deviceFormat, Organisation: a.Organisation, Mount: a.Mount, Approver: a.ID, Device: a.Device.ID(),
		KEM: file.KeyText{Key: kem}, Signing: file.KeyText{Key: signing}, Factor: file.KeyText{Key: a.Factor.Key()},
	}, how)
}

// Approver reads a terminal approver; ErrNone where there is none. The caller
// wipes it.
func (h *Home) Approver(name string) (*Approver, error) {
	dir, err := h.named("approver", name)
	if err != nil {
		return nil, err
	}
	return readApprover(dir, name)
}

func readApprover(dir, name string) (*Approver, error) {
	f, err := load[deviceFile](filepath.Join(dir, "device.json"), deviceFormat)
	if err != nil {
		return nil, fmt.Errorf("approver %q: %w", name, err)
	}
	a := &Approver{
		Name: name, Organisation: f.Organisation, Mount: f.Mount, ID: f.Approver,
		Device: keyring.DeviceFrom(f.Device, f.KEM.Key, f.Signing.Key), Factor: keyring.SoftwareFrom(f.Factor.Key),
	}
	data, err := file.ReadPrivate(filepath.Join(dir, "keyring.json"))
	if err == nil {
		a.Backup, err = keyring.ParseBackup(data)
	}
	if err == nil && (a.Backup.Organisation != a.Organisation || a.Backup.Row.User != a.ID) {
		err = errors.Join(ErrFile, keyring.ErrOwner)
	}
	if err != nil {
		a.Wipe()
		return nil, fmt.Errorf("keyring of %q: %w", name, err)
	}
	return a, nil
}

// Approvers lists the terminal approvers that are kept here.
func (h *Home) Approvers() ([]string, error) { return h.names("approver", "device.json") }
