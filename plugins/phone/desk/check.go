package desk

import (
	"bytes"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// checked is when each way into the keyring was last tried and opened it.
type checked struct {
	Passkey  envelope.Time `json:"passkey"`
	Recovery envelope.Time `json:"recovery"`
}

func (c checked) shown() map[string]string {
	m := map[string]string{}
	if c.Passkey > 0 {
		m["passkey"] = shown(c.Passkey)
	}
	if c.Recovery > 0 {
		m["recovery"] = shown(c.Recovery)
	}
	return m
}

type checkArgs struct {
	Assertion *Assertion `json:"assertion"`
	// Kit is what the broker keeps for the recovery key, empty where it says that
	// there is nothing.
	Kit string `json:"kit"`
}

// Checked says that a way into the keyring works: with password and recovery key
// here, and by what the broker keeps where this device is lost.
type Checked struct {
	Keep
	OK      bool              `json:"ok"`
	Checked map[string]string `json:"checked"`
}

// check opens the keyring, with the passkey or with password and recovery key, to
// see that it can be opened, and wipes it. Recovery is proven where the broker's
// kit opens too and brings back what is here.
func (d *Desk) check(a checkArgs, s Secrets) (*Checked, error) {
	if err := d.connected(); err != nil {
		return nil, err
	}
	c, _, err := getAs[checked](&d.kept, keyChecked)
	if err != nil {
		return nil, err
	}
	var k *keyring.Keyring
	if a.Assertion != nil {
		if _, err := d.redeem(*a.Assertion, PurposeCheck, envelope.Hash{}); err != nil {
			return nil, err
		}
		k, err = d.unlock(s)
		c.Passkey = envelope.At(d.now)
	} else {
		if k, err = d.unlockWithPassword(s); err == nil {
			err = d.checkKit(a.Kit, k.Generation(), s)
		}
		c.Recovery = envelope.At(d.now)
	}
	k.Wipe()
	if err != nil {
		return nil, fmt.Errorf("recovery check-up: %w", err)
	}
	if err := putAs(&d.kept, keyChecked, c); err != nil {
		return nil, err
	}
	return &Checked{OK: true, Checked: c.shown()}, nil
}

// checkKit opens the broker's kit and holds what is in it against what is here. A
// kit with the row that the password just opened opens with it too.
func (d *Desk) checkKit(kit string, generation uint32, s Secrets) error {
	if kit == "" {
		return ErrKitMissing
	}
	recovery, err := recoveryKey(s)
	if err != nil {
		return err
	}
	defer recovery.Wipe()
	b, err := openBackup(restoreArgs{Kit: kit}, recovery)
	if err != nil {
		return ErrKitDiffers // whatever is wrong with it, the person does the same about it
	}
	theirs, err := b.Encode()
	if err != nil {
		return err
	}
	ours, err := d.ownBackup(generation).Encode()
	if err != nil {
		return err
	}
	if !bytes.Equal(theirs, ours) {
		return ErrKitDiffers
	}
	return nil
}

// ownBackup is the backup of the row that is here.
func (d *Desk) ownBackup(generation uint32) *keyring.Backup {
	m := d.me
	return &keyring.Backup{
		Row: m.row, Organisation: m.Organisation, Generation: generation, KeyCheck: m.KeyCheck, Mount: m.Mount, Name: m.Name,
	}
}

// BackupFile is a backup to be saved. It opens with password and recovery key.
type BackupFile struct {
	Backup     string `json:"backup"`
	BackupName string `json:"backupName"`
}

// backupFile makes the backup file anew, from the row that is here.
func (d *Desk) backupFile(none) (*BackupFile, error) {
	if err := d.connected(); err != nil {
		return nil, err
	}
	a, err := d.roster.Approver(d.me.Approver)
	if err != nil {
		return nil, err
	}
	text, err := d.ownBackup(a.Generation).Encode()
	if err != nil {
		return nil, err
	}
	return &BackupFile{Backup: string(text), BackupName: backupName(d.me.Name, d.me.Device)}, nil
}

// unlockWithPassword opens the keyring with password and recovery key.
func (d *Desk) unlockWithPassword(s Secrets) (*keyring.Keyring, error) {
	recovery, err := recoveryKey(s)
	if err != nil {
		return nil, err
	}
	defer recovery.Wipe()
	return d.openKeyring(func(owner keyring.Owner) (*keyring.Keyring, error) {
		return keyring.OpenWithPassword(d.me.row, owner, s["password"], recovery)
	})
}

// recoveryKey reads a recovery key from the secrets, which stay the caller's; the
// caller wipes it.
func recoveryKey(s Secrets) (*envelope.Key, error) {
	k, err := keyring.ParseRecoveryKey(s["recovery"])
	if err != nil {
		return nil, ErrRecoveryKey
	}
	return k, nil
}
