package keyring

import (
	"encoding/json"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// Backup is a backup file: a row under the key "vault", where every tool of
// the format looks for it, and beside it what opening a keyring needs and the
// format has no place for. Nothing beside the row is authenticated; a wrong
// value gives keys that the roster does not know.
type Backup struct {
	Row *Row
	// Organisation and Generation complete the [Owner]; zero in a backup made
	// elsewhere.
	Organisation envelope.Hash
	Generation   uint32
	// KeyCheck is [Wrapping.KeyCheck]; zero where the row has no PRF factor or
	// was made elsewhere.
	KeyCheck envelope.Hash
	// Mount and Name are where the approver enrolled, and as whom; zero and
	// empty where that was not known.
	Mount envelope.ID
	Name  string
}

// Owner returns whose keyring the backup says it holds.
func (b *Backup) Owner() Owner {
	return Owner{Organisation: b.Organisation, Approver: b.Row.User, Generation: b.Generation}
}

type wireBackup struct {
	Vault      json.RawMessage `json:"vault"`
	Stillvault *wireOwner      `json:"stillvault,omitempty"`
}

type wireOwner struct {
	Organisation envelope.Hash `json:"organisation"`
	Generation   uint32        `json:"generation"`
	KeyCheck     envelope.Hash `json:"key_check,omitzero"`
	Mount        envelope.ID   `json:"mount,omitzero"`
	Name         string        `json:"name,omitempty"`
}

var ownerKeys = jsonKeys[wireOwner]()

// ParseBackup reads a backup file. Other tools put keys of their own beside
// "vault"; they are ignored. Errors are [ParseRow]'s, or [ErrFormat].
func ParseBackup(data []byte) (*Backup, error) {
	if err := checkKeys(data, nil); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	var parts map[string]json.RawMessage // a map's keys are exact, a struct's are not
	if err := json.Unmarshal(data, &parts); err != nil {
		return nil, fmt.Errorf("backup: %w", ErrFormat)
	}
	vault, ok := parts["vault"]
	if !ok {
		return nil, fmt.Errorf("backup: has no key \"vault\": %w", ErrFormat)
	}
	row, err := ParseRow(vault)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	b := &Backup{Row: row}
	if ours, ok := parts["stillvault"]; ok {
		var owner wireOwner
		if err := checkKeys(ours, ownerKeys); err != nil {
			return nil, fmt.Errorf("backup: key \"stillvault\": %w", err)
		}
		if err := json.Unmarshal(ours, &owner); err != nil || owner.Organisation.IsZero() || owner.Generation == 0 {
			return nil, fmt.Errorf("backup: key \"stillvault\": %w", ErrFormat)
		}
		b.Organisation, b.Generation, b.KeyCheck = owner.Organisation, owner.Generation, owner.KeyCheck
		b.Mount, b.Name = owner.Mount, owner.Name
	}
	return b, nil
}

// Encode returns the backup file's text.
func (b *Backup) Encode() ([]byte, error) {
	row, err := b.Row.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	w := wireBackup{Vault: row}
	if !b.Organisation.IsZero() && b.Generation != 0 {
		w.Stillvault = &wireOwner{Organisation: b.Organisation, Generation: b.Generation, KeyCheck: b.KeyCheck, Mount: b.Mount, Name: b.Name}
	}
	return envelope.Encode(w)
}
