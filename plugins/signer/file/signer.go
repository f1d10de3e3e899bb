// Package file signs with an Org Identity key that lies in a file which only its
// owner may read: [New] makes one, [Key.Save] writes it down, [Open] reads it.
//
// The file is encrypted under a passphrase; without one, whoever can read it is
// the organisation. It suits development, small organisations and a machine kept
// for nothing else.
//
// [ReadPrivate], [WritePrivate] and [CreatePrivate] are how every key of the
// command line is kept.
package file

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
)

// ErrFormat means that a file is not an Org Identity key's, or of a version that
// this build does not read.
var ErrFormat = errors.New("identity_file_invalid: this is not an Org Identity key file that this version of Stillvault reads")

// Key is an Org Identity key in memory. It may be used from several goroutines.
type Key struct {
	public envelope.VerifyKey

	mu  sync.RWMutex
	key *envelope.SigningKey // nil once closed
}

var _ signer.Signer = (*Key)(nil)

// New makes a new Org Identity key, in memory only.
func New() *Key { return holding(envelope.NewKey()) }

// holding takes over seed.
func holding(seed *envelope.Key) *Key {
	k := envelope.NewSigningKey(seed)
	return &Key{public: k.Public(), key: k}
}

// Public returns the verification key.
func (k *Key) Public() envelope.VerifyKey { return k.public }

// Sign signs with the key; [signer.ErrUnavailable] once it is closed.
func (k *Key) Sign(t envelope.PayloadType, payload []byte) ([]byte, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.key == nil {
		return nil, fmt.Errorf("the key file is closed: %w", signer.ErrUnavailable)
	}
	return k.key.Sign(t, payload)
}

// Close wipes the key.
func (k *Key) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.key.Wipe()
	k.key = nil
	return nil
}

// Save writes the key into a new file, whose directory must exist, encrypted
// under passphrase; nil leaves it readable to whoever reads the file. A file
// that exists is never replaced: [ErrExists]. passphrase stays the caller's.
func (k *Key) Save(path string, passphrase []byte) error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.key == nil {
		return fmt.Errorf("the key is closed: %w", signer.ErrUnavailable)
	}
	encoded, err := encode(k.key, passphrase)
	if err == nil {
		defer envelope.Wipe(encoded)
		err = CreatePrivate(path, append(encoded, '\n'))
	}
	if err != nil {
		return fmt.Errorf("create the Org Identity key: %w", err)
	}
	return nil
}

func encode(key *envelope.SigningKey, passphrase []byte) ([]byte, error) {
	if passphrase == nil {
		return envelope.Encode(plainFile{Kind: identityKind, Version: plainVersion, Seed: KeyText{key.Seed()}})
	}
	f, err := seal(key, passphrase, newArgon())
	if err != nil {
		return nil, err
	}
	return envelope.Encode(f)
}

// Open reads an Org Identity key. Its passphrase, where it has one, is what the
// file passphraseFile holds or, where that is "", what the environment says or
// o.Passphrase answers. It returns [ErrExposed] for a file that others may read,
// [ErrFormat] for one that is something else, [signer.ErrPassphrase] where there is
// no passphrase, and [signer.ErrWrongPassphrase] for another. The caller closes the
// key.
func Open(ctx context.Context, path, passphraseFile string, o signer.Options) (*Key, error) {
	key, err := open(ctx, path, passphraseFile, o)
	if err != nil {
		return nil, fmt.Errorf("open the Org Identity key: %w", err)
	}
	return key, nil
}

func open(ctx context.Context, path, passphraseFile string, o signer.Options) (*Key, error) {
	data, err := ReadPrivate(path)
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(data)
	if plain, err := envelope.Decode[plainFile](trimLine(data)); err == nil {
		return plain.open(path, passphraseFile)
	}
	sealed, err := readSealed(trimLine(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	passphrase, source, err := passphraseOf(ctx, path, passphraseFile, o)
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(passphrase)
	seed, err := sealed.open(passphrase)
	if errors.Is(err, signer.ErrWrongPassphrase) {
		return nil, fmt.Errorf("%s does not open %s: %w", source, path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return holding(seed), nil
}

func trimLine(data []byte) []byte {
	if n := len(data); n > 0 && data[n-1] == '\n' {
		return data[:n-1]
	}
	return data
}
