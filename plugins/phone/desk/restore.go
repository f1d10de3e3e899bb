package desk

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

type kitToken struct {
	Token string `json:"token"`
}

// kitTokenOf returns what the broker is shown to hand out the recovery kit of
// whoever has a recovery key.
func (d *Desk) kitTokenOf(_ none, s Secrets) (*kitToken, error) {
	recovery, err := recoveryKey(s)
	if err != nil {
		return nil, err
	}
	defer recovery.Wipe()
	token, err := keyring.KitToken(recovery)
	if err != nil {
		return nil, err
	}
	defer token.Wipe()
	return &kitToken{envelope.Bytes(token.Bytes()).String()}, nil
}

type restoreArgs struct {
	Backup string `json:"backup"` // a file
	Kit    string `json:"kit"`    // or what the broker keeps
	Base   string `json:"base"`
}

// restore opens a keyring with password and recovery key. From here on the device
// is enrolled as a further one of its owner: what it was restored from stays as it
// is, and the passkeys that are lost open nothing of it.
func (d *Desk) restore(a restoreArgs, s Secrets) (*Link, error) {
	if d.me != nil {
		return nil, ErrEnrolled
	}
	base := ""
	if a.Base != "" {
		var err error
		if base, err = readBase(a.Base); err != nil {
			return nil, err
		}
	}
	recovery, err := recoveryKey(s)
	if err != nil {
		return nil, err
	}
	defer recovery.Wipe()
	b, err := readBackup(a, recovery)
	if err != nil {
		return nil, err
	}
	k, err := keyring.OpenWithPassword(b.Row, b.Owner(), s["password"], recovery)
	if err != nil {
		return nil, err
	}
	d.kept.drop(keyLink)
	d.kept.drop(keyDraft)
	d.forgetInvite()
	d.keyring = k
	d.invite = &invite{kind: kindRestore, base: base, Link: roster.Link{
		ID: b.Row.ID, Organisation: b.Organisation, Mount: b.Mount, Approver: b.Row.User, Name: b.Name,
	}}
	return d.invite.shown(), nil
}

// readBackup reads a backup or a kit, which must say where it is used.
func readBackup(a restoreArgs, recovery *envelope.Key) (*keyring.Backup, error) {
	b, err := openBackup(a, recovery)
	if err != nil {
		return nil, err
	}
	if b.Mount.IsZero() || b.Organisation.IsZero() || b.Generation == 0 || b.Row.User.IsZero() || roster.CheckName(b.Name) != nil {
		return nil, fmt.Errorf("it does not say where it is used: %w", ErrBackup)
	}
	return b, nil
}

func openBackup(a restoreArgs, recovery *envelope.Key) (*keyring.Backup, error) {
	if a.Kit != "" {
		kit, err := envelope.Decode[keyring.Kit]([]byte(a.Kit))
		if err != nil {
			return nil, fmt.Errorf("recovery kit: %w", err)
		}
		return keyring.OpenKit(kit, recovery)
	}
	b, err := keyring.ParseBackup([]byte(a.Backup))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBackup, err)
	}
	return b, nil
}
