package backend

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
)

// maxEntry is the largest encoded storage entry. Raft refuses 1 MiB with a 500;
// below that stays what Vault adds.
const maxEntry = 900 << 10

// load reads an entry's value, nil if there is none. What is not the canonical
// encoding of its type is errStored: this package writes nothing else.
func load[T any](ctx context.Context, s logical.Storage, key string) (*T, error) {
	entry, err := s.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("read storage: %w", err)
	}
	if entry == nil {
		return nil, nil
	}
	value, err := envelope.Decode[T](entry.Value)
	if err != nil {
		return nil, fmt.Errorf("entry %q: %w", key, errStored)
	}
	return &value, nil
}

// encode returns an entry; errTooLarge if storage would not take it.
func encode(key string, value any) (*logical.StorageEntry, error) {
	encoded, err := envelope.Encode(value)
	if err != nil {
		return nil, err
	}
	if len(encoded) > maxEntry {
		return nil, fmt.Errorf("encoded %d bytes: %w", len(encoded), errTooLarge)
	}
	return &logical.StorageEntry{Key: key, Value: encoded}, nil
}

func put(ctx context.Context, s logical.Storage, entry *logical.StorageEntry) error {
	if err := s.Put(ctx, entry); err != nil {
		return fmt.Errorf("write storage: %w", err)
	}
	return nil
}

func remove(ctx context.Context, s logical.Storage, key string) error {
	if err := s.Delete(ctx, key); err != nil {
		return fmt.Errorf("delete from storage: %w", err)
	}
	return nil
}

func store(ctx context.Context, s logical.Storage, key string, value any) error {
	entry, err := encode(key, value)
	if err != nil {
		return err
	}
	return put(ctx, s, entry)
}
