package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// The file holds two buckets: "storage", the plug-in's entries under their keys
// as they are, and "host", with the salt.
var (
	storageBucket = []byte("storage")
	hostBucket    = []byte("host")
	saltKey       = []byte("salt")
)

// boltStore keeps the storage in one bbolt file. Each write is durable before
// it returns.
type boltStore struct {
	db *bolt.DB
}

// openBolt opens or creates the file with mode 0600.
func openBolt(path string) (*boltStore, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open %s: %w", path, ErrDataInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: open data file %s: %w", ErrConfig, path, err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(storageBucket); err != nil {
			return err
		}
		_, err := tx.CreateBucketIfNotExists(hostBucket)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare data file %s: %w", path, err), db.Close())
	}
	return &boltStore{db: db}, nil
}

func (s *boltStore) close() error { return s.db.Close() }

func (s *boltStore) salt() (salt []byte, err error) {
	err = s.db.Update(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(hostBucket)
		if salt = bytes.Clone(bucket.Get(saltKey)); len(salt) == 32 {
			return nil
		}
		salt = newSalt()
		return bucket.Put(saltKey, salt)
	})
	if err != nil {
		return nil, fmt.Errorf("read the data file's salt: %w", err)
	}
	return salt, nil
}

// List returns the names directly under prefix, in order, each once; names that
// end in a slash have more beneath them.
func (s *boltStore) List(_ context.Context, prefix string) ([]string, error) {
	names := []string{}
	err := s.db.View(func(tx *bolt.Tx) error {
		cursor := tx.Bucket(storageBucket).Cursor()
		start := []byte(prefix)
		for key, _ := cursor.Seek(start); bytes.HasPrefix(key, start) && key != nil; {
			rest := string(key[len(start):])
			name, _, deeper := strings.Cut(rest, "/")
			if !deeper {
				names = append(names, name)
				key, _ = cursor.Next()
				continue
			}
			names = append(names, name+"/")
			// Skip the whole subtree: "0" is the byte after "/".
			key, _ = cursor.Seek([]byte(prefix + name + "0"))
		}
		return nil
	})
	return names, err
}

// Get returns the entry under key, or nil.
func (s *boltStore) Get(_ context.Context, key string) (entry *logical.StorageEntry, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		if value := tx.Bucket(storageBucket).Get([]byte(key)); value != nil {
			entry = &logical.StorageEntry{Key: key, Value: bytes.Clone(value)}
		}
		return nil
	})
	return entry, err
}

// Put writes the entry.
func (s *boltStore) Put(_ context.Context, entry *logical.StorageEntry) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(storageBucket).Put([]byte(entry.Key), entry.Value)
	})
}

// Delete removes the entry under key, if there is one.
func (s *boltStore) Delete(_ context.Context, key string) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(storageBucket).Delete([]byte(key))
	})
}
