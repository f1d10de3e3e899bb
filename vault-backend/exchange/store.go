package exchange

import "context"

// Store keeps what must outlive the process, as small named entries of less
// than 900 KiB: host requests and their releases, receipts, cooldowns. Names
// are segments separated by slashes. None of the entries is secret to who runs
// the broker: releases are sealed to keys that only the hosts have.
type Store interface {
	// Put stores an entry, replacing one of the same name.
	Put(ctx context.Context, name string, entry []byte) error
	// Get returns an entry, or nil if there is none.
	Get(ctx context.Context, name string) ([]byte, error)
	// List returns what lies directly under a prefix that ends in a slash: names
	// of entries, and of folders with a slash at their end, in any order.
	List(ctx context.Context, prefix string) ([]string, error)
	// Delete removes an entry; one that is not there is no error.
	Delete(ctx context.Context, name string) error
}
