// Package file signs with an Org Identity key that lies in a file which only its
// owner may read: [Create] makes one, [Open] reads it.
//
// Whoever can read the file is the organisation. It suits development, small
// organisations and a machine kept for nothing else.
//
// [ReadPrivate], [WritePrivate] and [CreatePrivate] are how every key of the
// command line is kept.
package file

import (
	"errors"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// ErrFormat means that a file is not an Org Identity key's, or of a version that
// this build does not read.
var ErrFormat = errors.New("identity_file_invalid: this is not an Org Identity key file that this version of Stillvault reads")

const (
	identityKind    = "stillvault-org-identity"
	identityVersion = 1
)

// identityFile is what the file holds, as canonical JSON and a line feed.
type identityFile struct {
	Kind    string  `json:"kind"`
	Version int     `json:"version"`
	Seed    KeyText `json:"seed"`
}

// Create makes a new Org Identity key and its file, whose directory must exist.
// A file that exists is never replaced: [ErrExists]. The caller wipes the key.
func Create(path string) (*envelope.SigningKey, error) {
	seed := envelope.NewKey()
	encoded, err := envelope.Encode(identityFile{Kind: identityKind, Version: identityVersion, Seed: KeyText{seed}})
	if err == nil {
		defer envelope.Wipe(encoded)
		err = CreatePrivate(path, append(encoded, '\n'))
	}
	if err != nil {
		seed.Wipe()
		return nil, fmt.Errorf("create the Org Identity key: %w", err)
	}
	return envelope.NewSigningKey(seed), nil
}

// Open reads an Org Identity key. It returns [ErrExposed] for a file that others
// may read and [ErrFormat] for one that is something else. The caller wipes the
// key.
func Open(path string) (*envelope.SigningKey, error) {
	data, err := ReadPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("open the Org Identity key: %w", err)
	}
	defer envelope.Wipe(data)
	f, err := envelope.Decode[identityFile](trimLine(data))
	if err != nil || f.Kind != identityKind || f.Version != identityVersion || f.Seed.Key == nil {
		f.Seed.Key.Wipe()
		return nil, fmt.Errorf("open the Org Identity key: %s: %w", path, ErrFormat)
	}
	return envelope.NewSigningKey(f.Seed.Key), nil
}

func trimLine(data []byte) []byte {
	if n := len(data); n > 0 && data[n-1] == '\n' {
		return data[:n-1]
	}
	return data
}
