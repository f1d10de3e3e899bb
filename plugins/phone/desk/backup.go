package desk

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// place is where a keyring is used, which the format of backups has no place for.
// It stands under a key of its own, which other tools of the format ignore, and is
// not authenticated: a wrong mount or address gives a device whose inbox does not
// open.
type place struct {
	Mount envelope.ID `json:"mount"`
	Name  string      `json:"name"` // of the approver
	Base  string      `json:"base"`
}

const placeKey = "phone"

// encodeBackup returns the text of a backup file with its place.
func encodeBackup(b *keyring.Backup, p place) (string, error) {
	text, err := b.Encode()
	if err != nil {
		return "", err
	}
	where, err := envelope.Encode(p)
	if err != nil {
		return "", err
	}
	object, closed := bytes.CutSuffix(text, []byte("}"))
	if !closed {
		return "", fmt.Errorf("backup: %w", keyring.ErrFormat)
	}
	return string(object) + `,"` + placeKey + `":` + string(where) + "}", nil
}

// readBackup reads a backup file that a phone made.
func readBackup(text string) (*keyring.Backup, place, error) {
	b, err := keyring.ParseBackup([]byte(text))
	if err != nil {
		return nil, place{}, fmt.Errorf("%w: %w", ErrBackup, err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return nil, place{}, ErrBackup
	}
	where, err := envelope.Decode[place](parts[placeKey])
	if err != nil || where.Mount.IsZero() || b.Organisation.IsZero() || b.Generation == 0 || b.Row.User.IsZero() {
		return nil, place{}, fmt.Errorf("it does not say where it is used: %w", ErrBackup)
	}
	return b, where, nil
}
