package backend

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// routing holds the exchange, which is made once the mount knows who it is.
type routing struct {
	mu       sync.Mutex
	exchange *exchange.Exchange
	closed   bool
}

// routed returns the exchange, with the requests that outlived the process
// before this one.
func (b *broker) routed(ctx context.Context) (*exchange.Exchange, error) {
	b.routing.mu.Lock()
	defer b.routing.mu.Unlock()
	if b.routing.exchange != nil {
		return b.routing.exchange, nil
	}
	if b.routing.closed {
		return nil, exchange.ErrDraining
	}
	me, err := b.self(ctx)
	if err != nil {
		return nil, err
	}
	x := exchange.New(exchange.Config{
		Mount: me.id, Consumer: b.asConsumer, Version: b.versionFor, Log: b.readLog,
		Roster: func(use func(*roster.Roster) error) error { return b.withRoster(context.Background(), use) },
		Store:  entries{b.storage, entriesPrefix}, Limits: b.limits, Clock: clock{b.now}, Logger: b.Logger().Named("exchange"),
		Opened: b.opened, Reshares: b.noticesFor,
	})
	if err := x.Restore(ctx); err != nil {
		x.Close()
		return nil, fmt.Errorf("bring back requests: %w", err)
	}
	x.Drain(b.draining.Load())
	b.routing.exchange = x
	return x, nil
}

// ifRouted runs f with the exchange, if there is one.
func (b *broker) ifRouted(f func(*exchange.Exchange)) {
	b.routing.mu.Lock()
	x := b.routing.exchange
	b.routing.mu.Unlock()
	if x != nil {
		f(x)
	}
}

// rosterChanged tells those who depend on the roster, with no lock held.
func (b *broker) rosterChanged(ctx context.Context) {
	b.ifRouted(func(x *exchange.Exchange) { x.RosterChanged(ctx) })
}

// versionChanged tells those who wait for a path's versions, with no lock held.
func (b *broker) versionChanged(ctx context.Context, path string) {
	b.ifRouted(func(x *exchange.Exchange) { x.VersionChanged(ctx, path) })
}

// drain begins or ends draining.
func (b *broker) drain(on bool) {
	b.draining.Store(on)
	b.ifRouted(func(x *exchange.Exchange) { x.Drain(on) })
}

// closeRouting ends all waits and wipes every key.
func (b *broker) closeRouting() {
	b.routing.mu.Lock()
	defer b.routing.mu.Unlock()
	b.routing.closed = true
	if b.routing.exchange != nil {
		b.routing.exchange.Close()
		b.routing.exchange = nil
	}
}

// asConsumer returns the mount's own id as a consumer, and its signer.
func (b *broker) asConsumer() (envelope.ID, envelope.Signer, error) {
	ctx := context.Background()
	me, err := b.self(ctx)
	if err != nil {
		return envelope.ID{}, nil, err
	}
	var id envelope.ID
	err = b.withRoster(ctx, func(r *roster.Roster) error {
		c, err := me.consumer(r)
		if err == nil {
			id = c.ID
		}
		return err
	})
	return id, me.signer, err
}

// versionFor is version with the path's lock held.
func (b *broker) versionFor(ctx context.Context, path string, n uint64) (*secret.Version, uint64, error) {
	if err := checkPath(path); err != nil {
		return nil, 0, err
	}
	lock := locksutil.LockForKey(b.locks, path)
	lock.RLock()
	defer lock.RUnlock()
	return b.version(ctx, path, n)
}

// limits returns what administrators set; the defaults while that cannot be read.
func (b *broker) limits() exchange.Limits {
	limits := exchange.DefaultLimits()
	if c, err := b.config(context.Background()); err == nil {
		limits.DefaultWait = time.Duration(c.DefaultWait) * time.Second
		limits.MaxPendingEntity, limits.MaxPending = int(c.MaxPendingEntity), int(c.MaxPending)
		limits.Cooldown = time.Duration(c.Cooldown) * time.Second
	}
	limits.Drain = b.draining.Load()
	return limits
}

// clock is the system's, but for what time it is.
type clock struct{ now func() time.Time }

// Now returns the broker's time.
func (c clock) Now() time.Time { return c.now() }

// AfterFunc calls f once d has passed, unless stop is called before.
func (clock) AfterFunc(d time.Duration, f func()) func() {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}

// entries is the part of storage that a package without Vault's types keeps its
// entries in:
//
//	exchange/<name>  host requests, receipts, cooldowns, as package exchange names them
type entries struct {
	storage logical.Storage
	prefix  string
}

const entriesPrefix = "exchange/"

// Put stores an entry; [envelope.ErrTooLarge] if storage would not take it.
func (e entries) Put(ctx context.Context, name string, entry []byte) error {
	if len(entry) > maxEntry {
		return fmt.Errorf("%d bytes: %w", len(entry), envelope.ErrTooLarge)
	}
	return e.storage.Put(ctx, &logical.StorageEntry{Key: e.prefix + name, Value: entry})
}

// Get returns an entry, nil if there is none.
func (e entries) Get(ctx context.Context, name string) ([]byte, error) {
	entry, err := e.storage.Get(ctx, e.prefix+name)
	if err != nil || entry == nil {
		return nil, err
	}
	return entry.Value, nil
}

// List returns the names below a prefix.
func (e entries) List(ctx context.Context, prefix string) ([]string, error) {
	return e.storage.List(ctx, e.prefix+prefix)
}

// Delete removes an entry; one that is not there is no error.
func (e entries) Delete(ctx context.Context, name string) error {
	return e.storage.Delete(ctx, e.prefix+name)
}
