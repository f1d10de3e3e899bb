package keyring

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// Kit is a backup that lies with the broker, so that a person whose every device
// is gone finds it again with what they wrote down: the recovery key. It is sealed
// under a key derived from that, and the row within needs the password as well.
// The broker looks it up by the hash of [KitToken], which it is shown when the
// kit is asked for, and which says nothing of the recovery key.
type Kit struct {
	Organisation envelope.Hash     `json:"organisation"`
	Mount        envelope.ID       `json:"mount"`
	Approver     envelope.ID       `json:"approver"`
	Sealed       envelope.Envelope `json:"sealed"`
}

// MaxKit is the longest encoded kit, in bytes.
const MaxKit = 16 << 10

// PackKit seals a backup, whose organisation, mount and approver are known, for
// whoever has the recovery key, which stays the caller's to wipe.
func PackKit(b *Backup, recovery *envelope.Key) (Kit, error) {
	k := Kit{Organisation: b.Organisation, Mount: b.Mount, Approver: b.Row.User}
	encoded, err := b.Encode()
	if err != nil {
		return Kit{}, err
	}
	key, err := kitKey(recovery, envelope.LabelKit)
	if err != nil {
		return Kit{}, err
	}
	defer key.Wipe()
	if k.Sealed, err = envelope.Seal(key, k.context(), encoded); err != nil {
		return Kit{}, fmt.Errorf("pack the recovery kit: %w", err)
	}
	return k, nil
}

// OpenKit returns the backup in a kit. Another recovery key, or a kit that was
// changed or is another's, is [ErrWrongFactor].
func OpenKit(k Kit, recovery *envelope.Key) (*Backup, error) {
	key, err := kitKey(recovery, envelope.LabelKit)
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	encoded, err := envelope.Open(key, k.context(), k.Sealed)
	if err != nil {
		return nil, fmt.Errorf("recovery kit: %w", ErrWrongFactor)
	}
	b, err := ParseBackup(encoded)
	if err != nil {
		return nil, fmt.Errorf("recovery kit: %w", err)
	}
	if b.Organisation != k.Organisation || b.Mount != k.Mount || b.Row.User != k.Approver {
		return nil, fmt.Errorf("recovery kit: %w", ErrOwner)
	}
	return b, nil
}

// KitToken is what the broker is shown to hand out the kit, 32 bytes that the
// caller wipes.
func KitToken(recovery *envelope.Key) (*envelope.Key, error) {
	return kitKey(recovery, envelope.LabelKitToken)
}

// kitKey has no salt: who recovers knows nothing but the recovery key, which is
// 32 random bytes already.
func kitKey(recovery *envelope.Key, label envelope.Label) (*envelope.Key, error) {
	return envelope.Derive(recovery.Bytes(), nil, label, nil)
}

func (k Kit) context() envelope.Context {
	return envelope.Context{Purpose: envelope.PurposeKit, Organisation: k.Organisation, Mount: k.Mount, Recipient: k.Approver}
}
