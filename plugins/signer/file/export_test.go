package file

import "github.com/stillvault/stillvault/core/envelope"

// SaveCheaply is Save with the least that Argon2id may cost, for tests that open
// a file many times.
func (k *Key) SaveCheaply(path string, passphrase []byte) error {
	a := newArgon()
	a.Time, a.MemoryMiB = 1, minArgonMemoryMiB
	f, err := seal(k.key, passphrase, a)
	if err != nil {
		return err
	}
	encoded, err := envelope.Encode(f)
	if err != nil {
		return err
	}
	return CreatePrivate(path, append(encoded, '\n'))
}
