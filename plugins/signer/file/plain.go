package file

import (
	"fmt"

	"github.com/stillvault/stillvault/plugins/signer"
)

const (
	identityKind  = "stillvault-org-identity"
	plainVersion  = 1
	sealedVersion = 2
)

// plainFile is what a file without a passphrase holds, as canonical JSON and a
// line feed.
type plainFile struct {
	Kind    string  `json:"kind"`
	Version int     `json:"version"`
	Seed    KeyText `json:"seed"`
}

// open returns the file's key. An address that names a passphrase for it means
// another file: somebody exchanged the two.
func (f plainFile) open(path, passphraseFile string) (*Key, error) {
	if f.Kind != identityKind || f.Version != plainVersion || f.Seed.Key == nil {
		f.Seed.Key.Wipe()
		return nil, fmt.Errorf("%s: %w", path, ErrFormat)
	}
	if passphraseFile != "" {
		f.Seed.Key.Wipe()
		return nil, fmt.Errorf("%s has no passphrase, and the address names one: %w", path, signer.ErrWrongPassphrase)
	}
	return holding(f.Seed.Key), nil
}
