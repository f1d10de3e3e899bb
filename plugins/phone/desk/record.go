package desk

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// record is who this device is, from the moment the enrolment is confirmed. The
// seeds are the device's own: they open its inbox, and no secret. What opens the
// keyring in Row is not here.
type record struct {
	Version      int            `json:"version"` // 1
	Organisation envelope.Hash  `json:"organisation"`
	Mount        envelope.ID    `json:"mount"`
	Approver     envelope.ID    `json:"approver"`
	Name         string         `json:"name"` // of the approver
	Device       envelope.ID    `json:"device"`
	DeviceName   string         `json:"device_name"`
	KEMSeed      string         `json:"kem_seed"`
	SigningSeed  string         `json:"signing_seed"`
	Public       keyring.Public `json:"public"` // of the keyring, as the roster must have it
	Row          string         `json:"row"`
	KeyCheck     envelope.Hash  `json:"key_check"`
	Credential   string         `json:"credential"`
	RPID         string         `json:"rp_id"`
	Origin       string         `json:"origin"`
	Base         string         `json:"base"` // of the mount's API; empty where the app's own mount serves it
	Fingerprint  string         `json:"fingerprint"`
	Post         *post          `json:"post"` // what the broker or the signer may still have to see
	// Welcome is that the broker says that the device is admitted, Ready that the
	// organisation's log does.
	Welcome bool `json:"welcome"`
	Ready   bool `json:"ready"`
}

// The kinds of posts.
const (
	postEnroll  = "enroll"  // an answer to a ticket
	postPropose = "propose" // a certificate for a further device
)

// post is what tells the organisation of this device. Token and Message are empty
// once the broker took them.
type post struct {
	Kind        string `json:"kind"`
	Enrolment   string `json:"enrolment"`
	Token       string `json:"token"`
	Message     string `json:"message"`
	Certificate string `json:"certificate"`
	// Kit lets the person find the keyring again without any device; the broker
	// stores it under KitTokenHash.
	Kit          string `json:"kit"`
	KitTokenHash string `json:"kit_token_hash"`
}

const recordVersion = 1

// identity is the device of a record, its keys ready to be used.
type identity struct {
	record
	keys *keyring.Device
	row  *keyring.Row
}

// load makes the identity of a stored record.
func (r record) load() (*identity, error) {
	if r.Version != recordVersion {
		return nil, fmt.Errorf("entry %q of version %d: %w", keyDevice, r.Version, ErrKept)
	}
	row, err := keyring.ParseRow([]byte(r.Row))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKept, err)
	}
	kem, err := readSeed(r.KEMSeed)
	if err != nil {
		return nil, err
	}
	signing, err := readSeed(r.SigningSeed)
	if err != nil {
		kem.Wipe()
		return nil, err
	}
	return &identity{record: r, keys: keyring.DeviceFrom(r.Device, kem, signing), row: row}, nil
}

// storedSeed returns the text that a device's seed is stored as.
func storedSeed(k *envelope.Key) string { return envelope.Bytes(k.Bytes()).String() }

func readSeed(text string) (*envelope.Key, error) {
	var b envelope.Bytes
	if err := b.UnmarshalText([]byte(text)); err != nil {
		return nil, fmt.Errorf("a seed of entry %q: %w", keyDevice, ErrKept)
	}
	defer envelope.Wipe(b)
	k, err := envelope.KeyFrom(b)
	if err != nil {
		return nil, fmt.Errorf("a seed of entry %q: %w", keyDevice, ErrKept)
	}
	return k, nil
}

// store writes the record down.
func (d *Desk) store(r record) error {
	return putAs(&d.kept, keyDevice, r)
}

// encoded returns a value as the text that travels.
func encoded(v any) (string, error) {
	b, err := envelope.Encode(v)
	return string(b), err
}
