package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/vault/sdk/logical"
)

// ErrDataInUse is returned when another process has the data file open.
var ErrDataInUse = errors.New("the data file is in use by another development host; stop that one or choose another file")

// maxEntryBytes is the largest entry that Vault's integrated storage takes.
const maxEntryBytes = 1 << 20

// store is where the host keeps what the plug-in writes.
type store interface {
	logical.Storage
	// salt returns 32 random bytes that belong to this storage: made when it is
	// new, the same ever after.
	salt() ([]byte, error)
	close() error
}

// openStore opens the bbolt file at path, or a new store in memory if path is "".
func openStore(path string) (store, error) {
	if path == "" {
		return &memoryStore{}, nil
	}
	return openBolt(path)
}

// memoryStore is gone with the host.
type memoryStore struct {
	logical.InmemStorage
}

func (*memoryStore) salt() ([]byte, error) { return newSalt(), nil }
func (*memoryStore) close() error          { return nil }

func newSalt() []byte {
	salt := make([]byte, 32)
	rand.Read(salt) // never fails: it ends the program instead
	return salt
}

// mountStorage is the storage as the plug-in sees it, with the refusals that it
// would meet in Vault: relative keys, entries too large for raft, and writes
// before it is set up.
type mountStorage struct {
	*logical.StorageView
	readOnly atomic.Bool
}

func newMountStorage(base logical.Storage) *mountStorage {
	return &mountStorage{StorageView: logical.NewStorageView(base, "")}
}

// Put refuses what Vault refuses: writes during Setup, and entries that are too
// large for its raft storage.
func (s *mountStorage) Put(ctx context.Context, entry *logical.StorageEntry) error {
	if s.readOnly.Load() {
		return logical.ErrSetupReadOnly
	}
	if entry != nil && len(entry.Key)+len(entry.Value) > maxEntryBytes {
		return fmt.Errorf("put failed due to value being too large; max allowed size is %d bytes", maxEntryBytes)
	}
	return s.StorageView.Put(ctx, entry)
}

// Delete refuses writes during Setup.
func (s *mountStorage) Delete(ctx context.Context, key string) error {
	if s.readOnly.Load() {
		return logical.ErrSetupReadOnly
	}
	return s.StorageView.Delete(ctx, key)
}
