package desk

import (
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
}

// Checked says that a way into the keyring works.
type Checked struct {
	Keep
	OK      bool              `json:"ok"`
	Checked map[string]string `json:"checked"`
}

// check opens the keyring, with the passkey or with password and recovery key, to
// see that it can be opened, and wipes it.
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
		k, err = d.unlockWithPassword(s)
		c.Recovery = envelope.At(d.now)
	}
	if err != nil {
		return nil, fmt.Errorf("recovery check-up: %w", err)
	}
	k.Wipe()
	if err := putAs(&d.kept, keyChecked, c); err != nil {
		return nil, err
	}
	return &Checked{OK: true, Checked: c.shown()}, nil
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
